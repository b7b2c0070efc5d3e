"""The published per-query values and made-up ones of the same checkpoints, with their tests."""

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from lionrank import parquet
from lionrank.evaluation import per_query, published
from lionrank.evaluation.significance import Draws
from lionrank.published.per_query import PublishedTopic, read
from tests.support.published_as_measured import STUDY

VALUES = Path(__file__).parents[2] / "paper" / "published" / "lion" / "authors_per_query.csv"
TOPICS = read(VALUES)
_FAST = Draws(permutations=400, resamples=100)


def compared_of(topics: Sequence[PublishedTopic], draws: Draws = _FAST) -> dict[str, Any]:
    """Return what published_comparisons.json has of such values."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "per_query.parquet")
        parquet.write(path, published.table(topics, STUDY))
        return published.compare(topics, per_query.read(path), STUDY, draws)


@cache
def compared_as_published() -> dict[str, Any]:
    return compared_of(TOPICS)


def made_up(apart: float, noise: float = 0.02) -> list[PublishedTopic]:
    """Return values whose means differ by `apart` from each checkpoint to the next, with noise."""
    dice = np.random.default_rng(1)
    places = {name: i for i, name in enumerate(dict.fromkeys(row.checkpoint for row in TOPICS))}
    return [
        replace(
            row,
            values={
                metric: 0.2 + apart * places[row.checkpoint] + dice.uniform(0, noise)
                for metric in row.values
            },
        )
        for row in TOPICS
    ]
