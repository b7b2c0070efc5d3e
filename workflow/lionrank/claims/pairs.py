"""The differences that parts of tests are decided by, and how they are tested.

How a part is decided on our results is told in `lionrank.claims.decide`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

import numpy as np

from lionrank.claims.evidence import Ours, Untestable, words
from lionrank.evaluation import significance
from lionrank.evaluation.contrasts import sides
from lionrank.evaluation.per_query import System
from lionrank.evaluation.significance import ToShow
from lionrank.measures import Measure

# Log lines (or pairs of successive ones) without which nothing is said about their mean.
FEWEST_LINES = 10


class Difference(Protocol):
    """What is on the left minus what is on the right; `described` is that in words."""

    @property
    def described(self) -> str: ...

    @property
    def measure(self) -> Measure | None:
        """The measure of ours that it is on, None where it is on none."""

    @property
    def systems(self) -> Sequence[System]:
        """The published systems that it is of."""

    def samples(self, ours: Ours) -> tuple[np.ndarray, np.ndarray]:
        """Return the values of both sides, pair by pair; of several seeds the means."""


@dataclass(frozen=True)
class Pair:
    """Two published systems on a measure of ours: left minus right, or minus a printed value."""

    measure: Measure
    left: System
    right: System | float
    described: str = field(compare=False)

    @property
    def systems(self) -> list[System]:
        return [side for side in (self.left, self.right) if isinstance(side, System)]

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

    @property
    def measure(self) -> None:
        return None

    @property
    def systems(self) -> list[System]:
        return []

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


@dataclass(frozen=True)
class Sum:
    """A weighted sum of published systems on a measure of ours.

    The weights add up to 0: left are the terms above 0, and right those below.
    """

    measure: Measure
    terms: tuple[tuple[System, float], ...]
    described: str = field(compare=False)

    @property
    def systems(self) -> list[System]:
        return [system for system, _ in self.terms]

    def samples(self, ours: Ours) -> tuple[np.ndarray, np.ndarray]:
        """Return the values (queries,) of both; with several seeds their means."""
        return sides(self.terms, partial(ours.mean_over_seeds, self.measure))


@dataclass(frozen=True)
class Shown:
    """What is to be shown of a difference, where that is not just that there is one.

    With `turned` it is shown of the difference the other way round. A `contrary` is what would
    refute a part, instead of bearing it out.
    """

    difference: Difference
    claim: ToShow
    turned: bool = False
    contrary: bool = False

    @property
    def described(self) -> str:
        return self.difference.described

    @property
    def measure(self) -> Measure | None:
        return self.difference.measure

    @property
    def systems(self) -> Sequence[System]:
        return self.difference.systems

    def samples(self, ours: Ours) -> tuple[np.ndarray, np.ndarray]:
        left, right = self.difference.samples(ours)
        return (right, left) if self.turned else (left, right)


@dataclass(frozen=True)
class TestedPair:
    """A pair's mean difference, the bounds of its interval, and p after Holm's correction."""

    difference: float
    low: float
    high: float
    p: float


def compare_pairs(
    pairs: Iterable[Difference], ours: Ours, settings: significance.Draws
) -> dict[Difference, significance.Contrast]:
    """Compare all pairs, those on one measure together.

    Raises:
        UserError: a test set has fewer than two topics, or a value is absent.
    """
    groups: dict[object, list[Difference]] = {}
    for pair in dict.fromkeys(pairs):
        groups.setdefault(pair.measure or pair, []).append(pair)
    compared: dict[Difference, significance.Contrast] = {}
    for group in groups.values():
        left, right = zip(*(pair.samples(ours) for pair in group), strict=True)
        measure = group[0].measure
        contrasts = significance.compare(
            np.stack(left, 1),
            np.stack(right, 1),
            settings,
            ours.per_query.strata(measure) if measure else None,
            [pair.claim if isinstance(pair, Shown) else ToShow() for pair in group],
        )
        compared |= zip(group, contrasts, strict=True)
    return compared


def corrected(
    pairs: Sequence[Difference], contrasts: Mapping[Difference, significance.Contrast]
) -> dict[Difference, TestedPair]:
    """Return the pairs of a claim, with Holm's correction over them and over their contraries."""
    tested: dict[Difference, TestedPair] = {}
    for contrary in (False, True):
        together = [each for each in pairs if _is_contrary(each) == contrary]
        found = [contrasts[each] for each in together]
        p_values = significance.holm(np.array([each.p_randomization for each in found]))
        for pair, contrast, p in zip(together, found, p_values, strict=True):
            tested[pair] = TestedPair(contrast.difference, contrast.low, contrast.high, float(p))
    return tested


def _is_contrary(pair: Difference) -> bool:
    return isinstance(pair, Shown) and pair.contrary
