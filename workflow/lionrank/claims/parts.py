"""The parts that tests of claims fall into, the pairs they compare, and how verdicts combine.

How a part is decided on our results is told in `lionrank.claims.decide`.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

import numpy as np

from lionrank.claims.evidence import Ours, Untestable, words
from lionrank.evaluation import significance
from lionrank.evaluation.per_query import System
from lionrank.measures import Measure

# Log lines (or pairs of successive ones) without which nothing is said about their mean.
FEWEST_LINES = 10


class Verdict(StrEnum):
    """What is said of a claim, of a test or of a part of one."""

    REPLICATED = "replicated"
    CONTRADICTED = "contradicted"
    INCONCLUSIVE = "inconclusive"
    NOT_TESTABLE = "not testable"


@dataclass(frozen=True)
class Pair:
    """Two published systems on a measure of ours: left minus right, which may be a printed value.

    `described` is that in words.
    """

    measure: Measure
    left: System
    right: System | float
    described: str = field(compare=False)

    def samples(self, ours: Ours) -> tuple[np.ndarray, np.ndarray]:
        """Return the values (queries,) of both; with several seeds their means."""
        left = ours.mean_over_seeds(self.measure, self.left)
        if isinstance(self.right, float):
            return left, np.full_like(left, self.right)
        return left, ours.mean_over_seeds(self.measure, self.right)


@dataclass(frozen=True)
class LogPair:
    """A quantity in the logs of two trainings: left minus right.

    With `uneven` it is not the quantity itself but its unevenness: the absolute difference of the
    logarithms of one line's value and the next one's. That has no unit, so that two optimizers
    whose gradients differ in size can be compared. The pairs of lines do not overlap. `described`
    is all that in words.
    """

    quantity: str
    left: str
    right: str
    uneven: bool
    described: str = field(compare=False)

    def samples(self, ours: Ours) -> tuple[np.ndarray, np.ndarray]:
        """Return the values (lines,) of both, of the steps that both have logged."""
        left, right = (ours.log(each, self.quantity) for each in (self.left, self.right))
        steps = sorted(left.keys() & right.keys())
        both = np.array([[each[step] for step in steps] for each in (left, right)])
        if self.uneven:
            if (both <= 0).any():
                raise Untestable(f"{words(self.quantity)} is not always positive in the logs")
            even = both[:, : len(steps) // 2 * 2]
            both = np.abs(np.log(even[:, 1::2] / even[:, ::2]))
        if both.shape[1] < FEWEST_LINES:
            raise Untestable(
                f"the logs have no more than {len(steps)} values of {words(self.quantity)}"
            )
        return both[0], both[1]


AnyPair = Pair | LogPair


@dataclass(frozen=True)
class TestedPair:
    """A pair's mean difference, the bounds of its interval, and p after Holm's correction."""

    difference: float
    low: float
    high: float
    p: float


@dataclass(frozen=True)
class Outcome:
    """A verdict, what it was decided by, and the numbers where a pair decided it."""

    verdict: Verdict
    reason: str
    tested: TestedPair | None = None


def fact(true: bool, reason: str) -> Outcome:
    """Return the outcome of what is so or not so, without chance."""
    return Outcome(Verdict.REPLICATED if true else Verdict.CONTRADICTED, reason)


class Part(Protocol):
    """What is decided as one, once its pairs are tested at the level `alpha`."""

    @property
    def pairs(self) -> Sequence[AnyPair]: ...

    def decide(self, tested: Mapping[AnyPair, TestedPair], alpha: float) -> Outcome: ...


@dataclass(frozen=True)
class Settled:
    """A part that needs no pair to be tested."""

    outcome: Outcome
    pairs: Sequence[AnyPair] = ()

    def decide(self, tested: Mapping[AnyPair, TestedPair], alpha: float) -> Outcome:
        return self.outcome


@dataclass(frozen=True)
class Above:
    """Whether the best on the left is above all on the right: a row of pairs for each left one."""

    rows: Sequence[Sequence[AnyPair]]

    @property
    def pairs(self) -> Sequence[AnyPair]:
        return [pair for row in self.rows for pair in row]

    def decide(self, tested: Mapping[AnyPair, TestedPair], alpha: float) -> Outcome:
        """Decide by the pair of the best on the left with its strongest rival on the right."""

        def differs(pair: AnyPair, sign: int) -> bool:
            return tested[pair].p <= alpha and sign * tested[pair].difference > 0

        def difference(pair: AnyPair) -> float:
            return tested[pair].difference

        verdict, rows, columns = Verdict.INCONCLUSIVE, self.rows, list(zip(*self.rows, strict=True))
        if winners := [row for row in rows if all(differs(pair, +1) for pair in row)]:
            verdict, rows = Verdict.REPLICATED, winners
        elif rivals := [column for column in columns if all(differs(pair, -1) for pair in column)]:
            verdict, rows = Verdict.CONTRADICTED, list(zip(*rivals, strict=True))
        pair = max((min(row, key=difference) for row in rows), key=difference)
        return Outcome(verdict, pair.described, tested[pair])


@dataclass(frozen=True)
class Within:
    """Whether two systems differ by no more than a margin."""

    pair: Pair
    margin: float

    @property
    def pairs(self) -> Sequence[AnyPair]:
        return [self.pair]

    def decide(self, tested: Mapping[AnyPair, TestedPair], alpha: float) -> Outcome:
        """Decide by the interval of the difference, which is at the confidence 1 - alpha."""
        result = tested[self.pair]
        if -self.margin <= result.low and result.high <= self.margin:
            verdict = Verdict.REPLICATED
        elif result.low > self.margin or result.high < -self.margin:
            verdict = Verdict.CONTRADICTED
        else:
            verdict = Verdict.INCONCLUSIVE
        return Outcome(verdict, f"{self.pair.described}, margin {self.margin:g}", result)


def attempt(part: Callable[[], Part]) -> Part:
    """Return a part, one that is settled as not testable where something is lacking."""
    try:
        return part()
    except Untestable as lacking:
        return Settled(Outcome(Verdict.NOT_TESTABLE, str(lacking)))


def conclude(outcomes: Sequence[Outcome], most: bool = False) -> Outcome:
    """Combine the outcomes of the parts of a test, or of the tests of a claim.

    Contradicted if any is, replicated if all are, not testable if none is testable, and else
    inconclusive. With `most`, more than half have to be replicated, and it is contradicted once so
    many parts are that no majority is left. The reason is that of the first part which has this
    verdict; among those that were replicated, of the first with the largest p.
    """
    verdicts = [outcome.verdict for outcome in outcomes]
    replicated, contradicted = map(verdicts.count, (Verdict.REPLICATED, Verdict.CONTRADICTED))
    if contradicted and (not most or 2 * contradicted >= len(outcomes)):
        verdict = Verdict.CONTRADICTED
    elif replicated == len(outcomes) or (most and 2 * replicated > len(outcomes)):
        verdict = Verdict.REPLICATED
    elif all(each is Verdict.NOT_TESTABLE for each in verdicts):
        verdict = Verdict.NOT_TESTABLE
    else:
        verdict = Verdict.INCONCLUSIVE
    same = [outcome for outcome in outcomes if outcome.verdict is verdict]
    if verdict is Verdict.REPLICATED:
        decisive = max(same, key=lambda outcome: outcome.tested.p if outcome.tested else -math.inf)
    else:
        unsettled = [each for each in outcomes if each.verdict is not Verdict.REPLICATED]
        decisive = (same or unsettled)[0]
    return Outcome(verdict, decisive.reason, decisive.tested)


def compare_pairs(
    pairs: Iterable[AnyPair], ours: Ours, settings: significance.Draws
) -> dict[AnyPair, significance.Contrast]:
    """Compare all pairs, those on one measure together.

    Raises:
        UserError: a test set has fewer than two topics, or a value is absent.
    """
    groups: dict[Measure | LogPair, list[AnyPair]] = {}
    for pair in dict.fromkeys(pairs):
        groups.setdefault(pair.measure if isinstance(pair, Pair) else pair, []).append(pair)
    compared: dict[AnyPair, significance.Contrast] = {}
    for group in groups.values():
        left, right = zip(*(pair.samples(ours) for pair in group), strict=True)
        contrasts = significance.compare(np.stack(left, 1), np.stack(right, 1), settings)
        compared |= zip(group, contrasts, strict=True)
    return compared
