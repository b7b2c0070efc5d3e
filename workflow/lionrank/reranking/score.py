"""Scoring candidates with a checkpoint: logits in float32, without padding where the model can."""

import os
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import torch
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset, get_worker_info
from tqdm import tqdm
from transformers import PreTrainedTokenizerBase

from lionrank import parquet
from lionrank.cross_encoder import model as cross_encoder
from lionrank.cross_encoder.device import autocast
from lionrank.cross_encoder.tokens import Batch, budgets, encode, take
from lionrank.errors import Diverged
from lionrank.reranking.journal import Journal

CHUNK = 8192
"""Candidates that are tokenised and sorted at once, at most."""

TEXT = 2**24
"""Bytes of their text, at most: tokenising them takes some forty times as many."""

SLOTS = 2
"""Times the tokens of a batch that it may have when it is padded, as a model's head sees it."""

TOKENS_AT_ONCE = {"cpu": 2048, "cuda": 65_536}
"""What fits into the caches of a CPU; what keeps a GPU busy."""


def score(
    checkpoint: str | os.PathLike,
    candidates: str | os.PathLike,
    precision: str,
    hardware: Mapping[str, Any],
    device: torch.device,
    rows: slice | None = None,
) -> list[float]:
    """Return the logit of each row of a Parquet file (columns query and passage), in their order.

    The raw logit in float32 is the score, whatever the precision: a sigmoid would saturate.
    `hardware` has the config's keys workers and tokens_at_once. Of `rows`, all where it is None,
    start and stop count.

    Raises:
        Diverged: a logit is NaN or infinite, by which nothing can be ranked.
    """
    model = cross_encoder.load(checkpoint, device)
    found = logits(model, candidates, precision, hardware, rows)
    check_finite(found, checkpoint)
    return found.tolist()


def check_finite(found: Tensor, checkpoint: str | os.PathLike) -> None:
    """Check that candidates can be ranked by their logits.

    Raises:
        Diverged: one is.
    """
    wrong = found[~found.isfinite()]
    if len(wrong):
        raise Diverged(
            f"{checkpoint}: {len(wrong):,} of {len(found):,} logits are not finite "
            f"({wrong[0]:f}): the training diverged, or the weights are damaged: see the log of "
            "the training; lower its learning_rate in the config, or delete the checkpoint and run "
            "again."
        )


def logits(
    model: cross_encoder.CrossEncoder,
    candidates: str | os.PathLike,
    precision: str,
    hardware: Mapping[str, Any],
    rows: slice | None = None,
    journal: Journal | None = None,
) -> Tensor:
    """Return the logits [rows] of a model that is loaded, float32 on the CPU; else as `score`.

    A journal, which is of all rows, has those of earlier, and is given the others as they come.
    """
    start, stop, _ = (rows or slice(None)).indices(parquet.count(candidates))
    tokens = hardware["tokens_at_once"] or TOKENS_AT_ONCE[model.device.type]
    scores = torch.full((stop - start,), torch.nan) if journal is None else journal.scores
    lacking = scores.isnan()
    batches = Candidates(candidates, range(start, stop), model.tokenizer, tokens, lacking)
    found, places = [torch.empty(0, device=model.device)], [torch.empty(0, dtype=torch.int64)]
    done = len(lacking) - int(lacking.sum())
    with (
        tqdm(total=stop - start, initial=done, desc="scoring", unit="pair") as bar,
        # Under inference_mode autocast would convert the weights again for each batch.
        torch.no_grad(),
        autocast(model.device, precision),
    ):
        for place, pairs in DataLoader(
            batches, batch_size=None, num_workers=hardware["workers"], generator=torch.Generator()
        ):
            # Left on their device, so that a GPU is not waited for.
            found.append(model.logits(pairs))
            places.append(place)
            if journal is not None and journal.is_due():
                journal.add(torch.cat(places), torch.cat(found))
                found, places = found[:1], places[:1]
            bar.update(len(place))
    scores[torch.cat(places) - start] = torch.cat(found).cpu()
    return scores


class Candidates(IterableDataset[tuple[Tensor, Batch]]):
    """Batches of candidates of (nearly) equal length, with their row numbers.

    Which rows are together depends on all of `rows`; the batches that come are those with any that
    is `lacking` [rows].
    """

    def __init__(
        self,
        path: str | os.PathLike,
        rows: range,
        tokenizer: PreTrainedTokenizerBase,
        tokens: int,
        lacking: Tensor,
    ) -> None:
        self.path, self.rows, self.tokenizer, self.tokens = path, rows, tokenizer, tokens
        self.lacking = lacking

    def __iter__(self) -> Iterator[tuple[Tensor, Batch]]:
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

    def _batches(
        self, start: int, queries: list[str], passages: list[str]
    ) -> Iterator[tuple[Tensor, Batch]]:
        pairs = encode(self.tokenizer, queries, passages)
        lengths, order = pairs["lengths"].sort(descending=True, stable=True)
        for some in budgets(lengths, self.tokens, SLOTS * self.tokens):
            if self._lacks(start + order[some]):
                yield start + order[some], take(pairs, order[some])

    def _lacks(self, places: Tensor) -> bool:
        return bool(self.lacking[places - self.rows.start].any())


def _of_little_text(texts: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """Divide columns of text into rows of at most `TEXT` bytes, or single ones."""
    sizes = sum(pc.binary_length(column).to_numpy().astype(np.int64) for column in texts.columns)
    for some in budgets(torch.from_numpy(sizes), TEXT):
        yield texts.slice(some.start, some.stop - some.start)
