"""The figure of what each treatment of a backbone reaches on each test set."""

from collections.abc import Mapping
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lionrank.grid import Grid, Model
from lionrank.measures import METRICS, PRIMARY, Measure
from lionrank.paper.figures.style import (
    COLUMN,
    FIRST_STAGE_LOOK,
    PAGE,
    Panels,
    looks,
    plain,
    sample,
    with_edge,
    with_legend,
)
from lionrank.paper.results import Chosen, Layout, Results

Published = Mapping[Measure, Mapping[str, float]]
"""Published values that may stand beside ours, by the name of the training."""
_PANELS_A_ROW = 4
_ROW_INCHES = 0.16
_DOT_INCHES = 0.04
_HEAD_INCHES = 0.2
_MARGIN_INCHES = 0.45
# Between the outermost dots of a row, in rows.
_DODGED = 0.7
_HOLLOW = {"markerfacecolor": "white"}


def treatments_figure(results: Results, grid: Grid, chosen: Chosen, published: Published) -> Figure:
    """Draw every training at its chosen epoch: a panel a model, a row a test set, dots treatments.

    A row has the primary metric of a test set, or of an average, and where the paper has none of
    that, the first that it has. Hollow dots are published values; a grey line is the first stage.

    Args:
        results: the scores of every system.
        grid: what was trained.
        chosen: the epoch of each training, by `{model}_{optimizer}`.
        published: what may stand beside the dots; nothing is hollow where it has nothing.
    """
    measures = [*results.layout.leading.values()]
    row = max(_ROW_INCHES, _DOT_INCHES * len(grid.optimizers)) * len(measures) + _HEAD_INCHES
    width = COLUMN if len(grid.models) == 1 else PAGE
    panels = Panels.build(grid.models, _PANELS_A_ROW, width, row, _MARGIN_INCHES, sharex=True)
    for model in grid.models:
        _draw_model(panels.by_model[model.name], model, measures, results, grid, chosen, published)
    names = [_name(measure, results.layout) for measure in measures]
    panels.left[0].set_yticks(range(len(measures)), [*map(plain, names)])
    panels.left[0].set_ylim(len(measures) - 0.5, -0.5)
    panels.figure.supxlabel(METRICS[PRIMARY], fontsize=plt.rcParams["axes.labelsize"])
    entries = [sample(_dot(look), grid.optimizers[name]) for name, look in looks(grid).items()]
    if any(published.values()):
        entries.append(sample(_dot({"color": "0.4", "marker": "o"}) | _HOLLOW, "As published"))
    first_stage = grid.first_stage_of(measure.test_set for measure in measures)
    with_legend(panels.figure, [*entries, sample(FIRST_STAGE_LOOK, first_stage.label)])
    return panels.figure


def _draw_model(
    ax: Axes,
    model: Model,
    measures: list[Measure],
    results: Results,
    grid: Grid,
    chosen: Chosen,
    published: Published,
) -> None:
    for row, measure in enumerate(measures):
        scores = results.scores[measure]
        if (first_stage := grid.first_stage(measure.test_set)) is not None:
            ax.vlines(scores[first_stage.name].mean, row - 0.45, row + 0.45, **FIRST_STAGE_LOOK)
        trainings = grid.of_model(model)
        for place, training in enumerate(trainings):
            dot = _dot(looks(grid)[training.treatment.name])
            at = row + _DODGED * ((place + 0.5) / len(trainings) - 0.5)
            known = published.get(measure, {}).get(training.name)
            if known is not None:
                ax.plot(known, at, **dot | _HOLLOW)
            ax.plot(scores[training.checkpoint(chosen[training.name])].mean, at, **dot)
    # A row is told from the next one by its line, which is in the middle of its dots.
    ax.grid(axis="y", visible=True)


def _dot(look: Mapping[str, Any]) -> dict[str, Any]:
    return {**with_edge(look), "linestyle": "none", "markersize": 3.5}


def _name(measure: Measure, layout: Layout) -> str:
    label = layout.test_sets[measure.test_set].label
    return label if measure.metric == PRIMARY else f"{label} ({METRICS[measure.metric]})"
