"""The figure of the search for settings: what each trial scores, by its learning rate."""

from collections.abc import Mapping
from math import inf
from typing import Any

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogFormatterSciNotation, LogLocator, NullLocator

from lionrank.grid import Grid
from lionrank.measures import METRICS, PRIMARY
from lionrank.paper.figures.style import (
    COLUMN,
    PAGE,
    Panels,
    looks,
    sample,
    with_edge,
    with_legend,
)
from lionrank.search.choice import Choice, Trial

DEV_SCORE = f"{METRICS[PRIMARY]} (dev)"
UNTUNED_LINE: dict[str, Any] = {"linewidth": 0.7, "marker": ""}
"""How the line at the score of the untuned settings differs from a treatment's look."""
GREY = {"color": "0.3", "marker": "o"}
"""The look of what a legend shows of no treatment."""
_RATE = "learning_rate"
_PANELS_A_ROW = 4
_PANEL_INCHES = 1.5
_MARGIN_INCHES = 0.35
# Learning rates that differ by more than this factor have ticks at powers of ten alone.
_ONE_DECADE = 10
_HOLLOW: dict[str, Any] = {"markerfacecolor": "white"}
_KINDS: dict[str, dict[str, Any]] = {
    "Trial": {**_HOLLOW, "markersize": 3.5},
    "Stopped": {**_HOLLOW, "markersize": 2},
    "Diverged": {"marker": "x", "markersize": 4.5},
    "Untuned": {"fillstyle": "bottom", "markerfacecoloralt": "white", "markersize": 5},
    "Chosen": {"markersize": 6.5, "zorder": 3},
}


def search_figure(choices: Mapping[str, Choice], grid: Grid) -> Figure:
    """Draw the score of each trial against its learning rate: a panel a model, dots a treatment.

    The chosen trial is filled. Small dots are trials that did not go on to the last epoch, crosses
    at the bottom are those that diverged. Where nothing but the learning rate was searched, a line
    joins the trials. The untuned settings are half filled, on a line at their score.

    Args:
        choices: what each search chose, by `{model}_{optimizer}`; one at least had to choose a
            learning rate.
        grid: what was trained.
    """
    of_rates = {name: each for name, each in choices.items() if _RATE in each.space}
    panels = panels_of(of_rates, grid, sharex=True)
    looked = looks(grid)
    for training in grid.trainings():
        if (choice := of_rates.get(training.name)) is not None:
            look = with_edge(looked[training.treatment.name])
            _draw(panels.by_model[training.model.name], choice, look)
    rates = [trial.settings[_RATE] for each in of_rates.values() for trial in each.trials]
    _scale(panels.lowest[0], min(rates), max(rates))
    for ax in panels.lowest:
        ax.set_xlabel("Learning rate")
    for ax in panels.left:
        ax.set_ylabel(DEV_SCORE)
    with_legend(panels.figure, treatments_of(of_rates, grid), _kinds_of(of_rates))
    return panels.figure


def panels_of(choices: Mapping[str, Choice], grid: Grid, sharex: bool = False) -> Panels:
    """Return a figure with a panel for each model of which a training was searched."""
    searched = {each.model for each in choices.values()}
    models = [model for model in grid.models if model.name in searched]
    width = COLUMN if len(models) == 1 else PAGE
    return Panels.build(models, _PANELS_A_ROW, width, _PANEL_INCHES, _MARGIN_INCHES, sharex)


def treatments_of(choices: Mapping[str, Choice], grid: Grid) -> list[Artist]:
    """Return what a legend shows of the treatments of which a training was searched."""
    searched = {each.optimizer for each in choices.values()}
    return [
        sample(look, grid.optimizers[name])
        for name, look in looks(grid).items()
        if name in searched
    ]


def draw_untuned(ax: Axes, choice: Choice, look: Mapping[str, Any]) -> None:
    """Draw a line at the score of the untuned settings, unless their training diverged."""
    if choice.reference.score is not None:
        ax.axhline(choice.reference.score, **{**look, **UNTUNED_LINE})


def _draw(ax: Axes, choice: Choice, look: Mapping[str, Any]) -> None:
    """Draw the trials of a training in the panel of its model."""
    if [*choice.space] == [_RATE]:
        scored = sorted(
            (trial.settings[_RATE], trial.score)
            for trial in choice.of_space
            if trial.score is not None
        )
        rates, scores = [rate for rate, _ in scored], [score for _, score in scored]
        ax.plot(rates, scores, **{**look, "marker": "", "linewidth": 0.8})
    for trial in choice.trials:
        dot = {**look, "linestyle": "none", **_KINDS[_kind(choice, trial)]}
        if trial.score is None:
            # At the bottom of the panel, wherever that is.
            dot |= {"transform": ax.get_xaxis_transform(), "clip_on": False}
        ax.plot(trial.settings[_RATE], trial.score or 0, **dot)
    draw_untuned(ax, choice, look)
    # Room for the large markers.
    ax.margins(y=0.08)


def _kind(choice: Choice, trial: Trial) -> str:
    if trial.score is None:
        return "Diverged"
    if trial.trial == choice.chosen:
        return "Chosen"
    if trial.trial == choice.untuned:
        return "Untuned"
    return "Stopped" if trial.status == "stopped" else "Trial"


def _kinds_of(choices: Mapping[str, Choice]) -> list[Artist]:
    """Return what a legend shows of the kinds of trials that there are."""
    found = {_kind(each, trial) for each in choices.values() for trial in each.trials}
    grey = {**with_edge(GREY), "linestyle": "none"}
    return [sample(grey | look, kind) for kind, look in _KINDS.items() if kind in found]


def _scale(ax: Axes, low: float, high: float) -> None:
    ax.set_xscale("log")
    steps = (1.0, 2.0, 5.0) if high <= _ONE_DECADE * low else (1.0,)
    ax.xaxis.set_major_locator(LogLocator(subs=steps))
    ax.xaxis.set_major_formatter(LogFormatterSciNotation(minor_thresholds=(inf, inf)))
    ax.xaxis.set_minor_locator(NullLocator())
