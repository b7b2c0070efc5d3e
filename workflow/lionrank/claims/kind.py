"""What kinds of tests have in common: parts, each decided on what was published and on our results.

A system without an epoch is its training at the epoch that it is reported by: the best of the
published table, and here the one that development data chose. Where a training is not ours, the
system of others that was trained so stands for it.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from lionrank.claims.evidence import Ours, Published, Untestable
from lionrank.claims.pairs import Pair
from lionrank.claims.parts import Above, Outcome, Part, Verdict, attempt, fact
from lionrank.evaluation.per_query import System
from lionrank.measures import Measure

Systems = Sequence[System]


@dataclass(frozen=True, kw_only=True)
class Test(ABC):
    """One test of a claim; its fields are the keys of the claims file.

    With `most`, more than half of the parts have to hold instead of all.
    """

    most: bool = False

    @abstractmethod
    def published(self, published: Published) -> list[Outcome]:
        """Decide every part on what was published."""

    @abstractmethod
    def parts(self, ours: Ours, published: Published) -> list[Part]:
        """Return every part, with the pairs of ours that it is to be decided by."""


class Question(Protocol):
    """What makes a part of a test, asked of what was published and of our results."""

    def published(self, published: Published) -> Outcome: ...

    def part(self, ours: Ours, published: Published) -> Part: ...


class Asked(Test):
    """A test whose parts are one question after another.

    What is lacking for one, on either side, makes it not testable there.
    """

    @abstractmethod
    def questions(self, published: Published) -> Iterator[Question]: ...

    def published(self, published: Published) -> list[Outcome]:
        return [said(partial(each.published, published)) for each in self.questions(published)]

    def parts(self, ours: Ours, published: Published) -> list[Part]:
        return [attempt(partial(each.part, ours, published)) for each in self.questions(published)]


def said(outcome: Callable[[], Outcome]) -> Outcome:
    """Return what was published says, which is nothing where something is lacking."""
    try:
        return outcome()
    except Untestable as lacking:
        return Outcome(Verdict.NOT_TESTABLE, str(lacking))


@dataclass(frozen=True)
class Order:
    """That the best on the left is above all on the right; `ties` are good enough on paper."""

    measure: Measure
    left: Systems
    right: Systems
    ties: bool = False

    def published(self, published: Published) -> Outcome:
        (left, above), (right, below) = (
            published.best(self.measure, each) for each in (self.left, self.right)
        )
        title = published.title(self.measure)
        cells = f"{title}: {above:.4f} for {published.label(left)}; "
        cells += f"{below:.4f} for {published.label(right)}"
        return fact(above > below or (self.ties and above == below), cells)

    def part(self, ours: Ours, published: Published) -> Part:
        measure = ours.measure(self.measure)
        for system in (*self.left, *self.right):
            ours.check(system, measure)
        return Above(
            [
                [pair_of(published, self.measure, measure, one, other) for other in self.right]
                for one in self.left
            ]
        )


def pair_of(
    published: Published, of: Measure, measure: Measure, left: System, right: System | float
) -> Pair:
    """Return a pair on `measure`, which is what the published measure `of` is here."""
    other = f"{right:g}" if isinstance(right, float) else published.label(right)
    described = f"{published.title(of)}: {published.label(left)} minus {other}"
    return Pair(measure, left, right, described)
