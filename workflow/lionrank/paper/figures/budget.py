"""The figure of what a search of fewer trials would have found."""

from collections.abc import Mapping
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from lionrank.grid import Grid
from lionrank.paper.figures.search import (
    DEV_SCORE,
    GREY,
    UNTUNED_LINE,
    draw_untuned,
    panels_of,
    treatments_of,
)
from lionrank.paper.figures.style import looks, sample, with_legend
from lionrank.search.budget import expected_best
from lionrank.search.choice import Choice

# The most markers of a line.
_MARKERS = 8


def budget_figure(choices: Mapping[str, Choice], grid: Grid) -> Figure:
    """Draw the expected best score against the number of trials: a panel a model, a line a search.

    Half of the searches with so many trials end in the band around a line. A horizontal line
    without markers is at the score of the untuned settings.

    Args:
        choices: what each search chose, by `{model}_{optimizer}`.
        grid: what was trained.
    """
    panels = panels_of(choices, grid)
    looked = looks(grid)
    for training in grid.trainings():
        if (choice := choices.get(training.name)) is not None:
            ax = panels.by_model[training.model.name]
            _draw(ax, choice, looked[training.treatment.name])
            ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    for ax in panels.lowest:
        ax.set_xlabel("Trials")
    for ax in panels.left:
        ax.set_ylabel(f"Expected best\n{DEV_SCORE}", linespacing=0.95)
    untuned = sample({**GREY, **UNTUNED_LINE}, "Untuned")
    with_legend(panels.figure, [*treatments_of(choices, grid), untuned])
    return panels.figure


def _draw(ax: Axes, choice: Choice, look: Mapping[str, Any]) -> None:
    found = expected_best(trial.score for trial in choice.of_space)
    trials = [best.trials for best in found]
    low, high = [best.low for best in found], [best.high for best in found]
    ax.fill_between(trials, low, high, color=look["color"], alpha=0.15, linewidth=0)
    apart = {"markevery": -(-len(found) // _MARKERS)}
    ax.plot(trials, [best.expected for best in found], **{**look, **apart})
    draw_untuned(ax, choice, look)
