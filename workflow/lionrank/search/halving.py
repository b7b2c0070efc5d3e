"""Successive halving: after each epoch, only the best of a search's trials go on.

Of n trials that were trained for an epoch, the `keep` n with the best scores in it, rounded down
but at least one, are trained for the next (Jamieson and Talwalkar 2016, "Non-stochastic Best Arm
Identification and Hyperparameter Optimization").
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction

Scores = Mapping[str, Sequence[float | None]]
"""By trial, the score of each epoch so far, None of one that it was not trained for."""


def going_on(scores: Scores, keep: float) -> list[str]:
    """Return the trials that are trained for the next epoch, the best one first.

    A trial that diverged never is, also where that leaves fewer than `keep` says. Of trials that
    are level, those that come first are.
    """
    left = [*scores]
    for epoch in zip(*scores.values(), strict=True):
        known = dict(zip(scores, epoch, strict=True))
        trained = {each: score for each in left if (score := known[each]) is not None}
        left = sorted(trained, key=lambda each: -trained[each])[: _room(len(left), keep)]
    return left


def trained(trials: int, keep: float, epochs: int) -> list[int]:
    """Return how many of so many trials are trained in each epoch, if none diverges."""
    found = [trials]
    while len(found) < epochs:
        found.append(_room(found[-1], keep))
    return found


def _room(trials: int, keep: float) -> int:
    # As a config has it: 0.29 of 100 are 29, and not 28.
    return max(int(Fraction(str(keep)) * trials), 1)
