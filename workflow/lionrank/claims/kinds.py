"""The kinds of tests in the claims file, each with what it says of the published tables and of us.

A test falls into parts, one for each measure, epoch or model that it speaks of. On what was
published a part is decided by the values as they are. A system without an epoch is its
training at the epoch that it is reported by: the best of the published table, and here the one
that development data chose. Where a training is not ours, the system of others that was trained so
stands for it.
"""

import math
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any

from lionrank.claims.across import AboveAll, NotBelow, SameSign, Trend
from lionrank.claims.confounds import Disjoint, SameData
from lionrank.claims.evidence import Ours, Published, Untestable, words
from lionrank.claims.kind import Asked, Order, Systems, Test, pair_of
from lionrank.claims.pairs import LogPair
from lionrank.claims.parts import (
    Above,
    Outcome,
    Part,
    Settled,
    Verdict,
    Within,
    attempt,
    fact,
)
from lionrank.errors import UserError
from lionrank.evaluation.per_query import System
from lionrank.grid import training_name
from lionrank.measures import GRADED, Measure

_NO_LOGS = Outcome(Verdict.NOT_TESTABLE, "no training logs were published")


@dataclass(frozen=True, kw_only=True)
class Best(Asked):
    """One of `systems` has the highest value, shared or not, among these and those in `over`."""

    metrics: Sequence[Measure]
    systems: Systems
    over: Systems

    def questions(self, published: Published) -> Iterator[Order]:
        others = [system for system in self.over if system not in self.systems]
        for measure in self.metrics:
            yield Order(measure, self.systems, others, ties=True)


@dataclass(frozen=True, kw_only=True)
class Greater(Asked):
    """The best of `left` is above the best of `right`."""

    metrics: Sequence[Measure]
    left: Systems
    right: Systems

    def questions(self, published: Published) -> Iterator[Order]:
        for measure in self.metrics:
            yield Order(measure, self.left, self.right)


@dataclass(frozen=True, kw_only=True)
class GreaterByEpoch(Asked):
    """The training `left` is above the training `right` after each of `epochs`."""

    metrics: Sequence[Measure]
    left: Systems
    right: Systems
    epochs: Sequence[int]

    def questions(self, published: Published) -> Iterator[Order]:
        for measure in self.metrics:
            for epoch in self.epochs:
                left, right = ([System(each.training, epoch)] for each in (*self.left, *self.right))
                yield Order(measure, left, right)


@dataclass(frozen=True, kw_only=True)
class Monotonic(Asked):
    """From each of `systems` to the next one the value rises; listed backwards, it falls."""

    metrics: Sequence[Measure]
    systems: Systems

    def questions(self, published: Published) -> Iterator[Order]:
        for measure in self.metrics:
            for before, after in pairwise(self.systems):
                yield Order(measure, [after], [before])


@dataclass(frozen=True)
class _Level:
    """That two systems are level."""

    measure: Measure
    systems: Systems
    margin: float

    def published(self, published: Published) -> Outcome:
        found = [published.best(self.measure, [system]) for system in self.systems]
        cells = "; ".join(f"{value:.4f} for {published.label(system)}" for system, value in found)
        level = len({value for _, value in found}) == 1
        return fact(level, f"{published.title(self.measure)}: {cells}")

    def part(self, ours: Ours, published: Published) -> Part:
        measure = ours.measure(self.measure)
        for system in self.systems:
            ours.check(system, measure)
        return Within(pair_of(published, self.measure, measure, *self.systems), self.margin)


@dataclass(frozen=True, kw_only=True)
class Equal(Asked):
    """Two systems are level: on paper to the printed digit, here within `margin`."""

    metrics: Sequence[Measure]
    systems: Systems
    margin: float

    def questions(self, published: Published) -> Iterator[_Level]:
        for measure in self.metrics:
            yield _Level(measure, self.systems, self.margin)


