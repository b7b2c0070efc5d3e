"""A page on which a reader sorts and filters the checkpoints and sees their training curves."""

import csv
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lionrank import development, screen_curves
from lionrank.errors import UserError
from lionrank.grid import FIRST_STAGE, FIRST_STAGE_LABEL, Grid, checkpoint
from lionrank.measures import METRICS
from lionrank.screen import render

TITLE = "Checkpoints and training curves"
_DEVELOPMENT = {"mean_ndcg_cut_10": "Dev nDCG@10", "eval_loss": "Held-out loss"}
_COLUMNS = ("test_set", "system", "metric", "level", "mean", "low", "high")


@dataclass(frozen=True)
class Score:
    """A mean with the bounds of its interval, which development data have none of."""

    mean: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Row:
    """The first stage or a checkpoint; `scores` are by group (a test set at a level) and metric."""

    model: str
    optimizer: str | None
    epoch: int | None
    training: str | None
    chosen: bool
    scores: Mapping[tuple[str, str], Score]
    development: Mapping[str, Score | None]


def results_page(
    metrics: str | os.PathLike,
    best: Iterable[str | os.PathLike],
    logs: Mapping[str, Sequence[str | os.PathLike]],
    grid: Grid,
    test_sets: Mapping[str, Mapping[str, Any]],
    paper: Mapping[str, Any],
) -> str:
    """Return the page, which is whole in itself.

    Args:
        metrics: results/metrics.csv.
        best: the best epoch of every training, `{training}.best.json`.
        logs: the logs of each training's epochs in order.
        grid: what was trained.
        test_sets: the label of each test set and the least grades, `levels`, of its measures.
        paper: the title, and the note of a demonstration or None.

    Raises:
        UserError: a file is damaged or lacks a value; names it.
    """
    best = list(best)
    chosen = development.chosen(best)
    curves, script = screen_curves.curves(logs, grid, chosen)
    facts = {
        "title": TITLE,
        "paper": paper["title"],
        "note": paper["note"],
        "models": {FIRST_STAGE: FIRST_STAGE_LABEL} | {m.name: m.label for m in grid.models},
        "starts": {FIRST_STAGE: None}
        | {m.name: None if m.is_pretrained else m.start for m in grid.models},
        "optimizers": grid.optimizers,
        "epochs": {str(epoch): epoch for epoch in grid.epochs},
        "groups": groups(test_sets),
        "metrics": METRICS,
        "development": _DEVELOPMENT,
        "rows": rows(metrics, best, grid, test_sets),
        "lines": screen_curves.lines(grid),
        "curves": curves,
        "script": script,
        "bokeh": screen_curves.library(),
    }
    return render("results.html.j2", facts)


def _group(test_set: str, level: int | str) -> str:
    return f"{test_set} {level}"


def groups(test_sets: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Return the label of each test set at each least grade of its measures, by group."""
    found = {}
    for name, entry in test_sets.items():
        for level in entry["levels"]:
            from_grade = f", relevant from grade {level}" if len(entry["levels"]) > 1 else ""
            found[_group(name, level)] = f"{entry['label']}{from_grade}"
    return found


def rows(
    metrics: str | os.PathLike,
    best: Iterable[str | os.PathLike],
    grid: Grid,
    test_sets: Mapping[str, Mapping[str, Any]],
) -> list[Row]:
    """Return the first stage, where a test set has one, and every checkpoint, in the grid's order.

    The arguments are those of `results_page`.

    Raises:
        UserError: a file is damaged, or lacks a value.
    """
    scores = read_scores(metrics, test_sets)
    best = list(best)
    chosen = dict(zip(development.chosen(best), development.read(best), strict=True))
    nothing = dict.fromkeys(_DEVELOPMENT)
    first = Row(FIRST_STAGE, None, None, None, False, scores.get(FIRST_STAGE, {}), nothing)
    found = [first] if first.scores else []
    for model, optimizer in grid.trainings():
        training = f"{model.name}_{optimizer}"
        by_epoch = {each["epoch"]: each for each in chosen[training]["epochs"]}
        for epoch in grid.epochs:
            name = checkpoint(model.name, optimizer, epoch)
            if name not in scores:
                raise UserError(f"{metrics}: no {name}; evaluate it and make the metrics again.")
            row = Row(
                model=model.name,
                optimizer=optimizer,
                epoch=epoch,
                training=training,
                chosen=epoch == chosen[training]["epoch"],
                scores=scores[name],
                development=_development(by_epoch.get(epoch)),
            )
            found.append(row)
    return found


def _development(epoch: Mapping[str, Any] | None) -> dict[str, Score | None]:
    """Return the scores of an epoch on development data, None for those that there are not."""
    values = {key: None if epoch is None else epoch[key] for key in _DEVELOPMENT}
    return {key: None if value is None else Score(value) for key, value in values.items()}


def read_scores(
    metrics: str | os.PathLike, test_sets: Mapping[str, Mapping[str, Any]]
) -> dict[str, dict[tuple[str, str], Score]]:
    """Return the scores of each system by group and metric; graded ones are in every group.

    Raises:
        UserError: a column is absent, or a value is no number; names file and line.
    """
    scores: dict[str, dict[tuple[str, str], Score]] = {}
    with open(metrics, newline="", encoding="utf-8") as handle:
        reader = csv.DictReader(handle)
        if absent := set(_COLUMNS) - set(reader.fieldnames or ()):
            raise UserError(f"{metrics}: no column {', '.join(sorted(absent))}; make it again.")
        for number, line in enumerate(reader, start=2):
            if line["test_set"] not in test_sets or line["metric"] not in METRICS:
                continue
            try:
                score = Score(*(float(line[column]) for column in ("mean", "low", "high")))
            except ValueError as error:
                raise UserError(f"{metrics}:{number}: {error}; make it again.") from None
            levels = [line["level"]] if line["level"] else test_sets[line["test_set"]]["levels"]
            for level in levels:
                group = _group(line["test_set"], level)
                scores.setdefault(line["system"], {})[group, line["metric"]] = score
    return scores
