"""Batches of candidates for scoring, of (nearly) equal length: whole pairs, or their windows."""

import os
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import InitVar, dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import torch
from torch import Tensor
from torch.utils.data import IterableDataset, get_worker_info
from transformers.tokenization_utils_base import VERY_LARGE_INTEGER

from lionrank import parquet
from lionrank.config.scorings import Division, Scoring
from lionrank.cross_encoder.model import CrossEncoder
from lionrank.cross_encoder.positions import longest
from lionrank.cross_encoder.tokens import Batch, budgets, encode, frame, take, tokens_of, uncut
from lionrank.errors import UserError

CHUNK = 8192
"""Candidates that are tokenised and sorted at once, at most."""

TEXT = 2**24
"""Bytes of their text, at most: tokenising them takes some forty times as many."""

SLOTS = 2
"""Times the tokens of a batch that it may have when it is padded, as a model's head sees it."""

TOKENS_AT_ONCE = {"cpu": 2048, "cuda": 65_536}
"""What fits into the caches of a CPU; what keeps a GPU busy."""

Places = dict[str, Tensor]
"""Of each text of a batch [texts], int64: the `row` of its candidate, and what is told of it."""


@dataclass(eq=False)
class Batches(IterableDataset[tuple[Places, Batch]], ABC):
    """Batches of candidates of a Parquet file, with the places of their texts.

    Which rows are together depends on all of `rows`; the batches that come are those with any that
    is `lacking` [rows]. `hardware` has the config's key tokens_at_once.
    """

    path: str | os.PathLike
    rows: range
    model: InitVar[CrossEncoder]
    hardware: InitVar[Mapping[str, Any]]
    lacking: Tensor

    def __post_init__(self, model: CrossEncoder, hardware: Mapping[str, Any]) -> None:
        """Take what workers need of a model, which stays where it is."""
        self.tokenizer = model.tokenizer
        self.tokens = hardware["tokens_at_once"] or TOKENS_AT_ONCE[model.device.type]

    def __iter__(self) -> Iterator[tuple[Places, Batch]]:
        """Yield batches; of several processes, each those of its share of the chunks."""
        worker = get_worker_info()
        first, step = (worker.id, worker.num_workers) if worker else (0, 1)
        for number, (start, queries, passages) in enumerate(self._chunks()):
            if number % step == first and self._lacks(start + torch.arange(len(queries))):
                yield from self._batches(start, queries, passages)

    def _chunks(self) -> Iterator[tuple[int, list[str], list[str]]]:
        begin = 0
        texts = parquet.of_candidates("query", "passage")
        for chunk in parquet.batches(self.path, texts, rows=CHUNK):
            end = begin + len(chunk)
            first, last = max(begin, self.rows.start), min(end, self.rows.stop)
            if first < last:
                for part in _of_little_text(chunk.slice(first - begin, last - first)):
                    yield first, *(column.to_pylist() for column in part.columns)
                    first += len(part)
            begin = end

    @abstractmethod
    def _batches(
        self, start: int, queries: list[str], passages: list[str]
    ) -> Iterator[tuple[Places, Batch]]: ...

    @abstractmethod
    def pairs_of(self, places: Places) -> int:
        """Return how many candidates have their first text in a batch."""

    def _lacks(self, rows: Tensor) -> bool:
        return bool(self.lacking[rows - self.rows.start].any())


@dataclass(eq=False)
class Pairs(Batches):
    """Each candidate as one text with its query, cut where the model reads no more."""

    how: Scoring | None

    def __post_init__(self, model: CrossEncoder, hardware: Mapping[str, Any]) -> None:
        """Let the model's tokenizer cut where a scoring says."""
        super().__post_init__(model, hardware)
        if self.how is not None:
            self.tokenizer.model_max_length = longest_pair(model, self.how.max_length)

    def _batches(
        self, start: int, queries: list[str], passages: list[str]
    ) -> Iterator[tuple[Places, Batch]]:
        pairs = encode(self.tokenizer, queries, passages)
        full, cut_queries = uncut(self.tokenizer, queries, passages, pairs["lengths"])
        lengths, order = pairs["lengths"].sort(descending=True, stable=True)
        for some in budgets(lengths, self.tokens, SLOTS * self.tokens):
            rows = order[some]
            if self._lacks(start + rows):
                places = {"row": start + rows, "read": lengths[some]}
                places |= {"tokens": full[rows], "cut_query": cut_queries[rows]}
                yield places, take(pairs, rows)

    def pairs_of(self, places: Places) -> int:
        return len(places["row"])


