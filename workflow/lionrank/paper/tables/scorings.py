"""The table of how documents are scored: what each way reaches, and what is read for it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from lionrank.grid import Grid, Model
from lionrank.measures import METRICS
from lionrank.paper.scorings import Group, Reached
from lionrank.paper.tables.pages import panels
from lionrank.paper.tables.tabular import Table
from lionrank.wording import score

_PRINTED: dict[str, Callable[[Reached], str | None]] = {
    "mean": lambda each: score(each.mean),
    "read": lambda each: None if each.read is None else f"{each.read:.0f}",
    "cut": lambda each: None if each.cut is None else f"{each.cut:.1f}",
}
"""What the sections of the table have of each system and scoring."""


@dataclass(frozen=True)
class _Scorer:
    """A training, or a checkpoint of others, which has no model of the grid and no treatment."""

    name: str
    label: str
    model: Model | None = None
    treatment: str = ""


@dataclass(frozen=True)
class _Column:
    """A scoring of a group, by its test set."""

    group: Group
    test_set: str

    @property
    def label(self) -> str:
        return self.group.scorings[self.test_set]

    def cell(self, section: str, system: _Scorer) -> tuple[str | None, bool]:
        """Return what is printed of a system, None for nothing, and whether it is the best."""
        of_system = self.group.scored.get(system.name, {})
        if self.test_set not in of_system:
            return None, False
        is_best = section == "mean" and self.test_set in self.group.best(system.name)
        return _PRINTED[section](of_system[self.test_set]), is_best


def table(groups: Sequence[Group], grid: Grid) -> Table:
    """Return the values, a row a group, scoring and system, with what was read for them.

    The LaTeX has a section for each of `_PRINTED`, in `panels` of columns, one a scoring. What was
    read is told once for all trainings of a model where they read the same.
    """
    systems = [*_systems(grid)]
    columns = [[_Column(group, name) for name in group.scorings] for group in groups]
    rows = [
        {
            "group": column.group.label,
            "test_set": column.test_set,
            "scoring": column.label,
            "metric": column.group.metric,
            "model": system.label,
            "optimizer": system.treatment or None,
            **vars(column.group.scored[system.name][column.test_set]),
        }
        for of_group in columns
        for column in of_group
        for system in systems
        if column.test_set in column.group.scored.get(system.name, {})
    ]
    facts = {
        "panels": [_panel(panel, systems) for panel in panels(columns)],
        "grid": grid,
        "has_others": bool(grid.scorers),
    }
    return Table(rows, facts=facts)


def _systems(grid: Grid) -> Iterator[_Scorer]:
    for each in grid.trainings():
        yield _Scorer(each.name, each.model.label, each.model, each.treatment.label)
    for other in grid.scorers:
        yield _Scorer(other.name, other.label)


def _panel(columns: Sequence[_Column], systems: Sequence[_Scorer]) -> dict[str, Any]:
    groups = list({column.group.label: column.group for column in columns}.values())
    return {
        "columns": columns,
        "groups": [(each.label, len(each.scorings)) for each in groups],
        "metrics": list(dict.fromkeys(METRICS[each.metric] for each in groups)),
        "sections": {
            section: blocks
            for section in _PRINTED
            if (blocks := _blocks(section, columns, systems))
        },
    }


def _blocks(
    section: str, columns: Sequence[_Column], systems: Sequence[_Scorer]
) -> list[list[dict[str, Any]]]:
    """Return the lines of a section, those of each model together; none where nothing is known."""
    blocks: dict[str, list[dict[str, Any]]] = {}
    for system in systems:
        cells = [column.cell(section, system) for column in columns]
        if any(text is not None for text, _ in cells):
            line = {"system": system, "treatment": system.treatment, "cells": cells}
            model = "" if system.model is None else system.model.name
            blocks.setdefault(model, []).append(line)
    if section == "mean":
        return [*blocks.values()]
    return [_once(lines) if model else lines for model, lines in blocks.items()]


def _once(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the lines of a model, or one line without a treatment where all have the same."""
    if any(line["cells"] != lines[0]["cells"] for line in lines):
        return lines
    return [{**lines[0], "treatment": ""}]
