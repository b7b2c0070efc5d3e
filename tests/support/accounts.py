"""Both accounts of the published values, as text, straight from their files."""

import csv
from decimal import Decimal

from tests.support.papers import PAPER


def _cells() -> dict[tuple[str, str], tuple[str, str]]:
    found: dict[tuple[str, str], dict[str, str]] = {}
    with open(PAPER / "published" / "lion" / "table.csv", newline="", encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            name = "{model}_{treatment}_e{epoch}".format(**row)
            found.setdefault((row["metric"], name), {})[row["source"]] = row["value"]
    return {cell: (values["printed"], values["files"]) for cell, values in found.items()}


CELLS = _cells()
"""(metric, checkpoint) -> the printed text and that of the files."""


def stands(printed: str, files: str) -> str:
    """Return how a printed value stands to that of the files, by their digits."""
    if f"{Decimal(files):.4f}" == printed:
        return "same"
    return "cut off" if files.startswith(printed) else "different"