@dataclass(eq=False)
class Windows(Batches):
    """Each candidate in windows of its tokens, each window with the query."""

    division: Division

    def __post_init__(self, model: CrossEncoder, hardware: Mapping[str, Any]) -> None:
        """Make room for a window and a query.

        Raises:
            UserError: as `room`.
        """
        super().__post_init__(model, hardware)
        self.frame, self.room = frame(self.tokenizer), room(model, self.division.window)

    def _batches(
        self, start: int, queries: list[str], passages: list[str]
    ) -> Iterator[tuple[Places, Batch]]:
        different = [*dict.fromkeys(queries)]
        asked = dict(zip(different, tokens_of(self.tokenizer, different), strict=True))
        documents = tokens_of(self.tokenizer, passages)
        texts, told = [], []
        for row, (query, document) in enumerate(zip(queries, documents, strict=True)):
            tokens = asked[query]
            if self.room is not None:
                tokens = tokens[: self.room - min(self.division.window, len(document))]
            cut = len(asked[query]) - len(tokens)
            found = self.division.windows(len(document))
            for number, (begin, end) in enumerate(found):
                size = len(tokens) + end - begin + self.frame.special
                texts.append((tokens, document[begin:end]))
                told.append((start + row, number, begin, end, size, cut, len(document), len(found)))
        names = ("row", "window", "begin", "end", "tokens", "query_left_out", "document", "windows")
        columns = dict(zip(names, torch.from_numpy(np.array(told)).T, strict=True))
        lengths, order = columns["tokens"].sort(descending=True, stable=True)
        for some in budgets(lengths, self.tokens, SLOTS * self.tokens):
            places = {name: values[order[some]] for name, values in columns.items()}
            if self._lacks(places["row"]):
                yield places, self.frame.join(*zip(*(texts[it] for it in order[some]), strict=True))

    def pairs_of(self, places: Places) -> int:
        return int((places["window"] == 0).sum())


def check_fits(model: CrossEncoder, how: Scoring | None) -> None:
    """Check that a model has the positions that a scoring needs.

    Raises:
        UserError: it has not, or its tokenizer has no windows.
    """
    if how is not None and how.window is not None:
        room(model, how.window)


def longest_pair(model: CrossEncoder, max_length: int | None) -> int:
    """Return how many tokens of query and document are read at once, at most so many.

    A model of fewer positions reads as many as it has, which is printed: models of a grid differ.
    """
    most = longest(model.body) or VERY_LARGE_INTEGER
    if max_length is not None and max_length > most:
        print(f"max_length is {max_length:,}; {_called(model)} has {most:,} positions.")
    return min(max_length or most, most)


def room(model: CrossEncoder, window: int) -> int | None:
    """Return how many tokens query and window may have together, None where there is no limit.

    Raises:
        UserError: a window leaves none for a query.
    """
    most = longest(model.body)
    if most is None:
        return None
    left = most - frame(model.tokenizer).special
    if window >= left:
        raise UserError(
            f"scoring: window is {window:,}, and of the {most:,} positions of {_called(model)} it "
            f"leaves none for a query: set at most {left - 1:,}"
        )
    return left


def _called(model: CrossEncoder) -> str:
    return f"this model ({model.body.config.model_type})"


def _of_little_text(texts: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """Divide columns of text into rows of at most `TEXT` bytes, or single ones."""
    # Not by `to_numpy`, with which pyarrow imports pandas.
    lengths = [torch.from_dlpack(pc.binary_length(column)) for column in texts.columns]
    for some in budgets(torch.stack(lengths).sum(0), TEXT):
        yield texts.slice(some.start, some.stop - some.start)
