"""Successive halving: after each epoch, only the best of a search's trials go on.

Of n trials that were trained for an epoch, the `keep` n with the best scores in it, rounded down
but at least one, are trained for the next (Jamieson and Talwalkar 2016, "Non-stochastic Best Arm
Identification and Hyperparameter Optimization").
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction

Scores = Mapping[str, Sequence[float | None]]
"""By trial, the score of each epoch so far, None of one that it was not trained for."""


def stopped_after(scores: Scores, trial: str, keep: float) -> int | None:
    """Return the epoch after which a trial is over, None where it goes on.

    A trial that diverged never goes on, also where that leaves fewer than `keep` says. Of trials
    that are level, those that come first go on.
    """
    going_on = [*scores]
    # As a config has it: 0.29 of 100 are 29, and not 28.
    share = Fraction(str(keep))
    for epoch in range(len(scores[trial])):
        room = max(int(share * len(going_on)), 1)
        trained = {each: score for each in going_on if (score := scores[each][epoch]) is not None}
        going_on = sorted(trained, key=lambda each: -trained[each])[:room]
        if trial not in going_on:
            return epoch + 1
    return None
