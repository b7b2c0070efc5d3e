"""Tiny backbones of every architecture that transformers has a cross-encoder of, without a head."""

from dataclasses import fields
from pathlib import Path

import torch
from tokenizers import Tokenizer, pre_tokenizers, processors
from tokenizers.models import WordLevel
from transformers import CONFIG_MAPPING, AutoModel, PreTrainedConfig, PreTrainedTokenizerFast

SPECIAL = ("<s>", "<pad>", "</s>", "<unk>", "<cls>", "<sep>")
WORDS = [*(f"w{number}" for number in range(40)), "query", "passage", "of", "words", "and", "more"]
VOCABULARY = {token: number for number, token in enumerate((*SPECIAL, *WORDS, *"0123456"))}
POSITIONS = 64
IDS_ALONE = {"model_input_names": ["input_ids", "attention_mask"]}
WITH_TYPES = {"model_input_names": ["input_ids", "token_type_ids", "attention_mask"]}
# How a pair reads, and the tokenizer's settings. Decoders' own have neither end nor padding.
TOKENIZERS: dict[str, tuple[str, dict]] = {
    "bert": (
        "<cls> $A <sep> $B:1 <sep>:1",
        {"cls_token": "<cls>", "sep_token": "<sep>", **WITH_TYPES},
    ),
    "roberta": (
        "<s> $A </s> </s> $B </s>",
        {"cls_token": "<s>", "sep_token": "</s>", "eos_token": "</s>", **IDS_ALONE},
    ),
    "t5": ("$A </s> $B </s>", {"eos_token": "</s>", **IDS_ALONE}),
    "xlnet": (
        "$A <sep> $B:1 <sep>:1 <cls>:2",
        {"cls_token": "<cls>", "sep_token": "<sep>", "padding_side": "left", **WITH_TYPES},
    ),
    "decoder": ("$A $B", {"bos_token": "<s>", "eos_token": "</s>", **IDS_ALONE}),
}
LIKE_ROBERTA = [
    "bart",
    "bigbird_pegasus",
    "camembert",
    "data2vec-text",
    "esm",
    "gte",
    "ibert",
    "jina_embeddings_v3",
    "layoutlmv3",
    "lilt",
    "longformer",
    "luke",
    "markuplm",
    "mbart",
    "mpnet",
    "mvp",
    "plbart",
    "roberta",
    "roberta-prelayernorm",
    "xlm-roberta",
    "xlm-roberta-xl",
    "xmod",
]
LIKE_T5 = ["mt5", "t5", "t5gemma", "t5gemma2", "umt5"]
LIKE_BERT = [
    "albert",
    "bert",
    "big_bird",
    "canine",
    "convbert",
    "deberta",
    "deberta-v2",
    "distilbert",
    "electra",
    "ernie",
    "esmc",
    "eurobert",
    "flaubert",
    "fnet",
    "funnel",
    "layoutlm",
    "layoutlmv2",
    "megatron-bert",
    "mobilebert",
    "modernbert",
    "modernvbert",
    "mra",
    "nomic_bert",
    "nystromformer",
    "perceiver",
    "reformer",
    "rembert",
    "roc_bert",
    "roformer",
    "squeezebert",
    "tapas",
    "ultrabert",
    "ultravbert",
    "xlm",
    "yoso",
]

