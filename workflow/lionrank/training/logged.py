"""What the training logs say of the end of each training, for the prose."""

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lionrank.training.log import Curves, read_curves


@dataclass(frozen=True)
class Logged:
    """One training: means over its last epoch, and its loss on held-out pairs after each epoch.

    `grad_norm` is before clipping, and the mean of the logged steps' values. `held_out` is empty
    where no pairs are held out, and has no epoch before which the training was stopped.
    """

    loss: float
    grad_norm: float
    held_out: Mapping[int, float]


def read(logs: Mapping[str, Sequence[str | os.PathLike]]) -> dict[str, Logged]:
    """Return what the logs of each training say, which are its epochs' files in order.

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