@dataclass(frozen=True)
class _AboveOthers:
    """That the best of some systems is above every system of systems.csv."""

    systems: Systems

    def published(self, published: Published) -> Outcome:
        of = _of_others(published)
        system, value = published.best(of, self.systems)
        name, top = _highest(published)
        cells = f"{published.title(of)}: {value:.4f} for {published.label(system)}; "
        cells += f"{top:g} for {name}"
        return fact(value > top, cells)

    def part(self, ours: Ours, published: Published) -> Part:
        of = _of_others(published)
        measure = ours.measure(of)
        if measure.test_set != of.test_set:
            raise Untestable(
                f"the other systems are known on {of.test_set} only, for which "
                f"{measure.test_set} stands in"
            )
        for system in self.systems:
            ours.check(system, measure)
        _, top = _highest(published)
        return Above([[pair_of(published, of, measure, system, top)] for system in self.systems])


@dataclass(frozen=True, kw_only=True)
class Exceeds(Asked):
    """One of `systems` is above every system of systems.csv on nDCG@10.

    Of those systems only the means are known, which are taken as they were printed.
    """

    systems: Systems

    def questions(self, published: Published) -> Iterator[_AboveOthers]:
        yield _AboveOthers(self.systems)


def _of_others(published: Published) -> Measure:
    """Return the measure in which other systems were published beside those of a study."""
    if published.study.systems is None:
        raise UserError(
            f"{published.study.name}: a test of the kind exceeds is about systems.csv, which the "
            "study does not have: write that, and name its test set in study.yaml"
        )
    return Measure(published.study.systems, GRADED)


def _highest(published: Published) -> tuple[str, float]:
    """Return the best of these systems, which may be level, and their value."""
    top = max(published.others.values())
    return " and ".join(name for name, value in published.others.items() if value == top), top


@dataclass(frozen=True, kw_only=True)
class _Logs(Test):
    """A test of what the logs of two optimizers say, a part for each of `models`."""

    quantity: str
    optimizers: Sequence[str]
    models: Sequence[str]

    def published(self, published: Published) -> list[Outcome]:
        return [_NO_LOGS]

    def trainings(self) -> Iterator[tuple[str, str]]:
        for model in self.models:
            first, second = self.optimizers
            yield training_name(model, first), training_name(model, second)

    def parts(self, ours: Ours, published: Published) -> list[Part]:
        return [attempt(partial(self._part, ours, published, *names)) for names in self.trainings()]

    @abstractmethod
    def _part(self, ours: Ours, published: Published, first: str, second: str) -> Part: ...


def _log_pair(
    published: Published, quantity: str, left: str, right: str, uneven: bool = False
) -> LogPair:
    what = ("unevenness of " if uneven else "") + words(quantity)
    names = [published.label(System(name)) for name in (left, right)]
    return LogPair(quantity, left, right, uneven, f"{what}: {names[0]} minus {names[1]}")


@dataclass(frozen=True, kw_only=True)
class LogGreater(_Logs):
    """The mean of `quantity` over the lines of the log is greater with the first optimizer."""

    def _part(self, ours: Ours, published: Published, first: str, second: str) -> Part:
        pair = _log_pair(published, self.quantity, first, second)
        pair.samples(ours)
        return Above([[pair]])


@dataclass(frozen=True, kw_only=True)
class LogSmoother(_Logs):
    """From a line of the log to the next, `quantity` changes less with the first optimizer."""

    def _part(self, ours: Ours, published: Published, first: str, second: str) -> Part:
        pair = _log_pair(published, self.quantity, second, first, uneven=True)
        pair.samples(ours)
        return Above([[pair]])


@dataclass(frozen=True, kw_only=True)
class LogRatio(_Logs):
    """At the end, `quantity` with the first optimizer is `ratio`, give or take `margin`, of the
    second's.
    """

    ratio: float
    margin: float

    def _part(self, ours: Ours, published: Published, first: str, second: str) -> Part:
        logs = [ours.log(name, self.quantity) for name in (first, second)]
        upper, lower = (log[max(log)] for log in logs)
        if lower == 0:
            raise Untestable(f"{words(self.quantity)} is 0 with {published.label(System(second))}")
        names = [published.label(System(name)) for name in (first, second)]
        reason = (
            f"{words(self.quantity)}: {names[0]} has {upper / lower:.4f} times that of {names[1]}"
        )
        return Settled(fact(abs(upper / lower - self.ratio) <= self.margin, reason))


