"""The contrasts that the config names before any result is seen: sums of systems, topic by topic.

Each family is a question. A difference of two systems is the sum with the weights 1 and -1.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations, product
from typing import Any

import numpy as np

from lionrank.config.contrasts import (
    OF_LADDERS,
    OF_TREATMENTS,
    SCALING,
    between_treatments,
    parts,
)
from lionrank.evaluation.ladders import Ladder
from lionrank.evaluation.per_query import System
from lionrank.evaluation.significance import FloatArray, ToShow
from lionrank.grid import VARIOUS, Grid, training_name


@dataclass(frozen=True)
class Planned:
    """A contrast to be tested: systems and their weights, which sum to 0.

    `name` is that of a ladder, in the families that are about one, or of the contrast in the
    config; the others have none.
    """

    family: str
    terms: tuple[tuple[System, float], ...]
    claim: ToShow = field(default_factory=ToShow)
    name: str | None = None

    @property
    def pair(self) -> tuple[System, System] | None:
        """The two systems, if the contrast is the first one minus the second."""
        by_weight = {weight: each for each, weight in self.terms}
        if len(self.terms) == 2 and by_weight.keys() == {1, -1}:
            return by_weight[1], by_weight[-1]
        return None

    def sides(self, values: Callable[[System], FloatArray]) -> tuple[FloatArray, FloatArray]:
        """Return left and right, as the function `sides` does, of arrays of one shape."""
        return sides(self.terms, values)


def sides(
    terms: Sequence[tuple[System, float]], values: Callable[[System], FloatArray]
) -> tuple[FloatArray, FloatArray]:
    """Return left and right, whose difference is a weighted sum, of arrays of one shape.

    They are the sums of the terms above 0, and of those below with their signs changed.
    """
    above = [weight * values(each) for each, weight in terms if weight > 0]
    below = [-weight * values(each) for each, weight in terms if weight < 0]
    return np.sum(above, axis=0), np.sum(below, axis=0)


def difference(family: str, left: System, right: System, **more: Any) -> Planned:
    """Return the contrast `left` minus `right`, with other fields of `Planned`."""
    return Planned(family, ((left, 1), (right, -1)), **more)


def plan(family: str, grid: Grid, test_set: str, ladders: Sequence[Ladder] = ()) -> list[Planned]:
    """Return the contrasts of a family on a test set, in the order of the grid.

    optimizers, tuning, objectives and data: the treatments that `between_treatments` says, within
    each model, at the epochs that development data chose;
    models: every later model minus every earlier one, with each optimizer, at the chosen epochs;
    optimizers_by_epoch and models_by_epoch: the same at each epoch, of which those are tested that
    both trainings had; epochs: every later epoch minus every earlier one of each training;
    first_stage: every training at its chosen epoch, and every system of others, minus what ranked
    the candidates of the test set, or of each test set of an average;
    systems: every training at its chosen epoch minus every system of others or, where nothing was
    trained, of these every later one minus every earlier one;
    scaling: the slopes, over the models of each ladder, of the differences of optimizers and of
    objectives; ladder: on each model of a ladder, every treatment of the family objectives, which
    is not to be below BCE on the next larger model by the ladder's margin;
    scorings: every training at its chosen epoch, and every checkpoint of others, as this test set
    has documents scored minus as each earlier one does that differs from it in that alone.
    """
    if family in OF_LADDERS:
        of_ladder = _slopes if family == SCALING else _steps
        return [each for ladder in ladders for each in of_ladder(ladder, grid)]
    trainings = [System(each.name) for each in grid.trainings()]
    others = [System(each.name) for each in grid.systems]
    between_models = [
        (training_name(later.name, treatment), training_name(earlier.name, treatment))
        for treatment in grid.optimizers
        for earlier, later in combinations(grid.models, 2)
    ]
    match family:
        case _ if family in OF_TREATMENTS:
            pairs = _at_chosen(_within_models(family, grid))
        case "optimizers_by_epoch":
            pairs = _at_each_epoch(_within_models("optimizers", grid), grid)
        case "models":
            pairs = _at_chosen(between_models)
        case "models_by_epoch":
            pairs = _at_each_epoch(between_models, grid)
        case "epochs":
            pairs = [
                (System(each.name, later), System(each.name, earlier))
                for each in grid.trainings()
                for earlier, later in combinations(each.epochs, 2)
            ]
        case "first_stage":
            first = grid.first_stage(test_set)
            pairs = [(each, System(first.name)) for each in [*trainings, *others] if first]
        case "scorings":
            scorers = [*trainings, *(System(each.name) for each in grid.scorers)]
            pairs = [
                (each, replace(each, test_set=earlier))
                for earlier in grid.scored_before(test_set)
                for each in scorers
            ]
        case "systems" if trainings:
            pairs = list(product(trainings, others))
        case "systems":
            pairs = [(later, earlier) for earlier, later in combinations(others, 2)]
    return [difference(family, left, right) for left, right in pairs]


Pairs = Iterable[tuple[str, str]]
"""Names of what is on the left and on the right."""


def _within_models(family: str, grid: Grid) -> list[tuple[str, str]]:
    """Return the trainings of each model that one of `OF_TREATMENTS` compares."""
    return [
        (training_name(model.name, left.name), training_name(model.name, right.name))
        for model in grid.models
        for left, right in between_treatments(family, grid.treatments)
    ]


def _at_chosen(trainings: Pairs) -> list[tuple[System, System]]:
    return [(System(left), System(right)) for left, right in trainings]


def _at_each_epoch(trainings: Pairs, grid: Grid) -> list[tuple[System, System]]:
    return [
        (System(left, epoch), System(right, epoch))
        for left, right in trainings
        for epoch in grid.epochs
    ]


def _slopes(ladder: Ladder, grid: Grid) -> Iterator[Planned]:
    for family in ("optimizers", "objectives"):
        for left, right in between_treatments(family, grid.treatments):
            terms = [
                (System(training_name(model, treatment.name)), sign * weight)
                for model, weight in ladder.slope.items()
                for treatment, sign in ((left, 1), (right, -1))
            ]
            yield Planned(SCALING, tuple(terms), name=ladder.name)


def _steps(ladder: Ladder, grid: Grid) -> Iterator[Planned]:
    for smaller, larger in ladder.steps:
        for left, right in between_treatments("objectives", grid.treatments):
            yield difference(
                "ladder",
                System(training_name(smaller, left.name)),
                System(training_name(larger, right.name)),
                claim=ToShow("not_below", ladder.margin),
                name=ladder.name,
            )


def named(
    contrasts: Mapping[str, Mapping[str, Any]], grid: Grid, test_set: str
) -> list[list[Planned]]:
    """Return the contrasts that the config names on a test set, those of one family together.

    `contrasts` have `weights`, `claim`, `margin` and `family` by name.
    """
    families: dict[str, list[Planned]] = {}
    for name, entry in contrasts.items():
        if not is_asked_on(test_set, entry["weights"], grid):
            continue
        terms = [
            (system(each, grid, test_set), weight) for each, weight in entry["weights"].items()
        ]
        claim = ToShow(entry["claim"], entry["margin"] or 0.0)
        planned = Planned(entry["family"], tuple(terms), claim, name)
        families.setdefault(planned.family, []).append(planned)
    return list(families.values())


def is_asked_on(test_set: str, weights: Iterable[str], grid: Grid) -> bool:
    """Return whether a contrast of the config is about a test set.

    One with systems on test sets that it names is about those that differ from these in their
    scoring alone and, if all its systems are, about the first of these.
    """
    named = [parts(each)[1] for each in weights]
    if None not in named:
        return test_set == named[0]
    return all(each in (None, test_set, *grid.scored_otherwise(test_set)) for each in named)


def system(name: str, grid: Grid, test_set: str) -> System:
    """Return what a contrast of the config calls so: a checkpoint has its epoch in the name."""
    name, there = parts(name)
    elsewhere = there if there != test_set else None
    if name == VARIOUS.name:
        return System((grid.first_stage(there or test_set) or VARIOUS).name, None, elsewhere)
    checkpoints = {
        each.checkpoint(epoch): System(each.name, epoch, elsewhere)
        for each in grid.trainings()
        for epoch in grid.epochs
    }
    return checkpoints.get(name, System(name, None, elsewhere))
