"""One score of a document by the logits of its windows (arXiv:1905.09217), and what was read."""

import os
from collections.abc import Mapping

import torch
from torch import Tensor

from lionrank import parquet
from lionrank.config.scorings import FIRST_P, MAX_P, MEAN_P, Scoring
from lionrank.reranking.lengths import Lengths, Scores

Columns = Mapping[str, Tensor]
"""Those of `parquet.WINDOWS` but the ids, [windows], those of a document in their order."""


def aggregate(logits: Tensor, counts: Tensor, how: Scoring) -> Tensor:
    """Return the score of each document [documents] float32 by the logits of its windows.

    Of fewer than `k` windows top_k takes the mean of all.

    Args:
        logits: [windows] float32, finite, those of a document next to each other, in their order.
        counts: [documents] int64, the windows of each document, one at least.
    """
    begins = counts.cumsum(0) - counts
    if how.aggregation == FIRST_P:
        return logits[begins]
    best = {MAX_P: 1, MEAN_P: len(logits)}.get(how.aggregation, how.k)
    documents = torch.arange(len(counts)).repeat_interleave(counts)
    falling = logits.argsort(descending=True, stable=True)
    falling = falling[documents[falling].argsort(stable=True)]
    kept = falling[torch.arange(len(logits)) - begins[documents] < best]
    sums = torch.zeros(len(counts)).index_add(0, documents[kept], logits[kept])
    return sums / counts.clamp(max=best)


def scores(columns: Columns, how: Scoring) -> Scores:
    """Return the scores of documents whose windows have logits, all of each document's."""
    first, counts = _documents(columns)
    read = torch.ones_like(counts) if how.aggregation == FIRST_P else counts
    return Scores(
        aggregate(columns["logit"], counts, how), _lengths(columns, first, first + read - 1)
    )


def lengths(columns: Columns) -> Lengths:
    """Return what was read of documents in all of their windows."""
    first, counts = _documents(columns)
    return _lengths(columns, first, first + counts - 1)


def _documents(columns: Columns) -> tuple[Tensor, Tensor]:
    """Return the first window of each document [documents], and how many it has."""
    first = (columns["window"] == 0).nonzero()[:, 0]
    ends = torch.nn.functional.pad(first, (0, 1), value=len(columns["window"]))
    return first, ends.diff()


def _lengths(columns: Columns, first: Tensor, last: Tensor) -> Lengths:
    """Return what was read of documents in the windows from a first to a last one [documents]."""
    begin, end, tokens = (columns[name] for name in ("begin", "end", "tokens"))
    read = torch.nn.functional.pad(tokens.cumsum(0), (1, 0))
    cut = columns["query_left_out"][first]
    document = columns["document"][first]
    return Lengths.of(
        tokens=(tokens - (end - begin))[first] + cut + document,
        left_out=cut + document - end[last],
        cut_queries=cut > 0,
        read=read[last + 1] - read[first],
    )


def read(path: str | os.PathLike) -> dict[str, Tensor]:
    """Return the columns of a file of windows but the ids.

    Raises:
        UserError: the file is damaged.
    """
    names = [name for name in parquet.WINDOWS.names if name not in ("qid", "docid")]
    table = parquet.read(path, parquet.of_windows(*names))
    # Not by `to_numpy`, with which pyarrow imports pandas.
    return {name: torch.from_dlpack(table[name].combine_chunks()) for name in names}
