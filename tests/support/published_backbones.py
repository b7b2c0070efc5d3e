"""Checkpoints with random weights, in the form in which the published backbones are."""

import json
from pathlib import Path

import torch
import transformers
from safetensors.torch import save_file

# The config.json of each published checkpoint, as far as it concerns the model.
PUBLISHED = {
    "minilm": {
        "model_type": "bert",
        "hidden_size": 384,
        "num_hidden_layers": 12,
        "num_attention_heads": 12,
        "intermediate_size": 1536,
        "max_position_embeddings": 512,
        "type_vocab_size": 2,
        "vocab_size": 30522,
    },
    "gte": {
        "model_type": "new",
        "architectures": ["NewForTokenClassification"],
        "auto_map": {"AutoConfig": "configuration.NewConfig", "AutoModel": "modeling.NewModel"},
        "attention_probs_dropout_prob": 0.0,
        "classifier_dropout": 0.0,
        "hidden_act": "gelu",
        "hidden_dropout_prob": 0.1,
        "hidden_size": 768,
        "id2label": {"0": "LABEL_0"},
        "initializer_range": 0.02,
        "intermediate_size": 3072,
        "label2id": {"LABEL_0": 0},
        "layer_norm_eps": 1e-12,
        "layer_norm_type": "layer_norm",
        "logn_attention_clip1": False,
        "logn_attention_scale": False,
        "max_position_embeddings": 8192,
        "num_attention_heads": 12,
        "num_hidden_layers": 12,
        "pack_qkv": True,
        "pad_token_id": 1,
        "position_embedding_type": "rope",
        "rope_scaling": {"factor": 8.0, "type": "ntk"},
        "rope_theta": 20000,
        "torch_dtype": "float16",
        "type_vocab_size": 1,
        "unpad_inputs": False,
        "use_memory_efficient_attention": False,
        "vocab_size": 250048,
    },
    "modernbert": {
        "model_type": "modernbert",
        "hidden_size": 768,
        "num_hidden_layers": 22,
        "num_attention_heads": 12,
        "intermediate_size": 1152,
        "global_attn_every_n_layers": 3,
        "local_attention": 128,
        "max_position_embeddings": 8192,
        "global_rope_theta": 160000.0,
        "local_rope_theta": 10000.0,
        "classifier_pooling": "mean",
        "vocab_size": 50368,
    },
}
SMALL = {
    "hidden_size": 128,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 48,
    "vocab_size": 50368,  # enough for all of their special tokens
}
# The class whose weights the hub has; GTE's is written out below, transformers has no such class.
CHECKPOINTS = {
    "minilm": transformers.BertForPreTraining,
    "modernbert": transformers.ModernBertForMaskedLM,
}


def original_gte(config: dict, spread: float, dtype: torch.dtype) -> dict[str, torch.Tensor]:
    """Random weights with the names and shapes of GTE's original, its token weights among them."""
    generator = torch.Generator().manual_seed(5)
    hidden, inner = config["hidden_size"], config["intermediate_size"]

    def normal(*shape: int, mean: float = 0.0) -> torch.Tensor:
        return torch.empty(shape).normal_(mean, spread, generator=generator).to(dtype)

    def linear(name: str, outputs: int, inputs: int, bias: bool = True) -> dict:
        weight = {f"{name}.weight": normal(outputs, inputs)}
        return weight | ({f"{name}.bias": normal(outputs)} if bias else {})

    def norm(name: str) -> dict:
        return {f"{name}.weight": normal(hidden, mean=1.0), f"{name}.bias": normal(hidden)}

    top = "new.embeddings"
    weights = {f"{top}.word_embeddings.weight": normal(config["vocab_size"], hidden)}
    weights |= {f"{top}.token_type_embeddings.weight": normal(config["type_vocab_size"], hidden)}
    weights |= norm(f"{top}.LayerNorm") | linear("classifier", 1, hidden)
    for number in range(config["num_hidden_layers"]):
        layer = f"new.encoder.layer.{number}"
        weights |= linear(f"{layer}.attention.qkv_proj", 3 * hidden, hidden)
        weights |= linear(f"{layer}.attention.o_proj", hidden, hidden)
        weights |= linear(f"{layer}.mlp.up_gate_proj", 2 * inner, hidden, bias=False)
        weights |= linear(f"{layer}.mlp.down_proj", hidden, inner)
        weights |= norm(f"{layer}.attn_ln") | norm(f"{layer}.mlp_ln")
    return weights


def publish(folder: Path, name: str, size: dict, spread: float = 0.1) -> Path:
    """Write a random checkpoint as the hub has that of `name`, with the settings `size`."""
    folder.mkdir(parents=True, exist_ok=True)
    config = PUBLISHED[name] | size
    if name == "gte":
        dtype = getattr(torch, config["torch_dtype"])
        weights = original_gte(config, spread, dtype)
        save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
        (folder / "config.json").write_text(json.dumps(config))
    else:
        torch.manual_seed(5)
        kind = transformers.CONFIG_MAPPING[config["model_type"]]
        CHECKPOINTS[name](kind.from_dict(config)).save_pretrained(folder)
    return folder
