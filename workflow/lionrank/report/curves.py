"""The curves of all trainings as bokeh plots: losses, learning rate and gradient norm."""

import math
import os
from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import Any

import numpy as np
import pandas as pd
from bokeh.model import Model
from bokeh.models import ColumnDataSource, DataRange1d, HoverTool, Range1d
from bokeh.palettes import Colorblind
from bokeh.plotting import figure

from lionrank.grid import Grid
from lionrank.paper.figures.curves import ROWS
from lionrank.training.log import read_curves, smoothed

# A plot is a few hundred pixels wide: what lies between the extremes of a bin, nobody sees.
BINS = 300
# Okabe and Ito's colours without the yellow, which is too pale for a line on white.
_COLOURS = [colour for colour in Colorblind[8] if colour != "#F0E442"]
# As many as the treatments of config/objectives.yaml.
_DASHES = ("solid", "8 4", "2 3", "8 3 2 3", "14 3", "4 2", "8 3 2 3 2 3", "14 3 4 3")
# Without a tool that is active, a finger that scrolls past a plot does not move what it shows.
_LOOK: dict[str, Any] = {"height": 320, "sizing_mode": "stretch_width", "active_drag": None}


def lines(grid: Grid) -> dict[str, tuple[str, str, str]]:
    """Return the label, the colour (its model's) and the dashes (its treatment's) by training."""
    return {
        training.name: (", ".join(training.labels), colour, dashes)
        for model, colour in zip(grid.models, cycle(_COLOURS), strict=False)
        for training, dashes in zip(grid.of_model(model), cycle(_DASHES), strict=False)
    }


def plots(
    logs: Mapping[str, Sequence[str | os.PathLike]], grid: Grid, chosen: Mapping[str, int]
) -> dict[str, Model]:
    """Return a plot of every field that was logged, a training's renderers tagged with its name.

    Each of its seeds has a line. `chosen` is the epoch of each training that development data
    chose, and has as `logs` the names of all seeds' trainings.

    Raises:
        UserError: no loss was logged, or a line lacks a finite value; names the file.
    """
    read = {training: read_curves(paths) for training, paths in logs.items()}
    epochs = Range1d(start=0, end=1.03 * max(grid.epochs))
    drawn: dict[str, Model] = {}
    for field, title in ROWS.items():
        # Curves that are not shown leave the axis to the others.
        axes: dict[str, Any] = {"x_range": epochs, "y_range": DataRange1d(only_visible=True)}
        axes["y_axis_type"] = "log" if field == "grad_norm" else "linear"
        plot = figure(title=title, x_axis_label="Epoch", **axes, **_LOOK)
        for training, line in lines(grid).items():
            for name in grid.training(training).names:
                logged = read[name].held_out if field == "eval_loss" else read[name].steps
                if not logged.empty:
                    _draw(plot, logged, field, line, chosen[name])
            for each in plot.renderers:
                each.tags = each.tags or [training]
        if plot.renderers:
            drawn[field] = plot
    return drawn


def _draw(
    plot: figure, logged: pd.DataFrame, field: str, line: tuple[str, str, str], chosen: int
) -> None:
    """Draw a training's line, and what the pointer meets, for the line is too thin for a hand."""
    label, colour, dashes = line
    if field in ("loss", "grad_norm"):
        plot.line("epoch", field, source=_source(logged, field), color=colour, alpha=0.22)
        logged = logged.assign(**{field: smoothed(logged, field)})
    source = _source(logged, field)
    plot.line("epoch", field, source=source, color=colour, line_dash=dashes, line_width=2)
    look: dict[str, Any] = {"size": 12, "alpha": 0}
    if field == "eval_loss":
        source.data["size"] = np.where(logged["epoch"].round() == chosen, 14, 7)
        look = {"size": "size", "color": colour}
    met = plot.scatter("epoch", field, source=source, name=label, **look)
    told = [("Training", "$name"), ("Epoch", "@epoch{0.00}"), ("Step", "@step{0,0}")]
    values = [*told, (ROWS[field], f"@{field}")]
    plot.add_tools(HoverTool(renderers=[met], tooltips=values, visible=False))


def _source(logged: pd.DataFrame, field: str) -> ColumnDataSource:
    seen = thinned(logged, field)
    return ColumnDataSource({name: seen[name].to_numpy("f4") for name in ("step", "epoch", field)})


def thinned(logged: pd.DataFrame, field: str) -> pd.DataFrame:
    """Return the first and last row and those with the extreme values of each bin of rows.

    A line through them looks as one through all, its spikes among them (Jugel et al. 2014, M4: A
    visualization-oriented time series data aggregation).
    """
    bins = np.arange(len(logged)) // math.ceil(len(logged) / BINS)
    values = logged[field].reset_index(drop=True).groupby(bins)
    return logged.iloc[sorted({0, len(logged) - 1, *values.idxmin(), *values.idxmax()})]
