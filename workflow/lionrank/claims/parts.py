"""The parts that tests of claims fall into, and how verdicts combine.

How a part is decided on our results is told in `lionrank.claims.decide`.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol

from lionrank.claims.evidence import Untestable
from lionrank.claims.pairs import Difference, Pair, Shown, TestedPair
from lionrank.evaluation.significance import ToShow


class Verdict(StrEnum):
    """What is said of a claim, of a test or of a part of one."""

    REPLICATED = "replicated"
    CONTRADICTED = "contradicted"
    INCONCLUSIVE = "inconclusive"
    NOT_TESTABLE = "not testable"


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
    def pairs(self) -> Sequence[Difference]: ...

    def decide(self, tested: Mapping[Difference, TestedPair], alpha: float) -> Outcome: ...


@dataclass(frozen=True)
class Settled:
    """A part that needs no pair to be tested."""

    outcome: Outcome
    pairs: Sequence[Difference] = ()

    def decide(self, tested: Mapping[Difference, TestedPair], alpha: float) -> Outcome:
        return self.outcome


@dataclass(frozen=True)
class Above:
    """Whether the best on the left is above all on the right: a row of pairs for each left one."""

    rows: Sequence[Sequence[Difference]]

    @property
    def pairs(self) -> Sequence[Difference]:
        return [pair for row in self.rows for pair in row]

    def decide(self, tested: Mapping[Difference, TestedPair], alpha: float) -> Outcome:
        """Decide by the pair of the best on the left with its strongest rival on the right."""

        def differs(pair: Difference, sign: int) -> bool:
            return tested[pair].p <= alpha and sign * tested[pair].difference > 0

        def difference(pair: Difference) -> float:
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
    def pairs(self) -> Sequence[Difference]:
        return [self.pair]

    def decide(self, tested: Mapping[Difference, TestedPair], alpha: float) -> Outcome:
        """Decide by the interval of the difference, which is at the confidence 1 - alpha."""
        result = tested[self.pair]
        if -self.margin <= result.low and result.high <= self.margin:
            verdict = Verdict.REPLICATED
        elif result.low > self.margin or result.high < -self.margin:
            verdict = Verdict.CONTRADICTED
        else:
            verdict = Verdict.INCONCLUSIVE
        return Outcome(verdict, f"{self.pair.described}, margin {self.margin:g}", result)


@dataclass(frozen=True)
class Judged:
    """Whether something is shown of a difference, and not one of its contraries."""

    shown: Difference
    contraries: Sequence[Shown]
    margin: float

    @property
    def pairs(self) -> Sequence[Difference]:
        return [self.shown, *self.contraries]

    def decide(self, tested: Mapping[Difference, TestedPair], alpha: float) -> Outcome:
        """Decide by the p-values; the numbers of the difference are those of what is shown."""
        result = tested[self.shown]
        refuted = min(tested[each].p for each in self.contraries)
        verdict = Verdict.INCONCLUSIVE
        if result.p <= alpha:
            verdict = Verdict.REPLICATED
        elif refuted <= alpha:
            verdict, result = Verdict.CONTRADICTED, replace(result, p=refuted)
        return Outcome(verdict, f"{self.shown.described}, margin {self.margin:g}", result)


def not_below(difference: Difference, margin: float) -> Judged:
    """Return whether a difference is above -margin, its contrary being that it is below."""
    beyond = ToShow("not_below", -margin)
    shown = Shown(difference, ToShow("not_below", margin))
    return Judged(shown, [Shown(difference, beyond, turned=True, contrary=True)], margin)


def level(difference: Difference, margin: float) -> Judged:
    """Return whether a difference is within a margin, its contraries being both sides beyond it."""
    beyond = ToShow("not_below", -margin)
    shown = Shown(difference, ToShow("equivalent", margin))
    contraries = [Shown(difference, beyond, turned, contrary=True) for turned in (False, True)]
    return Judged(shown, contraries, margin)


def differs(difference: Difference, margin: float) -> Judged:
    """Return whether a difference is not 0, its contrary being that it is within a margin."""
    return Judged(
        difference, [Shown(difference, ToShow("equivalent", margin), contrary=True)], margin
    )


@dataclass(frozen=True)
class SignsAgree:
    """Whether differences are all above 0, or all below."""

    pairs: Sequence[Difference]

    def decide(self, tested: Mapping[Difference, TestedPair], alpha: float) -> Outcome:
        """Decide by the signs of those that are significant, and tell of the least certain one."""
        results = [tested[pair] for pair in self.pairs]
        signs = {math.copysign(1, each.difference) for each in results if each.p <= alpha}
        verdict = Verdict.INCONCLUSIVE
        if len(signs) == 2:
            verdict = Verdict.CONTRADICTED
        elif signs and all(each.p <= alpha for each in results):
            verdict = Verdict.REPLICATED
        pair = max(self.pairs, key=lambda each: tested[each].p)
        return Outcome(verdict, pair.described, tested[pair])


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
