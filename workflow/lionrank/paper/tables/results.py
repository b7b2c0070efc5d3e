"""The tables of effectiveness: every system on the paper's columns, and at other least grades."""

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from lionrank.grid import FIRST_STAGE, FIRST_STAGE_LABEL, Grid, Model, Training
from lionrank.measures import GRADED, METRICS, Measure
from lionrank.paper.latex import escape
from lionrank.paper.results import Results
from lionrank.paper.tables.tabular import bold, interval, model_lines, row, tabular
from lionrank.published.scores import PublishedScores, was_published
from lionrank.wording import DIGITS, score

CHOSEN = r"$^\dagger$"
BEYOND = r"$^\ast$"
"""Beside a difference: the published value lies beyond our interval, which its colour says too."""
ABOVE, BELOW = "oursabove", "oursbelow"
_COLOURS = {ABOVE: "0072B2", BELOW: "D55E00"}
"""Blue and vermilion of Okabe and Ito (2008, Color universal design)."""
_NUMBERS = f"S[table-format=1.{DIGITS}]"
_BINARY = [metric for metric in METRICS if metric != GRADED]
_CHARACTERS = 15
"""Of a test set's label above each of its columns; a longer one would drive them apart."""
_WIDE = 2
"""Least grades beyond which the columns of the binary measures have to move together."""


def results_table(
    results: Results,
    grid: Grid,
    chosen: Mapping[str, int],
    published: PublishedScores | None = None,
) -> str:
    """Return the table of all systems with the best value of each column in bold.

    `chosen` maps `{model}_{optimizer}` to the epoch that development data chose, which is marked.
    The primary measure's interval stands beside it. A test set without a first stage has a dash.

    With `published`, a checkpoint has a second line where there are published values, with those
    and how far ours are above them (+) or below (-). The difference is coloured, and marked with
    `BEYOND`, where the published value lies beyond our interval.
    """
    columns, small = results.layout.columns, published is not None
    kinds = "".join(
        _NUMBERS + ("c" if column == results.layout.primary else "") for column in columns
    )
    lines = [
        *(_beside_style() if small else []),
        rf"\begin{{tabular}}{{@{{}}llc{kinds}@{{}}}}",
        r"\toprule",
        *_group_heads(results),
        row(["Model", "Optimizer", "Epoch", *_heads(results)]),
        r"\midrule",
        row([FIRST_STAGE_LABEL, "", "", *_cells(results, FIRST_STAGE, small)]),
    ]
    for model in grid.models:
        lines.append(r"\midrule")
        names = model_lines(model)
        for training, epoch in _checkpoints_of(model, grid):
            system = training.checkpoint(epoch)
            mark = CHOSEN if epoch == chosen[training.name] else ""
            first = escape(training.treatment.label) if epoch == grid.epochs[0] else ""
            name = names.pop(0) if names else ""
            cells = _cells(results, system, small)
            lines.append(row([name, first, rf"{epoch}\rlap{{\smash{{{mark}}}}}", *cells]))
            beside = _beside(results, system, published or {})
            if any(beside):
                name = names.pop(0) if names else ""
                lines.append(row([name, "", "", *beside]) + "[2pt]")
        lines += [row([name, *[""] * (2 + len(_heads(results)))]) for name in names]
    return tabular(lines, __name__)


def results_rows(
    results: Results,
    grid: Grid,
    chosen: Mapping[str, int],
    published: PublishedScores | None = None,
) -> list[dict[str, object]]:
    """Return the same as rows of plain values, with the bounds of every interval.

    Keys are named `{test_set}_{metric}` and, of the same, `_low` and `_high`. With `published`,
    `_published` and `_difference` are the published value and ours minus it.
    """
    rows: list[dict[str, object]] = [
        {"model": FIRST_STAGE, "optimizer": "", "epoch": "", "chosen": ""}
        | _plain(results, FIRST_STAGE, published)
    ]
    for model in grid.models:
        for training, epoch in _checkpoints_of(model, grid):
            is_chosen = epoch == chosen[training.name]
            names = {"model": model.name, "optimizer": training.treatment.name, "epoch": epoch}
            system = training.checkpoint(epoch)
            rows.append(names | {"chosen": is_chosen} | _plain(results, system, published))
    return rows


