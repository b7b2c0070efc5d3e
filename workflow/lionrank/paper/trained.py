"""What came of each training: its scores by epoch, and what it logged."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from lionrank.evaluation.comparisons import on_primary
from lionrank.grid import Grid, Training
from lionrank.paper.results import Results
from lionrank.training.log import Logged
from lionrank.wording import DIGITS

LOSS_DIGITS = 3


@dataclass(frozen=True)
class Trained:
    """What came of a training: its scores by epoch in the primary measure, and what it logged.

    `selection_bias` is how much the epoch that is best on the test topics is above the one that
    development data chose, averaged over the seeds; None where comparisons.json does not tell.
    `loss` and `grad_norm` are means over the last epoch, and `held_out` is the loss on held-out
    pairs by epoch, rounded as they are printed; None and empty where they are not known.
    """

    training: Training
    scores: Mapping[int, float]
    chosen: int
    selection_bias: float | None = None
    loss: float | None = None
    grad_norm: float | None = None
    held_out: Mapping[int, float] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.training.name

    @property
    def described(self) -> str:
        return " with ".join(self.training.labels)

    @property
    def reached(self) -> float:
        """The score at the chosen epoch."""
        return self.scores[self.chosen]

    @property
    def chosen_checkpoint(self) -> str:
        return self.training.checkpoint(self.chosen)

    @property
    def best(self) -> float:
        return max(self.scores.values())

    @property
    def best_epochs(self) -> list[int]:
        return [epoch for epoch, score in self.scores.items() if score == self.best]

    @property
    def rises(self) -> bool:
        """Whether there are several epochs, and every one is above the one before it."""
        scores = list(self.scores.values())
        return len(scores) > 1 and all(left < right for left, right in pairwise(scores))

    @property
    def last(self) -> float:
        """The score after the last epoch."""
        return self.scores[max(self.scores)]

    @property
    def ends_best(self) -> bool:
        """Whether the last epoch is above all others."""
        return self.best_epochs == [max(self.scores)]

    @property
    def held_out_ends_lowest(self) -> bool:
        """Whether the loss on held-out pairs is lower after the last epoch than after any other."""
        *before, last = self.held_out.values()
        return all(last < loss for loss in before)


def find_trained(
    results: Results,
    grid: Grid,
    chosen: Mapping[str, int],
    compared: Mapping[str, Any],
    logged: Mapping[str, Logged],
) -> list[Trained]:
    """Return what came of every training of a grid; the arguments are those of `find`."""
    primary = results.layout.primary
    selection_bias = {
        each["training"]: round(each["selection_bias"], DIGITS)
        for each in on_primary(compared["selection"], primary.test_set)
    }
    return [
        Trained(
            training,
            {e: results.mean(primary, training.checkpoint(e)) for e in training.epochs},
            chosen[training.name],
            selection_bias=selection_bias.get(training.name),
            **_of_logs(logged.get(training.name)),
        )
        for training in grid.trainings()
    ]


def _of_logs(logged: Logged | None) -> dict[str, Any]:
    """Return what a training logged in the digits that are printed."""
    if logged is None:
        return {}
    return {
        "loss": round(logged.loss, LOSS_DIGITS),
        "grad_norm": round(logged.grad_norm, LOSS_DIGITS),
        "held_out": {e: round(loss, LOSS_DIGITS) for e, loss in logged.held_out.items()},
    }
