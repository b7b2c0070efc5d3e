"""The axis of encoder parameters, on which figures set models and lines of treatments over them."""

import math
import os
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.optimize import isotonic_regression

from lionrank.files import read_json
from lionrank.grid import Grid, Model
from lionrank.paper.figures.style import (
    COLUMN,
    MOST_INCHES,
    PAGE,
    log_ticks,
    plain,
    with_edge,
)
from lionrank.paper.figures.widths import PANELS_BELOW_EACH_OTHER, panels_are_wide
from lionrank.paper.results import Score

# The axis is so much longer than its points on either side.
_ROOM = 1.4
# Beside the panel: ticks and label of the other axis.
_MARGIN_INCHES = 0.5
# Between the points of two lines at a model, which would hide each other.
_POINT_INCHES = 0.04
# A model has at least the room that its label takes upright.
_LEAST_INCHES = 0.13
_CHARACTER_INCHES = 0.055
_PANEL_INCHES = 1.45
_HEAD_CHARACTERS = 24
_AROUND_INCHES = 0.75
_MOST_COLUMNS = 3


@dataclass(frozen=True)
class Scale:
    """Where models stand on a logarithmic axis of encoder parameters, in millions.

    Models of about the same size stand side by side, as far from where they belong as that takes.
    `decades` are how many an inch has.
    """

    places: Mapping[str, float]
    limits: tuple[float, float]
    decades: float

    @classmethod
    def of(
        cls, figure: Figure, parameters: Mapping[str, int], models: Sequence[Model], lines: int
    ) -> "Scale":
        """Place models on the axis of a figure.

        Args:
            figure: the width of its panels tells how many models have room side by side.
            parameters: those of the encoders, by model and by whatever else is drawn.
            models: what stands side by side; whatever else there is has a point where it belongs.
            lines: how many points there are at a model.
        """
        sizes = {name: millions(count) for name, count in parameters.items()}
        length = math.log10(max(sizes.values()) / min(sizes.values()) * _ROOM**2)
        width = figure.get_figwidth() / _columns(len(figure.axes))
        decades = length / (width - _MARGIN_INCHES)
        slot = max(_LEAST_INCHES, _POINT_INCHES * (lines + 1)) * decades
        ordered = sorted((math.log10(sizes[each.name]), each.name) for each in models)
        apart = _apart([place for place, _ in ordered], slot)
        places = {name: 10**at for (_, name), at in zip(ordered, apart, strict=True)}
        shown = [*sizes.values(), *places.values()]
        return cls(places, (min(shown) / _ROOM, max(shown) * _ROOM), decades)

    def at(self, model: str, line: int, lines: int) -> float:
        """Return the place of one of some lines at a model."""
        inches = _POINT_INCHES * (line - (lines - 1) / 2)
        return self.places[model] * 10 ** (inches * self.decades)

    def draw(self, axes: Sequence[Axes], models: Sequence[Model]) -> None:
        """Label the axis below the lowest panels, and the models above the highest ones."""
        axes[0].set_xscale("log")
        axes[0].set_xlim(self.limits)
        log_ticks(axes[0].xaxis, *self.limits)
        columns = _columns(len(axes))
        for ax in axes[-columns:]:
            ax.tick_params(labelbottom=True)
            ax.set_xlabel("Encoder parameters (millions)")
        for ax in axes[:columns]:
            self._name(ax, models)

    def _name(self, ax: Axes, models: Sequence[Model]) -> None:
        """Label the models above a panel."""
        named = ax.secondary_xaxis("top")
        places = [self.places[each.name] for each in models]
        named.set_xticks(places, [plain(each.label) for each in models])
        named.set_xticks([], minor=True)
        named.tick_params(length=0, pad=1)
        named.spines["top"].set_visible(False)
        if self._is_crowded(models):
            for text in named.get_xticklabels():
                text.set(rotation=40, ha="left", va="bottom", rotation_mode="anchor")

    def _is_crowded(self, models: Sequence[Model]) -> bool:
        """Tell whether the labels of neighbours would run into each other."""
        ordered = sorted((self.places[each.name], each.label) for each in models)
        return any(
            math.log10(right / left) / self.decades
            < _CHARACTER_INCHES * len(f"{before}  {after}") / 2
            for (left, before), (right, after) in pairwise(ordered)
        )


def read_parameters(path: str | os.PathLike) -> dict[str, int]:
    """Return those of the encoder of each model and other checkpoint, from parameters.json."""
    return {name: size["encoder"] for name, size in read_json(path).items()}


def millions(parameters: int) -> float:
    return parameters / 1e6


def panels(number: int, grid: Grid) -> tuple[Figure, list[Axes]]:
    """Return a figure with panels one above the other, which share the axis.

    Many of them stand in up to three columns. The figure is then as wide as a page, as it is of
    many models; else it is as wide as a column of it.
    """
    columns = _columns(number)
    rows = -(-number // columns)
    width = PAGE if panels_are_wide(number, grid) else COLUMN
    size = (width, min(_PANEL_INCHES * rows + _AROUND_INCHES, MOST_INCHES))
    figure, axes = plt.subplots(rows, columns, sharex=True, squeeze=False, figsize=size)
    for ax in axes.flat[number:]:
        ax.remove()
    return figure, [*axes.flat[:number]]


def _columns(panels: int) -> int:
    """Return how many of some panels stand side by side."""
    return min(-(-panels // PANELS_BELOW_EACH_OTHER), _MOST_COLUMNS)


def head(ax: Axes, label: str) -> None:
    """Write what a panel is of at its right, for above the first one are the models."""
    lines = textwrap.fill(plain(label), _HEAD_CHARACTERS)
    ax.text(1.01, 0.5, lines, transform=ax.transAxes, rotation=270, va="center", ha="left")


def draw_intervals(
    ax: Axes, x: Sequence[float], scores: Sequence[Score], look: Mapping[str, Any]
) -> None:
    """Join scores, each over its interval."""
    low, high = [each.low for each in scores], [each.high for each in scores]
    ax.vlines(x, low, high, color=look["color"], linewidth=0.5, alpha=0.7)
    ax.plot(x, [each.mean for each in scores], **with_edge(look))


def joined(grid: Grid, ladders: Iterable[Sequence[str]]) -> list[list[str]]:
    """Return what a line of a treatment joins: the models of a ladder, or one that is on none."""
    of_ladders = [[*ladder] for ladder in ladders]
    on_any = {name for ladder in of_ladders for name in ladder}
    return of_ladders + [[each.name] for each in grid.models if each.name not in on_any]


def _apart(places: Sequence[float], gap: float) -> list[float]:
    """Move ascending places as little as is needed for a gap between any two of them."""
    if not places:
        return []
    shifts = [gap * number for number in range(len(places))]
    pressed = [place - shift for place, shift in zip(places, shifts, strict=True)]
    return [at + shift for at, shift in zip(isotonic_regression(pressed).x, shifts, strict=True)]
