"""What was published of public rerankers: paper/published/rerankers.csv, a value a row.

A checkpoint is named by its row in the table of sources, a test set and a metric as everywhere
here. Binary metrics count grades from `lionrank.measures.LEVEL` on.
"""

import os
from dataclasses import dataclass

from lionrank.errors import UserError
from lionrank.files import csv_rows
from lionrank.measures import GRADED, LEVEL, METRICS, Measure
from lionrank.published.scores import RESTORE, read_value

_COLUMNS = ("checkpoint", "test_set", "metric", "value", "source", "note")


@dataclass(frozen=True)
class PublishedValue:
    """A value of a checkpoint, where it was published, and what to know of it."""

    checkpoint: str
    measure: Measure
    value: float
    source: str
    note: str


def read(path: str | os.PathLike) -> list[PublishedValue]:
    """Read the file, in its order.

    Raises:
        UserError: a column is absent, a metric is not known, a value is none from 0 to 1 or the
            second of a checkpoint in a measure; names file and line.
    """
    found: dict[tuple[str, Measure], PublishedValue] = {}
    for place, row in csv_rows(path, _COLUMNS, RESTORE):
        metric = row["metric"]
        if metric not in METRICS:
            raise UserError(
                f"{place}: metric is {metric!r}, none of {', '.join(METRICS)}; {RESTORE}."
            )
        measure = Measure(row["test_set"], metric, None if metric == GRADED else LEVEL)
        key = row["checkpoint"], measure
        if key in found:
            raise UserError(f"{place}: {key[0]} has a value of {metric} already; {RESTORE}.")
        found[key] = PublishedValue(
            *key, read_value(row, "value", place), row["source"], row["note"]
        )
    return list(found.values())
