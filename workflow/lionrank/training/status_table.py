"""What `lionrank status` prints: a table for a terminal."""

import math
from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from tabulate import tabulate

from lionrank.training.status import STATES, Training

_UNKNOWN = "-"
_COLUMNS = {
    "training": "left",
    "epoch": "left",
    "step": "right",
    "loss": "right",
    "examples/s": "right",
    "ends": "left",
    "state": "left",
}


def to_text(trainings: Sequence[Training], now: datetime) -> str:
    """Return a row a training, and below the table how many are in each state."""
    table = tabulate(
        [_row(training, now) for training in trainings],
        headers=list(_COLUMNS),
        colalign=list(_COLUMNS.values()),
        tablefmt="plain",
        disable_numparse=True,
    )
    number = Counter(training.state for training in trainings)
    counts = ", ".join(f"{number[state]} {state}" for state in STATES if number[state])
    hours = math.fsum(training.device_hours for training in trainings)
    cost = f"; {hours:,.2f} device hours so far" if hours else ""
    return f"{table}\n\n{counts}{cost}\n"


def _row(training: Training, now: datetime) -> tuple[str, ...]:
    speed = training.examples_per_second
    return (
        training.name,
        _of(training.epoch, training.epochs),
        _of(training.step, training.steps),
        _UNKNOWN if training.loss is None else f"{training.loss:.4f}",
        _UNKNOWN if speed is None else f"{speed:,.{0 if speed >= 100 else 1}f}",
        _time(training.ends, now),
        training.note,
    )


def _of(number: int | None, total: int | None) -> str:
    if number is None:
        return _UNKNOWN
    return f"{number:,}" if total is None else f"{number:,}/{total:,}"


def _time(time: datetime | None, now: datetime) -> str:
    if time is None:
        return _UNKNOWN
    day = "today" if time.date() == now.date() else f"{time:%Y-%m-%d}"
    return f"{day} {time:%H:%M}"
