"""The systems that a study compares its own with: its systems.csv, nDCG@10 on one test set."""

import os
from dataclasses import dataclass

from lionrank.files import csv_rows
from lionrank.measures import GRADED
from lionrank.published.scores import RESTORE, read_value

_COLUMNS = ("group", "system", GRADED, "reference")


@dataclass(frozen=True)
class PublishedSystem:
    """A row of the file; `score` is nDCG@10 as it was printed."""

    group: str
    name: str
    score: str
    reference: str


def read_systems(path: str | os.PathLike) -> list[PublishedSystem]:
    """Read the file, in its order.

    Raises:
        UserError: a column is absent or a value is no number from 0 to 1; names file and line.
    """
    systems = []
    for place, row in csv_rows(path, _COLUMNS, RESTORE):
        read_value(row, GRADED, place)
        systems.append(PublishedSystem(row["group"], row["system"], row[GRADED], row["reference"]))
    return systems
