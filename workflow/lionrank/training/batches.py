"""The data of a training: examples, the order in which they come, and their tokens."""

import math
import os
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import torch
from datasets import Dataset
from torch import Tensor
from torch.utils.data import DataLoader, Sampler
from transformers import PreTrainedTokenizerBase

from lionrank import parquet
from lionrank.cross_encoder.tokens import Batch, encode, take
from lionrank.errors import UserError
from lionrank.training.losses import LABELS, SCORES, Loss

Batched = dict[str, Tensor]
"""A `Batch` of the pairs, those of an example together, with a target of each pair as `targets`,
and the number of passages of each example as `sizes`."""

PAIRS = pa.schema({"query": pa.string(), "passage": pa.string(), "label": pa.float64()})
"""Of a file whose examples have one passage each."""
LISTS = pa.schema({"query": pa.string(), "passages": pa.list_(pa.string())})
"""Of a file whose examples have several passages each, besides a list of `labels` or `scores`."""


@dataclass(frozen=True)
class Examples:
    """The examples of a file, and the numbers of passages that they have."""

    rows: Dataset
    """Columns: query, and passage with label or passages with labels or scores."""
    sizes: np.ndarray
    """[examples]"""
    targets: str
    """The column of the targets."""

    def __len__(self) -> int:
        return len(self.rows)


def read_examples(path: str | os.PathLike, loss: Loss) -> Examples:
    """Read the examples of a Parquet file in the form of `PAIRS` or of `LISTS`.

    Raises:
        UserError: the file is damaged, lacks what the loss learns from, has no row, or one that the
            loss cannot learn from; names file, row and remedy.
    """
    name = type(loss).__name__
    found = parquet.schema(path).names
    if "passages" not in found:
        if LABELS not in loss.learns_from or loss.fewest > 1:
            what = "scores of a teacher" if LABELS not in loss.learns_from else "several passages"
            raise UserError(
                f"{path} has one labelled passage an example, and {name} learns from {what}: name "
                "other data for it, or another loss."
            )
        remedy = f"{name} learns from {', '.join(PAIRS.names)}: make the file again"
        table, targets = parquet.read(path, PAIRS, remedy), "label"
        sizes = np.ones(len(table), np.int64)
        values = table[targets].to_numpy()
    else:
        targets = next((each for each in loss.learns_from if each in found), loss.learns_from[0])
        columns = LISTS.append(pa.field(targets, pa.list_(pa.float64())))
        remedy = f"{name} learns from {targets}: make the file again, or name another loss"
        table = parquet.read(path, columns, remedy).combine_chunks()
        sizes = table["passages"].combine_chunks().value_lengths().to_numpy()
        lengths = table[targets].combine_chunks().value_lengths().to_numpy()
        _check_rows(path, sizes != lengths, f"has another number of {targets} than of passages")
        _check_rows(path, sizes < loss.fewest, f"has fewer than {loss.fewest} passages")
        values = table[targets].combine_chunks().flatten().to_numpy(zero_copy_only=False)
    if not len(table):
        raise UserError(f"{path} has no row: make it again.")
    _check_targets(path, loss, targets, values, np.repeat(np.arange(len(sizes)), sizes))
    return Examples(Dataset(table), sizes, targets)


def _check_rows(path: str | os.PathLike, wrong: np.ndarray, what: str) -> None:
    if wrong.any():
        raise UserError(
            f"{path}, row {int(wrong.argmax()) + 1}: it {what} ({int(wrong.sum())} of {len(wrong)} "
            "rows do): correct the file."
        )


def _check_targets(
    path: str | os.PathLike, loss: Loss, targets: str, values: np.ndarray, rows: np.ndarray
) -> None:
    """Check the targets [passages] of all examples, whose numbers are `rows` [passages].

    Raises:
        UserError: one is no number, an example has nothing to compare, or they are probabilities.
    """
    if not np.isfinite(values).all():
        row = int(rows[~np.isfinite(values)][0]) + 1
        raise UserError(
            f"{path}, row {row}: one of its {targets} is no finite number: correct the file."
        )
    if loss.needs_relevant:
        relevant = np.bincount(rows, values > 0)
        one_sided = (relevant == 0) | (relevant == np.bincount(rows))
        _check_rows(path, one_sided, "has no relevant passage, or none that is not")
    if loss.needs_logits and targets == SCORES and 0 <= values.min() <= values.max() <= 1:
        raise UserError(
            f"{path}: all scores lie between 0 and 1, so they are probabilities, and "
            f"{type(loss).__name__} learns from a teacher's logits: score without its sigmoid."
        )


