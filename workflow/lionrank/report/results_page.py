"""A page on which a reader sorts and filters all systems and sees the trainings' curves."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from statistics import fmean
from typing import Any

from bokeh.embed import components
from bokeh.resources import Resources
from markupsafe import Markup

from lionrank.grid import BEST, Grid, Training
from lionrank.measures import GRADED, METRICS, Measure
from lionrank.paper.results import (
    Layout,
    Results,
    Score,
    chosen_epochs,
    epoch_label,
    epochs_of,
    of_table,
    read_results,
)
from lionrank.report.curves import lines, plots
from lionrank.report.page import CHOICE, Cell, Column, packed, page
from lionrank.training import development
from lionrank.wording import listed, score


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
        metrics: results/metrics.csv or, with several seeds, results/over_seeds.csv.
        best: the best epoch of every training with each seed, `{training}.best.json`.
        logs: the logs of the epochs of each of those in order.
        test_sets: by name, the fields of `lionrank.paper.results.TestSet`.
        paper: the title, and the note of a demonstration or None.

    Raises:
        UserError: a file is damaged or lacks a value; names it.
    """
    layout = Layout.build(test_sets, [{"test_set": t, "metrics": list(METRICS)} for t in test_sets])
    results = read_results(metrics, layout, grid)
    facts = {
        "title": "Checkpoints and training curves" if logs else "Systems",
        "caption": paper["title"],
        "note": paper["note"],
        "columns": [*_systems(layout, grid, best), *_scores(results, grid)],
        "groups": list(_groups(layout).values()),
        "others": bool(grid.systems),
        "seeds": len(grid.seeds) if grid.is_replicated else 1,
        "averages": {
            entry.label: listed(layout.test_sets[each].label for each in entry.test_sets)
            for entry in layout.averages.values()
        },
        "best_only": [each.label for each in layout.test_sets.values() if not each.every_epoch],
        "lines": lines(grid),
        **_curves(logs, grid, development.chosen(best)),
    }
    return page("results.html.j2", facts)


def _curves(
    logs: Mapping[str, Sequence[str | os.PathLike]], grid: Grid, chosen: Mapping[str, int]
) -> dict[str, Any]:
    """Return the plots of the training curves and the script that draws them, if there are any."""
    if not logs:
        return {"plots": {}, "drawing": ""}
    script, divs = components(plots(logs, grid, chosen), wrap_script=False)
    bokeh = "\n".join(Resources(mode="inline", components=["bokeh"]).js_raw)
    return {
        "plots": {field: Markup(div) for field, div in divs.items()},
        "drawing": packed(f"(function () {{ {bokeh}\n{script} }}).call(window);"),
    }


def _systems(layout: Layout, grid: Grid, best: Sequence[str | os.PathLike]) -> Iterator[Column]:
    """Yield the columns that say what each row is: first stages, checkpoints, then others."""
    chosen, histories = development.chosen(best), development.histories(best)
    rows = [(training, epoch) for training in grid.trainings() for epoch in epochs_of(training)]
    nothing = Cell.of("")
    of_others = [nothing] * len(grid.systems)

    def column(cells: Iterable[Cell]) -> list[Cell]:
        return [nothing, *cells, *of_others]

    tick = {"render": ["select"], "orderable": False, "columnControl": []}
    yield Column("", [Cell("", "")] * (1 + len(rows) + len(of_others)), options=tick)
    names = (Cell.of(each.name) for each, _ in rows)
    yield Column("Training", column(names), options={"visible": False})
    models = (each.model for each, _ in rows)
    labels = (Cell.of(model.label, "" if model.is_pretrained else model.start) for model in models)
    others = (Cell.of(other.label, "not trained here") for other in grid.systems)
    yield Column("Model", [_first_stages(layout, grid), *labels, *others])
    if rows:
        treated = "Treatment" if grid.has_treatments else "Optimizer"
        yield Column(treated, column(Cell.of(each.treatment.label) for each, _ in rows))
    searched = [each.treatment.searched for each, _ in rows]
    if any(searched):
        yield Column("Settings", column(Cell.of("searched" if e else "given") for e in searched))
    epochs = [*(epoch for _, epoch in rows), *(other.epoch for other in grid.systems)]
    if any(epochs):
        cells = [nothing, *map(_epoch, epochs)]
        yield Column("Epoch", cells, numeric=True, rising=True, options=CHOICE)
    if not rows:
        return
    named = chosen_epochs(grid, chosen)
    marks = ("yes" if named[each.name] == epoch else "" for each, epoch in rows)
    yield Column("Chosen", column(map(Cell.of, marks)))
    for key, name in (("mean_ndcg_cut_10", "Dev nDCG@10"), ("eval_loss", "Held-out loss")):
        found = (_developed(each, epoch, key, histories, chosen) for each, epoch in rows)
        values = (Cell.of("" if value is None else score(value)) for value in found)
        yield Column(name, column(values), numeric=True, rising=key == "eval_loss")


def _epoch(epoch: int | str | None) -> Cell:
    """Return the cell of an epoch: those that several seeds chose are no number to sort by."""
    return Cell("", str(epoch_label(epoch))) if epoch == BEST else Cell.of(str(epoch or ""))


def _developed(
    training: Training,
    epoch: int | str,
    key: str,
    histories: Mapping[str, Sequence[Mapping[str, Any]]],
    chosen: Mapping[str, int],
) -> float | None:
    """Return a score on development data, the mean over seeds; None where one has none."""
    found = []
    for name in training.names:
        of_seed = chosen[name] if epoch == BEST else epoch
        found += [each[key] for each in histories[name] if each["epoch"] == of_seed]
    return None if not found or None in found else fmean(found)


def _first_stages(layout: Layout, grid: Grid) -> Cell:
    """Return the head of their row: the one that all test sets have, or which each has."""
    ranked = grid.ranked_by(each for each in layout.test_sets if each not in layout.averages)
    on = [
        f"{each.label} on {listed(layout.test_sets[name].label for name in names)}"
        for each, names in ranked.items()
    ]
    return Cell.of(grid.first_stage_of(layout.test_sets).label, "; ".join(on[1:] and on))


def _scores(results: Results, grid: Grid) -> Iterator[Column]:
    """Yield the columns of every measure in every group, of which the first is seen at first."""
    systems = [*of_table(grid), *(each.name for each in grid.systems)]
    for place, ((test_set, level), group) in enumerate(_groups(results.layout).items()):
        shown = {"className": f"dt-right score group{place}", "visible": place == 0}
        for metric, label in METRICS.items():
            found = results.scores[Measure(test_set, metric, None if metric == GRADED else level)]
            first = grid.first_stage(test_set)
            named = ["" if first is None else first.name, *systems]
            cells = [_score(found.get(system)) for system in named]
            options = {**shown, "searchBuilderTitle": f"{label} {group}"}
            yield Column(label, cells, numeric=True, below=group, options=options)


def _groups(layout: Layout) -> dict[tuple[str, int | None], str]:
    """Return the label of each test set at each of its relevance thresholds, and of averages."""
    return {
        (name, level): f"{entry.label}, grade {level}" if len(entry.levels) > 1 else entry.label
        for name, entry in layout.test_sets.items()
        for level in entry.levels or (entry.level,)
    }


def _score(found: Score | None) -> Cell:
    if found is None:
        return Cell.of("")
    bounds = f"{score(found.low)}\N{EN DASH}{score(found.high)}"
    spread = "" if found.sd is None else f"\N{PLUS-MINUS SIGN}{score(found.sd)}; "
    return Cell.of(score(found.mean), spread + bounds)
