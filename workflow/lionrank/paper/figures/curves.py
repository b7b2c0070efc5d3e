"""The figure of what the training logs say: losses, learning rate and gradient norm."""

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogFormatterMathtext, LogLocator, NullLocator, ScalarFormatter

from lionrank.grid import Grid
from lionrank.paper.figures.style import PAGE, legend, log_ticks, looks, sample, title
from lionrank.training.log import Curves, read_curves, smoothed

ROWS = {
    "loss": "Training loss",
    "eval_loss": "Held-out loss",
    "lr": "Learning rate",
    "grad_norm": "Gradient norm",
}
"""The rows of the figure from top to bottom: a field of the logs, and its axis' label."""
_NOISY = ("loss", "grad_norm")
# The line of one of several seeds.
_OF_SEED: dict[str, Any] = {"linewidth": 0.5, "markersize": 2}
_ROW_INCHES = 0.82
_MARGIN_INCHES = 0.6
# From here on a linear axis would press the smaller values to its bottom.
_LOG_FROM = 8
# A learning rate that falls to 0 leaves a logarithmic axis below this part of the lowest peak.
_LEAST_OF_PEAK = 0.01


def curves_figure(logs: Mapping[str, Sequence[str | os.PathLike]], grid: Grid) -> Figure:
    """Draw the training logs over epochs: a column a model, a line an optimizer, a row a field.

    Rows have one y axis for all models. That of held-out losses is left out where none was logged.
    Of several seeds each has a line, a thin one, without what it smooths.

    Args:
        logs: the training logs of each seed's training, by its name, in the order of the epochs.
        grid: models, optimizers and epochs with their labels.

    Raises:
        UserError: as read_curves.
    """
    curves = {name: read_curves(paths) for name, paths in logs.items()}
    shown = [field for field in ROWS if any(len(_logged(each, field)) for each in curves.values())]
    figure, axes = plt.subplots(
        len(shown),
        len(grid.models),
        sharex=True,
        sharey="row",
        squeeze=False,
        figsize=(PAGE, _ROW_INCHES * len(shown) + _MARGIN_INCHES),
    )
    for field, row in zip(shown, axes, strict=True):
        for model, ax in zip(grid.models, row, strict=True):
            for training in grid.of_model(model):
                look = looks(grid)[training.treatment.name]
                for each in training.by_seed:
                    logged = _logged(curves[each.name], field)
                    _draw(ax, logged, field, each.epochs, look, is_alone=not grid.is_replicated)
        row[0].set_ylabel(ROWS[field])
        _scale(row[0], field, [_logged(each, field)[field] for each in curves.values()])
    for model, ax in zip(grid.models, axes[0], strict=True):
        title(figure, ax, model, len(grid.models))
    for ax in axes[-1]:
        ax.set_xlabel("Epoch")
        ax.set_xticks([0, *grid.epochs])
    figure.align_ylabels()
    legend(figure, [sample(look, grid.optimizers[name]) for name, look in looks(grid).items()])
    return figure


def _logged(curves: Curves, field: str) -> pd.DataFrame:
    return curves.held_out if field == "eval_loss" else curves.steps


def _draw(
    ax: Axes,
    logged: pd.DataFrame,
    field: str,
    epochs: Sequence[int],
    look: Mapping[str, Any],
    is_alone: bool,
) -> None:
    """Draw one training: a marker at each checkpoint; noise faint, below its running mean.

    With other seeds beside it, a training has a thinner line and small markers, and no noise. A
    single value, which no line leads to, keeps a marker that is seen.
    """
    values = logged[field]
    if not is_alone and len(values) > 1:
        look = {**look, **_OF_SEED}
    if field in _NOISY and is_alone:
        ax.plot(
            logged["epoch"],
            values,
            color=look["color"],
            linestyle="-",
            linewidth=0.4,
            marker="",
            alpha=0.3,
            zorder=1.5,
        )
    if field in _NOISY:
        values = smoothed(logged, field)
    ax.plot(logged["epoch"], values, markevery=_checkpoints(logged["epoch"], epochs), **look)
    ax.margins(x=0.02)


def _checkpoints(logged: pd.Series, epochs: Iterable[int]) -> list[int]:
    """Return the places of the last values before the ends of the epochs."""
    places = [int(logged.searchsorted(epoch, side="right")) - 1 for epoch in epochs]
    # A held-out loss may be absent after an epoch.
    return sorted({place for place in places if place >= 0})


def _scale(ax: Axes, field: str, by_training: Sequence[pd.Series]) -> None:
    """Make the y axis of a row logarithmic where the values differ too much for a linear one."""
    values = pd.concat(by_training)
    if field == "lr":
        peaks = [each.max() for each in by_training]
        if min(peaks) > 0 and max(peaks) >= _LOG_FROM * min(peaks):
            ax.set_yscale("log")
            least = max(values[values > 0].min(), _LEAST_OF_PEAK * min(peaks))
            ax.set_ylim(least / 1.5, max(peaks) * 1.8)
            ax.yaxis.set_major_locator(LogLocator())
            ax.yaxis.set_major_formatter(LogFormatterMathtext())
            ax.yaxis.set_minor_locator(NullLocator())
        else:
            ax.set_ylim(0, 1.1 * max(peaks) or 1)
            formatter = ScalarFormatter(useMathText=True)
            formatter.set_powerlimits((0, 0))
            ax.yaxis.set_major_formatter(formatter)
    elif _differs_much(field, by_training) and values.min() > 0:
        ax.set_yscale("log")
        log_ticks(ax.yaxis, values.min(), values.max())


def _differs_much(field: str, by_training: Sequence[pd.Series]) -> bool:
    # A loss falls by much in any training: its scale is that of the objective.
    compared = pd.concat(by_training)
    if field != "grad_norm":
        compared = pd.Series([each.median() for each in by_training])
    return 0 < _LOG_FROM * compared.min() <= compared.max()
