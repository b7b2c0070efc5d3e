"""Effectiveness by how documents are scored, and how much of them was read for it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict
from typing import Any

import pandas as pd

from lionrank.evaluation.per_query import PerQuery, System
from lionrank.grid import Grid
from lionrank.measures import Measure

COUNTED = ("pairs", "tokens", "cut", "left_out", "read")
"""Columns of what was counted when the first seed's run file was made: pairs of query and document,
their tokens in full, pairs not read to their end, tokens not read, and tokens read, those in
several windows in each. Empty where a run file tells nothing of it."""


def systems(grid: Grid) -> list[System]:
    """Return what scores documents: trainings at the chosen epoch, and checkpoints of others."""
    names = [each.name for each in grid.trainings()] + [each.name for each in grid.scorers]
    return [System(name) for name in names]


def by_scoring(
    per_query: PerQuery,
    grid: Grid,
    measures: Iterable[Measure],
    counted: Callable[[Measure, str], Mapping[str, int]],
) -> pd.DataFrame:
    """Return the means of `systems` in measures on test sets that differ in their scoring alone.

    A row is a measure and a system. Its columns are `group`, the first of the test sets that the
    one of the row differs from in that alone, those of `Measure`, `system`, `epochs`, the chosen
    ones with each seed, `mean`, over topics and seeds, and `COUNTED`, which `counted` tells of a
    measure's test set and the name of a run file of the first seed.
    """
    return pd.DataFrame(_rows(per_query, grid, measures, counted))


def _rows(
    per_query: PerQuery,
    grid: Grid,
    measures: Iterable[Measure],
    counted: Callable[[Measure, str], Mapping[str, int]],
) -> Iterator[dict[str, Any]]:
    for measure in measures:
        first, *_ = (*grid.scored_before(measure.test_set), measure.test_set)
        for system in systems(grid):
            if per_query.has(measure, system):
                evaluated = per_query.replicates[0].evaluated(measure, system)
                found = counted(measure, evaluated)
                yield {
                    "group": first,
                    **asdict(measure),
                    "system": system.training,
                    "epochs": " ".join(map(str, per_query.epochs(system))),
                    "mean": float(per_query.mean_over_seeds(measure, system).mean()),
                    **{name: found.get(name) for name in COUNTED},
                }
