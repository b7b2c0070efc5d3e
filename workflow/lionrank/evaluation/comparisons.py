"""The comparisons that the config names before any result is seen, and what their tests say.

Each family is a question. Holm's correction is over the contrasts of one family on one measure
(Holm 1979, A simple sequentially rejective multiple test procedure).
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations, permutations, product
from typing import Any

import numpy as np

from lionrank.config.treatments import BCE
from lionrank.evaluation import significance
from lionrank.evaluation.per_query import PerQuery, System
from lionrank.grid import Grid
from lionrank.measures import PRIMARY, Measure

ContrastRecord = Mapping[str, Any]
"""One entry of `contrasts` in the result of `compare_systems`, comparisons.json."""


@dataclass(frozen=True)
class Planned:
    """A contrast to be tested: `left` minus `right`."""

    family: str
    left: System
    right: System


def plan(family: str, grid: Grid, test_set: str) -> list[Planned]:
    """Return the contrasts of a family on a test set, in the order of the grid.

    optimizers: every later optimizer minus every earlier one that has its objective and data,
    within each model, at the epochs that development data chose; objectives: every treatment minus
    those of BCE that have its optimizer, and data: every later one minus every earlier one that
    has its optimizer and objective and other data, both within each model and at the chosen epochs;
    models: every later model minus every earlier one, with each optimizer, at the chosen epochs;
    optimizers_by_epoch and models_by_epoch: the same at each epoch, of which those are tested that
    both trainings had; epochs: every later epoch minus every earlier one of each training;
    first_stage: every training at its chosen epoch, and every system of others, minus what ranked
    the candidates of the test set, or of each test set of an average;
    systems: every training at its chosen epoch minus every system of others or, where nothing was
    trained, of these every later one minus every earlier one.
    """
    trainings = [System(each.name) for each in grid.trainings()]
    others = [System(each.name) for each in grid.systems]
    by_model = [[training.name for training in grid.of_model(model)] for model in grid.models]
    within_models = [
        pair for model in grid.models for pair in combinations(grid.of_model(model), 2)
    ]
    between_optimizers = [
        (earlier.name, later.name)
        for earlier, later in within_models
        if earlier.treatment.learns == later.treatment.learns
    ]
    between_models = [
        pair for names in zip(*by_model, strict=True) for pair in combinations(names, 2)
    ]
    match family:
        case "optimizers":
            pairs = [(System(later), System(earlier)) for earlier, later in between_optimizers]
        case "objectives":
            pairs = [
                (System(left.name), System(right.name))
                for model in grid.models
                for left, right in permutations(grid.of_model(model), 2)
                if left.treatment.optimizer == right.treatment.optimizer
                and left.treatment.objective != BCE
                and right.treatment.objective == BCE
            ]
        case "data":
            pairs = [
                (System(later.name), System(earlier.name))
                for earlier, later in within_models
                if earlier.treatment.optimizer == later.treatment.optimizer
                and earlier.treatment.objective == later.treatment.objective
                and earlier.treatment.data != later.treatment.data
            ]
        case "optimizers_by_epoch":
            pairs = _at_each_epoch(between_optimizers, grid)
        case "models":
            pairs = [(System(later), System(earlier)) for earlier, later in between_models]
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
        case "systems" if trainings:
            pairs = list(product(trainings, others))
        case "systems":
            pairs = [(later, earlier) for earlier, later in combinations(others, 2)]
    return [Planned(family, left, right) for left, right in pairs]


def _at_each_epoch(trainings: Iterable[tuple[str, str]], grid: Grid) -> list[tuple[System, System]]:
    """Return the later one of each pair of trainings beside the earlier one, epoch by epoch."""
    return [
        (System(later, epoch), System(earlier, epoch))
        for earlier, later in trainings
        for epoch in grid.epochs
    ]


def compare_systems(
    per_query: PerQuery,
    grid: Grid,
    measures: Sequence[Measure],
    families: Sequence[str],
    settings: significance.Draws,
) -> dict[str, Any]:
    """Return the tests of all families on all measures, and what choosing epochs on dev cost.

    The latter can be told where every epoch was evaluated, as what is tested epoch by epoch can.
    The result is a JSON object: that of `compare_families`, and `selection`.
    """
    return {
        **compare_families(per_query, grid, measures, families, settings),
        "selection": [
            _selection(per_query, training.name, measure)
            for measure in measures
            for training in grid.trainings()
            if per_query.has_every_epoch(measure, training.name)
        ],
    }


def compare_families(
    per_query: PerQuery,
    grid: Grid,
    measures: Sequence[Measure],
    families: Sequence[str],
    settings: significance.Draws,
) -> dict[str, Any]:
    """Return the tests of all families on all measures.

    A test set without a first stage, or without a run file of a system of others, has no contrasts
    with it. The result is a JSON object: `settings`, the number of `seeds` and `contrasts`. Those
    on an average have `sets`, the tests on each of its test sets.
    """
    return {
        "settings": asdict(settings),
        "seeds": per_query.seeds,
        "contrasts": [
            tested
            for measure in measures
            for family in families
            for tested in _family(
                per_query, plan(family, grid, measure.test_set), measure, settings
            )
        ],
    }


def _family(
    per_query: PerQuery,
    planned: Sequence[Planned],
    measure: Measure,
    settings: significance.Draws,
) -> Iterator[dict[str, Any]]:
    """Yield the tests of one family; with several seeds of the mean over seeds of each query."""
    planned = [
        each
        for each in planned
        if per_query.has(measure, each.left) and per_query.has(measure, each.right)
    ]
    if not planned:
        return
    by_set = _by_set(per_query, planned, measure, settings)
    contrasts = _tested(per_query, planned, measure, settings)
    adjusted = significance.holm(np.array([each.p_randomization for each in contrasts]))
    for plan_, contrast, p_holm, sets in zip(planned, contrasts, adjusted, by_set, strict=True):
        yield {
            **asdict(measure),
            **asdict(plan_),
            "left_epochs": per_query.epochs(plan_.left),
            "right_epochs": per_query.epochs(plan_.right),
            **_finite(asdict(contrast)),
            "p_holm": float(p_holm),
            "spread": _spread(per_query, measure, plan_),
            **({"sets": sets} if sets else {}),
        }


def _tested(
    per_query: PerQuery,
    planned: Sequence[Planned],
    measure: Measure,
    settings: significance.Draws,
) -> list[significance.Contrast]:
    left = np.stack([per_query.mean_over_seeds(measure, p.left) for p in planned], axis=1)
    right = np.stack([per_query.mean_over_seeds(measure, p.right) for p in planned], axis=1)
    return significance.compare(left, right, settings, per_query.strata(measure))


def _by_set(
    per_query: PerQuery,
    planned: Sequence[Planned],
    measure: Measure,
    settings: significance.Draws,
) -> list[list[dict[str, Any]]]:
    """Return, for each contrast, its tests on the sets of an average; none on a single test set.

    Holm's correction is over all of these, so that a set on which one is significant may be named
    (Dror et al. 2017, Replicability analysis for natural language processing: testing significance
    with multiple datasets).
    """
    parts = per_query.parts(measure)
    of_parts = [_tested(per_query, planned, part, settings) for part in parts]
    p_values = [[each.p_randomization for each in contrasts] for contrasts in of_parts]
    adjusted = significance.holm(np.array(p_values).ravel()).reshape(len(parts), len(planned))
    return [
        [
            {
                "test_set": part.test_set,
                "level": part.level,
                **_finite(asdict(contrasts[place])),
                "p_holm": float(p_holm[place]),
            }
            for part, contrasts, p_holm in zip(parts, of_parts, adjusted, strict=True)
        ]
        for place in range(len(planned))
    ]


def _finite(numbers: dict[str, float]) -> dict[str, float | None]:
    """Return numbers as JSON has them: an effect without any spread is infinite, and so null."""
    return {name: number if math.isfinite(number) else None for name, number in numbers.items()}


def _spread(per_query: PerQuery, measure: Measure, planned: Planned) -> float | None:
    """Return the standard deviation of the mean difference over seeds, None with one seed."""
    if per_query.seeds == 1:
        return None
    differences = per_query.values(measure, planned.left) - per_query.values(measure, planned.right)
    return float(significance.mean(differences.T, per_query.strata(measure)).std(ddof=1))


def _selection(per_query: PerQuery, training: str, measure: Measure) -> dict[str, Any]:
    """Return a training's means at its chosen epochs and at those that are best on the test set.

    The difference is what choosing on the test set would have flattered by. With several seeds
    each chooses its own epoch, and the means are over seeds.
    """
    by_seed = per_query.by_epoch(measure, training)
    chosen = np.mean([each.mean(measure, System(training)) for each in per_query.replicates])
    best = np.mean([max(means.values()) for means in by_seed])
    return {
        **asdict(measure),
        "training": training,
        "chosen_epochs": per_query.epochs(System(training)),
        "chosen": float(chosen),
        "best_epochs": [max(means, key=means.__getitem__) for means in by_seed],
        "best": float(best),
        "selection_bias": float(best - chosen),
    }


def alpha(compared: Mapping[str, Any]) -> float:
    """Return the level at which a corrected p-value is significant."""
    return round(1 - compared["settings"]["confidence"], 12)


def of_family(compared: Mapping[str, Any], family: str) -> list[ContrastRecord]:
    """Return the contrasts of a family."""
    return [each for each in compared["contrasts"] if each["family"] == family]


def on_primary(contrasts: Iterable[ContrastRecord], test_set: str) -> list[ContrastRecord]:
    """Return the contrasts on the primary measure, `test_set` being the primary one."""
    return [e for e in contrasts if (e["test_set"], e["metric"]) == (test_set, PRIMARY)]
