"""What a search of fewer trials would have found: the expected best score, and sensitivity.

The best of n trials is taken to be the largest of n scores drawn, with replacement, from those of
all N trials. With the scores in ascending order, v(1) to v(N), it is at most v(i) with probability
(i / N)^n, so that its expectation is the sum over i of v(i) ((i / N)^n - ((i - 1) / N)^n): the
expected validation performance of Dodge et al. (2019, "Show Your Work: Improved Reporting of
Experimental Results"). It is biased downwards (Tang et al. 2020, "Showing Your Work Doesn't Always
Work"), but tells which of two models is better more often than the unbiased estimator does (Dodge
et al. 2021, "Expected Validation Performance and Estimation of a Random Variable's Maximum").
"""

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import fmean

WORST = 0.0
"""What a trial that diverged counts: the least nDCG."""
_QUARTILES = (0.25, 0.75)


@dataclass(frozen=True)
class BestOf:
    """The score of the best of so many trials: its expectation, and its lower and upper quartile.

    Half of the searches with this budget end between the quartiles.
    """

    trials: int
    expected: float
    low: float
    high: float


def expected_best(scores: Iterable[float | None]) -> list[BestOf]:
    """Return what is to be expected of the best of 1, 2, … trials, up to all that there are.

    Args:
        scores: those of the trials, in any order; None of one that diverged, which is `WORST`.
    """
    ordered = sorted(WORST if score is None else score for score in scores)
    return [_best_of(trials, ordered) for trials in range(1, len(ordered) + 1)]


def _best_of(trials: int, ordered: list[float]) -> BestOf:
    # at_most[i] is the probability that the best is none of the trials after the i-th.
    at_most = [(place / len(ordered)) ** trials for place in range(len(ordered) + 1)]
    expected = sum(
        score * (below_or_equal - below)
        for score, below, below_or_equal in zip(ordered, at_most, at_most[1:], strict=False)
    )
    low, high = (
        next(score for score, reached in zip(ordered, at_most[1:], strict=True) if reached >= part)
        for part in _QUARTILES
    )
    return BestOf(trials, expected, low, high)


def area(scores: Iterable[float | None]) -> float:
    """Return the area under the curve of expected best scores, over its width: their mean.

    The closer it is to the best score, the less a training depends on how long it is searched.

    Raises:
        StatisticsError: there are no scores.
    """
    return fmean(best.expected for best in expected_best(scores))
