"""A page on which a reader sorts and filters the checkpoints and sees their training curves."""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lionrank.grid import FIRST_STAGE, FIRST_STAGE_LABEL, Grid
from lionrank.measures import METRICS
from lionrank.paper.results import Layout, Results, Score, read_results
from lionrank.report import screen_curves
from lionrank.report.screen import render
from lionrank.training import development

TITLE = "Checkpoints and training curves"
_DEVELOPMENT = {"mean_ndcg_cut_10": "Dev nDCG@10", "eval_loss": "Held-out loss"}


@dataclass(frozen=True)
class Row:
    """The first stage or a checkpoint; `scores` are by group (a test set at a level) and metric."""

    model: str
    optimizer: str | None
    epoch: int | None
    training: str | None
    chosen: bool
    scores: Mapping[tuple[str, str], Score]
    development: Mapping[str, float | None]


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
        test_sets: by name, the fields of `lionrank.paper.results.TestSet`.
        paper: the title, and the note of a demonstration or None.

    Raises:
        UserError: a file is damaged or lacks a value; names it.
    """
    best = list(best)
    chosen = development.chosen(best)
    columns = [{"test_set": name, "metrics": list(METRICS)} for name in test_sets]
    layout = Layout.build(test_sets, columns)
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
        "groups": groups(layout),
        "metrics": METRICS,
        "development": _DEVELOPMENT,
        "rows": rows(read_results(metrics, layout, grid), best, grid),
        "lines": screen_curves.lines(grid),
        "curves": curves,
        "script": script,
        "bokeh": screen_curves.library(),
    }
    return render("results.html.j2", facts)


def _group(test_set: str, level: int | str) -> str:
    return f"{test_set} {level}"


def groups(layout: Layout) -> dict[str, str]:
    """Return the label of each test set at each least grade of its measures, by group."""
    found = {}
    for name, entry in layout.test_sets.items():
        for level in entry.levels:
            from_grade = f", relevant from grade {level}" if len(entry.levels) > 1 else ""
            found[_group(name, level)] = f"{entry.label}{from_grade}"
    return found


def rows(results: Results, best: Iterable[str | os.PathLike], grid: Grid) -> list[Row]:
    """Return the first stage and every checkpoint, in the grid's order.

    Raises:
        UserError: a file of `best` is damaged; names it.
    """
    best = list(best)
    chosen = dict(zip(development.chosen(best), development.read(best), strict=True))
    nothing = dict.fromkeys(_DEVELOPMENT)
    found = [Row(FIRST_STAGE, None, None, None, False, _scores(results, FIRST_STAGE), nothing)]
    for training in grid.trainings():
        best_epoch = chosen[training.name]
        by_epoch = {each["epoch"]: each for each in best_epoch["epochs"]}
        for epoch in grid.epochs:
            row = Row(
                model=training.model.name,
                optimizer=training.treatment.name,
                epoch=epoch,
                training=training.name,
                chosen=epoch == best_epoch["epoch"],
                scores=_scores(results, training.checkpoint(epoch)),
                development=_development(by_epoch.get(epoch)),
            )
            found.append(row)
    return found


def _scores(results: Results, system: str) -> dict[tuple[str, str], Score]:
    """Return the scores of a system by group and metric; graded ones are in every group."""
    scores = {}
    for measure, by_system in results.scores.items():
        if system in by_system:
            levels = results.layout.test_sets[measure.test_set].levels
            for level in levels if measure.level is None else (measure.level,):
                scores[_group(measure.test_set, level), measure.metric] = by_system[system]
    return scores


def _development(epoch: Mapping[str, Any] | None) -> dict[str, float | None]:
    """Return the scores of an epoch on development data, None for those that there are not."""
    return {key: None if epoch is None else epoch[key] for key in _DEVELOPMENT}
