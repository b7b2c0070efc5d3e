"""What trainings logged and what they cost, made up for the tests of the paper's text."""

import random
from typing import Any

from lionrank.grid import Grid, SeededTraining
from lionrank.training.log import Logged


def efficiency_of(grid: Grid, seed: int = 12, energy: bool = True) -> dict[str, Any]:
    """Return what efficiency.json has: few distinct values, so that some are level.

    By the seed, no training was interrupted, some were and repeated nothing, or they did.
    """
    dice, fate = random.Random(seed), random.Random(seed)
    return {
        "trainings": {
            training.name: _cost(training, dice, fate, seed % 3, energy)
            for training in grid.seeded()
        }
    }


def _cost(
    training: SeededTraining,
    dice: random.Random,
    fate: random.Random,
    interrupted: int,
    energy: bool,
) -> dict[str, Any]:
    seconds = [60.0 + 30 * dice.randrange(4) for _ in training.epochs]
    by_epoch = [
        {"epoch": epoch, "seconds": each, "device_hours": each / 3600, "step_seconds": each - 20}
        | _interruptions(fate.randrange(3) if interrupted else 0, repeated=interrupted > 1)
        for epoch, each in zip(training.epochs, seconds, strict=True)
    ]
    summed = ("jobs", "step_seconds", "repeated_steps", "repeated_seconds")
    return {
        "device": "NVIDIA A100" if energy else "CPU",
        "devices": 1,
        "seconds": sum(seconds),
        "device_hours": sum(seconds) / 3600,
        **{key: sum(each[key] for each in by_epoch) for key in summed},
        "by_epoch": by_epoch,
        "examples": 4800,
        # The last two print alike in a table of three digits.
        "examples_per_second": dice.choice([20.0, 24.5, 24.51]),
        "tokens_per_second": 2000.0 + dice.randrange(3),
        "padding": 0.1,
        "peak_memory_bytes": dice.choice([1.2, 1.5, 1.5001]) * 2**30,
        "optimizer_state_bytes": dice.choice([90, 180]) * 2**20,
        "gpu_utilisation": 92.5 if energy else None,
        "energy_joules": dice.choice([36_000.0, 54_000.0]) if energy else None,
    }


def _interruptions(number: int, repeated: bool) -> dict[str, Any]:
    steps = 14 * number * repeated
    return {"jobs": 1 + number, "repeated_steps": steps, "repeated_seconds": 0.5 * steps}


def logged_of(grid: Grid, seed: int = 12) -> dict[str, Logged]:
    """Return what training logs say: few distinct values, so that some are level."""
    dice = random.Random(seed)

    def drawn() -> float:
        return 0.3 + 0.001 * dice.randrange(3)

    return {
        training.name: Logged(drawn(), drawn(), {epoch: drawn() for epoch in training.epochs})
        for training in grid.seeded()
    }