def _checkpoints_of(model: Model, grid: Grid) -> Iterator[tuple[Training, int]]:
    for training in grid.of_model(model):
        for epoch in grid.epochs:
            yield training, epoch


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
        label = _stacked(results.layout.test_sets[test_set].label, width * _CHARACTERS)
        cells.append(rf"\multicolumn{{{width}}}{{c}}{{{label}}}")
        rules.append(rf"\cmidrule(lr){{{place}-{place + width - 1}}}")
        place += width
    return [row(["", "", "", *cells]), "".join(rules)]


def _stacked(label: str, characters: int) -> str:
    """Return a label in as many lines as it takes."""
    lines = [str(escape(line)) for line in textwrap.wrap(label, characters)]
    return r"\shortstack{" + r"\\".join(lines) + "}" if len(lines) > 1 else lines[0]


def _cells(results: Results, system: str, small: bool = False) -> list[str]:
    """Return the cells of a system, an interval in small digits where room is scarce."""
    cells = []
    for column in results.layout.columns:
        cells.append(_cell(results, column, system))
        if column == results.layout.primary:
            found = results.scores[column][system]
            bounds = interval(found.low, found.high)
            cells.append(rf"{{\scriptsize {bounds}}}" if small else bounds)
    return cells


def _cell(results: Results, measure: Measure, system: str) -> str:
    if system not in results.scores[measure]:
        return "{--}"
    mean = results.mean(measure, system)
    return bold(score(mean), system in results.best(measure))


def _beside_style() -> list[str]:
    colours = [rf"\definecolor{{{name}}}{{HTML}}{{{code}}}%" for name, code in _COLOURS.items()]
    # A published value and a difference are wider than the value above them.
    return [*colours, r"\setlength{\tabcolsep}{3pt}%"]


def _beside(results: Results, system: str, published: PublishedScores) -> list[str]:
    """Return the cells below those of a system: published values and the differences of ours."""
    cells = []
    for column in results.layout.columns:
        value = _published(column, system, published)
        cells.append("" if value is None else _beside_cell(results, column, system, value))
        if column == results.layout.primary:
            cells.append("")
    return cells


def _published(column: Measure, system: str, published: PublishedScores) -> float | None:
    return published[column].get(system) if was_published(column) and published else None


def _beside_cell(results: Results, column: Measure, system: str, value: float) -> str:
    found = results.scores[column][system]
    difference = signed(found.mean - value)
    if value < found.low:
        difference = rf"\textcolor{{{ABOVE}}}{{{difference}}}\rlap{{{BEYOND}}}"
    elif value > found.high:
        difference = rf"\textcolor{{{BELOW}}}{{{difference}}}\rlap{{{BEYOND}}}"
    return rf"{{\scriptsize {score(value)}\hspace{{0.3em}}{difference}}}"


def signed(difference: float) -> str:
    """Return a difference of scores in text, with a sign that is as wide as any other."""
    printed = score(difference)
    sign = r"\textminus " if printed.startswith("-") else "+" if float(printed) else r"\textpm "
    return sign + printed.removeprefix("-")


def _plain(
    results: Results, system: str, published: PublishedScores | None
) -> dict[str, float | None]:
    """Return the plain values of one row, None where there is none."""
    values: dict[str, float | None] = {}
    for column in results.layout.columns:
        name = f"{column.test_set}_{column.metric}"
        found = results.scores[column].get(system)
        values[name] = found.mean if found else None
        values[f"{name}_low"] = found.low if found else None
        values[f"{name}_high"] = found.high if found else None
        if published is not None and was_published(column):
            there = published[column].get(system)
            known = found is not None and there is not None
            values[f"{name}_published"] = there
            values[f"{name}_difference"] = round(found.mean - there, DIGITS) if known else None
    return values


