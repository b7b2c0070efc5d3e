"""What BM25 reaches by Anserini's own regression tests: paper/published/first_stages.csv.

A value a row, with how it is reached: index, BM25's parameters, depth, and Anserini's flags beside
them. A test set and a metric have the names that they have everywhere here, or trec_eval's.
Imports nothing heavy: the plan asks how a published ranking was made.
"""

import os
from dataclasses import dataclass

from lionrank.errors import UserError
from lionrank.files import csv_rows
from lionrank.measures import GRADED, METRICS
from lionrank.published.scores import RESTORE, read_value

LABELS = {**METRICS, "recall_100": "Recall@100", "recall_1000": "Recall@1000", "P_30": "P@30"}
"""How the metrics are printed."""
REMOVE_QUERY = "-removeQuery"
"""Anserini's flag that leaves out the document whose id is the topic's."""
_MADE_BY = ("index", "k1", "b", "depth", "flags", "source", "note")
_COLUMNS = ("test_set", "metric", "level", "value", *_MADE_BY)


@dataclass(frozen=True)
class Bm25:
    """How a ranking is made."""

    parameters: dict[str, float]
    """k1 and b."""
    depth: int
    """Documents of a topic at most."""


@dataclass(frozen=True)
class PublishedRanking:
    """The values of a ranking, and how it is made."""

    index: str
    bm25: Bm25
    remove_query: bool
    """Whether the document whose id is the topic's is left out, and none takes its place."""
    source: str
    note: str
    values: dict[tuple[str, int | None], float]
    """By metric and least relevant grade, which nDCG has none of."""


def read(path: str | os.PathLike) -> dict[str, PublishedRanking]:
    """Read the file: rankings by test set, in its order.

    Raises:
        UserError: a column is absent, a metric is not known, a value is none from 0 to 1, or a row
            says otherwise than another one of its test set; names file and line.
    """
    found: dict[str, PublishedRanking] = {}
    made_by: dict[str, list[str]] = {}
    for place, row in csv_rows(path, _COLUMNS, RESTORE):
        test_set, metric, cells = row["test_set"], row["metric"], [row[name] for name in _MADE_BY]
        if metric not in LABELS:
            raise UserError(
                f"{place}: metric is {metric!r}, none of {', '.join(LABELS)}; {RESTORE}."
            )
        if made_by.setdefault(test_set, cells) != cells:
            raise UserError(
                f"{place}: {test_set} is ranked otherwise there than in a row before; {RESTORE}."
            )
        if test_set not in found:
            remove_query = REMOVE_QUERY in row["flags"].split()
            others = row["source"], row["note"]
            made = PublishedRanking(row["index"], _bm25(row, place), remove_query, *others, {})
            found[test_set] = made
        measure = metric, None if metric == GRADED else _whole(row, "level", place)
        values = found[test_set].values
        if measure in values:
            raise UserError(f"{place}: {test_set} has a value of {metric} already; {RESTORE}.")
        values[measure] = read_value(row, "value", place)
    return found


def _bm25(row: dict[str, str], place: str) -> Bm25:
    try:
        parameters = {name: float(row[name]) for name in ("k1", "b")}
    except ValueError as error:
        raise UserError(f"{place}: k1 or b: {error}; {RESTORE}.") from None
    return Bm25(parameters, _whole(row, "depth", place))


def _whole(row: dict[str, str], column: str, place: str) -> int:
    if not row[column].isdecimal() or not int(row[column]):
        raise UserError(f"{place}: {column} is {row[column]!r}, not a number from 1; {RESTORE}.")
    return int(row[column])