# Of the names that architectures have for their sizes, each takes those that it knows.
SMALL = {
    **dict.fromkeys(("hidden_size", "d_model", "dim", "n_embd", "emb_dim", "embedding_size"), 32),
    **dict.fromkeys(("word_embed_proj_dim",), 32),
    **dict.fromkeys(("num_hidden_layers", "n_layers", "n_layer", "num_layers"), 2),
    **dict.fromkeys(("encoder_layers", "decoder_layers", "num_decoder_layers"), 2),
    **dict.fromkeys(("num_attention_heads", "n_heads", "n_head", "num_heads"), 4),
    **dict.fromkeys(("encoder_attention_heads", "decoder_attention_heads"), 4),
    **dict.fromkeys(("num_key_value_heads", "num_experts", "num_local_experts"), 4),
    **dict.fromkeys(("intermediate_size", "hidden_dim", "n_inner", "d_ff", "d_inner", "dff"), 48),
    **dict.fromkeys(("ffn_dim", "encoder_ffn_dim", "decoder_ffn_dim"), 48),
    **dict.fromkeys(("max_position_embeddings", "n_positions", "n_ctx"), POSITIONS),
    **dict.fromkeys(("max_seq_len", "max_seq_length"), POSITIONS),
    **dict.fromkeys(("head_dim", "d_kv", "d_head", "kv_lora_rank", "q_lora_rank"), 8),
    **dict.fromkeys(("qk_nope_head_dim", "qk_rope_head_dim", "v_head_dim"), 8),
    **dict.fromkeys(("moe_intermediate_size", "shared_expert_intermediate_size"), 16),
    **dict.fromkeys(("n_group", "topk_group", "first_k_dense_replace", "n_shared_experts"), 1),
    "n_routed_experts": 4,
    "num_experts_per_tok": 2,
}
VISION = {
    **dict.fromkeys(("hidden_size", "intermediate_size", "image_size"), 16),
    **dict.fromkeys(("num_attention_heads", "num_heads"), 2),
    **dict.fromkeys(("num_hidden_layers", "depth"), 1),
    "patch_size": 8,
    "out_hidden_size": 32,
}
GATED = {
    **dict.fromkeys(("linear_num_value_heads", "linear_num_key_heads"), 2),
    **dict.fromkeys(("linear_key_head_dim", "linear_value_head_dim"), 8),
    "layer_types": ["linear_attention", "full_attention"],
}
# What the sizes above do not make small, or consistent.
OWN: dict[str, dict] = {
    "big_bird": {"block_size": 4, "num_random_blocks": 1},
    "bigbird_pegasus": {"block_size": 4, "num_random_blocks": 1},
    "cohere_compass_text": {
        "layer_types": ["full_attention", "sliding_attention"],
        "rope_parameters": {
            kind: {"rope_type": "default", "rope_theta": 1e4}
            for kind in ("full_attention", "sliding_attention")
        },
    },
    "funnel": {"block_sizes": [1, 1], "num_decoder_layers": 1, "architectures": ["FunnelModel"]},
    "gpt_neo": {"attention_types": [[["global", "local"], 1]], "window_size": 8},
    "layoutlmv3": {"coordinate_size": 4, "shape_size": 8},
    "lilt": {"channel_shrink_ratio": 1, "hidden_size": 24},
    "gptj": {"rotary_dim": 4},
    "longformer": {"attention_window": [4, 4]},
    "luke": {"entity_vocab_size": 10, "entity_emb_size": 8},
    "perceiver": {
        **dict.fromkeys(("d_latents", "d_model", "qk_channels", "v_channels"), 16),
        **dict.fromkeys(("num_blocks", "num_self_attends_per_block"), 1),
        **dict.fromkeys(("num_self_attention_heads", "num_cross_attention_heads"), 2),
        "num_latents": 4,
    },
    "qwen3_5_text": GATED,
    "qwen3_next": GATED | {"decoder_sparse_step": 1},
    "reformer": {
        "axial_pos_shape": [8, 8],
        "axial_pos_embds_dim": [16, 16],
        "attention_head_size": 8,
        "feed_forward_size": 48,
        "attn_layers": ["local", "lsh"],
        "num_buckets": 2,
    },
    "roc_bert": {"pronunciation_vocab_size": 9, "shape_vocab_size": 9},
    "zamba": {
        **dict.fromkeys(("num_hidden_layers", "mamba_d_state"), 4),
        "attn_layer_period": 2,
        "attn_layer_offset": 0,
    },
    "zamba2": {
        "hybrid_layer_ids": [1, 2],
        "layers_block_type": ["mamba", "hybrid", "hybrid"],
        **dict.fromkeys(("mamba_headdim", "n_mamba_heads", "chunk_size"), 8),
        "num_hidden_layers": 3,
        "mamba_d_state": 4,
        "mamba_ngroups": 1,
    },
}
TEXT_OF = {
    "gemma3": "gemma3_text",
    "modernvbert": "modernbert",
    "qwen3_5": "qwen3_5_text",
    "ultravbert": "ultrabert",
}


def style(kind: str) -> str:
    """Return which of the tokenizers is like that of an architecture's checkpoints."""
    for name, kinds in (("roberta", LIKE_ROBERTA), ("t5", LIKE_T5), ("bert", LIKE_BERT)):
        if kind in kinds:
            return name
    return "xlnet" if kind == "xlnet" else "decoder"


def write_backbone(folder: Path, kind: str, **settings) -> Path:
    """Write a base model with random weights and its tokenizer, as a download has them."""
    torch.manual_seed(7)
    model = AutoModel.from_config(config(kind, **settings))
    with torch.no_grad():
        # So that an error shows in the logits.
        for weights in model.parameters():
            weights *= 6 if weights.dim() > 1 else 1
    model.save_pretrained(folder)
    write_tokenizer(folder, style(kind))
    return folder


def config(kind: str, **settings) -> PreTrainedConfig:
    """Return a tiny config for the tokenizer of the architecture."""
    made = CONFIG_MAPPING[kind]
    ids = {"pad_token_id": 1, "bos_token_id": 0, "eos_token_id": 2}
    if style(kind) in ("t5", "roberta"):
        ids["decoder_start_token_id"] = 1
    if kind in TEXT_OF:
        text = config(TEXT_OF[kind]).to_dict()
        return made(text_config=text, vision_config=VISION, pad_token_id=1, **settings)
    if kind in ("t5gemma", "t5gemma2"):
        part = {"vocab_size": len(VOCABULARY), **ids}
        part |= {key: SMALL[key] for key in _known("gemma3_text") & SMALL.keys()}
        both = {"text_config": part, "vision_config": VISION} if kind == "t5gemma2" else part
        return made(encoder=both, decoder=part, vocab_size=len(VOCABULARY), **ids)
    chosen = SMALL | ids | OWN.get(kind, {}) | settings
    known = {key: value for key, value in chosen.items() if key in _known(kind)}
    if style(kind) == "decoder" and kind != "modernbert-decoder":
        # Which of them have none is known to their tokenizers alone.
        known["pad_token_id"] = settings.get("pad_token_id")
    return made(vocab_size=len(VOCABULARY), **known)


def _known(kind: str) -> set[str]:
    made = CONFIG_MAPPING[kind]
    return {field.name for field in fields(made)} | set(made.attribute_map)


def write_tokenizer(folder: Path, like: str) -> None:
    """Write one of the tokenizers, whose vocabulary is a few words."""
    pair, named = TOKENIZERS[like]
    tokenizer = Tokenizer(WordLevel(VOCABULARY, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="$A", pair=pair, special_tokens=[(token, VOCABULARY[token]) for token in SPECIAL]
    )
    padding = {} if like == "decoder" else {"pad_token": "<pad>"}
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, unk_token="<unk>", **padding, **named
    ).save_pretrained(folder)
