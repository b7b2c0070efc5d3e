"""The figure of the primary measure over the epochs."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lionrank.grid import Grid, Model
from lionrank.paper.figures.style import (
    COLUMN,
    FIRST_STAGE_LOOK,
    Panels,
    draw_first_stage,
    legend,
    looks,
    place_of,
    plot_epochs,
    sample,
)
from lionrank.paper.results import Chosen, Results, Score

_PANELS_A_ROW = 3
_ROW_INCHES = 1.45
_MARGIN_INCHES = 0.5
# Between the points of two optimizers, and of all of them: parts of an epoch.
_DODGE = 0.24
_ALL_DODGED = 0.8


def epochs_figure(results: Results, grid: Grid, chosen: Chosen) -> Figure:
    """Draw the primary measure over epochs: a panel a model, a line an optimizer.

    Each point has its bootstrap interval over topics, and is filled at the epoch that development
    data chose. With several seeds a point is their mean, not filled, and a thin line is a seed:
    each chose its own epoch. The first stage is a horizontal line in the band of its interval.

    Args:
        results: the scores of every checkpoint and of the first stage.
        grid: what was trained.
        chosen: the epoch of each training, by `{model}_{optimizer}`.
    """
    panels = Panels.build(grid.models, _PANELS_A_ROW, COLUMN, _ROW_INCHES, _MARGIN_INCHES)
    for model in grid.models:
        ax = panels.by_model[model.name]
        _draw_model(ax, model, results, grid, chosen)
        ax.set_xticks(grid.epochs)
        ax.set_xlim(min(grid.epochs) - 0.5, max(grid.epochs) + 0.5)
    for ax in panels.lowest:
        ax.set_xlabel("Epoch")
    for ax in panels.left:
        ax.set_ylabel(results.layout.name(results.layout.primary))
    lines = [sample(look, grid.optimizers[name]) for name, look in looks(grid).items()]
    first_stage = grid.first_stages[results.layout.primary.test_set]
    legend(panels.figure, [*lines, sample(FIRST_STAGE_LOOK, first_stage.label)])
    return panels.figure


def _draw_model(ax: Axes, model: Model, results: Results, grid: Grid, chosen: Chosen) -> None:
    """Draw a model's optimizers, side by side at each epoch, over the first stage."""
    scores = results.scores[results.layout.primary]
    draw_first_stage(ax, scores[grid.first_stages[results.layout.primary.test_set].name])
    dodge = min(_DODGE, _ALL_DODGED / len(grid.optimizers))
    for place, training in enumerate(grid.of_model(model)):
        look = looks(grid)[training.treatment.name]
        shift = dodge * (place - (len(grid.optimizers) - 1) / 2)
        x = [epoch + shift for epoch in training.epochs]
        found = [scores[checkpoint] for checkpoint in training.checkpoints()]
        low, high = [each.low for each in found], [each.high for each in found]
        ax.vlines(x, low, high, color=look["color"], linewidth=0.8)
        for of_seed in _by_seed(found):
            ax.plot(
                x, of_seed, color=look["color"], linewidth=0.4, alpha=0.6, marker="", zorder=1.5
            )
        best = place_of(chosen[training.name], training.epochs)
        plot_epochs(ax, x, [each.mean for each in found], look, best)


def _by_seed(scores: Sequence[Score]) -> list[tuple[float, ...]]:
    """Return the scores of each seed over the epochs; none where there is only one."""
    by_seed = list(zip(*(each.by_seed for each in scores), strict=True))
    return by_seed if len(by_seed) > 1 else []
