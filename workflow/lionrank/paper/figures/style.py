"""What all figures of the paper share: widths, looks, titles, legends, and how they are written.

The style sheet paper/paper.mplstyle has fonts and sizes. An optimizer has the same colour, line and
marker in every figure: those of its place in the grid.
"""

import itertools
import os
import textwrap
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("agg")

import matplotlib.pyplot as plt
import seaborn as sns
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, NullFormatter, NullLocator, StrMethodFormatter

from lionrank.files import atomic_write
from lionrank.grid import Grid, Model
from lionrank.paper.results import Score

_INCH = 72.27  # TeX points
COLUMN = 252 / _INCH
"""Inches of one column of IEEEtran."""
PAGE = 516 / _INCH
"""Inches of both columns."""
MOST_INCHES = 8.2
"""How high a figure may be: as a page of IEEEtran, 696 points, less a caption of ten lines."""
# The mean width of a character of the style sheet's font at 8 points.
_CHARACTER = 4.3
# Points that are left of the first panel, for the ticks and the label of its axis.
_LEFT_AXIS = 26
_LEGEND_ROW_INCHES = 0.17
LINES = ("-", "--", "-.", ":")
"""Line styles, which with the markers tell in black and white what the colours tell."""
MARKERS = "o^sDvPX*"
"""Of optimizers by their places in the grid, or of what else a figure tells apart by markers."""
MODEL_MARKERS = "sDvPX*"
"""Of models, where optimizers are told by their lines: of none of the first optimizers."""
FIRST_STAGE_LOOK: dict[str, Any] = {"color": "0.35", "linestyle": "-", "linewidth": 0.8}

# Without dates and version strings, two drawings of the same data have the same bytes.
_NO_DATES = {
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
    "png": {"Software": None},
}


@contextmanager
def style(path: str | os.PathLike) -> Iterator[None]:
    """Draw and save what the body draws and saves in a matplotlib style sheet."""
    with plt.style.context(Path(path)):
        yield


def save(figure: Figure, outputs: Iterable[str | os.PathLike]) -> None:
    """Write a figure in the formats that the endings name, and close it."""
    for path in map(Path, outputs):
        with atomic_write(path, "wb") as handle:
            kind = path.suffix[1:]
            figure.savefig(handle, format=kind, metadata=_NO_DATES.get(kind))
    plt.close(figure)


def looks(grid: Grid) -> dict[str, dict[str, Any]]:
    """Return the colour, line style and marker of each optimizer, as arguments of `plot`."""
    colors = itertools.cycle(sns.color_palette("colorblind").as_hex())
    lines, markers = itertools.cycle(LINES), itertools.cycle(MARKERS)
    return {
        name: {"color": next(colors), "linestyle": next(lines), "marker": next(markers)}
        for name in grid.optimizers
    }


def plain(text: str) -> str:
    """Return a text as matplotlib draws it letter by letter, for dollars would be mathematics."""
    return unicodedata.normalize("NFC", text).replace("$", r"\$")


def with_edge(look: Mapping[str, Any]) -> dict[str, Any]:
    """Return a look whose markers have an edge of its colour, so that hollow ones are seen."""
    return {**look, "markeredgecolor": look["color"], "markeredgewidth": 0.8}


def sample(look: Mapping[str, Any], label: str) -> Line2D:
    """Return what a legend shows of a look."""
    return Line2D([], [], **look, label=plain(label))


def plot_epochs(
    ax: Axes, x: Sequence[float], y: Sequence[float], look: Mapping[str, Any], chosen: int | None
) -> None:
    """Join the epochs of a training: hollow markers, and a filled one at the place `chosen`."""
    edge = {"markeredgecolor": look["color"], "markeredgewidth": 0.8}
    ax.plot(x, y, **look, **edge, markerfacecolor="white")
    if chosen is not None:
        ax.plot(x[chosen], y[chosen], **{**look, **edge, "linestyle": "none"})


def place_of(chosen: int | str, epochs: Sequence[int]) -> int | None:
    """Return the place of the chosen epoch, None where each of several seeds chose its own."""
    return None if isinstance(chosen, str) else epochs.index(chosen)


