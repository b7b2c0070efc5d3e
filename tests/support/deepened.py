"""Made-up effectiveness by the number of candidates, as results/depths.csv has it."""

import csv
import random
from collections.abc import Mapping, Sequence
from pathlib import Path

from lionrank.evaluation.depths import CEILING
from lionrank.grid import Grid
from lionrank.measures import METRICS, PRIMARY

COLUMNS = (
    *("test_set", "system", "model", "optimizer", "epoch", "seed", "protocol", "depth", "metric"),
    *("level", "mean", "low", "high", "queries", "gain", "gain_low", "gain_high"),
)


def write_depths(
    path: Path,
    grid: Grid,
    chosen: Mapping[str, int],
    test_sets: Sequence[str] = ("pydocs",),
    depths: Sequence[int] = (10, 20, 50),
    seed: int = 0,
) -> Path:
    """Write scores at random, with gains of either sign, some of them beyond their interval."""
    dice = random.Random(seed)
    # In some worlds all gain, or lose, and few distinct values tie.
    center, levels = [0, -0.1, 0.1, 0.03][seed % 4], dice.choice([2, 40])
    systems = [
        (each.checkpoint(epoch), each.model.name, each.treatment.name, epoch, 12)
        for each in grid.trainings()
        for epoch in [chosen[each.name]]
    ]
    systems += [
        (each.name, each.model or "", each.optimizer or "", each.epoch or "", "")
        for each in grid.systems
        if each.kind == "checkpoint"
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", newline="") as lines:
        writer = csv.writer(lines)
        writer.writerow(COLUMNS)
        for test_set in test_sets:
            untrained = [(grid.first_stages[test_set].name, *[""] * 4), (CEILING, *[""] * 4)]
            for system in [*untrained, *systems]:
                first = 0.4 + 0.02 * dice.randrange(levels) / levels
                for place, depth in enumerate(depths):
                    step = dice.randrange(-levels, levels + 1) / levels
                    gain = (center + 0.05 * step) * place
                    bounds = [gain + side * 0.06 * (place > 0) for side in (-1, 1)]
                    mean = [first + gain, first + gain - 0.05, first + gain + 0.05]
                    for metric in METRICS:
                        level = "" if metric == PRIMARY else 1
                        row = (*system, "demo", depth, metric, level, *mean, 24, gain, *bounds)
                        writer.writerow((test_set, *row))
    return path
