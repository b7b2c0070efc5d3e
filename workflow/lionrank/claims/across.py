"""The kinds of tests about treatments across models, on each of the measures that they name.

`treatments` and `models` are those of study.yaml. Where a test takes two treatments, it is about
the first one minus the second.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from lionrank.claims import parts
from lionrank.claims.evidence import Ours, Published, Untestable
from lionrank.claims.kind import Asked, Order, pair_of
from lionrank.claims.pairs import Sum
from lionrank.claims.parts import Outcome, Part, fact
from lionrank.evaluation.ladders import slope
from lionrank.evaluation.per_query import System
from lionrank.grid import training_name
from lionrank.measures import Measure
from lionrank.wording import DIGITS, listed


@dataclass(frozen=True, kw_only=True)
class AboveAll(Asked):
    """With each of `models`, or of all, the best of `treatments` is above all `others`."""

    metrics: Sequence[Measure]
    treatments: Sequence[str]
    others: Sequence[str]
    models: Sequence[str] = ()

    def questions(self, published: Published) -> Iterator[Order]:
        for measure in self.metrics:
            for model in self.models or published.study.models:
                left, right = (_of_model(model, each) for each in (self.treatments, self.others))
                yield Order(measure, left, right)


@dataclass(frozen=True)
class _Step:
    """That a system is not below another by more than a margin."""

    measure: Measure
    left: System
    right: System
    margin: float

    def published(self, published: Published) -> Outcome:
        left, right = (published.value(self.measure, each) for each in (self.left, self.right))
        cells = (
            f"{published.title(self.measure)}: {left:.4f} for {published.label(self.left)}; "
            f"{right:.4f} for {published.label(self.right)}; margin {self.margin:g}"
        )
        return fact(round(left - right, DIGITS) >= -self.margin, cells)

    def part(self, ours: Ours, published: Published) -> Part:
        measure = ours.measure(self.measure)
        for system in (self.left, self.right):
            ours.check(system, measure)
        pair = pair_of(published, self.measure, measure, self.left, self.right)
        return parts.not_below(pair, self.margin)


@dataclass(frozen=True, kw_only=True)
class NotBelow(Asked):
    """Each of `models`, with the first treatment, is not below the next, with the second.

    The models stand by size, and `margin` is what a difference may lack.
    """

    metrics: Sequence[Measure]
    treatments: Sequence[str]
    models: Sequence[str]
    margin: float

    def questions(self, published: Published) -> Iterator[_Step]:
        first, second = self.treatments
        for measure in self.metrics:
            for smaller, larger in pairwise(self.models):
                left, right = training_name(smaller, first), training_name(larger, second)
                yield _Step(measure, System(left), System(right), self.margin)


@dataclass(frozen=True)
class _Gap:
    """The first of two treatments minus the second, with each of several models."""

    measure: Measure
    treatments: Sequence[str]

    def systems(self, model: str) -> list[System]:
        return _of_model(model, self.treatments)

    def published(self, published: Published, model: str) -> float:
        first, second = (published.value(self.measure, each) for each in self.systems(model))
        return first - second

    def check(self, ours: Ours, model: str) -> None:
        """Raise Untestable unless both are here."""
        for system in self.systems(model):
            ours.check(system, ours.measure(self.measure))

    def described(self, published: Published) -> str:
        first, second = (published.study.label_of(each) for each in self.treatments)
        return f"{first} minus {second}"


@dataclass(frozen=True)
class _Slope:
    """Whether a gap changes with the size of the model, or does not."""

    gap: _Gap
    models: Sequence[str]
    level: bool
    margin: float

    def published(self, published: Published) -> Outcome:
        sizes = {model: published.parameters(model) for model in self.models}
        _check_sizes(sizes, published)
        gaps = {model: self.gap.published(published, model) for model in self.models}
        total = round(sum(weight * gaps[model] for model, weight in slope(sizes).items()), DIGITS)
        course = f"{'falls' if total < 0 else 'rises'} by {abs(total):.4f}"
        cells = f"{self._described(published, self.models, course)}; margin {self.margin:g}"
        return fact((abs(total) <= self.margin) == self.level, cells)

    def part(self, ours: Ours, published: Published) -> Part:
        sizes = self._sizes(ours)
        _check_sizes(sizes, published)
        terms = [
            (system, sign * weight)
            for model, weight in slope(sizes).items()
            for system, sign in zip(self.gap.systems(model), (1, -1), strict=True)
        ]
        measure = ours.measure(self.gap.measure)
        difference = Sum(measure, tuple(terms), self._described(published, [*sizes], "changes"))
        return (parts.level if self.level else parts.differs)(difference, self.margin)

    def _sizes(self, ours: Ours) -> dict[str, int]:
        """Return the parameters of the models that are here, two at least.

        Raises:
            Untestable: there are fewer, and says what the first of the others lacks.
        """
        sizes: dict[str, int] = {}
        lacking: list[Untestable] = []
        for model in self.models:
            try:
                self.gap.check(ours, model)
                sizes[model] = ours.encoder(model)
            except Untestable as missing:
                lacking.append(missing)
        if len(sizes) < 2:
            raise lacking[0]
        return sizes

    def _described(self, published: Published, models: Sequence[str], course: str) -> str:
        names = [published.study.label_of(model) for model in models]
        return (
            f"{published.title(self.gap.measure)}: {self.gap.described(published)} {course} per "
            f"doubling of the parameters over {listed(names)}"
        )


@dataclass(frozen=True, kw_only=True)
class Trend(Asked):
    """The gap between two treatments changes with the size of the model or, if `level`, does not.

    That is its slope per doubling of the parameters, as the study counts them and, of our models,
    of their encoders. It is level within `margin`. Of `models` those are taken that were trained
    here; of two, the slope is a difference of differences.
    """

    metrics: Sequence[Measure]
    treatments: Sequence[str]
    models: Sequence[str]
    level: bool
    margin: float

    def questions(self, published: Published) -> Iterator[_Slope]:
        for measure in self.metrics:
            yield _Slope(_Gap(measure, self.treatments), self.models, self.level, self.margin)


@dataclass(frozen=True)
class _Signs:
    """That a gap has the same sign with all models."""

    gap: _Gap
    models: Sequence[str]

    def published(self, published: Published) -> Outcome:
        gaps = {model: self.gap.published(published, model) for model in self.models}
        cells = "; ".join(
            f"{gap:+.4f} with {published.study.label_of(model)}" for model, gap in gaps.items()
        )
        named = f"{published.title(self.gap.measure)}, {self.gap.described(published)}: {cells}"
        return fact(0 not in gaps.values() and len({gap > 0 for gap in gaps.values()}) == 1, named)

    def part(self, ours: Ours, published: Published) -> Part:
        for model in self.models:
            self.gap.check(ours, model)
        measure = ours.measure(self.gap.measure)
        return parts.SignsAgree(
            [
                pair_of(published, self.gap.measure, measure, *self.gap.systems(model))
                for model in self.models
            ]
        )


@dataclass(frozen=True, kw_only=True)
class SameSign(Asked):
    """The gap between two treatments is above 0 with all of `models`, or below 0 with all."""

    metrics: Sequence[Measure]
    treatments: Sequence[str]
    models: Sequence[str]

    def questions(self, published: Published) -> Iterator[_Signs]:
        for measure in self.metrics:
            yield _Signs(_Gap(measure, self.treatments), self.models)


def _check_sizes(sizes: Mapping[str, int], published: Published) -> None:
    """Raise Untestable unless models differ in size."""
    if len({*sizes.values()}) == 1:
        raise Untestable(
            f"{listed(map(published.study.label_of, sizes))} have the same number of parameters"
        )


def _of_model(model: str, treatments: Sequence[str]) -> list[System]:
    return [System(training_name(model, each)) for each in treatments]
