"""Training logs as curves: losses, learning rate and gradient norm over the epochs."""

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from lionrank.errors import UserError
from lionrank.files import read_json_lines

# The running mean covers this part of an epoch's logged values.
SMOOTHING = 0.1


@dataclass(frozen=True)
class Curves:
    """What one training logged, a row a line of its logs, in their order.

    `steps` has the columns `step`, `epoch` (a fraction), `loss`, `lr` and `grad_norm`; `held_out`
    has `step`, `epoch` and `eval_loss`, and no row where no pairs were held out.
    """

    steps: pd.DataFrame
    held_out: pd.DataFrame


def read_curves(logs: Sequence[str | os.PathLike]) -> Curves:
    """Return the curves of one training.

    `logs` are the JSON-lines files of its epochs in order; that of an epoch before which the
    training was stopped is empty.

    Raises:
        UserError: no loss was logged, a line lacks a value, or a value is not finite.
    """
    steps = _read(logs, "loss", "lr", "grad_norm")
    if steps.empty:
        raise UserError(f"{', '.join(map(str, logs))}: no loss was logged; train this again.")
    return Curves(steps, _read(logs, "eval_loss"))


def _read(logs: Sequence[str | os.PathLike], *fields: str) -> pd.DataFrame:
    """Return the lines that have the first field, which must have the others, too."""
    rows = [
        _row(record, fields, path)
        for path in logs
        for record in read_json_lines(path)
        if fields[0] in record
    ]
    return pd.DataFrame(rows, columns=["step", "epoch", *fields])


def _row(record: Mapping, fields: Sequence[str], path: str | os.PathLike) -> list[int | float]:
    try:
        step = int(record["step"])
        values = {field: float(record[field]) for field in ("epoch", *fields)}
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(
            f"{path}: a line without a usable value ({error}); train this again."
        ) from None
    for field, value in values.items():
        if not math.isfinite(value):
            raise UserError(
                f"{path}: the {field} at step {step} is {value}: the training diverged; "
                "lower its learning_rate in the config."
            )
    return [step, *values.values()]


def smoothed(logged: pd.DataFrame, field: str) -> pd.Series:
    """Return the running mean of a field over the last SMOOTHING epochs of logged values."""
    epochs = max(1.0, logged["epoch"].max())
    window = max(1, round(SMOOTHING * len(logged) / epochs))
    return logged[field].rolling(window, min_periods=1).mean()