@dataclass(frozen=True, kw_only=True)
class SameSettings(Test):
    """Two trainings have the same settings; `sources` are columns of the published settings."""

    trainings: Sequence[str]
    settings: Sequence[str]
    sources: Sequence[str]

    def published(self, published: Published) -> list[Outcome]:
        return [
            self._said(published, key, source) for key in self.settings for source in self.sources
        ]

    def _said(self, published: Published, key: str, source: str) -> Outcome:
        said = [
            row.said[source]
            for name in self.trainings
            for row in published.settings
            if row.setting == key and row.matching([name])
        ]
        if len(said) != len(self.trainings) or not all(each.gives for each in said):
            reason = f"the {source} does not give the {words(key)} of both"
            return Outcome(Verdict.NOT_TESTABLE, reason)
        values = [each.value for each in said]
        return self._compared(published, key, values, f"in the {source} ")

    def _compared(
        self, published: Published, key: str, values: Sequence[Any], place: str
    ) -> Outcome:
        listed = "; ".join(
            f"{value} for {published.label(System(name))}"
            for name, value in zip(self.trainings, values, strict=True)
        )
        same = all(value == values[0] for value in values)
        return fact(same, f"{place}{words(key)} is {listed}")

    def parts(self, ours: Ours, published: Published) -> list[Part]:
        def part(key: str) -> Part:
            values = [ours.setting(name, key) for name in self.trainings]
            return Settled(self._compared(published, key, values, ""))

        return [attempt(partial(part, key)) for key in self.settings]


@dataclass(frozen=True, kw_only=True)
class ChoiceMatters(Test):
    """Had the epochs been chosen on the test set, some training would report another epoch.

    Ours are all models with the treatments that stand for those of the study.
    """

    metrics: Sequence[Measure]

    def published(self, published: Published) -> list[Outcome]:
        return [Outcome(Verdict.NOT_TESTABLE, "no development scores were published")]

    def parts(self, ours: Ours, published: Published) -> list[Part]:
        return [attempt(partial(self._part, ours, published, measure)) for measure in self.metrics]

    def _part(self, ours: Ours, published: Published, of: Measure) -> Part:
        measure = ours.measure(of)
        treatments = {ours.treatment(each) for each in published.study.treatments}
        trainings = [each for each in ours.grid.trainings() if each.treatment.name in treatments]
        if not trainings:
            raise Untestable(
                "no treatment of the study was trained here, so that no epoch was chosen"
            )
        gains = []
        for training in trainings:
            system = System(training.name)
            ours.check(system, measure)
            ours.check_every_epoch(training.name, measure)
            chosen = ours.per_query.values(measure, system).mean(axis=1)
            # One seed after the other, since each chooses its own epoch.
            by_seed = ours.per_query.by_epoch(measure, system.training)
            best = [max(means.values()) for means in by_seed]
            gains += [top - mean for top, mean in zip(best, chosen, strict=True)]
        others = [gain for gain in gains if not math.isclose(gain, 0, abs_tol=1e-12)]
        reason = (
            f"{published.title(of)}: choosing on {measure.test_set} would have taken a better "
            f"epoch for {len(others)} of {len(gains)} trainings, which adds "
            f"{sum(gains) / len(gains):.4f} to their mean"
        )
        return Settled(fact(bool(others), reason))


@dataclass(frozen=True, kw_only=True)
class CannotBeTested(Test):
    """No result of this experiment could decide it, for a reason."""

    reason: str

    def published(self, published: Published) -> list[Outcome]:
        return [Outcome(Verdict.NOT_TESTABLE, self.reason)]

    def parts(self, ours: Ours, published: Published) -> list[Part]:
        return [Settled(Outcome(Verdict.NOT_TESTABLE, self.reason))]


KINDS: dict[str, type[Test]] = {
    "best": Best,
    "greater": Greater,
    "greater_by_epoch": GreaterByEpoch,
    "monotonic": Monotonic,
    "equal": Equal,
    "exceeds": Exceeds,
    "log_greater": LogGreater,
    "log_smoother": LogSmoother,
    "log_ratio": LogRatio,
    "same_settings": SameSettings,
    "choice_matters": ChoiceMatters,
    "cannot_be_tested": CannotBeTested,
    "above_all": AboveAll,
    "not_below": NotBelow,
    "trend": Trend,
    "same_sign": SameSign,
    "same_data": SameData,
    "disjoint": Disjoint,
}