def levels_table(results: Results, grid: Grid, chosen: Mapping[str, int]) -> str:
    """Return the table of binary measures at each least grade, at the chosen epochs.

    It has the test sets on which there are several least grades, and the best value of each column
    within a test set in bold. It is empty where there is no such test set.
    """
    layout = results.layout
    if not layout.with_levels:
        return "% template: workflow/lionrank/paper/tables/results.py\n"
    levels = _levels(results)
    width = len(levels)
    names = [rf"\multicolumn{{{width}}}{{c}}{{{METRICS[metric]}}}" for metric in _BINARY]
    starts = range(4, 4 + width * len(_BINARY), width)
    lines = [
        *([r"\setlength{\tabcolsep}{2pt}%"] if width > _WIDE else []),
        rf"\begin{{tabular}}{{@{{}}llc*{{{width * len(_BINARY)}}}{{{_NUMBERS}}}@{{}}}}",
        r"\toprule",
        row(["", "", "", *names]),
        "".join(rf"\cmidrule(lr){{{start}-{start + width - 1}}}" for start in starts),
        row(["Model", "Optimizer", "Epoch", *[rf"{{$\geq {n}$}}" for n in levels] * len(_BINARY)]),
    ]
    for test_set in layout.with_levels:
        measures = [Measure(test_set, metric, level) for metric in _BINARY for level in levels]
        lines += [r"\midrule", *_level_rows(results, grid, chosen, measures)]
    return tabular(lines, __name__)


def levels_rows(results: Results, grid: Grid, chosen: Mapping[str, int]) -> list[dict[str, object]]:
    """Return the same as rows of plain values, by keys `{metric}_from_{grade}`."""
    return [
        {"test_set": test_set, **names}
        | {
            f"{metric}_from_{level}": _mean(results, Measure(test_set, metric, level), system)
            for metric in _BINARY
            for level in _levels(results)
        }
        for test_set in results.layout.with_levels
        for system, names in _at_chosen(results, test_set, grid, chosen).items()
    ]


def _levels(results: Results) -> list[int]:
    test_sets = results.layout.test_sets
    return sorted({n for name in results.layout.with_levels for n in test_sets[name].levels})


def _mean(results: Results, measure: Measure, system: str) -> float | None:
    return results.mean(measure, system) if measure in results.scores else None


def _at_chosen(
    results: Results, test_set: str, grid: Grid, chosen: Mapping[str, int]
) -> dict[str, dict[str, object]]:
    """Return the first stage, where there is one, and every training at its chosen epoch."""
    first_stage = {"model": FIRST_STAGE, "optimizer": "", "epoch": ""}
    systems: dict[str, dict[str, object]] = (
        {FIRST_STAGE: first_stage} if results.layout.test_sets[test_set].first_stage else {}
    )
    for training in grid.trainings():
        epoch = chosen[training.name]
        names = {"model": training.model.name, "optimizer": training.treatment.name}
        systems[training.checkpoint(epoch)] = names | {"epoch": epoch}
    return systems


def _level_rows(
    results: Results, grid: Grid, chosen: Mapping[str, int], measures: Sequence[Measure]
) -> list[str]:
    """Return the rows of one test set, a system each, below its name."""
    test_set = measures[0].test_set
    systems = _at_chosen(results, test_set, grid, chosen)
    labels = {FIRST_STAGE: FIRST_STAGE_LABEL} | {model.name: model.label for model in grid.models}
    label = results.layout.test_sets[test_set].label
    title = rf"\emph{{{escape(label)}, \num{{{results.queries[test_set]}}} topics}}"
    columns = [_level_column(results, measure, list(systems)) for measure in measures]
    lines = [row([rf"\multicolumn{{{3 + len(measures)}}}{{@{{}}l}}{{{title}}}"])]
    for names, cells in zip(systems.values(), zip(*columns, strict=True), strict=True):
        optimizer = grid.optimizers.get(names["optimizer"], "")
        printed = (labels[names["model"]], optimizer, names["epoch"])
        lines.append(row([*map(escape, printed), *cells]))
    return lines


def _level_column(results: Results, measure: Measure, systems: Sequence[str]) -> list[str]:
    """Return one column, dashes where another test set has a grade that this one has not."""
    if measure not in results.scores:
        return ["{--}"] * len(systems)
    best = results.best(measure, systems)
    return [bold(score(results.mean(measure, name)), name in best) for name in systems]
