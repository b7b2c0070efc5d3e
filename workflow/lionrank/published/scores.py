"""The scores that were published, from paper/published/: as printed, and as trec_eval wrote them.

Table I of the paper is about models, optimizers and epochs by the same names as in our grid, and
each of its metrics was published on one test set only. The authors' repository has trec_eval's
summaries of the same checkpoints, and their MRR@10, which do not agree with table I throughout
(`lionrank.published.agreement`). Table II has other systems. Imports nothing heavy: the check of
the config asks what was published.
"""

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass

from lionrank.errors import UserError
from lionrank.files import csv_rows
from lionrank.grid import checkpoint_name, training_name
from lionrank.measures import GRADED, Measure
from lionrank.wording import DIGITS

AS_PRINTED, BY_FILES = "printed", "files"
"""The published values of the checkpoints: in table I, and in the authors' trec_eval files."""
COLUMNS = {
    AS_PRINTED: {"recip_rank_10": "mrr_10"},
    BY_FILES: {"recip_rank_10": "mrr_10_qa_v1_1"},
}
"""Columns in which the name of a metric differs from ours."""
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

MODELS = ("minilm", "gte", "modernbert")
"""Those that the rows are of, by the same names as in our grid."""

RESTORE = "restore the file"
_CHECKPOINT = ("model", "optimizer", "epoch")
_ANY = Measure(TEST_SETS[GRADED], GRADED)
"""A measure of which every checkpoint has a value, as of all others."""
_TABLE2 = ("group", "system", GRADED, "reference")

PublishedScores = Mapping[Measure, Mapping[str, float]]
"""Published values by measure, and then by the name of the checkpoint."""


def was_published(measure: Measure) -> bool:
    """Return whether this measure was published, on this test set and from this grade on."""
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
        UserError: a column is absent, a value is no number from 0 to 1, or an epoch no integer;
            names file and line.
    """
    return _read(path, COLUMNS[AS_PRINTED])


def read_both(
    table1: str | os.PathLike, trec_eval: str | os.PathLike
) -> dict[str, PublishedScores]:
    """Read the values as they were printed and by the authors' trec_eval files.

    Raises:
        UserError: as `read_table1`, or a checkpoint is in one of the files only; names it.
    """
    both: dict[str, PublishedScores] = {
        AS_PRINTED: read_table1(table1),
        BY_FILES: _read(trec_eval, COLUMNS[BY_FILES]),
    }
    printed, files = (each[_ANY].keys() for each in both.values())
    for path, absent in ((trec_eval, printed - files), (table1, files - printed)):
        if absent:
            raise UserError(f"{path}: no row is about {min(absent)}; {RESTORE}.")
    return both


def rounded(scores: PublishedScores) -> dict[Measure, dict[str, float]]:
    """Return published values with the digits that scores are printed with."""
    return {
        measure: {name: round(value, DIGITS) for name, value in values.items()}
        for measure, values in scores.items()
    }


def _read(path: str | os.PathLike, columns: Mapping[str, str]) -> dict[Measure, dict[str, float]]:
    """Read a table of checkpoints; `columns` are those that bear another name than the metric."""
    measures = {
        columns.get(metric, metric): Measure(name, metric, None if metric == GRADED else LEVEL)
        for metric, name in TEST_SETS.items()
    }
    values: dict[Measure, dict[str, float]] = {measure: {} for measure in measures.values()}
    for place, row in csv_rows(path, [*_CHECKPOINT, *measures], RESTORE):
        name = checkpoint_name(
            training_name(row["model"], row["optimizer"]), read_epoch(row, place)
        )
        for column, measure in measures.items():
            values[measure][name] = read_value(row, column, place)
    return values


def read_table2(path: str | os.PathLike) -> list[PublishedSystem]:
    """Read table II, in its order.

    Raises:
        UserError: a column is absent or a value is no number from 0 to 1; names file and line.
    """
    systems = []
    for place, row in csv_rows(path, _TABLE2, RESTORE):
        read_value(row, GRADED, place)
        systems.append(PublishedSystem(row["group"], row["system"], row[GRADED], row["reference"]))
    return systems


def read_value(row: Mapping[str, str], column: str, place: str) -> float:
    """Return a value of a metric in a published file; `place` is the row's file and line.

    Raises:
        UserError: it is no number from 0 to 1.
    """
    try:
        found = float(row[column])
    except ValueError:
        found = math.nan
    if not 0 <= found <= 1:
        raise UserError(
            f"{place}: {column} is {row[column]!r}, not a number from 0 to 1; {RESTORE}."
        )
    return found


def read_epoch(row: Mapping[str, str], place: str) -> int:
    """Return the epoch of a row in a published file.

    Raises:
        UserError: it is no integer.
    """
    cell = row["epoch"]
    if not (cell.isascii() and cell.isdigit() and len(cell) < 10):
        raise UserError(f"{place}: epoch is {cell!r}, not an integer; {RESTORE}.")
    return int(cell)
