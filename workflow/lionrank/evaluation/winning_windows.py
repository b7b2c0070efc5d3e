"""Which windows of documents have the highest logits: what MaxP scores them by.

That tells how far into a document a model finds what it looks for, whatever aggregates the windows.
"""

import os
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from lionrank import parquet
from lionrank.trec import Qrels

BEYOND = 512
"""Tokens of a document, beyond the first of which a winning window may begin: BERT's positions."""
RELEVANT, ALL = "relevant", "all"
"""Which candidates a row is over: those judged relevant, or all of the topics evaluated."""


def winners(window: np.ndarray, begin: np.ndarray, logit: np.ndarray) -> pd.DataFrame:
    """Return how many `windows` each document has, and of the winning one `place` and `begin`.

    The winning window has the highest logit, and is the earliest of those that have it. Places
    count from 1. The arguments are columns of `parquet.WINDOWS`, [windows], in their order.
    """
    first = np.flatnonzero(window == 0)
    windows = np.diff(first, append=len(window))
    highest = np.maximum.reduceat(logit, first).repeat(windows)
    # What is not the highest comes after all windows.
    places = np.where(logit == highest, window, windows.repeat(windows))
    won = np.minimum.reduceat(places, first)
    return pd.DataFrame({"windows": windows, "place": won + 1, "begin": begin[first + won]})


def read(path: str | os.PathLike, qrels: Qrels, level: int) -> pd.DataFrame:
    """Return the `winners` in a file of windows, of the candidates of topics that have judgements.

    A column more, `relevant`, is whether a candidate has a grade of `level` at least; one that
    nobody judged is not relevant.

    Raises:
        UserError: the file is damaged.
    """
    table = parquet.read(path, parquet.of_windows("window", "begin", "logit"))
    found = winners(*(column.to_numpy() for column in table.columns))
    judged = (
        (qid in qrels, qrels.get(qid, {}).get(docid, level - 1) >= level)
        for qid, docid in _documents(path)
    )
    found[["judged", "relevant"]] = np.array([*judged], dtype=bool).reshape(-1, 2)
    return found[found["judged"]].drop(columns="judged")


def _documents(path: str | os.PathLike) -> Iterator[tuple[str, str]]:
    """Yield the ids of topic and document of each candidate in a file of windows."""
    for rows in parquet.batches(path, parquet.of_windows("qid", "docid", "window")):
        first = rows.filter(pc.equal(rows["window"], 0))
        yield from zip(first["qid"].to_pylist(), first["docid"].to_pylist(), strict=True)


def summarised(found: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Yield rows of results/winning_windows.csv: over what is relevant, and over `ALL` candidates.

    `candidates` says which, and there are so many `documents`, with `windows` as the mean of each.
    The other columns are of the `several` of them that have more than one window: the share whose
    winning window is the `first` one, the share whose winning window begins `beyond` the first
    `BEYOND` tokens, and the median of its place as a share of the windows, `median_place`. What
    is of no document is not a number.
    """
    for candidates, own in ((RELEVANT, found[found["relevant"]]), (ALL, found)):
        several = own[own["windows"] > 1]
        yield {
            "candidates": candidates,
            "documents": len(own),
            "windows": own["windows"].mean(),
            "several": len(several),
            "first": (several["place"] == 1).mean(),
            "beyond": (several["begin"] >= BEYOND).mean(),
            "median_place": (several["place"] / several["windows"]).median(),
        }
