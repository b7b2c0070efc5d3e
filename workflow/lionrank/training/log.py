"""The logs of a training: what their lines tell of its steps, its held-out pairs and its jobs.

Each epoch has a log of its own, a JSON-lines file. A line with `loss` tells of the steps since the
one before (`lionrank.training.meter`), the line with `eval_loss` of held-out pairs at the end of
the epoch, one with `diverged` of how a trial of a search ended, and the last line of what its jobs
cost (`lionrank.training.attempts`). The log of an epoch before which the training was stopped, or
the trial had ended, is empty.
"""

import json
import math
import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lionrank.errors import UserError
from lionrank.files import read_json_lines

if TYPE_CHECKING:
    import pandas as pd

STEP_PHASES = ("data", "forward", "backward", "optimizer")
"""Of which a step consists: a line has the seconds of each."""
PHASES = (*STEP_PHASES, "save")

# The running mean covers this part of an epoch's logged values.
SMOOTHING = 0.1


class LogLine(dict[str, Any]):
    """A line of a log by field; `place` is its file and number."""

    def __init__(self, values: Mapping[str, Any], path: str | os.PathLike, number: int) -> None:
        super().__init__(values)
        self.path, self.place = path, f"{path}:{number}"

    def numbers(self, fields: Iterable[str]) -> dict[str, float]:
        """Return fields that have to be numbers.

        Raises:
            UserError: one is not; names file, line, field and the remedy.
        """
        for field in sorted(fields):
            if not isinstance(self.get(field), int | float):
                raise UserError(f"{self.place}: no number for {field}; {again(self.path)}.")
        return {field: self[field] for field in fields}


def read(log: str | os.PathLike) -> list[LogLine]:
    """Return the lines of a log.

    Raises:
        UserError: a line is damaged; names file and line.
    """
    return [LogLine(values, log, number) for number, values in enumerate(read_json_lines(log), 1)]


def read_so_far(log: str | os.PathLike, growing: bool) -> tuple[list[LogLine], int]:
    """Return the lines of a log that are JSON objects, and the number of all others.

    A job may be writing one that is `growing`: its last line is none of both while it is half
    written. There are none where there is no file.
    """
    try:
        text = Path(log).read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return [], 0
    *whole, last = text.split("\n")
    written = whole if growing or not last else [*whole, last]
    lines = []
    for number, line in enumerate(written, start=1):
        with suppress(ValueError, RecursionError):
            if isinstance(values := json.loads(line), dict):
                lines.append(LogLine(values, log, number))
    return lines, len(written) - len(lines)


def of_steps(lines: Iterable[LogLine]) -> list[LogLine]:
    """Return the lines that tell of steps, in their order."""
    return [line for line in lines if "loss" in line]


def again(log: str | os.PathLike) -> str:
    """Return what to do about a log that lacks something."""
    return f"delete {log} and its checkpoint, and train this again"


def held_out_loss(log: str | os.PathLike) -> float | None:
    """Return the loss on held-out pairs at the end of an epoch, None where its log has none.

    Raises:
        UserError: as read.
    """
    losses = [line["eval_loss"] for line in read(log) if "eval_loss" in line]
    return losses[-1] if losses else None


@dataclass(frozen=True)
class Curves:
    """What one training logged, a row a line of its logs, in their order.

    `steps` has the columns `step`, `epoch` (a fraction), `loss`, `lr` and `grad_norm`; `held_out`
    has `step`, `epoch` and `eval_loss`, and no row where no pairs were held out.
    """

    steps: "pd.DataFrame"
    held_out: "pd.DataFrame"


def read_curves(logs: Sequence[str | os.PathLike]) -> Curves:
    """Return the curves of one training; `logs` are those of its epochs in order.

    Raises:
        UserError: no loss was logged, a line lacks a value, or a value is not finite.
    """
    lines = [line for log in logs for line in read(log)]
    if not of_steps(lines):
        raise UserError(f"{', '.join(map(str, logs))}: no loss was logged; train this again.")
    return Curves(_frame(lines, "loss", "lr", "grad_norm"), _frame(lines, "eval_loss"))


def _frame(lines: Iterable[LogLine], *fields: str) -> "pd.DataFrame":
    """Return the lines that have the first field, which must have the others, too."""
    # Not at the top: the status of trainings, which is asked for often, needs none.
    import pandas as pd

    columns = ["step", "epoch", *fields]
    rows = [_finite(line, columns) for line in lines if fields[0] in line]
    return pd.DataFrame(rows, columns=columns)


def _finite(line: LogLine, fields: Sequence[str]) -> dict[str, float]:
    values = line.numbers(fields)
    for field, value in values.items():
        if not math.isfinite(value):
            raise UserError(
                f"{line.place}: the {field} at step {values['step']} is {value}: the training "
                "diverged; lower its learning_rate in the config."
            )
    return values


def smoothed(logged: "pd.DataFrame", field: str) -> "pd.Series":
    """Return the running mean of a field over the last SMOOTHING epochs of logged values."""
    epochs = max(1.0, logged["epoch"].max())
    window = max(1, round(SMOOTHING * len(logged) / epochs))
    return logged[field].rolling(window, min_periods=1).mean()


@dataclass(frozen=True)
class Logged:
    """One training: means over its last epoch, and its loss on held-out pairs after each epoch.

    `grad_norm` is before clipping, and the mean of the logged steps' values. `held_out` is empty
    where no pairs are held out, and has no epoch before which the training was stopped.
    """

    loss: float
    grad_norm: float
    held_out: Mapping[int, float]


def read_logged(logs: Mapping[str, Sequence[str | os.PathLike]]) -> dict[str, Logged]:
    """Return what the logs of each training say, which are its epochs' in order.

    Raises:
        UserError: as read_curves.
    """
    return {name: _of_training(read_curves(paths)) for name, paths in logs.items()}


def _of_training(curves: Curves) -> Logged:
    epochs = curves.steps["epoch"]
    last = curves.steps[epochs > math.ceil(epochs.max()) - 1]
    held_out = zip(curves.held_out["epoch"].round(), curves.held_out["eval_loss"], strict=True)
    return Logged(
        loss=float(last["loss"].mean()),
        grad_norm=float(last["grad_norm"].mean()),
        held_out={int(epoch): float(loss) for epoch, loss in held_out},
    )
