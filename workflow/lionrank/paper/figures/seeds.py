"""The figure of every seed: what each training scores with each of its seeds."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lionrank.grid import Grid, Model
from lionrank.paper.figures.style import (
    COLUMN,
    FIRST_STAGE_LOOK,
    MOST_INCHES,
    legend,
    looks,
    plain,
    sample,
)
from lionrank.paper.results import Chosen, Results

_ROW_INCHES = 0.2
_MARGIN_INCHES = 0.62
# The mark of a mean is so long, in rows.
_MEAN_LENGTH = 0.6


def seeds_figure(results: Results, grid: Grid, chosen: Chosen) -> Figure:
    """Draw the primary measure of each seed of every training, at the epoch that the seed chose.

    A row is a training, those of a model together, with a dot a seed and a bar at their mean. The
    first stage is a vertical line.

    Args:
        results: the scores of every training, with those of each seed.
        grid: what was trained, with several seeds.
        chosen: the epoch of each training, by `{model}_{optimizer}`.
    """
    scores = results.scores[results.layout.primary]
    rows = [
        (training, scores[training.checkpoint(chosen[training.name])])
        for model in grid.models
        for training in grid.of_model(model)
    ]
    # Of many rows, lines come closer together.
    height = min(_ROW_INCHES * len(rows) + _MARGIN_INCHES, MOST_INCHES)
    figure, ax = plt.subplots(figsize=(COLUMN, height))
    first_stage = grid.first_stages[results.layout.primary.test_set]
    ax.axvline(scores[first_stage.name].mean, **FIRST_STAGE_LOOK)
    looked = looks(grid)
    for place, (training, score) in enumerate(rows):
        look = looked[training.treatment.name]
        ax.vlines(
            score.mean,
            place - _MEAN_LENGTH / 2,
            place + _MEAN_LENGTH / 2,
            color=look["color"],
            linewidth=1.2,
        )
        dots = {"color": look["color"], "marker": look["marker"], "linestyle": "none"}
        ax.plot(
            score.by_seed,
            [place] * len(score.by_seed),
            **dots,
            markeredgewidth=0,
            alpha=0.6,
            clip_on=False,
        )
    _name_models(ax, grid.models, [training.model for training, _ in rows])
    ax.set_ylim(len(rows) - 0.5, -0.5)
    ax.set_xlabel(results.layout.name(results.layout.primary))
    entries = [
        sample({"color": look["color"], "marker": look["marker"], "linestyle": "none"}, label)
        for label, look in zip(grid.optimizers.values(), looked.values(), strict=True)
    ]
    legend(figure, [*entries, sample(FIRST_STAGE_LOOK, first_stage.label)])
    return figure


def _name_models(ax: Axes, models: Sequence[Model], of_rows: Sequence[Model]) -> None:
    """Label each model at the middle of its rows, and divide it from the next one."""
    places = [[at for at, each in enumerate(of_rows) if each == model] for model in models]
    ax.set_yticks([sum(own) / len(own) for own in places], [plain(each.label) for each in models])
    ax.tick_params(axis="y", length=0)
    for own in places[1:]:
        ax.axhline(own[0] - 0.5, color="0.8", linewidth=0.4)
