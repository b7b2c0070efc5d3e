"""Facts that others have published: those of tests/data, and the full files where they are."""

import csv
import os
from collections import Counter
from pathlib import Path

import pytest

from lionrank import trec
from tests.support.running import ROOT

DATA = ROOT / "tests" / "data"
FULL = Path(os.environ.get("LIONRANK_TEST_DATA", ROOT.parent / "shared" / "data"))
"""Where full collections may be; tests/data/README.md says which, and where they are from."""


def rows(name: str) -> list[dict[str, str]]:
    """Return the rows of a table of tests/data."""
    with open(DATA / name, newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines, delimiter="\t"))


def full(name: str) -> Path:
    """Return a folder of full files; the test that asks for it is skipped where it is not."""
    folder = FULL / name
    if not folder.is_dir():
        pytest.skip(f"{folder} is not there; LIONRANK_TEST_DATA says where to look for {name}/")
    return folder


def run(name: str) -> tuple[trec.Qrels, trec.Run]:
    """Return qrels and a run that have their relevant documents at the same ranks as published.

    Other ranks, down to the last of these, are taken by documents that nobody judged.
    """
    qrels, ranked = {}, {}
    for row in rows(f"published_runs/{name}.tsv"):
        found, left = _numbers(row["found"]), Counter(_numbers(row["judged"]))
        left.subtract(found.values())
        qrels[row["topic"]] = {f"at{rank}": grade for rank, grade in found.items()}
        qrels[row["topic"]] |= {f"left{n}": g for n, g in enumerate(left.elements())}
        ranked[row["topic"]] = {f"at{rank}": -rank for rank in range(1, max(found, default=1) + 1)}
    return qrels, ranked


def _numbers(cell: str) -> dict[int, int]:
    """Return the pairs of numbers of a cell of published_runs."""
    return dict(map(int, pair.split(":")) for pair in cell.split())
