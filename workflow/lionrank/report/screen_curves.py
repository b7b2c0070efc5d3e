"""The curves of all trainings as bokeh plots: loss, loss on held-out pairs, rate, gradient norm."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from bokeh.embed import components
from bokeh.models import ColumnDataSource, DataRange1d, HoverTool, PrintfTickFormatter, Range1d
from bokeh.palettes import Colorblind
from bokeh.plotting import figure
from bokeh.resources import Resources
from markupsafe import Markup

from lionrank.grid import Grid
from lionrank.training.log import read_curves, smoothed

# A plot is a few hundred pixels wide: what lies between the extremes of a bin, nobody sees.
BINS = 300

# Okabe and Ito's colours without the yellow, which is too pale for a line on white.
_COLOURS = [colour for colour in Colorblind[8] if colour != "#F0E442"]
_DASHES = ([], [8, 4], [2, 3], [8, 3, 2, 3])
_TOOLS = "pan,box_zoom,wheel_zoom,reset,save"
_HEIGHT = 300
# Pixels around a point within which the pointer means it, from side to side.
_REACH = 12
# Room beside the first and the last epoch, whose markers would else be cut.
_MARGIN = 0.03


@dataclass(frozen=True)
class Line:
    """How a training is drawn: the colour of its model and the dashes of its optimizer."""

    label: str
    colour: str
    dashes: str


@dataclass(frozen=True)
class Curve:
    """A plot: its title, what it shows, and the element that bokeh draws it into."""

    title: str
    text: str
    div: Markup


@dataclass(frozen=True)
class _Plot:
    """What a plot shows: a column of the logs, whether its running mean stands out, its axis."""

    title: str
    text: str
    column: str
    smooth: bool = False
    axis: str = "linear"
    digits: str = "%.4g"


_PLOTS = {
    "loss": _Plot(
        "Training loss.", "Logged values, faint, and their running mean.", "loss", smooth=True
    ),
    "held_out": _Plot(
        "Loss on held-out pairs.",
        "After each epoch; the large marker is the epoch that development data chose.",
        "eval_loss",
    ),
    "lr": _Plot("Learning rate.", "As the optimizer held it.", "lr", digits="%.2e"),
    "grad_norm": _Plot(
        "Gradient norm.",
        "Before clipping, on a logarithmic axis; logged values, faint, and their running mean.",
        "grad_norm",
        smooth=True,
        axis="log",
    ),
}


def thinned(frame: pd.DataFrame, column: str, bins: int = BINS) -> pd.DataFrame:
    """Return the rows with the least and the greatest value of each bin of consecutive rows.

    The first and the last row stay, too, so a line through the rows looks as one through all, its
    spikes among them (Jugel et al. 2014, M4: A visualization-oriented time series data
    aggregation). With no more than two rows a bin, all stay.
    """
    if len(frame) <= 2 * bins:
        return frame
    values = frame[column].reset_index(drop=True)
    by_bin = values.groupby(values.index * bins // len(frame))
    kept = {0, len(frame) - 1, *by_bin.idxmin(), *by_bin.idxmax()}
    return frame.iloc[sorted(kept)]


def lines(grid: Grid) -> dict[str, Line]:
    """Return how each training `{model}_{optimizer}` is drawn."""
    return {
        training.name: Line(
            ", ".join(training.labels),
            _COLOURS[of_model % len(_COLOURS)],
            " ".join(map(str, _DASHES[of_treatment % len(_DASHES)])),
        )
        for of_model, model in enumerate(grid.models)
        for of_treatment, training in enumerate(grid.of_model(model))
    }


def curves(
    logs: Mapping[str, Sequence[str | os.PathLike]], grid: Grid, chosen: Mapping[str, int]
) -> tuple[dict[str, Curve], Markup]:
    """Return the plots by name, and the script that draws them on a page with `library` on it.

    In every plot the renderers of a training are tagged with its name.

    Args:
        logs: the logs of each training's epochs in order.
        grid: what was trained.
        chosen: the epoch of each training that development data chose.

    Raises:
        UserError: no loss was logged, or a line lacks a finite value; names the file.
    """
    read = {training: read_curves(paths) for training, paths in logs.items()}
    wanted = dict(_PLOTS)
    if all(each.held_out.empty for each in read.values()):
        del wanted["held_out"]
    last = max(grid.epochs)
    epochs = Range1d(-_MARGIN * last, (1 + _MARGIN) * last)
    plots = {name: _empty(plot, epochs) for name, plot in wanted.items()}
    for training, line in lines(grid).items():
        for name, plot in wanted.items():
            if name == "held_out":
                _draw_held_out(
                    plots[name], read[training].held_out, training, line, chosen[training]
                )
            else:
                _draw(plots[name], read[training].steps, plot, training, line)
    for name, plot in wanted.items():
        _add_hover(plots[name], plot)
    script, divs = components(plots)
    drawn = {
        name: Curve(plot.title, plot.text, Markup(divs[name])) for name, plot in wanted.items()
    }
    return drawn, Markup(script)


def library() -> Markup:
    """Return the script of bokeh itself, whole, as the head of a page needs it."""
    return Markup(Resources(mode="inline", components=["bokeh"]).render())


def _empty(plot: _Plot, epochs: Range1d) -> figure:
    drawn = figure(
        height=_HEIGHT,
        sizing_mode="stretch_width",
        x_range=epochs,
        # Curves that are not shown leave the axis to the others.
        y_range=DataRange1d(only_visible=True),
        y_axis_type=plot.axis,
        tools=_TOOLS,
        active_drag="box_zoom",
        toolbar_location="above",
        x_axis_label="Epoch",
        y_axis_label=plot.title.rstrip("."),
        output_backend="canvas",
    )
    drawn.toolbar.logo = None
    if plot.axis == "linear":
        drawn.yaxis.formatter = PrintfTickFormatter(format=plot.digits)
    for axis in drawn.axis:
        axis.axis_label_text_font_style = "normal"
        axis.axis_label_text_font_size = axis.major_label_text_font_size = "13px"
    drawn.grid.grid_line_color = "#e5e9ee"
    drawn.outline_line_color = None
    return drawn


def _source(frame: pd.DataFrame, column: str) -> ColumnDataSource:
    return ColumnDataSource(
        {
            "epoch": frame["epoch"].to_numpy(np.float32),
            "step": frame["step"].to_numpy(np.int32),
            "value": frame[column].to_numpy(np.float32),
        }
    )


def _draw(drawn: figure, steps: pd.DataFrame, plot: _Plot, training: str, line: Line) -> None:
    """Draw a column of the log, and over it, faint then, its running mean where that is asked."""
    column = plot.column
    if plot.smooth:
        source = _source(thinned(steps, column), column)
        faint = {"line_color": line.colour, "line_alpha": 0.22}
        drawn.line("epoch", "value", source=source, **faint).tags = [training]
        steps = steps.assign(**{column: smoothed(steps, column)})
    _draw_line(drawn, _source(thinned(steps, column), column), training, line)


def _draw_line(drawn: figure, source: ColumnDataSource, training: str, line: Line) -> None:
    stroke = drawn.line(
        *("epoch", "value"),
        source=source,
        line_color=line.colour,
        line_dash=[int(part) for part in line.dashes.split()],
        line_width=2,
    )
    # What the pointer meets: a line is too thin for a hand.
    met = drawn.scatter("epoch", "value", source=source, size=_REACH, alpha=0, name=line.label)
    stroke.tags = met.tags = [training]


def _draw_held_out(
    drawn: figure, held_out: pd.DataFrame, training: str, line: Line, chosen: int
) -> None:
    """Draw the loss after each epoch, with a large marker at the one that was chosen."""
    source = _source(held_out, "eval_loss")
    source.data["size"] = [14 if round(epoch) == chosen else 7 for epoch in held_out["epoch"]]
    _draw_line(drawn, source, training, line)
    markers = drawn.scatter(
        *("epoch", "value"),
        source=source,
        size="size",
        line_color=line.colour,
        fill_color="white" if line.dashes else line.colour,
        line_width=2,
    )
    markers.tags = [training]


def _add_hover(drawn: figure, plot: _Plot) -> None:
    """Let the pointer tell the values of what has a name: of the lines that stand out."""
    drawn.add_tools(
        HoverTool(
            renderers=[each for each in drawn.renderers if each.name],
            tooltips=[
                ("Training", "$name"),
                ("Epoch", "@epoch{0.00}"),
                ("Step", "@step{0,0}"),
                (plot.title.rstrip("."), f"@value{{{plot.digits}}}"),
            ],
            formatters={"@value": "printf"},
            visible=False,
        )
    )
