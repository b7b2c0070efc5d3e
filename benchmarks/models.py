"""The three backbones at full size with random weights, as checkpoints, and what they compute.

Random weights take as long as trained ones. All models have BERT's tokenizer, as the vocabularies
of GTE and ModernBERT are not at hand, and embeddings for a vocabulary as large as their own.
"""

import os
import tempfile
from pathlib import Path

import numpy as np
import torch
from inputs import TOKENIZER
from sentence_transformers.base.modules import Dense, Transformer
from sentence_transformers.cross_encoder import CrossEncoder
from sentence_transformers.sentence_transformer.modules import LayerNorm, Pooling
from transformers import AutoConfig, AutoModelForSequenceClassification, PreTrainedModel

from lionrank.cross_encoder import initialise as models

DATA = Path(__file__).parent / ".data"
SEED = 12
MAX_LENGTH = 512
# Of the tokenizer, whatever the models' own special tokens are.
TOKENS = {"pad_token_id": 0, "cls_token_id": 101, "sep_token_id": 102}
# With these deviations of the weights, the logits of pairs differ by some 0.03: further than bf16
# rounds them, and not so far that it rounds them by more than 0.01.
ARCHITECTURES = {
    "minilm": {
        "model_type": "bert",
        "hidden_size": 384,
        "num_hidden_layers": 12,
        "num_attention_heads": 12,
        "intermediate_size": 1536,
        "initializer_range": 0.03,
    },
    "gte": {"model_type": "gte", "classifier_dropout": 0.0},
    # The published ModernBERT-base pools the mean, and transformers' default does not.
    "modernbert": {"model_type": "modernbert", "classifier_pooling": "mean"},
    "tiny": {
        "model_type": "bert",
        "hidden_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 128,
        "initializer_range": 0.1,
    },
}
LONGER = {"attention_probs_dropout_prob": 0.0}
# ModernBERT's head ends in a normalisation, after which logits differ by some 0.6.
SHRUNK_CLASSIFIERS = {"modernbert": 0.05}


def checkpoint(name: str, folder: str | os.PathLike = DATA, max_length: int = MAX_LENGTH) -> Path:
    """Return the folder of a model's checkpoint; the first time, the workflow's code writes it.

    Where it is asked for more than `MAX_LENGTH` tokens it has as many positions, and no dropout of
    attention, as published models of such lengths have none.
    """
    longer = LONGER | {"max_position_embeddings": max_length} if max_length > MAX_LENGTH else {}
    place = Path(folder) / "checkpoints" / (f"{name}_{max_length}" if longer else name)
    if place.exists():
        return place
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=place.parent) as scratch:
        config = AutoConfig.for_model(**ARCHITECTURES[name], **TOKENS, **longer, num_labels=1)
        torch.manual_seed(SEED)
        model = AutoModelForSequenceClassification.from_config(config)
        model.classifier.weight.data *= SHRUNK_CLASSIFIERS.get(name, 1.0)
        source, written = Path(scratch) / "source", Path(scratch) / name
        model.save_pretrained(source)
        backbone = {"pretrained": name, "architecture": None, "tokenizer": TOKENIZER}
        models.initialise(backbone, {name: str(source)}, SEED, max_length, written)
        # Whole or not at all.
        written.rename(place)
    return place


def operations(checkpoint: str | os.PathLike, lengths: np.ndarray) -> float:
    """Return the floating-point operations of scoring pairs of so many tokens.

    Two for each weight of the layers and each token, and attention's two products; embeddings and
    head are left out. Training takes three times as many.
    """
    config = AutoConfig.from_pretrained(checkpoint, local_files_only=True)
    with torch.device("meta"):
        body = AutoModelForSequenceClassification.from_config(config).base_model
    layers = config.num_hidden_layers
    stack = next(
        each
        for each in body.modules()
        if isinstance(each, torch.nn.ModuleList) and len(each) == layers
    )
    weights = sum(weight.numel() for weight in stack.parameters())
    kinds = getattr(config, "layer_types", ["full_attention"] * layers)
    seen = {
        "full_attention": lengths,
        "sliding_attention": np.minimum(lengths, getattr(config, "local_attention", 0)),
    }
    attended = sum(float(lengths @ seen[kind]) for kind in kinds)
    return 2.0 * weights * float(lengths.sum()) + 4.0 * config.hidden_size * attended


def composed(
    checkpoint: str | os.PathLike, device: str, attention: str, dtype: torch.dtype
) -> CrossEncoder:
    """Return a checkpoint's body and head as modules of sentence-transformers.

    With `attention` flash_attention_2 this is the form that concatenates its inputs without
    padding. It hands no token types to the model then, so that MiniLM's scores are other ones.
    """
    whole = AutoModelForSequenceClassification.from_pretrained(checkpoint, local_files_only=True)
    size = whole.config.hidden_size
    body = Transformer(
        str(checkpoint),
        transformer_task="feature-extraction",
        model_kwargs={
            "attn_implementation": attention,
            "dtype": dtype,
            "local_files_only": True,
        },
    )
    pooling = Pooling(size, getattr(whole.config, "classifier_pooling", "cls"))
    classifier = _dense(whole.classifier, torch.nn.Identity(), "scores")
    modules = [body, pooling, *_head(whole), classifier]
    return CrossEncoder(modules=modules, device=device, num_labels=1).to(dtype).eval()


def _head(whole: PreTrainedModel) -> list[torch.nn.Module]:
    """Return what lies between pooling and classifier, dropout aside."""
    if not hasattr(whole, "head"):
        return [_dense(whole.base_model.pooler.dense, torch.nn.Tanh())]
    norm = LayerNorm(whole.config.hidden_size)
    norm.norm = whole.head.norm
    return [_dense(whole.head.dense, whole.head.act), norm]


def _dense(
    linear: torch.nn.Linear, activation: torch.nn.Module, output: str | None = None
) -> Dense:
    made = Dense(
        linear.in_features,
        linear.out_features,
        bias=linear.bias is not None,
        activation_function=activation,
        module_output_name=output,
    )
    made.linear = linear
    return made
