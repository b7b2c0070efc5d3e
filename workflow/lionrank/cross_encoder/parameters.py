"""The parameters of a cross-encoder, counted from its config: no weight is read or made."""

from pathlib import Path
from typing import TypedDict

import torch
from transformers import PreTrainedModel

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
    pretrained = Pretrained(str(checkpoint), checkpoint, "checkpoint")
    return count(pretrained.outline(pretrained.config()))


def count(model: PreTrainedModel) -> Parameters:
    """Count the parameters of a cross-encoder, which may be an outline; what is shared once."""
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
