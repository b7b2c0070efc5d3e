"""Which figures need the width of a page, as those know who draw them and who place them."""

from collections.abc import Mapping
from typing import Any

from lionrank.grid import Grid

_PAIRS_IN_A_COLUMN = 9
_SCORERS_IN_A_COLUMN = 2


def changes_are_wide(changed: Mapping[str, Any]) -> bool:
    """Return whether the pairs of results/changes.json are too many to stand in one column."""
    return len(changed["pairs"]) > _PAIRS_IN_A_COLUMN


def scorings_are_wide(grid: Grid) -> bool:
    """Return whether models, and what others trained, have more panels than a column has room."""
    return len(grid.models) + bool(grid.scorers) > _SCORERS_IN_A_COLUMN
