"""The figures of the paper, as vector PDF for the paper and PNG for the screen."""

import math
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import matplotlib

matplotlib.use("agg")

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes

from lionrank.errors import UserError
from lionrank.files import atomic_write, read_json_lines
from lionrank.tables import Grid

# The running mean of the loss covers this part of an epoch's logged values.
SMOOTHING = 0.1

_COLUMN_INCHES = 3.48  # IEEE: 252 TeX points
_PANEL_INCHES = 0.75
_MARGIN_INCHES = 0.55
_MARKERS = "o^sDvP"
# Without dates and version strings, two drawings of the same data have the same bytes.
_NO_DATES = {"pdf": {"CreationDate": None, "Creator": None, "Producer": None}, "png": {}}


def read_losses(logs: Sequence[str | os.PathLike]) -> pd.DataFrame:
    """Return the logged losses of one training: columns `step`, `epoch` (a fraction), `loss`.

    `logs` are the JSON-lines files of its epochs in order; that of an epoch before which the
    training was stopped is empty. Lines without a loss, as of an evaluation, are left out.

    Raises:
        UserError: no loss was logged, a line lacks a value, or a loss is not finite.
    """
    rows: list[tuple[int, float, float]] = []
    for path in logs:
        for record in read_json_lines(path):
            if "loss" in record:
                rows.append(_row(record, path))
    if not rows:
        raise UserError(f"{', '.join(map(str, logs))}: no loss was logged; train this again.")
    return pd.DataFrame(rows, columns=["step", "epoch", "loss"])


def _row(record: dict, path: str | os.PathLike) -> tuple[int, float, float]:
    try:
        row = (int(record["step"]), float(record["epoch"]), float(record["loss"]))
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(f"{path}: a line without a usable value ({error}).") from None
    if not math.isfinite(row[2]):
        raise UserError(
            f"{path}: the loss at step {row[0]} is {row[2]}: the training diverged; "
            "lower its learning_rate in the config."
        )
    return row


def smoothed(losses: pd.DataFrame) -> pd.Series:
    """Return the running mean over the last SMOOTHING epochs of logged values."""
    epochs = max(1.0, losses["epoch"].max())
    window = max(1, round(SMOOTHING * len(losses) / epochs))
    return losses["loss"].rolling(window, min_periods=1).mean()


def final_losses(logs: Mapping[str, Sequence[str | os.PathLike]]) -> dict[str, float]:
    """Return each training's mean logged loss over its last epoch; `logs` as in loss_figure."""
    return {name: _final_loss(read_losses(paths)) for name, paths in logs.items()}


def _final_loss(losses: pd.DataFrame) -> float:
    last = math.ceil(losses["epoch"].max())
    return float(losses.loc[losses["epoch"] > last - 1, "loss"].mean())


def loss_figure(
    logs: Mapping[str, Sequence[str | os.PathLike]],
    grid: Grid,
    style: str | os.PathLike,
    outputs: Iterable[str | os.PathLike],
) -> None:
    """Draw training loss over epochs: a panel a model, a line an optimizer.

    Args:
        logs: the training logs of each training, `{model}_{optimizer} -> files in epoch order`.
        grid: models, optimizers and epochs with their labels.
        style: a matplotlib style sheet.
        outputs: files to write; the ending of each is its format.
    """
    with plt.style.context(Path(style)):
        height = _PANEL_INCHES * len(grid.models) + _MARGIN_INCHES
        figure, axes = plt.subplots(
            len(grid.models), 1, sharex=True, squeeze=False, figsize=(_COLUMN_INCHES, height)
        )
        for model, ax in zip(grid.models, axes[:, 0], strict=True):
            for place, (optimizer, label) in enumerate(grid.optimizers.items()):
                losses = read_losses(logs[f"{model.name}_{optimizer}"])
                _draw_training(ax, losses, label, place, grid.epochs)
            start = "" if model.is_pretrained else f" ({model.start})"
            ax.set_title(f"{model.label}{start}", loc="left")
            ax.set_ylabel("Loss")
            ax.margins(x=0.02)
        axes[-1, 0].set_xlabel("Epoch")
        axes[-1, 0].set_xticks([0, *grid.epochs])
        _legend(figure, axes[0, 0])
        for path in map(Path, outputs):
            with atomic_write(path, "wb") as handle:
                kind = path.suffix[1:]
                figure.savefig(handle, format=kind, metadata=_NO_DATES.get(kind))
        plt.close(figure)


def _draw_training(
    ax: Axes, losses: pd.DataFrame, label: str, place: int, epochs: Sequence[int]
) -> None:
    """Draw one training: faint logged values, their running mean, a marker at each checkpoint."""
    color = sns.color_palette("colorblind")[place]
    mean = smoothed(losses)
    at_checkpoints = [int((losses["epoch"] - epoch).abs().idxmin()) for epoch in epochs]
    ax.plot(losses["epoch"], losses["loss"], color=color, alpha=0.25, linewidth=0.4)
    sns.lineplot(
        x=losses["epoch"],
        y=mean,
        ax=ax,
        label=label,
        color=color,
        linestyle=["-", "--", "-.", ":"][place % 4],
        marker=_MARKERS[place % len(_MARKERS)],
        markevery=at_checkpoints,
        errorbar=None,
        legend=False,
    )


def _legend(figure: plt.Figure, ax: Axes) -> None:
    handles, labels = ax.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper right", ncols=len(labels))
