"""The figure of effectiveness against how much of the documents is read."""

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import cycle, islice
from typing import Any

import matplotlib.pyplot as plt
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from lionrank.grid import Grid, Model
from lionrank.paper.figures.scale import head
from lionrank.paper.figures.style import (
    COLUMN,
    LINES,
    MARKERS,
    PAGE,
    looks,
    sample,
    title,
    with_legend,
)
from lionrank.paper.figures.systems import NOT_HERE
from lionrank.paper.figures.widths import scorings_are_wide
from lionrank.paper.scorings import Group

_PANELS_A_ROW = 5
_PANEL_INCHES = 1.5
_MARGIN_INCHES = 0.35
# A tick is at a power of two, as are the ends of the axis.
_MOST_TICKS = 5
_ROOM = 1.15
# Scorings of the same windows read the same, so that lines of two treatments lie on each other.
_LINE = 0.8
_OTHERS = Model("", "Checkpoints of others")
_HOLLOW: dict[str, Any] = {"markerfacecolor": "white", "markeredgewidth": 0.8}


def scorings_figure(groups: Sequence[Group], grid: Grid) -> Figure:
    """Draw the values of each scoring against the mean tokens that are read of a pair for it.

    A panel is a model, in rows for each group of test sets, with a line for each treatment; one
    more has the checkpoints of others, hollow. A marker is a scoring. Where it is not known how
    much was read, the scoring is left out. The panels of a group have the same axes.

    Args:
        groups: what each system reaches by each scoring, and reads for it.
        grid: what was trained, and the systems of others.
    """
    models = [*grid.models, *([_OTHERS] if grid.scorers else [])]
    columns = min(_PANELS_A_ROW, len(models))
    rows = -(-len(models) // columns) * len(groups)
    width = PAGE if scorings_are_wide(grid) else COLUMN
    size = (width, _PANEL_INCHES * rows + _MARGIN_INCHES)
    figure, axes = plt.subplots(rows, columns, squeeze=False, figsize=size)
    markers = _markers(groups)
    for group, of_group in zip(groups, axes.reshape(len(groups), -1), strict=True):
        for ax in of_group[len(models) :]:
            ax.set_axis_off()
        panels = of_group[: len(models)]
        _share(group, panels, columns)
        for model, ax in zip(models, panels, strict=True):
            title(figure, ax, model, columns)
            for system, look in _looks(grid, model):
                _draw(ax, group, system, look, markers)
        if len(groups) > 1:
            head(panels[columns - 1], group.label)
    for ax in panels[-columns:]:
        ax.set_xlabel("Tokens read of a pair")
    labels = {each.name: f"{each.label}{NOT_HERE}" for each in grid.scorers}
    with_legend(
        figure,
        [
            sample(look | {"marker": ""}, grid.optimizers[name])
            for name, look in looks(grid).items()
        ],
        [sample(look | {"marker": ""}, labels[name]) for name, look in _looks(grid, _OTHERS)],
        [
            sample({"color": "black", "linestyle": "none", "marker": marker}, label)
            for label, marker in markers.items()
        ],
    )
    return figure


def _markers(groups: Sequence[Group]) -> dict[str, str]:
    """Return the marker of each scoring, by its label, which is the same in all groups."""
    labels = dict.fromkeys(label for group in groups for label in group.scorings.values())
    return dict(zip(labels, cycle(MARKERS), strict=False))


def _looks(grid: Grid, model: Model) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the systems of a panel, by their names, and how each looks."""
    if model is not _OTHERS:
        treated = looks(grid)
        for training in grid.of_model(model):
            yield training.name, treated[training.treatment.name]
        return
    # The first colours are those of the treatments.
    colors = islice(cycle(sns.color_palette("colorblind").as_hex()), len(grid.optimizers), None)
    for other, color, line in zip(grid.scorers, colors, cycle(LINES), strict=False):
        yield other.name, {"color": color, "linestyle": line, "markeredgecolor": color} | _HOLLOW


def _draw(
    ax: Axes, group: Group, system: str, look: Mapping[str, Any], markers: Mapping[str, str]
) -> None:
    """Join what a system reaches by each scoring in the order of the tokens that it reads."""
    points = sorted(
        (each.read, each.mean, markers[group.scorings[test_set]])
        for test_set, each in group.scored.get(system, {}).items()
        if each.read is not None
    )
    line = {**look, "marker": "", "linewidth": _LINE}
    ax.plot([read for read, *_ in points], [mean for _, mean, _ in points], **line)
    for read, mean, marker in points:
        ax.plot(read, mean, **{**look, "linestyle": "none", "marker": marker})


def _share(group: Group, panels: Sequence[Axes], columns: int) -> None:
    """Give the panels of a group the same axes, labelled at the left."""
    first, *others = panels
    for ax in others:
        ax.sharex(first)
        ax.sharey(first)
    for place, ax in enumerate(panels):
        if place % columns:
            ax.tick_params(labelleft=False)
        else:
            ax.set_ylabel(group.measure)
    first.set_xscale("log")
    first.xaxis.set_minor_locator(NullLocator())
    known = [
        each.read
        for of_system in group.scored.values()
        for each in of_system.values()
        if each.read is not None
    ]
    if known:
        low = math.floor(math.log2(min(known)))
        high = max(math.ceil(math.log2(max(known))), low + 1)
        ticks = [2**power for power in range(low, high + 1, -(-(high - low) // (_MOST_TICKS - 1)))]
        first.set_xlim(2**low / _ROOM, 2**high * _ROOM)
        first.set_xticks(ticks, [f"{tick:,}" for tick in ticks])
