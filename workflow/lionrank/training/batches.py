"""The data of a training: examples, the order in which they come, and their tokens."""

import math
import os
from collections.abc import Iterator

import torch
from datasets import Dataset
from torch import Tensor
from torch.utils.data import DataLoader, Sampler
from transformers import PreTrainedTokenizerBase

from lionrank import parquet
from lionrank.cross_encoder.tokens import Batch, encode, take
from lionrank.errors import UserError
from lionrank.training.losses import Shape

Examples = dict[str, Tensor]
"""`targets` [examples, targets], and a `Batch` of the pairs, those of an example together."""


def read_examples(path: str | os.PathLike, shape: Shape) -> Dataset:
    """Read the examples of a Parquet file in the shape that a loss asks for.

    Raises:
        UserError: the file is damaged, lacks a column of that shape, or has no row.
    """
    remedy = f"training.loss learns from {', '.join(shape.columns.names)}: make the file again"
    examples = parquet.read(path, shape.columns, remedy)
    if not len(examples):
        raise UserError(f"{path} has no row: {remedy}.")
    return Dataset(examples)


class GlobalBatches(Sampler[list[int]]):
    """The rows of each optimizer step, of which every process takes its share.

    Their order depends on the seed and the epoch alone: not on the processes, and not on whether
    the epochs are trained by one job or by several. An epoch's last batch may be smaller.
    """

    def __init__(
        self, examples: int, size: int, seed: int, process: int = 0, processes: int = 1
    ) -> None:
        self.examples, self.size, self.seed = examples, size, seed
        self.process, self.processes = process, processes
        self.set_epoch(0)

    def set_epoch(self, epoch: int) -> None:
        """Take the order of an epoch, counted from 0."""
        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + epoch)
        self.order = torch.randperm(self.examples, generator=generator)

    def __len__(self) -> int:
        return math.ceil(self.examples / self.size)

    def examples_at(self, step: int) -> int:
        """Return the number of rows of all processes at a step of the epoch, counted from 0."""
        return min(self.size, self.examples - step * self.size)

    def rows(self, step: int) -> list[int]:
        """Return the rows of all processes at a step of the epoch, counted from 0."""
        return self.order[step * self.size : (step + 1) * self.size].tolist()

    def __iter__(self) -> Iterator[list[int]]:
        for step in range(len(self)):
            yield self.rows(step)[self.process :: self.processes]


class Tokenise:
    """Makes a batch of examples; runs in the data loader's processes."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase, shape: Shape) -> None:
        self.tokenizer, self.shape = tokenizer, shape

    def __call__(self, examples: list[dict]) -> Examples:
        """Tokenise each query with each of its passages; no examples give an empty batch."""
        if not examples:
            return {}
        passages, targets = zip(*map(self.shape.read, examples), strict=True)
        queries = [
            example["query"] for example, own in zip(examples, passages, strict=True) for _ in own
        ]
        pairs = encode(self.tokenizer, queries, [passage for own in passages for passage in own])
        return pairs | {"targets": torch.tensor(targets, dtype=torch.float32)}


class EpochLoader(DataLoader):
    """A data loader whose order the Trainer sets at the start of each epoch."""

    def set_epoch(self, epoch: int) -> None:
        self.batch_sampler.set_epoch(epoch)


def load(
    examples: Dataset, batches: GlobalBatches, tokenise: Tokenise, workers: int
) -> EpochLoader:
    """Return the loader of a training's batches, tokenised by this many processes.

    It has a random generator of its own: starting its processes must not move the one that dropout
    draws from, or else an epoch that is begun twice would not be the same.
    """
    return EpochLoader(
        examples,
        batch_sampler=batches,
        collate_fn=tokenise,
        num_workers=workers,
        generator=torch.Generator(),
    )


def micro_batches(batch: Examples, size: int) -> Iterator[tuple[Batch, Tensor]]:
    """Yield pairs and targets of a batch in micro-batches of at most `size` examples."""
    if not batch:
        return
    pairs = {name: values for name, values in batch.items() if name != "targets"}
    passages = len(batch["lengths"]) // len(batch["targets"])
    for start, targets in zip(
        range(0, len(batch["targets"]), size), batch["targets"].split(size), strict=True
    ):
        rows = torch.arange(start * passages, (start + len(targets)) * passages)
        yield take(pairs, rows), targets
