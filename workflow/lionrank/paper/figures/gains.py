"""The figure of what a treatment gains over another one, against the encoder's parameters."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import cycle
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from lionrank.config.contrasts import GAINS
from lionrank.evaluation.comparisons import ContrastRecord, of_family
from lionrank.grid import Grid
from lionrank.measures import METRICS, PRIMARY
from lionrank.paper.figures.scale import (
    Scale,
    draw_intervals,
    head,
    joined,
    panels,
)
from lionrank.paper.figures.style import LINES, looks, sample, with_edge, with_legend
from lionrank.paper.figures.widths import panels_of_gains
from lionrank.paper.results import Layout, Score

_HEADS = {"objectives": "Against BCE", "optimizers": "Between optimizers", "tuning": "By tuning"}
"""What heads the panels of each of GAINS."""
_Pair = tuple[str, str]


def gains_figure(
    compared: Mapping[str, Any],
    layout: Layout,
    parameters: Mapping[str, int],
    grid: Grid,
    ladders: Iterable[Sequence[str]] = (),
) -> Figure:
    """Draw tested differences within models against the parameters of the encoders.

    A panel is one of GAINS on a test set, or average, by whose primary metric systems are
    compared. A line is a treatment minus another one over the models of a ladder, at the chosen
    epochs; models on none are points of its look. Each has the interval of its test.

    Args:
        compared: comparisons.json, with a contrast of one of GAINS at least.
        layout: the labels of the test sets.
        parameters: those of the encoder, by model.
        grid: what was trained.
        ladders: models of one architecture by size.
    """
    found = {family: _by_test_set(of_family(compared, family)) for family in GAINS}
    looked = {family: _looks(by_set, grid) for family, by_set in found.items() if by_set}
    test_sets = {name for by_set in found.values() for name in by_set}
    drawn = panels_of_gains(compared)
    lines = joined(grid, ladders)
    figure, axes = panels(len(drawn), grid)
    scale = Scale.of(figure, parameters, grid.models, max(map(len, looked.values())))
    for (family, test_set), ax in zip(drawn, axes, strict=True):
        ax.axhline(0, color="black", linewidth=0.4)
        _draw(ax, found[family][test_set], looked[family], scale, lines, grid)
        ax.set_ylabel(f"\N{GREEK CAPITAL LETTER DELTA} {METRICS[PRIMARY]}")
        heads = [_HEADS[family]] if len(looked) > 1 else []
        heads += [layout.test_sets[test_set].label] if len(test_sets) > 1 else []
        head(ax, ", ".join(heads))
    scale.draw(axes, grid.models)
    with_legend(figure, *(_entries(named, grid) for named in looked.values()))
    return figure


def _by_test_set(contrasts: Iterable[ContrastRecord]) -> dict[str, list[ContrastRecord]]:
    """Return those in the primary metric."""
    found: dict[str, list[ContrastRecord]] = {}
    for each in contrasts:
        if each["metric"] == PRIMARY:
            found.setdefault(each["test_set"], []).append(each)
    return found


def _draw(
    ax: Axes,
    contrasts: Sequence[ContrastRecord],
    named: Mapping[_Pair, Mapping[str, Any]],
    scale: Scale,
    lines: Iterable[Sequence[str]],
    grid: Grid,
) -> None:
    found = {
        (grid.training(each["left"]["training"]).model.name, _pair(each, grid)): Score(
            each["difference"], each["low"], each["high"]
        )
        for each in contrasts
    }
    for place, (pair, look) in enumerate(named.items()):
        for models in lines:
            at = [scale.at(model, place, len(named)) for model in models]
            draw_intervals(ax, at, [found[model, pair] for model in models], look)


def _looks(
    by_set: Mapping[str, Iterable[ContrastRecord]], grid: Grid
) -> dict[_Pair, dict[str, Any]]:
    """Return the look of each difference: that of its left treatment, with a line of its own."""
    pairs = dict.fromkeys(_pair(each, grid) for found in by_set.values() for each in found)
    lines: dict[str, Iterator[str]] = defaultdict(lambda: cycle(LINES))
    return {pair: looks(grid)[pair[0]] | {"linestyle": next(lines[pair[0]])} for pair in pairs}


def _entries(named: Mapping[_Pair, Mapping[str, Any]], grid: Grid) -> list[Line2D]:
    return [
        sample(with_edge(look), " \N{MINUS SIGN} ".join(grid.optimizers[name] for name in pair))
        for pair, look in named.items()
    ]


def _pair(contrast: ContrastRecord, grid: Grid) -> _Pair:
    left, right = (grid.training(contrast[side]["training"]) for side in ("left", "right"))
    return left.treatment.name, right.treatment.name
