"""The figure of effectiveness against what training cost."""

from collections.abc import Mapping
from itertools import cycle
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from lionrank.errors import UserError
from lionrank.grid import Grid
from lionrank.paper.figures.style import (
    COLUMN,
    MODEL_MARKERS,
    legend,
    log_ticks,
    looks,
    place_of,
    plot_epochs,
    sample,
)
from lionrank.paper.measured import over_seeds
from lionrank.paper.results import Chosen, Results
from lionrank.training.cost import spent

_HEIGHT_INCHES = 2.3
# Costs that differ by more than this factor have a logarithmic axis.
_LOG_FROM = 10
_MINUTE = 60


def cost_figure(
    results: Results, efficiency: Mapping[str, Any], grid: Grid, chosen: Chosen
) -> Figure:
    """Draw the primary measure of every checkpoint against what training had cost up to it.

    A line is a training, its epochs in their order: its style an optimizer, its markers a model,
    filled at the epoch that development data chose. With several seeds, both are means over them.

    Args:
        results: the scores of every checkpoint.
        efficiency: results/efficiency.json (`lionrank.training.cost`).
        grid: what was trained.
        chosen: the epoch of each training, by `{model}_{optimizer}`.

    Raises:
        UserError: the cost of an epoch of the grid is absent.
    """
    figure, ax = plt.subplots(figsize=(COLUMN, _HEIGHT_INCHES))
    so_far, unit = cost_by_epoch(efficiency, grid)
    scores = results.scores[results.layout.primary]
    markers = dict(zip([model.name for model in grid.models], cycle(MODEL_MARKERS), strict=False))
    for training in grid.trainings():
        y = [scores[checkpoint].mean for checkpoint in training.checkpoints()]
        look = looks(grid)[training.treatment.name] | {"marker": markers[training.model.name]}
        plot_epochs(
            ax, so_far[training.name], y, look, place_of(chosen[training.name], training.epochs)
        )
    ax.set_xlabel(f"Training up to the checkpoint ({unit})")
    ax.set_ylabel(results.layout.name(results.layout.primary))
    totals = [each[-1] for each in so_far.values()]
    if 0 < _LOG_FROM * min(totals) < max(totals):
        ax.set_xscale("log")
        log_ticks(ax.xaxis, min(each[0] for each in so_far.values()), max(totals))
    else:
        ax.set_xlim(left=0)
    lines = [
        sample(look | {"marker": ""}, grid.optimizers[name]) for name, look in looks(grid).items()
    ]
    points = {"color": "black", "linestyle": "none"}
    legend(
        figure,
        lines,
        [sample(points | {"marker": markers[each.name]}, each.label) for each in grid.models],
    )
    return figure


def cost_by_epoch(efficiency: Mapping[str, Any], grid: Grid) -> tuple[dict[str, list[float]], str]:
    """Return what each training had cost after each epoch, and the unit.

    That is device hours if any training had a GPU, else minutes of wall time; of all its jobs.

    Raises:
        UserError: the cost of an epoch of the grid is absent.
    """
    trainings = over_seeds(efficiency["trainings"], grid)
    devices = {training["device"] for training in trainings.values()}
    on_gpu = devices != {"CPU"}
    field, divisor = ("device_hours", 1) if on_gpu else ("seconds", _MINUTE)
    by_training = {}
    for training in grid.trainings():
        by_epoch = spent(trainings[training.name], field)
        if absent := [epoch for epoch in training.epochs if epoch not in by_epoch]:
            raise UserError(
                f"results/efficiency.json has no cost of epoch {absent[0]} of {training.name}: "
                "delete it and run again."
            )
        by_training[training.name] = [by_epoch[epoch] / divisor for epoch in training.epochs]
    if not on_gpu:
        return by_training, "minutes on a CPU"
    return by_training, "device hours" if any(
        "CPU" in device for device in devices
    ) else "GPU hours"
