"""The scores that were published, from paper/published/: table I and table II of the paper.

Table I is about models, optimizers and epochs by the same names as in our grid, and each of its
metrics was published on one test set only. Imports nothing heavy: the check of the config asks what
was published.
"""

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass

from lionrank.errors import UserError
from lionrank.files import csv_rows
from lionrank.grid import checkpoint_name, training_name
from lionrank.measures import GRADED, Measure

COLUMNS = {"recip_rank_10": "mrr_10"}
"""Columns of table I in which the name of a metric differs from ours."""
TEST_SETS = {
    **dict.fromkeys(("ndcg_cut_10", "map", "recall_10", "Rprec", "P_10"), "dl19"),
    "recip_rank_10": "marco_qa_dev",
}
"""The test set that a metric was published on."""
LEVEL = 1
"""The least relevant grade: the paper names none, and only 1 can have given its P@10 and Recall@10
(paper/published/settings.csv, evaluation.relevance_level)."""
PRINTED = {
    "minilm": "MiniLM",
    "gte": "GTE",
    "modernbert": "ModernBERT",
    "adamw": "AdamW",
    "lion": "Lion",
}
"""How the paper prints the names of the rows of table I."""

RESTORE = "restore the file"
_TABLE1 = ("model", "optimizer", "epoch")
_TABLE2 = ("group", "system", GRADED, "reference")

PublishedScores = Mapping[Measure, Mapping[str, float]]
"""Table I by measure, and then by the name of the checkpoint."""


def was_published(measure: Measure) -> bool:
    """Return whether table I has this measure, on this test set and from this grade on."""
    return TEST_SETS.get(measure.metric) == measure.test_set and measure.level in (None, LEVEL)


@dataclass(frozen=True)
class PublishedSystem:
    """A row of table II; `score` is nDCG@10 on DL 2019 as it was printed."""

    group: str
    name: str
    score: str
    reference: str


def read_table1(path: str | os.PathLike) -> dict[Measure, dict[str, float]]:
    """Read table I.

    Raises:
        UserError: a column is absent or a value is no number; names file and line.
    """
    measures = {
        COLUMNS.get(metric, metric): Measure(name, metric, None if metric == GRADED else LEVEL)
        for metric, name in TEST_SETS.items()
    }
    values: dict[Measure, dict[str, float]] = {measure: {} for measure in measures.values()}
    for place, row in csv_rows(path, [*_TABLE1, *measures], RESTORE):
        name = checkpoint_name(
            training_name(row["model"], row["optimizer"]), int(_number(row, "epoch", place))
        )
        for column, measure in measures.items():
            values[measure][name] = _number(row, column, place)
    return values


def read_table2(path: str | os.PathLike) -> list[PublishedSystem]:
    """Read table II, in its order.

    Raises:
        UserError: a column is absent or a value is no number; names file and line.
    """
    systems = []
    for place, row in csv_rows(path, _TABLE2, RESTORE):
        _number(row, GRADED, place)
        systems.append(PublishedSystem(row["group"], row["system"], row[GRADED], row["reference"]))
    return systems


def _number(row: Mapping[str, str], column: str, place: str) -> float:
    try:
        value = float(row[column])
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise UserError(f"{place}: {column} is {row[column]!r}, not a number; {RESTORE}.")
    return value
