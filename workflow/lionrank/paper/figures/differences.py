"""The figure of how far each system is from the first stage on each test set of an average."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lionrank.grid import Grid
from lionrank.measures import METRICS, Measure
from lionrank.paper.figures.style import MOST_INCHES, PAGE, plain
from lionrank.paper.figures.systems import NOT_HERE
from lionrank.paper.results import Chosen, Results

_ROW_INCHES = 0.17
_MARGIN_INCHES = 0.75
# Narrower cells have no room for their number, nor for slanted labels below each other.
_WRITTEN_COLUMNS = 20
_LABEL_POINTS, _NUMBER_POINTS = 7.0, 5.5


def differences_figure(results: Results, grid: Grid, chosen: Chosen) -> Figure:
    """Draw each system's mean minus the first stage's: a row a system, a column a test set.

    There is a panel for each average, in the first metric that is shown of it, and its last column
    is the average itself. Trainings are at their chosen epochs. A cell is grey where there are no
    results. All panels have one scale, whose middle is the first stage.
    """
    systems = {
        training.checkpoint(chosen[training.name]): ", ".join(training.labels)
        for training in grid.trainings()
    } | {other.name: f"{other.label}{NOT_HERE}" for other in grid.systems}
    by_set = results.layout.by_set
    averages = {each.test_set: each for each in reversed(by_set)}
    sets = [by_set[averages[name]] for name in results.layout.averages]
    values = [_differences(results, grid, [*systems], each) for each in sets]
    most = max(np.nanmax(np.abs(each), initial=0.0) for each in values) or 1.0
    height = min(_ROW_INCHES * len(systems) + _MARGIN_INCHES, MOST_INCHES / len(sets))
    row_points = 72 * (height - _MARGIN_INCHES) / len(systems)
    figure, axes = plt.subplots(len(sets), 1, squeeze=False, figsize=(PAGE, height * len(sets)))
    panels = zip(axes.flat, results.layout.averages, sets, values, strict=True)
    for ax, average, of_average, differences in panels:
        names = [*(each.test_set for each in of_average), average]
        labels = [results.layout.test_sets[name].label for name in names]
        _draw(ax, differences, most, [*systems.values()], labels, row_points)
        metric = METRICS[averages[average].metric]
        ax.set_title(plain(f"{metric}: {labels[-1]}"), loc="left")
    return figure


def _differences(
    results: Results, grid: Grid, systems: Sequence[str], measures: Sequence[Measure]
) -> np.ndarray:
    """Return the differences [systems, measures and their mean], NaN where there are none.

    The mean is the average's own difference, for its test sets have the same weight.
    """
    found = np.full((len(systems), len(measures) + 1), np.nan)
    for column, measure in enumerate(measures):
        scores, first_stage = results.scores[measure], grid.first_stage(measure.test_set)
        if first_stage is None or first_stage.name not in scores:
            continue
        for row, system in enumerate(systems):
            if system in scores:
                found[row, column] = scores[system].mean - scores[first_stage.name].mean
    found[:, -1] = found[:, :-1].mean(axis=1)
    return found


def _draw(
    ax: Axes,
    values: np.ndarray,
    most: float,
    systems: Sequence[str],
    test_sets: Sequence[str],
    row_points: float,
) -> None:
    """Draw values [systems, test sets] from -`most` to `most`, with both labels of each."""
    is_written = values.shape[1] <= _WRITTEN_COLUMNS
    sns.heatmap(
        values,
        ax=ax,
        cmap="PuOr_r",
        vmin=-most,
        vmax=most,
        annot=is_written and np.vectorize(_signed)(values),
        fmt="",
        annot_kws={"size": min(_NUMBER_POINTS, 0.9 * row_points)},
        linewidths=0.4,
        cbar_kws={"pad": 0.01, "aspect": 30},
        # By itself it leaves out labels that are close.
        xticklabels=[*map(plain, test_sets)],
        yticklabels=[*map(plain, systems)],
    )
    slant = 30 if is_written else 90
    plt.setp(ax.get_xticklabels(), rotation=slant, ha="right", va="center", rotation_mode="anchor")
    plt.setp(ax.get_yticklabels(), rotation=0, size=min(_LABEL_POINTS, row_points))
    ax.set_facecolor("0.85")
    ax.grid(visible=False)
    ax.axvline(values.shape[1] - 1, color="0.2", linewidth=1.0)
    ax.tick_params(length=0)


def _signed(value: float) -> str:
    return f"{value:+.3f}".replace("-", "\N{MINUS SIGN}")
