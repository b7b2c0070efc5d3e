"""A page on which a reader sorts and filters the checkpoints and sees their training curves."""

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bokeh.embed import components
from bokeh.resources import Resources
from markupsafe import Markup

from lionrank.grid import FIRST_STAGE, FIRST_STAGE_LABEL, Grid
from lionrank.measures import GRADED, METRICS, Measure
from lionrank.paper.results import Layout, Results, Score, read_results
from lionrank.report.curves import lines, plots
from lionrank.report.page import CHOICE, Cell, Column, packed, page
from lionrank.training import development
from lionrank.wording import score


def results_page(
    metrics: str | os.PathLike,
    best: Sequence[str | os.PathLike],
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
        test_sets: by name, the fields of `lionrank.paper.results.TestSet`.
        paper: the title, and the note of a demonstration or None.

    Raises:
        UserError: a file is damaged or lacks a value; names it.
    """
    layout = Layout.build(test_sets, [{"test_set": t, "metrics": list(METRICS)} for t in test_sets])
    results = read_results(metrics, layout, grid)
    script, divs = components(plots(logs, grid, development.chosen(best)), wrap_script=False)
    bokeh = "\n".join(Resources(mode="inline", components=["bokeh"]).js_raw)
    facts = {
        "title": "Checkpoints and training curves",
        "caption": paper["title"],
        "note": paper["note"],
        "columns": [*_checkpoints(grid, best), *_scores(results, grid)],
        "groups": list(_groups(layout).values()),
        "lines": lines(grid),
        "plots": {field: Markup(div) for field, div in divs.items()},
        "drawing": packed(f"(function () {{ {bokeh}\n{script} }}).call(window);"),
    }
    return page("results.html.j2", facts)


def _checkpoints(grid: Grid, best: Sequence[str | os.PathLike]) -> Iterator[Column]:
    """Yield the columns that say what each row is: the first stage, then every checkpoint."""
    chosen = development.chosen(best)
    scores: dict[tuple[str, int], Mapping[str, Any]] = {
        (name, each["epoch"]): each
        for name, history in development.histories(best).items()
        for each in history
    }
    rows = [(training, epoch) for training in grid.trainings() for epoch in training.epochs]
    nothing = Cell.of("")
    tick = {"render": ["select"], "orderable": False, "columnControl": []}
    yield Column("", [Cell("", "")] * (1 + len(rows)), options=tick)
    names = (each.name for each, _ in rows)
    yield Column("Training", [nothing, *map(Cell.of, names)], options={"visible": False})
    models = (each.model for each, _ in rows)
    labels = (Cell.of(model.label, "" if model.is_pretrained else model.start) for model in models)
    yield Column("Model", [Cell.of(FIRST_STAGE_LABEL), *labels])
    yield Column("Optimizer", [nothing, *(Cell.of(each.treatment.label) for each, _ in rows)])
    epochs = [nothing, *(Cell.of(str(epoch)) for _, epoch in rows)]
    yield Column("Epoch", epochs, numeric=True, rising=True, options=CHOICE)
    marks = ("yes" if chosen[each.name] == epoch else "" for each, epoch in rows)
    yield Column("Chosen", [nothing, *map(Cell.of, marks)])
    for key, name in (("mean_ndcg_cut_10", "Dev nDCG@10"), ("eval_loss", "Held-out loss")):
        found = (scores.get((each.name, epoch), {}).get(key) for each, epoch in rows)
        cells = [Cell.of("" if value is None else score(value)) for value in (None, *found)]
        yield Column(name, cells, numeric=True, rising=key == "eval_loss")


def _scores(results: Results, grid: Grid) -> Iterator[Column]:
    """Yield the columns of every measure in every group, of which the first is seen at first."""
    for place, ((test_set, level), group) in enumerate(_groups(results.layout).items()):
        shown = {"className": f"dt-right score group{place}", "visible": place == 0}
        for metric, label in METRICS.items():
            found = results.scores[Measure(test_set, metric, None if metric == GRADED else level)]
            cells = [_score(found.get(system)) for system in (FIRST_STAGE, *grid.checkpoints())]
            options = {**shown, "searchBuilderTitle": f"{label} {group}"}
            yield Column(label, cells, numeric=True, below=group, options=options)


def _groups(layout: Layout) -> dict[tuple[str, int], str]:
    """Return the label of each test set at each of its relevance thresholds."""
    return {
        (name, level): f"{entry.label}, grade {level}" if len(entry.levels) > 1 else entry.label
        for name, entry in layout.test_sets.items()
        for level in entry.levels
    }


def _score(found: Score | None) -> Cell:
    if found is None:
        return Cell.of("")
    return Cell.of(score(found.mean), f"{score(found.low)}\N{EN DASH}{score(found.high)}")
