"""The figure of effectiveness against the number of parameters, whoever trained them."""

from collections.abc import Mapping
from itertools import cycle

import matplotlib.pyplot as plt
import seaborn as sns
from matplotlib.figure import Figure

from lionrank.grid import Grid
from lionrank.paper.figures.style import (
    COLUMN,
    FIRST_STAGE_LOOK,
    legend,
    log_ticks,
    looks,
    sample,
)
from lionrank.paper.figures.systems import NOT_HERE
from lionrank.paper.results import Results

_PANEL_INCHES = 2.2
_LEGEND_INCHES = 0.17
_MILLION = 1e6
# The axis is so much longer than its points on either side.
_ROOM = 1.4
_MARKERS = "sDvPX*o^"


def sizes_figure(
    results: Results, sizes: Mapping[str, int], grid: Grid, chosen: Mapping[str, int]
) -> Figure:
    """Draw the primary measure of cross-encoders against their parameters, with its interval.

    A training is at its chosen epoch, its marker a model and its colour an optimizer; hollow points
    are of systems of others, each with a marker and a colour of its own. The first stage is a
    horizontal line in the band of its interval.

    Args:
        results: the scores of every system.
        sizes: the number of parameters by model and by system of others; run files have none.
        grid: what was trained, and the systems of others.
        chosen: the epoch of each training, by `{model}_{optimizer}`.
    """
    markers = dict(zip([model.name for model in grid.models], cycle(_MARKERS), strict=False))
    points = [
        (
            training.checkpoint(chosen[training.name]),
            sizes[training.model.name] / _MILLION,
            ", ".join(training.labels),
            {
                "color": looks(grid)[training.treatment.name]["color"],
                "marker": markers[training.model.name],
            },
        )
        for training in grid.trainings()
    ]
    colors = sns.color_palette("colorblind").as_hex()
    others = [other for other in grid.systems if other.name in sizes]
    points += [
        (
            other.name,
            sizes[other.name] / _MILLION,
            f"{other.label}{NOT_HERE}",
            {"color": color, "marker": marker, "markerfacecolor": "none"},
        )
        for other, color, marker in zip(others, cycle(colors), cycle(_MARKERS), strict=False)
    ]
    figure, ax = plt.subplots(figsize=(COLUMN, _PANEL_INCHES))
    first_stage = grid.first_stages[results.layout.primary.test_set]
    first = results.scores[results.layout.primary][first_stage.name]
    ax.axhspan(first.low, first.high, color=FIRST_STAGE_LOOK["color"], alpha=0.15, linewidth=0)
    ax.axhline(first.mean, **FIRST_STAGE_LOOK)
    entries = []
    for system, parameters, label, look in points:
        score = results.scores[results.layout.primary][system]
        ax.vlines(parameters, score.low, score.high, color=look["color"], linewidth=0.4, alpha=0.6)
        edge = {"markeredgecolor": look["color"], "markeredgewidth": 0.8, "linestyle": "none"}
        ax.plot(parameters, score.mean, **look, **edge)
        entries.append(sample(look | edge, label))
    low = min(parameters for _, parameters, *_ in points) / _ROOM
    high = max(parameters for _, parameters, *_ in points) * _ROOM
    ax.set_xscale("log")
    ax.set_xlim(low, high)
    log_ticks(ax.xaxis, low, high)
    ax.set_xlabel("Parameters (millions)")
    ax.set_ylabel(results.layout.name(results.layout.primary))
    entries.append(sample(FIRST_STAGE_LOOK, first_stage.label))
    # They come above the panel, however many they are.
    figure.set_figheight(_PANEL_INCHES + _LEGEND_INCHES * legend(figure, entries))
    return figure
