"""The figure of the primary measure of all systems beside each other, those of others too."""

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from lionrank.grid import Grid
from lionrank.paper.figures.style import COLUMN, FIRST_STAGE_LOOK, MOST_INCHES, looks, plain
from lionrank.paper.results import Chosen, Results

NOT_HERE = "\N{DOUBLE DAGGER}"
"""What marks a system that was not trained here, as in the tables."""
_ROW_INCHES = 0.15
_MARGIN_INCHES = 0.4
_OTHER_COLOR = "black"


def _at(chosen: int | str) -> str:
    """Return the chosen epoch in parentheses, nothing where several seeds chose their own."""
    return "" if isinstance(chosen, str) else f" ({chosen})"


def systems_figure(results: Results, grid: Grid, chosen: Chosen) -> Figure:
    """Draw the primary measure of every training at its chosen epoch and of every other system.

    A row is a system with its bootstrap interval over topics, the highest at the top; hollow points
    are of systems of others. The first stage is a vertical line in the band of its interval.

    Args:
        results: the scores of every system.
        grid: what was trained, and the systems of others.
        chosen: the epoch of each training, by `{model}_{optimizer}`.
    """
    scores = results.scores[results.layout.primary]
    looked = looks(grid)
    rows = [
        (
            scores[training.checkpoint(chosen[training.name])],
            ", ".join(training.labels) + _at(chosen[training.name]),
            looked[training.treatment.name],
        )
        for training in grid.trainings()
    ]
    hollow = {"color": _OTHER_COLOR, "marker": "o", "markerfacecolor": "white"}
    rows += [
        (scores[other.name], f"{other.label}{NOT_HERE}", hollow)
        for other in grid.systems
        if other.name in scores
    ]
    rows.sort(key=lambda row: row[0].mean)
    # Of many rows, lines come closer together.
    height = min(_ROW_INCHES * len(rows) + _MARGIN_INCHES, MOST_INCHES)
    figure, ax = plt.subplots(figsize=(COLUMN, height))
    first = scores[grid.first_stages[results.layout.primary.test_set].name]
    ax.axvspan(first.low, first.high, color=FIRST_STAGE_LOOK["color"], alpha=0.15, linewidth=0)
    ax.axvline(first.mean, **FIRST_STAGE_LOOK)
    for place, (score, _, look) in enumerate(rows):
        ax.hlines(place, score.low, score.high, color=look["color"], linewidth=0.8)
        edge = {"markeredgecolor": look["color"], "markeredgewidth": 0.8, "linestyle": "none"}
        ax.plot(score.mean, place, **{**look, **edge})
    ax.set_yticks(range(len(rows)), [plain(label) for _, label, _ in rows])
    ax.set_ylim(-0.7, len(rows) - 0.3)
    ax.grid(axis="y", visible=False)
    ax.set_xlabel(results.layout.name(results.layout.primary))
    return figure
