"""The figure of effectiveness against the encoder's parameters, whoever trained it."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import cycle
from typing import Any

import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lionrank.grid import Grid
from lionrank.measures import METRICS
from lionrank.paper.figures.scale import (
    Scale,
    draw_intervals,
    head,
    joined,
    millions,
    panels,
)
from lionrank.paper.figures.style import (
    FIRST_STAGE_LOOK,
    draw_first_stage,
    looks,
    sample,
    with_edge,
    with_legend,
)
from lionrank.paper.figures.systems import NOT_HERE
from lionrank.paper.figures.widths import panels_of_sizes
from lionrank.paper.results import Chosen, Results, Score

_MARKERS = "sDvPX*o^"


def sizes_figure(
    results: Results,
    parameters: Mapping[str, int],
    grid: Grid,
    chosen: Chosen,
    ladders: Iterable[Sequence[str]] = (),
) -> Figure:
    """Draw cross-encoders against the parameters of their encoders, each with its interval.

    A panel is a test set, or average, of which the paper has the primary metric. A line is a
    treatment over the models of a ladder, at the chosen epochs; models on none are points of its
    look. Hollow points are of systems of others, each with a marker and a colour of its own. The
    first stage is a horizontal line in the band of its interval.

    Args:
        results: the scores of every system.
        parameters: those of the encoder, by model and by system of others; run files have none.
        grid: what was trained, and the systems of others.
        chosen: the epoch of each training, by `{model}_{optimizer}`.
        ladders: models of one architecture by size.
    """
    layout = results.layout
    measures = panels_of_sizes(layout)
    figure, axes = panels(len(measures), grid)
    scale = Scale.of(figure, parameters, grid.models, len(grid.optimizers))
    lines = joined(grid, ladders)
    others = _others(grid, parameters)
    for measure, ax in zip(measures, axes, strict=True):
        scores = results.scores[measure]
        if (first_stage := grid.first_stage(measure.test_set)) is not None:
            draw_first_stage(ax, scores[first_stage.name])
        _draw_trainings(ax, scores, scale, lines, grid, chosen)
        for name, look in others.items():
            if name in scores:
                draw_intervals(ax, [millions(parameters[name])], [scores[name]], look)
        ax.set_ylabel(METRICS[measure.metric])
        if len(measures) > 1:
            head(ax, layout.test_sets[measure.test_set].label)
    scale.draw(axes, grid.models)
    labels = {each.name: f"{each.label}{NOT_HERE}" for each in grid.systems}
    first_stage = grid.first_stage_of(each.test_set for each in measures)
    entries = [
        *(sample(with_edge(look), grid.optimizers[name]) for name, look in looks(grid).items()),
        *(sample(with_edge(look), labels[name]) for name, look in others.items()),
        sample(FIRST_STAGE_LOOK, first_stage.label),
    ]
    with_legend(figure, entries)
    return figure


def _draw_trainings(
    ax: Axes,
    scores: Mapping[str, Score],
    scale: Scale,
    lines: Iterable[Sequence[str]],
    grid: Grid,
    chosen: Chosen,
) -> None:
    trainings = {(each.model.name, each.treatment.name): each for each in grid.trainings()}
    for place, (treatment, look) in enumerate(looks(grid).items()):
        for models in lines:
            found = [trainings[model, treatment] for model in models]
            at = [scale.at(model, place, len(grid.optimizers)) for model in models]
            draw_intervals(
                ax, at, [scores[each.checkpoint(chosen[each.name])] for each in found], look
            )


def _others(grid: Grid, parameters: Mapping[str, int]) -> dict[str, dict[str, Any]]:
    """Return the looks of the systems of others whose size is known."""
    colors = sns.color_palette("colorblind").as_hex()
    named = [each.name for each in grid.systems if each.name in parameters]
    return {
        name: {"color": color, "marker": marker, "markerfacecolor": "none", "linestyle": "none"}
        for name, color, marker in zip(named, cycle(colors), cycle(_MARKERS), strict=False)
    }
