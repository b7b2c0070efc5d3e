"""Checkpoints with random weights, in the form in which the published backbones are."""

import json
import math
import re
from pathlib import Path

import torch
import transformers
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer, pre_tokenizers, processors
from tokenizers import models as tokenizer_models
from torch.nn import functional

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
OF_BASE_SIZE = {
    "hidden_size": 768,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
    "intermediate_size": 3072,
}
# What other studies train, by the model's name in config.yaml.
OTHERS = {
    "minilml6": PUBLISHED["minilm"] | {"num_hidden_layers": 6},
    "bert": PUBLISHED["minilm"] | OF_BASE_SIZE,
    "roberta": {
        "model_type": "roberta",
        "bos_token_id": 0,
        "eos_token_id": 2,
        "layer_norm_eps": 1e-05,
        "max_position_embeddings": 514,
        "pad_token_id": 1,
        "type_vocab_size": 1,
        "vocab_size": 50265,
        **OF_BASE_SIZE,
    },
    "electra": {
        "model_type": "electra",
        "embedding_size": 768,
        "max_position_embeddings": 512,
        "type_vocab_size": 2,
        "vocab_size": 30522,
        **OF_BASE_SIZE,
    },
    "deberta": {
        "model_type": "deberta-v2",
        "layer_norm_eps": 1e-7,
        "max_position_embeddings": 512,
        "max_relative_positions": -1,
        "norm_rel_ebd": "layer_norm",
        "pos_att_type": "p2c|c2p",
        "position_biased_input": False,
        "position_buckets": 256,
        "relative_attention": True,
        "share_att_key": True,
        "type_vocab_size": 0,
        "vocab_size": 128100,
        **OF_BASE_SIZE,
    },
    **{
        f"ettin{name}": PUBLISHED["modernbert"]
        | {
            "hidden_size": size,
            "intermediate_size": inner,
            "local_rope_theta": 160000.0,
            "max_position_embeddings": 7999,
            "num_attention_heads": heads,
            "num_hidden_layers": layers,
        }
        for name, size, layers, inner, heads in (
            ("17m", 256, 7, 384, 4),
            ("32m", 384, 10, 576, 6),
            ("68m", 512, 19, 768, 8),
            ("150m", 768, 22, 1152, 12),
            ("400m", 1024, 28, 2624, 16),
            ("1b", 1792, 28, 3840, 28),
        )
    },
}
EVERY = PUBLISHED | OTHERS
SMALL = {
    "hidden_size": 128,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 48,
    "vocab_size": 50368,  # enough for all of their special tokens
}
# The class whose weights the hub has; GTE's is written out below, transformers has no such class.
CHECKPOINTS = {
    "bert": transformers.BertForPreTraining,
    "deberta-v2": transformers.DebertaV2ForMaskedLM,
    "electra": transformers.ElectraForPreTraining,
    "modernbert": transformers.ModernBertForMaskedLM,
    "roberta": transformers.RobertaForMaskedLM,
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
    config = EVERY[name] | size
    if name == "gte":
        dtype = getattr(torch, config["torch_dtype"])
        weights = original_gte(config, spread, dtype)
        save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
        (folder / "config.json").write_text(json.dumps(config))
    else:
        torch.manual_seed(5)
        kind = transformers.CONFIG_MAPPING[config["model_type"]]
        CHECKPOINTS[config["model_type"]](kind.from_dict(config)).save_pretrained(folder)
    return folder


def name_as_on_hub(folder: Path, name: str) -> None:
    """Give a checkpoint the weights' names, further weights and precision that the hub's has."""
    path = folder / "model.safetensors"
    weights = load_file(path)
    hidden = json.loads((folder / "config.json").read_text())["hidden_size"]
    positions = {"embeddings.position_ids": torch.arange(512)[None]}
    square = {"dense.weight": torch.ones(hidden, hidden), "dense.bias": torch.ones(hidden)}
    if name == "bert":
        old = {"weight": "gamma", "bias": "beta"}
        weights = {
            re.sub(r"LayerNorm\.(\w+)", lambda found: f"LayerNorm.{old[found[1]]}", key): weight
            for key, weight in weights.items()
        }
    elif name == "minilml6":
        body = {key: weight for key, weight in weights.items() if key.startswith("bert.")}
        weights = {key.removeprefix("bert."): weight for key, weight in body.items()} | positions
    elif name in ("roberta", "electra"):
        more = positions | {f"pooler.{key}": weight for key, weight in square.items()}
        kept = {key: more[key] for key in more if name == "roberta" or "pooler" not in key}
        weights |= {f"{name}.{key}": weight for key, weight in kept.items()}
    elif name == "deberta":
        weights = {key: w for key, w in weights.items() if key.startswith("deberta.")}
        weights |= {f"deberta.{key}": weight for key, weight in positions.items()}
        for part in ("lm_predictions.lm_head", "mask_predictions"):
            weights |= {f"{part}.{key}": weight.clone() for key, weight in square.items()}
        weights["mask_predictions.classifier.weight"] = torch.ones(1, hidden)
        weights = {key: w.half() if w.is_floating_point() else w for key, w in weights.items()}
    save_file(weights, path, metadata={"format": "pt"})


def as_described(weights: dict, config: dict, ids: torch.Tensor, mask: torch.Tensor):
    """GTE's hidden states in float64, from the description of the original and nothing else.

    `ids` and `mask` are batch x tokens; returns batch x tokens x hidden.
    """
    weights = {name: weight.double() for name, weight in weights.items()}
    hidden, heads = config["hidden_size"], config["num_attention_heads"]
    size = hidden // heads

    def norm(x, name):
        return functional.layer_norm(
            x, (hidden,), weights[f"{name}.weight"], weights[f"{name}.bias"], 1e-12
        )

    def linear(x, name):
        return functional.linear(x, weights[f"{name}.weight"], weights.get(f"{name}.bias"))

    scale = config["rope_scaling"]["factor"]
    pairs = torch.arange(size // 2, dtype=torch.float64)
    frequencies = 1 / (config["rope_theta"] * scale) ** (2 * pairs / size) / scale ** (2 / size)
    angles = torch.outer(torch.arange(ids.shape[1], dtype=torch.float64), frequencies)
    cosine, sine = (torch.cat((f(angles), f(angles)), dim=-1) for f in (torch.cos, torch.sin))

    def turn(x):
        left, right = x.chunk(2, dim=-1)
        return x * cosine + torch.cat((-right, left), dim=-1) * sine

    x = weights["new.embeddings.word_embeddings.weight"][ids]
    x = x + weights["new.embeddings.token_type_embeddings.weight"][0]
    x = norm(x, "new.embeddings.LayerNorm")
    for number in range(config["num_hidden_layers"]):
        layer = f"new.encoder.layer.{number}"
        packed = linear(x, f"{layer}.attention.qkv_proj").chunk(3, dim=-1)
        query, key, value = (part.unflatten(-1, (heads, size)).transpose(1, 2) for part in packed)
        match = turn(query) @ turn(key).transpose(2, 3) / math.sqrt(size)
        match = match.masked_fill(~mask.bool()[:, None, None], -math.inf)
        seen = (match.softmax(dim=-1) @ value).transpose(1, 2).flatten(2)
        x = norm(x + linear(seen, f"{layer}.attention.o_proj"), f"{layer}.attn_ln")
        up, gate = linear(x, f"{layer}.mlp.up_gate_proj").split(config["intermediate_size"], dim=-1)
        x = norm(
            x + linear(functional.gelu(gate) * up, f"{layer}.mlp.down_proj"), f"{layer}.mlp_ln"
        )
    return x


def write_gte_tokenizer(folder: Path) -> Tokenizer:
    """Write a small tokenizer in the files and of the kind that GTE has, XLM-RoBERTa's."""
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    words = [f"▁{word}" for word in ("what", "is", "a", "lion", "the", "large", "cat")]
    letters = list("▁abcdefghijklmnopqrstuvwxyz")
    scores = [(token, 0.0) for token in special] + [(word, -3.0) for word in words]
    scores += [(letter, -8.0) for letter in letters] + [("<mask>", 0.0)]
    tokenizer = Tokenizer(tokenizer_models.Unigram(scores, unk_id=3))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>",
        pair="<s> $A </s> </s> $B </s>",
        special_tokens=[("<s>", 0), ("</s>", 2)],
    )
    tokenizer.add_special_tokens([*special, "<mask>"])
    tokenizer.save(str(folder / "tokenizer.json"))
    roles = ("cls", "pad", "sep", "unk", "mask")
    named = dict(zip((f"{role}_token" for role in roles), [*special, "<mask>"], strict=True))
    named |= {"tokenizer_class": "XLMRobertaTokenizer", "model_max_length": 32768}
    (folder / "tokenizer_config.json").write_text(json.dumps(named))
    return tokenizer
