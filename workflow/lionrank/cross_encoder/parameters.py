"""The parameters of a cross-encoder, counted from its config: no weight is read or made."""

from copy import deepcopy
from pathlib import Path
from typing import TypedDict

import torch
from transformers import MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING, PreTrainedConfig

from lionrank.cross_encoder.pretrained import Pretrained

NO_LAYERS = {"embeddings", "pooler"}
"""Parts of a body that are none of its encoder's layers."""


class Parameters(TypedDict):
    """How many numbers a cross-encoder has."""

    parameters: int
    """All, the head's among them."""
    encoder: int
    """Those of the encoder, which does the arithmetic: without embeddings, pooler and head."""


def of_checkpoint(checkpoint: Path) -> Parameters:
    """Count the parameters of a checkpoint, by its config.json.

    Raises:
        UserError: config.json is missing or damaged, or of no cross-encoder.
    """
    return count(Pretrained(str(checkpoint), checkpoint, "checkpoint").config())


def count(config: PreTrainedConfig) -> Parameters:
    """Count the parameters of the cross-encoder that a config describes; what is shared once."""
    with torch.device("meta"):
        model = MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING[type(config)](deepcopy(config))
    body = model.base_model
    tables = {each.weight for each in body.modules() if isinstance(each, torch.nn.Embedding)}
    return {
        "parameters": sum(weight.numel() for weight in model.parameters()),
        "encoder": sum(
            weight.numel()
            for name, weight in body.named_parameters()
            if weight not in tables and NO_LAYERS.isdisjoint(name.split("."))
        ),
    }
