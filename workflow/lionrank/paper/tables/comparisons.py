"""The tables of the tested comparisons, of results/comparisons.json and of published ones."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from lionrank.config.contrasts import SCORINGS
from lionrank.config.scorings import OWN_LENGTH
from lionrank.evaluation.comparisons import ContrastRecord, alpha, of_family, on_primary
from lionrank.evaluation.published import grid as published_grid
from lionrank.grid import Grid, checkpoint_name
from lionrank.measures import METRICS
from lionrank.paper.asked import MINUS, find_asked
from lionrank.paper.lessons import LESSONS, difference
from lionrank.paper.tables.tabular import Row, Table
from lionrank.published import per_query as published_values
from lionrank.published.study import Study

SIDES = ("left", "right")
_ON_EVERY_MEASURE = ("optimizers", "tuning")
_ON_THE_PRIMARY = ("models", "first_stage")
_OF_MEASURE = ("test_set", "metric", "level", "queries")
_COLUMNS = 12
"""Systems that fit beside each other on a page, at most."""


def chosen(
    compared: Mapping[str, Any], labels: Mapping[str, str], primary: str, grid: Grid
) -> Table:
    """Return the contrasts at the epochs that development data chose.

    Those between optimizers, and of tuning, are on every measure that was compared, the others on
    the primary one.

    Args:
        compared: comparisons.json.
        labels: the label of each test set.
        primary: the first test set.
        grid: what was trained.
    """
    contrasts = [each for family in _ON_EVERY_MEASURE for each in of_family(compared, family)]
    for family in _ON_THE_PRIMARY:
        contrasts += on_primary(of_family(compared, family), primary)
    facts = {"labels": labels, "metrics": METRICS, "spread": compared["seeds"] > 1}
    return _table(contrasts, grid, alpha=alpha(compared), **facts)


def by_epoch(compared: Mapping[str, Any], primary: str, grid: Grid) -> Table:
    """Return the contrasts between optimizers at each epoch, on the primary measure.

    It is empty where the config does not name that family.
    """
    contrasts = on_primary(of_family(compared, "optimizers_by_epoch"), primary)
    return _table(contrasts, grid, alpha=alpha(compared))


def lessons(compared: Mapping[str, Any], primary: str, grid: Grid) -> Table:
    """Return the contrasts of what is learnt, on the primary measure, and in what they differ.

    Args:
        compared: comparisons.json.
        primary: the first test set.
        grid: what was trained.
    """
    contrasts = [each for family in LESSONS for each in of_family(compared, family)]
    shown = on_primary(contrasts, primary)
    table = _table(shown, grid, alpha=alpha(compared))
    rows = [
        {**row, "differs": difference(*(grid.training(each[side]["training"]) for side in SIDES))}
        for row, each in zip(table.rows, shown, strict=True)
    ]
    return replace(table, rows=rows)


def published(compared: Mapping[str, Any], study: Study) -> Table:
    """Return the contrasts of published checkpoints, those on one measure together.

    Args:
        compared: the tests of the values of topics that a study has published.
        study: the study.
    """
    grid = published_grid(compared["checkpoints"], study)
    metrics = published_values.LABELS
    return _table(compared["contrasts"], grid, alpha=alpha(compared), metrics=metrics)


def between_systems(compared: Mapping[str, Any], primary: str, grid: Grid) -> Table:
    """Return the contrasts with systems of others, on the primary measure, one a row.

    The LaTeX has them as `lines`, one for each system on the left, in `blocks` of the systems on
    the right that fit beside each other; a cell is the row of a contrast, or None where those two
    were not compared. It is empty where the config does not name that family.
    """
    contrasts = on_primary(of_family(compared, "systems"), primary)
    table = _table(contrasts, grid, alpha=alpha(compared))
    cells: dict[str, dict[str, Row]] = {}
    heads: dict[str, Row] = {}
    for contrast, row in zip(contrasts, table.rows, strict=True):
        left, right = (contrast[side]["training"] for side in ("left", "right"))
        cells.setdefault(left, {})[right] = row
        heads.setdefault(right, row)
    names = list(heads)
    # Blocks of a width, as nearly as can be.
    width = -(-len(names) // -(-len(names) // _COLUMNS)) if names else 1
    blocks = [
        {
            "heads": [heads[name] for name in block],
            "lines": [
                [of_left.get(name) for name in block]
                for of_left in cells.values()
                if of_left.keys() & set(block)
            ],
        }
        for block in (names[at : at + width] for at in range(0, len(names), width))
    ]
    return replace(table, facts={**table.facts, "blocks_of_systems": blocks})


def named(
    compared: Mapping[str, Any],
    test_sets: Mapping[str, str],
    grid: Grid,
    labels: Mapping[str, Mapping[str, str]],
) -> Table:
    """Return the contrasts of ladders and those that the config names, on every measure.

    Args:
        compared: comparisons.json.
        test_sets: the label of each test set.
        grid: what was trained.
        labels: those of `contrasts` and `ladders`, by name.
    """
    asked = find_asked(compared, grid, labels)
    return _sums(((each.record, each.label) for each in asked), compared, test_sets)


def between_scorings(
    compared: Mapping[str, Any],
    test_sets: Mapping[str, str],
    grid: Grid,
    scorings: Mapping[str, str],
) -> Table:
    """Return the contrasts of one system in two scorings, on every measure.

    Args:
        compared: comparisons.json.
        test_sets: the label of each test set.
        grid: what was trained, and the systems of others.
        scorings: the label of the scoring of each test set that has one.
    """
    records = of_family(compared, SCORINGS)
    return _sums([(each, _scored(each, grid, scorings)) for each in records], compared, test_sets)


def _scored(record: ContrastRecord, grid: Grid, scorings: Mapping[str, str]) -> str:
    """Return how a contrast of one system in two scorings is printed."""
    system, others = record["left"]["training"], grid.untrained
    label = others[system] if system in others else ", ".join(grid.training(system).labels)
    test_sets = record["test_set"], record["right"]["test_set"]
    return f"{label}: {f' {MINUS} '.join(scorings.get(each, OWN_LENGTH) for each in test_sets)}"


def _sums(
    contrasts: Iterable[tuple[ContrastRecord, str]],
    compared: Mapping[str, Any],
    test_sets: Mapping[str, str],
) -> Table:
    """Return contrasts with their labels, one a row, with what each is to show."""
    rows = [
        {
            **{key: record[key] for key in ("family", "name")},
            "label": label,
            "terms": [f"{term['weight']:+g} {_named(term)}" for term in record["terms"]],
            **{key: record[key] for key in ("claim", "margin", *_OF_MEASURE)},
            **_tested(record),
        }
        for record, label in contrasts
    ]
    facts = {"labels": test_sets, "metrics": METRICS, "spread": compared["seeds"] > 1}
    return Table(rows, facts={**facts, "alpha": alpha(compared)})


def _named(term: Mapping[str, Any]) -> str:
    """Return what contrasts of the config call a system."""
    name = checkpoint_name(term["training"], term["epoch"]) if term["epoch"] else term["training"]
    return f"{name}@{term['test_set']}" if "test_set" in term else name


def _tested(contrast: ContrastRecord) -> dict[str, object]:
    """Return what the tests say, by the names of its columns."""
    return {
        **{key: contrast[key] for key in ("difference", "low", "high")},
        **{key: contrast[key] for key in ("p_holm", "p_randomization", "p_t")},
        "effect_size": _effect_size(contrast),
        **{key: contrast[key] for key in ("wins", "ties", "losses", "detectable", "spread")},
    }


def _table(contrasts: Iterable[ContrastRecord], grid: Grid, **facts: Any) -> Table:
    """Return all that comparisons.json says of contrasts, one a row."""
    rows = [
        {
            **{key: contrast[key] for key in ("family", *_OF_MEASURE)},
            **sides(contrast, grid),
            **_tested(contrast),
        }
        for contrast in contrasts
    ]
    return Table(rows, facts=facts)


def sides(contrast: ContrastRecord, grid: Grid) -> dict[str, object]:
    """Return what is on both sides of a contrast, by `left_` and `right_` names."""
    return {**_side(contrast, "left", grid), **_side(contrast, "right", grid)}


def _side(contrast: ContrastRecord, side: str, grid: Grid) -> dict[str, object]:
    """Return what is on one side of a contrast; what is no training has no optimizer."""
    training = contrast[side]["training"]
    model, optimizer = (
        (grid.untrained[training], None)
        if training in grid.untrained
        else grid.training(training).labels
    )
    return {
        f"{side}_model": model,
        f"{side}_optimizer": optimizer,
        # Seeds may differ in them.
        f"{side}_epochs": sorted(set(contrast[f"{side}_epochs"])),
        f"{side}_mean": contrast[f"{side}_mean"],
    }


def _effect_size(contrast: ContrastRecord) -> float:
    """Return the effect size; JSON has null for an infinite one, whose sign is the difference's."""
    if contrast["effect_size"] is None:
        return math.copysign(math.inf, contrast["difference"])
    return contrast["effect_size"]
