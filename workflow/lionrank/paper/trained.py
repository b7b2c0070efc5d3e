"""What came of each training: its scores by epoch, and what it logged."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import fmean
from typing import Any

from lionrank.evaluation.comparisons import on_primary
from lionrank.grid import Grid, Training
from lionrank.paper.results import Chosen, Results
from lionrank.training.log import Logged
from lionrank.wording import DIGITS

LOSS_DIGITS = 3


@dataclass(frozen=True)
class Trained:
    """What came of a training: its scores by epoch in the primary measure, and what it logged.

    With several seeds all are means over them, and `chosen` is BEST where each chose its own.
    `reached` is the score at the chosen epoch, `by_seed` that of each seed, as it is printed, and
    `sd` their standard deviation.

    `selection_bias` is how much the epoch that is best on the test topics is above the one that
    development data chose, averaged over the seeds; None where comparisons.json does not tell.
    `loss` and `grad_norm` are means over the last epoch, and `held_out` is the loss on held-out
    pairs by epoch, rounded as they are printed; None and empty where they are not known.
    """

    training: Training
    scores: Mapping[int, float]
    chosen: int | str
    reached: float
    by_seed: tuple[float, ...] = ()
    sd: float | None = None
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
    chosen: Chosen,
    compared: Mapping[str, Any],
    logged: Mapping[str, Logged],
) -> list[Trained]:
    """Return what came of every training of a grid; the arguments are those of `find`."""
    primary = results.layout.primary
    selection_bias = {
        each["training"]: round(each["selection_bias"], DIGITS)
        for each in on_primary(compared["selection"], primary.test_set)
    }
    trainings = []
    for training in grid.trainings():
        reached = results.scores[primary][training.checkpoint(chosen[training.name])]
        trainings.append(
            Trained(
                training,
                {e: results.mean(primary, training.checkpoint(e)) for e in training.epochs},
                chosen[training.name],
                reached.mean,
                tuple(round(each, DIGITS) for each in reached.by_seed),
                reached.sd,
                selection_bias=selection_bias.get(training.name),
                **_of_logs([logged[name] for name in training.names if name in logged]),
            )
        )
    return trainings


def _of_logs(logged: Sequence[Logged]) -> dict[str, Any]:
    """Return what a training logged, as the mean over its seeds, in the digits that are printed."""
    if not logged:
        return {}
    held_out = [each.held_out for each in logged]
    epochs = [epoch for epoch in held_out[0] if all(epoch in each for each in held_out)]
    return {
        "loss": round(fmean(each.loss for each in logged), LOSS_DIGITS),
        "grad_norm": round(fmean(each.grad_norm for each in logged), LOSS_DIGITS),
        "held_out": {e: round(fmean(each[e] for each in held_out), LOSS_DIGITS) for e in epochs},
    }
