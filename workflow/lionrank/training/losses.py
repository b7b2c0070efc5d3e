"""Losses, each with the shape of the training data that it learns from.

A new loss is a class like `BinaryCrossEntropy` and a line in `LOSSES`. Whatever its shape, a batch
reaches it as one row of logits and one row of targets an example.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

import pyarrow as pa
import torch
from torch import Tensor


@dataclass(frozen=True)
class Shape:
    """How an example of the training data reads: a query, its passages and its targets."""

    columns: pa.Schema
    """Of the Parquet file; one of them is `query`."""
    read: Callable[[dict], tuple[list[str], list[float]]]
    """Returns an example's passages, as many for each, and what their logits are compared with."""


def _of_pair(example: dict) -> tuple[list[str], list[float]]:
    return [example["passage"]], [example["label"]]


def _of_triplet(example: dict) -> tuple[list[str], list[float]]:
    return [example["positive"], example["negative"]], [example["margin"]]


def _of_list(example: dict) -> tuple[list[str], list[float]]:
    return example["passages"], example["labels"]


PAIRS = Shape(
    pa.schema({"query": pa.string(), "passage": pa.string(), "label": pa.float64()}), _of_pair
)
"""A passage and whether it is relevant."""

TRIPLETS = Shape(
    pa.schema(
        {**dict.fromkeys(("query", "positive", "negative"), pa.string()), "margin": pa.float64()}
    ),
    _of_triplet,
)
"""Two passages and by how much a teacher scores the first above the second."""

LISTS = Shape(
    pa.schema(
        {
            "query": pa.string(),
            "passages": pa.list_(pa.string()),
            "labels": pa.list_(pa.float64()),
        }
    ),
    _of_list,
)
"""Some passages and the grade of each."""


class Loss(torch.nn.Module, ABC):
    """A loss of single examples, so that the mean of a batch can be taken in micro-batches."""

    shape: Shape

    @abstractmethod
    def forward(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Return the loss of each example.

        Of `n` examples: logits [n, passages], targets [n, targets], losses [n], all float32.
        """


class BinaryCrossEntropy(Loss):
    """Binary cross-entropy on the logit, the loss of the published experiment."""

    shape = PAIRS

    def forward(self, logits: Tensor, targets: Tensor) -> Tensor:
        losses = torch.nn.functional.binary_cross_entropy_with_logits(
            logits, targets, reduction="none"
        )
        return losses.mean(dim=1)


LOSSES: dict[str, type[Loss]] = {"bce": BinaryCrossEntropy}
