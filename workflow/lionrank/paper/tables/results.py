"""The tables of effectiveness: all systems on the paper's columns, and at other thresholds."""

from collections.abc import Mapping
from itertools import groupby
from typing import Any

from lionrank.grid import Grid, OtherSystem, checkpoint_name, training_name
from lionrank.measures import GRADED, METRICS, PRIMARY, Measure
from lionrank.paper.results import Chosen, Results, epoch_label, epochs_of
from lionrank.paper.tables.pages import panels, width_of_scores
from lionrank.paper.tables.tabular import Table
from lionrank.published.scores import PublishedScores
from lionrank.wording import DIGITS

_BINARY = [metric for metric in METRICS if metric != GRADED]
_CLOSE_COLUMNS = 15
"""Columns of the table of relevance thresholds, which move together where they are many."""
_OF_ROW = ("other", "best", "published")
"""What a row of the table of results has besides what its CSV says."""


def table(
    results: Results,
    grid: Grid,
    chosen: Chosen,
    published: PublishedScores | None = None,
) -> Table:
    """Return all systems on the paper's columns: the first stage, a row a checkpoint, and others'.

    The first row has in each column the first stage of its test set. Values are named
    `{test_set}_{metric}` and, of the same, `_low` and `_high`. With several seeds `_sd` is the
    deviation over them, and the last row of a training has the epochs that these chose. With
    `published`, `_published` and `_difference` are the published value and ours minus it. What
    there is none of is None. `best` has the names of the values that are the highest of their
    columns, `published` says whether there is any published value, and `other` is the system that
    was not trained here.

    Args:
        results: ours.
        grid: what was trained.
        chosen: the epoch that development data chose, by `{model}_{optimizer}`.
        published: the published values that are to stand beside ours, if any.
    """
    layout = results.layout
    shown = layout.shown_test_sets
    first_stage = grid.first_stage_of(shown)
    of_first: dict[str, Any] = {"model": first_stage.name, "optimizer": "", "epoch": ""}
    of_first |= {"chosen": "", "trained_here": "", "other": None}
    by_test_set = {test_set: each.name for test_set, each in grid.first_stages.items()}
    rows = [of_first | _scores(results, grid, by_test_set, published)]
    for training in grid.trainings():
        for epoch in epochs_of(training):
            names: dict[str, Any] = {
                "model": training.model.name,
                "optimizer": training.treatment.name,
            }
            names |= {"epoch": epoch_label(epoch), "chosen": epoch == chosen[training.name]}
            names |= {"trained_here": True, "other": None}
            checkpoint = training.checkpoint(epoch)
            rows.append(
                names
                | _scores(results, grid, dict.fromkeys(shown, checkpoint), published, checkpoint)
            )
    for other in grid.systems:
        names = _names(other) | {"chosen": "", "trained_here": False, "other": other}
        named = dict.fromkeys(shown, other.name)
        rows.append(names | _scores(results, grid, named, published, _as_published(other)))
    columns = [
        {
            "name": _name(column),
            "metric": METRICS[column.metric],
            "test_set": layout.test_sets[column.test_set].label,
            "has_interval": column == layout.primary
            or (column.test_set in layout.averages and column.metric == PRIMARY),
        }
        for column in layout.columns
    ]
    groups = [[*group] for _, group in groupby(columns, lambda each: each["test_set"])]
    intervals = [len([each for each in group if each["has_interval"]]) for group in groups]
    widths = [
        width_of_scores(grid) * len(group) + extra
        for group, extra in zip(groups, intervals, strict=True)
    ]
    facts = {
        "has_several_intervals": sum(intervals) > 1,
        "panels": panels(groups, widths),
        "grid": grid,
        "first_stage": first_stage.label,
        "beside_published": published is not None,
        "lacking": _lacking(results, grid),
    }
    # Where all systems are ours, nobody need be told.
    left_out = _OF_ROW if grid.systems else (*_OF_ROW, "trained_here")
    return Table(rows, [key for key in rows[0] if key not in left_out], facts)


def _names(other: OtherSystem) -> dict[str, object]:
    """Return what names the row of a system of others: its own name, for it is of no model here."""
    epoch = "" if other.epoch is None else other.epoch
    return {"model": other.name, "optimizer": "", "epoch": epoch}


