"""The tables of averages: every system on every test set, and on how many of them it is ahead."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lionrank.evaluation.comparisons import alpha
from lionrank.grid import Grid
from lionrank.measures import METRICS, Measure
from lionrank.paper.across import Across, at_chosen, compared_by
from lionrank.paper.results import Chosen, Layout, Results, epoch_label
from lionrank.paper.tables.comparisons import sides
from lionrank.paper.tables.pages import panels, width_of_scores
from lionrank.paper.tables.tabular import Row, Table

_COUNTED = {"above": "above", "level": "level with", "below": "below"}


@dataclass(frozen=True)
class _System:
    """A system of the table of test sets: its column, its name in results, and what is printed.

    The name is None where it is that of each test set's first stage.
    """

    column: str
    name: str | None
    model: str
    optimizer: str | None = None
    epoch: int | str | None = None
    trained_here: bool = True


def by_set(results: Results, grid: Grid, chosen: Chosen) -> Table:
    """Return the scores of all systems on each test set of each average, and by the average.

    A row is a test set or, last of its sets, the average, in one metric. A system's value has the
    name of the training, which is at its chosen epoch, or of the system and, of the same, `_low`,
    `_high` and, with several seeds, `_sd`; what there is none of is None. The LaTeX has `blocks`,
    one for each average and metric, with `panels` of columns, each with `lines` of `cells`: the
    longer of test sets and systems are below each other.

    Args:
        results: of what `Layout.by_set` names.
        grid: what was trained.
        chosen: the epoch that development data chose, by `{model}_{optimizer}`.
    """
    systems = _systems(results.layout, grid, chosen)
    rows: list[dict[str, Any]] = []
    blocks = []
    for average, sets in results.layout.by_set.items():
        of_average = [_row(results, grid, average, each, systems) for each in (*sets, average)]
        rows += of_average
        blocks.append(_block(results, grid, of_average, systems))
    facts = {"blocks_of_sets": blocks, "has_others": bool(grid.systems), "grid": grid}
    return Table(rows, facts=facts)


def _systems(layout: Layout, grid: Grid, chosen: Chosen) -> list[_System]:
    first_stage = grid.first_stage_of(layout.single(layout.averages))
    return [
        _System(first_stage.name, None, first_stage.label),
        *(
            _System(each.name, each.checkpoint(epoch), *each.labels, epoch_label(epoch))
            for each in grid.trainings()
            for epoch in [chosen[each.name]]
        ),
        *(_System(each.name, each.name, each.label, trained_here=False) for each in grid.systems),
    ]


def _row(
    results: Results, grid: Grid, average: Measure, measure: Measure, systems: list[_System]
) -> dict[str, Any]:
    row: dict[str, Any] = {
        "average": average.test_set,
        "metric": average.metric,
        "test_set": measure.test_set,
        "topics": results.queries[measure.test_set],
    }
    first_stage = grid.first_stage(measure.test_set)
    ranked_by = "" if first_stage is None else first_stage.name
    for system in systems:
        found = results.scores[measure].get(system.name or ranked_by)
        row[system.column] = found.mean if found else None
        row[f"{system.column}_low"] = found.low if found else None
        row[f"{system.column}_high"] = found.high if found else None
        if grid.is_replicated:
            row[f"{system.column}_sd"] = found.sd if found else None
    return row


def _block(
    results: Results, grid: Grid, rows: list[dict[str, Any]], systems: list[_System]
) -> dict[str, Any]:
    """Return how the rows of an average are printed: with systems beside each other, or below."""
    test_sets, average = results.layout.test_sets, rows[-1]
    cells = [[_cell(row, each, systems) for each in systems] for row in rows]
    heads = [
        {"label": test_sets[row["test_set"]].label, "topics": row["topics"]}
        | {"is_average": row is average}
        for row in rows
    ]
    turned = len(systems) > len(rows)
    if turned:
        cells = [list(column) for column in zip(*cells, strict=True)]
    across: Sequence[Any] = heads if turned else systems
    below: Sequence[Any] = systems if turned else heads
    return {
        "label": test_sets[average["test_set"]].label,
        "metric": METRICS[average["metric"]],
        "turned": turned,
        "panels": [
            {
                "heads": [across[place] for place in places],
                "lines": [
                    {"head": head, "cells": [line[place] for place in places]}
                    for head, line in zip(below, cells, strict=True)
                ],
            }
            for places in panels(
                [[place] for place in range(len(across))],
                [width_of_scores(grid)] * len(across),
            )
        ],
    }


def _cell(row: Row, system: _System, systems: list[_System]) -> dict[str, Any]:
    """Return a score, its deviation, and whether it is the highest on its test set."""
    score = row[system.column]
    known = [row[each.column] for each in systems if row[each.column] is not None]
    is_best = score is not None and score == max(known)
    return {"score": score, "best": is_best, "sd": row.get(f"{system.column}_sd")}


def wins(compared: Mapping[str, Any], layout: Layout, grid: Grid) -> Table:
    """Return the contrasts by averages, and on how many of their test sets the left side is ahead.

    `above`, `level` and `below` count test sets by the means as they are printed, `sig_above` and
    `sig_below` those of them with a significant difference. It is empty where nothing was compared
    by an average.

    Args:
        compared: comparisons.json.
        layout: has the averages.
        grid: what was trained.
    """
    rows = [
        _won(contrast, Across.of(contrast, alpha(compared)), grid)
        for average in compared_by(layout, compared)
        for contrast in at_chosen(compared, average)
    ]
    labels = {name: entry.label for name, entry in layout.averages.items()}
    return Table(rows, facts={"labels": labels, "metrics": METRICS, "alpha": alpha(compared)})


def _won(contrast: Mapping[str, Any], across: Across, grid: Grid) -> dict[str, Any]:
    return {
        **{key: contrast[key] for key in ("family", "test_set", "metric", "queries")},
        **sides(contrast, grid),
        **{key: contrast[key] for key in ("difference", "low", "high", "p_holm")},
        "sets": len(across.sets),
        **{key: len(across.on(relation)) for key, relation in _COUNTED.items()},
        **{
            f"sig_{relation}": len({*across.on(relation)} & {*across.significant})
            for relation in ("above", "below")
        },
    }
