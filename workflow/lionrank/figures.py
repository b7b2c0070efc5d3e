"""The figures of the paper, as vector PDF for the paper and PNG for the screen."""

import math
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("agg")

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lionrank.errors import UserError
from lionrank.files import atomic_write, read_json_lines
from lionrank.grid import Grid
from lionrank.measures import METRICS
from lionrank.tabular import score

# The running mean of the loss covers this part of an epoch's logged values.
SMOOTHING = 0.1

_COLUMN_INCHES = 3.48  # IEEE: 252 TeX points
_PANEL_INCHES = 0.75
_CHANGES_INCHES = 0.95
# From here on gaps between bars would be thinner than a printer's dot.
_MANY_TOPICS = 150
_MINUS = "\N{MINUS SIGN}"
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
        _save(figure, outputs)


def _save(figure: Figure, outputs: Iterable[str | os.PathLike]) -> None:
    """Write a figure in the formats that the endings name, and close it."""
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


def _legend(figure: Figure, ax: Axes) -> None:
    handles, labels = ax.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper right", ncols=len(labels))


def changes_figure(
    changed: Mapping[str, Any],
    grid: Grid,
    style: str | os.PathLike,
    outputs: Iterable[str | os.PathLike],
) -> None:
    """Draw the difference of two optimizers on every topic, sorted: a panel a pair, a bar a topic.

    Args:
        changed: results/changes.json (changes.py) with at least one pair.
        grid: what was trained.
        style: a matplotlib style sheet.
        outputs: files to write; the ending of each is its format.
    """
    pairs = changed["pairs"]
    largest = max(abs(each["difference"]) for pair in pairs for each in pair["differences"])
    with plt.style.context(Path(style)):
        height = _CHANGES_INCHES * len(pairs) + _MARGIN_INCHES
        figure, axes = plt.subplots(
            len(pairs), 1, sharex=True, squeeze=False, figsize=(_COLUMN_INCHES, height)
        )
        for pair, ax in zip(pairs, axes[:, 0], strict=True):
            _draw_pair(ax, pair, grid)
            # Room above the bars for the counts, and the same scale in every panel.
            ax.set_ylim(-1.15 * (largest or 1), 1.15 * (largest or 1))
            ax.set_ylabel(f"\N{GREEK CAPITAL LETTER DELTA} {METRICS[changed['metric']]}")
        axes[-1, 0].set_xlabel("Topics, in the order of their difference")
        _save(figure, outputs)


def _draw_pair(ax: Axes, pair: Mapping[str, Any], grid: Grid) -> None:
    """Draw one pair: its topics, how many each side wins, and the mean with its interval."""
    (model, left), (_, right) = (grid.labels(pair[side]["training"]) for side in ("left", "right"))
    heights = sorted((each["difference"] for each in pair["differences"]), reverse=True)
    # In the loss figure, too, an optimizer has its colour by its place in the grid.
    colors = dict(zip(grid.optimizers.values(), sns.color_palette("colorblind"), strict=False))
    ax.bar(
        range(len(heights)),
        heights,
        width=1.0 if len(heights) > _MANY_TOPICS else 0.8,
        color=[colors[left if height > 0 else right] for height in heights],
    )
    ax.axhline(0, color="black", linewidth=0.4)
    ax.axhspan(pair["low"], pair["high"], color="black", alpha=0.25, linewidth=0)
    ax.axhline(pair["difference"], color="black", linewidth=0.8, linestyle="--")
    ax.margins(x=0.01)
    ax.set_xticks([])
    epochs = [pair[side]["epoch"] for side in ("left", "right")]
    ax.set_title(
        f"{model}: {left} (epoch {epochs[0]}) against {right} (epoch {epochs[1]})", loc="left"
    )
    between = f"equal: {pair['ties']}\nmean: {score(pair['difference'])}".replace("-", _MINUS)
    # Bars fall from the upper left to the lower right: two corners are free, and of the middle the
    # side where its bar is not.
    middle = "bottom" if heights[len(heights) // 2] > 0 else "top"
    told = [
        (0.02, "left", "bottom", f"{left} higher: {pair['wins']}", colors[left]),
        (0.5, "center", middle, between, "black"),
        (0.98, "right", "top", f"{right} higher: {pair['losses']}", colors[right]),
    ]
    for x, horizontal, vertical, text, color in told:
        y = {"bottom": 0.05, "top": 0.96}[vertical]
        ax.text(x, y, text, ha=horizontal, va=vertical, color=color, transform=ax.transAxes)