def _lacking(results: Results, grid: Grid) -> dict[str, list[str]]:
    """Return the labels of systems without a run file on a test set, by the label of that."""
    lacking = {
        results.layout.test_sets[test_set].label: [
            other.label for other in grid.systems if not results.has(test_set, other.name)
        ]
        for test_set in results.layout.shown_test_sets
    }
    return {test_set: labels for test_set, labels in lacking.items() if labels}


def _as_published(other: OtherSystem) -> str:
    """Return the name of the published checkpoint that a system of others is, "" if not known."""
    if other.model is None or other.optimizer is None or other.epoch is None:
        return ""
    return checkpoint_name(training_name(other.model, other.optimizer), other.epoch)


def _scores(
    results: Results,
    grid: Grid,
    systems: Mapping[str, str],
    published: PublishedScores | None,
    as_published: str = "",
) -> dict[str, Any]:
    """Return the values of one row.

    `systems` has what is scored by test set, and `as_published` is what the published table calls
    it.
    """
    values: dict[str, Any] = {"best": [], "published": False}
    for column in results.layout.columns:
        system = systems.get(column.test_set, "")
        name, found = _name(column), results.scores[column].get(system)
        values[name] = found.mean if found else None
        values[f"{name}_low"] = found.low if found else None
        values[f"{name}_high"] = found.high if found else None
        if grid.is_replicated:
            values[f"{name}_sd"] = found.sd if found else None
        if found and system in results.best(column):
            values["best"].append(name)
        if published is not None and column in published:
            there = published[column].get(as_published)
            values[f"{name}_published"] = there
            values["published"] |= there is not None
            values[f"{name}_difference"] = (
                round(found.mean - there, DIGITS) if found and there is not None else None
            )
    return values


def _name(column: Measure) -> str:
    return f"{column.test_set}_{column.metric}"


def levels(results: Results, grid: Grid, chosen: Chosen) -> Table:
    """Return the binary measures at each relevance threshold, named `{metric}_from_{grade}`.

    The rows are the first stage, where there is one, every training at its chosen epoch and every
    system of others that has a run file, on each test set that has several relevance thresholds;
    none where there is no such test set. A value is None where another test set has a grade that
    this one has not. `best` has the names of those that are the highest of their columns within a
    test set.
    """
    layout = results.layout
    grades = sorted({n for name in layout.with_levels for n in layout.test_sets[name].levels})
    rows: list[dict[str, Any]] = []
    for test_set in layout.with_levels:
        systems = _at_chosen(results, test_set, grid, chosen)
        measures = {
            f"{metric}_from_{grade}": Measure(test_set, metric, grade)
            for metric in _BINARY
            for grade in grades
        }
        best = {
            name: results.best(measure, systems)
            for name, measure in measures.items()
            if measure in results.scores
        }
        for system, names in systems.items():
            values = {
                name: results.mean(measure, system) if name in best else None
                for name, measure in measures.items()
            }
            if grid.is_replicated:
                values |= {
                    f"{name}_sd": results.scores[measure][system].sd if name in best else None
                    for name, measure in measures.items()
                }
            leads = {"best": [name for name, among in best.items() if system in among]}
            rows.append({"test_set": test_set, **names, **values, **leads})
    facts = {
        "grades": grades,
        "metrics": METRICS,
        "panels": panels(
            [[metric] for metric in _BINARY],
            [width_of_scores(grid) * len(grades)] * len(_BINARY),
            most=_CLOSE_COLUMNS,
        ),
        "labels": grid.untrained | {model.name: model.label for model in grid.models},
        "others": [other.name for other in grid.systems],
        "grid": grid,
        "optimizers": {"": ""} | dict(grid.optimizers),
        "test_sets": layout.test_sets,
        "queries": results.queries,
    }
    return Table(rows, [key for key in rows[0] if key != "best"] if rows else None, facts)


def _at_chosen(
    results: Results, test_set: str, grid: Grid, chosen: Chosen
) -> dict[str, dict[str, object]]:
    """Return the first stage, every training at its chosen epoch, and others, where they are."""
    systems: dict[str, dict[str, object]] = {}
    if (first_stage := grid.first_stage(test_set)) is not None:
        name = first_stage.name
        systems[name] = {"model": name, "optimizer": "", "epoch": ""}
    for training in grid.trainings():
        epoch = chosen[training.name]
        names = {"model": training.model.name, "optimizer": training.treatment.name}
        systems[training.checkpoint(epoch)] = names | {"epoch": epoch_label(epoch)}
    for other in grid.systems:
        if results.has(test_set, other.name):
            systems[other.name] = _names(other)
    return systems