class GlobalBatches(Sampler[list[int]]):
    """The examples of each optimizer step, of which every process takes its share.

    Their order depends on the seed and the epoch alone: not on the processes, and not on whether
    the epochs are trained by one job or by several. With `restarts` it is that of the first epoch
    in each. A step has as many whole examples as `size` passages hold, and the last one of an epoch
    may be smaller. Where examples differ in their passages, all steps have about `size` of them.
    With a `share` below 1 they are of so many of the examples, the same in all epochs and for
    whatever else differs than the seed; a smaller share's are among those of a larger one.
    """

    def __init__(
        self,
        sizes: np.ndarray,
        size: int,
        seed: int,
        process: int = 0,
        processes: int = 1,
        restarts: bool = False,
        share: float = 1.0,
    ) -> None:
        """Take the number of passages of each example [examples], and of a step.

        Raises:
            UserError: an example has more passages than a step.
        """
        if (longest := int(sizes.max())) > size:
            raise UserError(
                f"an example has {longest} passages, and training's global_batch_size, which "
                f"counts passages, is {size}: raise it to {longest} or more."
            )
        self.sizes, self.seed = sizes, seed
        self.process, self.processes, self.restarts = process, processes, restarts
        self.taken = _taken(len(sizes), share, seed) if share < 1 else None
        own = sizes if self.taken is None else sizes[self.taken.numpy()]
        self.number = len(own)
        self.each = size // longest if sizes.min() == longest else None
        if self.each:
            self.steps = math.ceil(self.number / self.each)
        else:
            # No step is empty, as it has room for the longest.
            self.steps = max(int(own.sum()) // size, 1)
        self.set_epoch(0)

    def set_epoch(self, epoch: int) -> None:
        """Take the order of an epoch, counted from 0."""
        seed = self.seed * 1_000_003 + (0 if self.restarts else epoch)
        generator = torch.Generator().manual_seed(seed)
        order = torch.randperm(self.number, generator=generator)
        self.order = order if self.taken is None else self.taken[order]
        if self.each:
            self.first = np.arange(self.steps + 1) * self.each
        else:
            sizes = self.sizes[self.order.numpy()]
            step = (sizes.cumsum() - sizes) * self.steps // sizes.sum()
            self.first = np.searchsorted(step, np.arange(self.steps + 1))
        self.first[-1] = self.number

    def __len__(self) -> int:
        return self.steps

    def examples_at(self, step: int) -> int:
        """Return the number of examples of all processes at a step, counted from 0."""
        return int(self.first[step + 1] - self.first[step])

    def passages_at(self, step: int) -> int:
        """Return the number of passages of all processes at a step, counted from 0."""
        return int(self.sizes[self.rows(step)].sum())

    def rows(self, step: int) -> list[int]:
        """Return the rows of all processes at a step of the epoch, counted from 0."""
        return self.order[self.first[step] : self.first[step + 1]].tolist()

    def __iter__(self) -> Iterator[list[int]]:
        for step in range(len(self)):
            yield self.rows(step)[self.process :: self.processes]


def _taken(number: int, share: float, seed: int) -> Tensor:
    """Return the rows of a share of so many examples, at least one."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randperm(number, generator=generator)[: max(round(share * number), 1)]


class Tokenise:
    """Makes a batch of examples; runs in the data loader's processes."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase, targets: str) -> None:
        """Take a tokenizer, and the column of the targets."""
        self.tokenizer, self.targets = tokenizer, targets

    def __call__(self, examples: list[dict]) -> Batched:
        """Tokenise each query with each of its passages; no examples give an empty batch."""
        if not examples:
            return {}
        passages = [
            example["passages"] if "passages" in example else [example["passage"]]
            for example in examples
        ]
        queries = [
            example["query"] for example, own in zip(examples, passages, strict=True) for _ in own
        ]
        pairs = encode(self.tokenizer, queries, [passage for own in passages for passage in own])
        targets = np.hstack([example[self.targets] for example in examples])
        return pairs | {
            "targets": torch.tensor(targets, dtype=torch.float32),
            "sizes": torch.tensor([len(own) for own in passages]),
        }


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


@dataclass(frozen=True)
class Room:
    """What is computed at once: so many passages and tokens, or a single passage."""

    passages: int
    tokens: int
    is_padded: bool
    """Whether each passage takes as many tokens as the longest that it is computed with."""

    def has(self, lengths: Tensor) -> bool:
        """Return whether passages of these lengths [passages] may be computed at once."""
        most = len(lengths) * lengths.max() if self.is_padded else lengths.sum()
        return len(lengths) <= self.passages and int(most) <= self.tokens

    def divide(self, lengths: Tensor, sizes: Tensor) -> Iterator[slice]:
        """Yield slices of examples, in order, for whose passages there is room, or single ones.

        Args:
            lengths: [passages]
            sizes: passages of each example [examples].
        """
        first, held = 0, lengths[:0]
        for place, own in enumerate(lengths.split(sizes.tolist())):
            both = torch.cat([held, own])
            if place > first and not self.has(both):
                yield slice(first, place)
                first, both = place, own
            held = both
        yield slice(first, len(sizes))


def micro_batches(batch: Batched, room: Room) -> Iterator[tuple[Batch, Tensor, Tensor]]:
    """Yield pairs, targets and sizes of a batch in micro-batches of whole examples.

    For each there is room, or it is one example.
    """
    if not batch:
        return
    pairs = {name: values for name, values in batch.items() if name not in ("targets", "sizes")}
    start = 0
    for some in room.divide(batch["lengths"], batch["sizes"]):
        sizes = batch["sizes"][some]
        end = start + int(sizes.sum())
        yield take(pairs, torch.arange(start, end)), batch["targets"][start:end], sizes
        start = end
