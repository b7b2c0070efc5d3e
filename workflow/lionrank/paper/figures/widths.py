"""Which figures need the width of a page, as those know who draw them and who place them."""

from collections.abc import Mapping
from typing import Any

from lionrank.config.contrasts import GAINS
from lionrank.evaluation.comparisons import of_family
from lionrank.grid import Grid
from lionrank.measures import PRIMARY, Measure
from lionrank.paper.results import Layout

_PAIRS_IN_A_COLUMN = 9
_SCORERS_IN_A_COLUMN = 2
PANELS_BELOW_EACH_OTHER = 5
"""Panels of figures against sizes that stand one above the other; more stand side by side, too."""


def changes_are_wide(changed: Mapping[str, Any]) -> bool:
    """Return whether the pairs of results/changes.json are too many to stand in one column."""
    return len(changed["pairs"]) > _PAIRS_IN_A_COLUMN


def scorings_are_wide(grid: Grid) -> bool:
    """Return whether models, and what others trained, have more panels than a column has room."""
    return len(grid.models) + bool(grid.scorers) > _SCORERS_IN_A_COLUMN


def panels_are_wide(panels: int, grid: Grid) -> bool:
    """Return whether panels against sizes, or the models in each, need the width of a page."""
    return panels > PANELS_BELOW_EACH_OTHER or grid.has_many_models


def panels_of_sizes(layout: Layout) -> list[Measure]:
    """Return what the figure of sizes has a panel of: each primary metric of the paper."""
    shown = [layout.primary, *layout.columns]
    return list(dict.fromkeys(each for each in shown if each.metric == PRIMARY))


def panels_of_gains(compared: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return what the figure of gains has a panel of: families on test sets, or averages."""
    found = {
        (family, each["test_set"]): None
        for family in GAINS
        for each in of_family(compared, family)
        if each["metric"] == PRIMARY
    }
    return list(found)
