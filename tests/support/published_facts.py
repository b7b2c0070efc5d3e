"""Facts that others have published: those of tests/data, and the full files where they are."""

import csv
import os
from pathlib import Path

import pytest

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
