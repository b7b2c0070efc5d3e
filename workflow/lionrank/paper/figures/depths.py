"""The figure of effectiveness against how many candidates are reranked."""

from collections.abc import Mapping
from itertools import cycle, islice
from typing import Any

import matplotlib.pyplot as plt
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from lionrank.grid import Grid
from lionrank.paper.depths import Deepened, Depths
from lionrank.paper.figures.style import (
    COLUMN,
    FIRST_STAGE_LOOK,
    MODEL_MARKERS,
    MOST_INCHES,
    legend,
    looks,
    sample,
)
from lionrank.paper.figures.systems import NOT_HERE

_PANEL_INCHES = 2.1
_LEGEND_INCHES = 0.17
_CEILING_LOOK: dict[str, Any] = {"color": "0.35", "linestyle": ":", "linewidth": 0.8}
_HOLLOW_MARKERS = "o^p<>h"


def depths_figure(depths: Depths, grid: Grid, measure: str) -> Figure:
    """Draw the primary measure against the number of candidates, from one scoring of all of them.

    A line is a training at its chosen epoch, its style an optimizer and its markers a model, or,
    with hollow markers, a checkpoint of others; each point has its interval over topics. The first
    stage and the best order of the candidates, which no reranking surpasses, have no markers.

    Args:
        depths: what came of each system.
        grid: what was trained, and the systems of others.
        measure: the label of the axis.
    """
    figure, ax = plt.subplots(figsize=(COLUMN, _PANEL_INCHES))
    treated = looks(grid)
    markers = dict(zip([model.name for model in grid.models], cycle(MODEL_MARKERS), strict=False))
    for training in grid.trainings():
        look = treated[training.treatment.name] | {"marker": markers[training.model.name]}
        _draw(ax, depths.reranked[training.name], look)
    # The first colours are those of the treatments.
    colors = islice(cycle(sns.color_palette("colorblind").as_hex()), len(treated), None)
    others = [each for each in grid.systems if each.name in depths.reranked]
    hollow = []
    for other, color, marker in zip(others, colors, cycle(_HOLLOW_MARKERS), strict=False):
        look = {"color": color, "marker": marker, "markerfacecolor": "white"}
        look |= {"markeredgecolor": color, "markeredgewidth": 0.8}
        _draw(ax, depths.reranked[other.name], look)
        hollow.append(sample(look, f"{other.label}{NOT_HERE}"))
    _draw(ax, depths.first_stage, FIRST_STAGE_LOOK)
    _draw(ax, depths.ceiling, _CEILING_LOOK)
    ax.set_xscale("log")
    ax.set_xticks(depths.depths, [f"{depth:,}" for depth in depths.depths])
    ax.xaxis.set_minor_locator(NullLocator())
    ax.set_xlabel("Candidates that are reranked")
    ax.set_ylabel(measure)
    rows = [
        [sample(look | {"marker": ""}, grid.optimizers[name]) for name, look in treated.items()],
        [
            sample({"color": "black", "linestyle": "none", "marker": marker}, model.label)
            for model, marker in zip(grid.models, markers.values(), strict=True)
        ],
        hollow,
        [
            sample(FIRST_STAGE_LOOK, grid.first_stages[depths.test_set].label),
            sample(_CEILING_LOOK, "Best order"),
        ],
    ]
    # They come above the panel, however many they are.
    number = legend(figure, *filter(None, rows))
    figure.set_figheight(min(_PANEL_INCHES + _LEGEND_INCHES * number, MOST_INCHES))
    return figure


def _draw(ax: Axes, system: Deepened, look: Mapping[str, Any]) -> None:
    x = [point.depth for point in system.points]
    scores = [point.score for point in system.points]
    ax.plot(x, [score.mean for score in scores], **look)
    if "marker" in look:
        low, high = [score.low for score in scores], [score.high for score in scores]
        ax.vlines(x, low, high, color=look["color"], linewidth=0.4, alpha=0.6)
