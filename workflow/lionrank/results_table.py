"""The tables of effectiveness: every system on the paper's columns, and at other least grades."""

from collections.abc import Mapping, Sequence
from itertools import groupby

from lionrank.grid import FIRST_STAGE, Grid, checkpoint
from lionrank.latex import escape
from lionrank.measures import GRADED, METRICS, Measure
from lionrank.results import Results
from lionrank.tabular import DIGITS, bold, interval, model_lines, row, score, tabular

FIRST_STAGE_LABEL = "BM25"
CHOSEN = r"$^\dagger$"
_NUMBERS = f"S[table-format=1.{DIGITS}]"


def results_table(results: Results, grid: Grid, chosen: Mapping[str, int]) -> str:
    """Return the table of all systems with the best value of each column in bold.

    `chosen` maps `{model}_{optimizer}` to the epoch that development data chose, which is marked.
    The primary measure's interval stands beside it. A test set without a first stage has a dash.
    """
    columns = results.layout.columns
    kinds = "".join(
        _NUMBERS + ("c" if column == results.layout.primary else "") for column in columns
    )
    lines = [
        rf"\begin{{tabular}}{{@{{}}llc{kinds}@{{}}}}",
        r"\toprule",
        *_group_heads(results),
        row(["Model", "Optimizer", "Epoch", *_heads(results)]),
        r"\midrule",
        row([FIRST_STAGE_LABEL, "", "", *_cells(results, FIRST_STAGE)]),
    ]
    for model in grid.models:
        lines.append(r"\midrule")
        names = model_lines(model)
        for optimizer, label in grid.optimizers.items():
            for epoch in grid.epochs:
                mark = CHOSEN if epoch == chosen[f"{model.name}_{optimizer}"] else ""
                cells = _cells(results, checkpoint(model.name, optimizer, epoch))
                first = escape(label) if epoch == grid.epochs[0] else ""
                name = names.pop(0) if names else ""
                lines.append(row([name, first, rf"{epoch}\rlap{{\smash{{{mark}}}}}", *cells]))
    return tabular(lines, "results_table")


def _heads(results: Results) -> list[str]:
    heads = []
    for column in results.layout.columns:
        heads.append(f"{{{METRICS[column.metric]}}}")
        if column == results.layout.primary:
            heads.append("[interval]")
    return heads


def _group_heads(results: Results) -> list[str]:
    """Return a line that names the test sets of the columns, where there are several."""
    if len(results.layout.shown_test_sets) == 1:
        return []
    cells, rules, place = [], [], 4
    for test_set, group in groupby(results.layout.columns, key=lambda column: column.test_set):
        width = sum(2 if column == results.layout.primary else 1 for column in group)
        label = escape(results.layout.test_sets[test_set].label)
        cells.append(rf"\multicolumn{{{width}}}{{c}}{{{label}}}")
        rules.append(rf"\cmidrule(lr){{{place}-{place + width - 1}}}")
        place += width
    return [row(["", "", "", *cells]), "".join(rules)]


def _cells(results: Results, system: str) -> list[str]:
    cells = []
    for column in results.layout.columns:
        cells.append(_cell(results, column, system))
        if column == results.layout.primary:
            found = results.scores[column][system]
            cells.append(interval(found.low, found.high))
    return cells


def _cell(results: Results, measure: Measure, system: str) -> str:
    if system not in results.scores[measure]:
        return "{--}"
    mean = results.mean(measure, system)
    return bold(score(mean), system in results.best(measure))


def levels_table(results: Results, grid: Grid, chosen: Mapping[str, int]) -> str:
    """Return the table of binary measures at each least grade, at the chosen epochs.

    It has the test sets on which there are several least grades, and the best value of each column
    within a test set in bold. It is empty where there is no such test set.
    """
    layout = results.layout
    if not layout.with_levels:
        return "% template: workflow/lionrank/results_table.py\n"
    levels = sorted(
        {level for name in layout.with_levels for level in layout.test_sets[name].levels}
    )
    metrics = [metric for metric in METRICS if metric != GRADED]
    width = len(levels)
    names = [rf"\multicolumn{{{width}}}{{c}}{{{METRICS[metric]}}}" for metric in metrics]
    starts = range(4, 4 + width * len(metrics), width)
    lines = [
        rf"\begin{{tabular}}{{@{{}}llc*{{{width * len(metrics)}}}{{{_NUMBERS}}}@{{}}}}",
        r"\toprule",
        row(["", "", "", *names]),
        "".join(rf"\cmidrule(lr){{{start}-{start + width - 1}}}" for start in starts),
        row(["Model", "Optimizer", "Epoch", *[rf"{{$\geq {n}$}}" for n in levels] * len(metrics)]),
    ]
    for test_set in layout.with_levels:
        measures = [Measure(test_set, metric, level) for metric in metrics for level in levels]
        lines += [r"\midrule", *_level_rows(results, grid, chosen, measures)]
    return tabular(lines, "results_table")


def _level_rows(
    results: Results, grid: Grid, chosen: Mapping[str, int], measures: Sequence[Measure]
) -> list[str]:
    """Return the rows of one test set, a system each, below its name."""
    test_set = measures[0].test_set
    entry = results.layout.test_sets[test_set]
    systems = {FIRST_STAGE: (FIRST_STAGE_LABEL, "", "")} if entry.first_stage else {}
    for model, optimizer in grid.trainings():
        epoch = chosen[f"{model.name}_{optimizer}"]
        names = (model.label, grid.optimizers[optimizer], str(epoch))
        systems[checkpoint(model.name, optimizer, epoch)] = names
    title = rf"\emph{{{escape(entry.label)}, \num{{{results.queries[test_set]}}} topics}}"
    columns = [_level_column(results, measure, list(systems)) for measure in measures]
    rows = zip(systems.values(), zip(*columns, strict=True), strict=True)
    return [
        row([rf"\multicolumn{{{3 + len(measures)}}}{{@{{}}l}}{{{title}}}"]),
        *(row([*map(escape, names), *cells]) for names, cells in rows),
    ]


def _level_column(results: Results, measure: Measure, systems: Sequence[str]) -> list[str]:
    """Return one column, dashes where another test set has a grade that this one has not."""
    if measure not in results.scores:
        return ["{--}"] * len(systems)
    best = results.best(measure, systems)
    return [bold(score(results.mean(measure, name)), name in best) for name in systems]