def draw_first_stage(ax: Axes, score: Score) -> None:
    """Draw a horizontal line in the band of its interval."""
    ax.axhspan(score.low, score.high, color=FIRST_STAGE_LOOK["color"], alpha=0.15, linewidth=0)
    ax.axhline(score.mean, **FIRST_STAGE_LOOK)


@dataclass(frozen=True)
class Panels:
    """A figure with a panel a model: those by their names, the lowest ones, and those at the left.

    All have the same y axis.
    """

    figure: Figure
    by_model: Mapping[str, Axes]
    lowest: Sequence[Axes]
    left: Sequence[Axes]

    @classmethod
    def build(
        cls,
        models: Sequence[Model],
        a_row: int,
        width: float,
        row_inches: float,
        margin_inches: float,
        sharex: bool = False,
    ) -> "Panels":
        """Make a figure of rows of at most `a_row` panels, each headed with its model.

        `width` is in inches, as are the height of a row and what the figure has above and below all
        rows. With `sharex` all have the same x axis, too, whose ticks only the lowest label.
        """
        columns = min(a_row, len(models))
        rows = -(-len(models) // columns)
        figure, axes = plt.subplots(
            rows,
            columns,
            sharex=sharex,
            sharey=True,
            squeeze=False,
            figsize=(width, min(row_inches * rows + margin_inches, MOST_INCHES)),
        )
        panels = axes.flat[: len(models)]
        for ax in axes.flat[len(models) :]:
            ax.set_axis_off()
        for model, ax in zip(models, panels, strict=True):
            title(figure, ax, model, columns)
        lowest = panels[-columns:]
        for ax in lowest:
            ax.tick_params(labelbottom=True)
        by_model = dict(zip([each.name for each in models], panels, strict=True))
        return cls(figure, by_model, [*lowest], [*axes[:, 0]])


def title(figure: Figure, ax: Axes, model: Model, panels: int) -> None:
    """Head one of some panels side by side with a model and how it starts."""
    heads = [model.label] if model.is_pretrained else [model.label, f"({model.start})"]
    width = int((_points(figure) - _LEFT_AXIS) / panels / _CHARACTER)
    if len(" ".join(heads)) <= width:
        heads = [" ".join(heads)]
    lines = [line for head in heads for line in textwrap.wrap(head, width)]
    ax.set_title(plain("\n".join(lines)), loc="left", linespacing=0.95)


def legend(figure: Figure, *rows: Sequence[Artist]) -> int:
    """Put labelled artists above the panels, in these rows or, where they are too long, in more.

    Returns the number of rows.
    """
    for columns in range(max(map(len, rows)), 0, -1):
        broken = [row[at : at + columns] for row in rows for at in range(0, len(row), columns)]
        filled = list(itertools.zip_longest(*broken, fillvalue=sample({"linestyle": "none"}, " ")))
        if sum(max(map(_entry_points, column)) for column in filled) <= _points(figure):
            break
    # Matplotlib fills a legend column by column.
    handles = list(itertools.chain.from_iterable(filled))
    figure.legend(handles=handles, loc="outside upper right", ncols=len(filled))
    return len(broken)


def with_legend(figure: Figure, *rows: Sequence[Artist]) -> None:
    """Put a legend above the panels, which stay as high as they are if the page has the room."""
    height = figure.get_figheight() + _LEGEND_ROW_INCHES * legend(figure, *rows)
    figure.set_figheight(min(height, MOST_INCHES))


def _points(figure: Figure) -> float:
    return figure.get_figwidth() * _INCH


def _entry_points(artist: Artist) -> float:
    """Return about how wide an artist is in a legend with its label."""
    sizes = ("handlelength", "handletextpad", "columnspacing")
    em = plt.rcParams["legend.fontsize"]
    spaces = sum(plt.rcParams[f"legend.{size}"] for size in sizes) * em
    return spaces + _CHARACTER * len(str(artist.get_label()))


def log_ticks(axis: Axis, low: float, high: float) -> None:
    """Tick a logarithmic axis from `low` to `high` with plain numbers."""
    steps = (1.0,) if high / low > 100 else (1.0, 2.0, 5.0)
    axis.set_major_locator(LogLocator(subs=steps))
    axis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axis.set_minor_locator(NullLocator())
    axis.set_minor_formatter(NullFormatter())
