"""What tests of figures share: the real style, made-up logs and costs, and what a drawing shows."""

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text

from lionrank.grid import Grid
from lionrank.paper.figures.style import looks
from tests.support.papers import PAPER
from tests.support.results import GRID

STYLE = PAPER / "paper.mplstyle"
STEPS = 40
"""Log lines of an epoch."""


def write_logs(
    folder: Path,
    grid: Grid = GRID,
    held_out: bool = True,
    peaks: Mapping[str, float] | None = None,
    stopped: Mapping[str, int] | None = None,
) -> dict[str, list[Path]]:
    """Write training logs whose loss falls and whose learning rate is a half cosine.

    `peaks` has learning rates of trainings other than 2e-5, and `stopped` the last epochs of
    trainings that ended early.
    """
    logs = {}
    for number, name in enumerate((training.name for training in grid.trainings()), start=1):
        logs[name] = [folder / f"{name}_e{epoch}.jsonl" for epoch in grid.epochs]
        for epoch, path in zip(grid.epochs, logs[name], strict=True):
            lines = []
            if epoch <= (stopped or {}).get(name, epoch):
                lines = _lines(grid, number, epoch, (peaks or {}).get(name, 2e-5), held_out)
            path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return logs


def _lines(
    grid: Grid, number: int, epoch: int, peak: float, held_out: bool
) -> list[dict[str, Any]]:
    total = STEPS * len(grid.epochs)
    lines = [
        {
            "step": step,
            "epoch": step / STEPS,
            "loss": number / 10 + 1 / step,
            "lr": peak * (1 + math.cos(math.pi * step / total)) / 2,
            "grad_norm": number * (1.5 + math.sin(step)),
        }
        for step in range(STEPS * (epoch - 1) + 1, STEPS * epoch + 1)
    ]
    end = {"step": STEPS * epoch, "epoch": float(epoch), "eval_loss": number / 10 + 0.01 * epoch}
    return [*lines, end] if held_out else lines


def efficiency_of(
    grid: Grid = GRID, device: str = "CPU", factors: Sequence[float] = (1, 1, 1)
) -> dict[str, Any]:
    """Return what efficiency.json has of costs: every epoch costs twice the one before.

    `factors` multiply the seconds of the models.
    """
    return {
        "trainings": {
            training.name: {
                "device": device,
                "by_epoch": [
                    {"epoch": epoch, "seconds": factor * 60 * 2**epoch, "device_hours": 2**epoch}
                    for epoch in grid.epochs
                ],
            }
            for training, factor in zip(
                grid.trainings(), [each for each in factors for _ in grid.optimizers], strict=True
            )
        }
    }


def line_of(ax: Axes, color: str, place: int = 0) -> Line2D:
    """Return one of the lines of a colour in a panel, in the order in which they were drawn."""
    return [line for line in ax.lines if line.get_color() == color][place]


def texts(figure: Figure) -> list[Text]:
    """Return all text that a figure shows."""
    figure.draw_without_rendering()
    found = figure.findobj(lambda artist: isinstance(artist, Text) and artist.get_visible())
    return [text for text in found if text.get_text().strip()]


def legend_of(figure: Figure) -> list[str]:
    (legend,) = figure.legends
    return [text.get_text() for text in legend.get_texts() if text.get_text().strip()]


def cycle() -> list[dict[str, Any]]:
    """Return the looks of the first eight optimizers."""
    return list(looks(Grid((), {str(place): "" for place in range(8)}, ())).values())
