"""What the tests of the contrasts say that the config names before any result is seen.

Each family is a question. Holm's correction is over the contrasts of one family on one measure
(Holm 1979, A simple sequentially rejective multiple test procedure).
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from typing import Any

import numpy as np

from lionrank.config.contrasts import SCORINGS
from lionrank.evaluation import significance
from lionrank.evaluation.contrasts import Planned, is_asked_on, named, plan, system
from lionrank.evaluation.ladders import Ladder
from lionrank.evaluation.per_query import PerQuery, System
from lionrank.grid import Grid
from lionrank.measures import PRIMARY, Measure

ContrastRecord = Mapping[str, Any]
"""One entry of `contrasts` in the result of `compare_systems`, comparisons.json."""


def compare_systems(
    per_query: PerQuery,
    grid: Grid,
    measures: Sequence[Measure],
    families: Sequence[str],
    settings: significance.Draws,
    ladders: Sequence[Ladder] = (),
    contrasts: Mapping[str, Mapping[str, Any]] | None = None,
) -> dict[str, Any]:
    """Return the tests of all families on all measures, and what choosing epochs on dev cost.

    The latter can be told where every epoch was evaluated, as what is tested epoch by epoch can.
    `contrasts` are those that the config names (`lionrank.evaluation.contrasts.named`).
    The result is a JSON object: that of `compare_families`, and `selection`.
    """
    return {
        **compare_families(per_query, grid, measures, families, settings, ladders, contrasts),
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
    ladders: Sequence[Ladder] = (),
    contrasts: Mapping[str, Mapping[str, Any]] | None = None,
) -> dict[str, Any]:
    """Return the tests of all families on all measures, those of contrasts with a name last.

    A test set without a first stage, or without a run file of a system of others, has no contrasts
    with it. The result is a JSON object: `settings`, the number of `seeds` and `contrasts`. Each of
    these has its `terms`, which are a system, with the epoch of each seed, and its weight; a
    difference of two systems has them as `left` and `right` as well. Those on an average have
    `sets`, the tests on each of its test sets.
    """
    return {
        "settings": asdict(settings),
        "seeds": per_query.seeds,
        "contrasts": [
            tested
            for measure in measures
            for planned in [
                *(plan(family, grid, measure.test_set, ladders) for family in families),
                *named(contrasts or {}, grid, measure.test_set),
            ]
            for tested in _family(per_query, planned, measure, settings)
        ],
    }


def lacking(
    per_query: PerQuery,
    grid: Grid,
    measures: Sequence[Measure],
    contrasts: Mapping[str, Mapping[str, Any]],
) -> Iterator[str]:
    """Yield a line for each contrast of the config and measure that has no results of a system.

    So is one for each contrast that is about no measure's test set.
    """
    for name, entry in contrasts.items():
        weights = entry["weights"]
        asked = [each for each in measures if is_asked_on(each.test_set, weights, grid)]
        if not asked:
            yield (
                f"comparisons.contrasts.{name} is not tested: comparisons.measures has none on the "
                f"test sets of {', '.join(weights)}"
            )
        for measure in asked:
            absent = [
                each
                for each in weights
                if not per_query.has(measure, system(each, grid, measure.test_set))
            ]
            if absent:
                yield (
                    f"comparisons.contrasts.{name} is not tested in {measure.metric} on "
                    f"{measure.test_set}, which has no results of {', '.join(absent)}"
                )


def _family(
    per_query: PerQuery,
    planned: Sequence[Planned],
    measure: Measure,
    settings: significance.Draws,
) -> Iterator[dict[str, Any]]:
    """Yield the tests of one family; with several seeds of the mean over seeds of each query."""
    planned = [
        each for each in planned if all(per_query.has(measure, term) for term, _ in each.terms)
    ]
    if not planned:
        return
    by_set = _by_set(per_query, planned, measure, settings)
    contrasts = _tested(per_query, planned, measure, settings)
    adjusted = significance.holm(np.array([each.p_randomization for each in contrasts]))
    for plan_, contrast, p_holm, sets in zip(planned, contrasts, adjusted, by_set, strict=True):
        yield {
            **asdict(measure),
            **_described(per_query, plan_),
            **_finite(asdict(contrast)),
            "p_holm": float(p_holm),
            "spread": _spread(per_query, measure, plan_),
            **({"sets": sets} if sets else {}),
        }


def _described(per_query: PerQuery, planned: Planned) -> dict[str, Any]:
    """Return what a contrast is, as JSON has it."""
    terms = [
        {**_system(each), "weight": weight, "epochs": per_query.epochs(each)}
        for each, weight in planned.terms
    ]
    sides = dict(zip(("left", "right"), planned.pair or (), strict=False))
    return {
        "family": planned.family,
        "name": planned.name,
        "claim": planned.claim.kind,
        "margin": planned.claim.margin or None,
        "terms": terms,
        **{side: _system(each) for side, each in sides.items()},
        **{f"{side}_epochs": per_query.epochs(each) for side, each in sides.items()},
    }


def _system(system: System) -> dict[str, Any]:
    """Return a system as JSON has it: its test set, if it is another than the contrast's."""
    found = asdict(system)
    if system.test_set is None:
        del found["test_set"]
    return found


def _tested(
    per_query: PerQuery,
    planned: Sequence[Planned],
    measure: Measure,
    settings: significance.Draws,
) -> list[significance.Contrast]:
    values = partial(per_query.mean_over_seeds, measure)
    left, right = np.stack([each.sides(values) for each in planned], axis=-1)
    claims = [each.claim for each in planned]
    return significance.compare(left, right, settings, per_query.strata(measure), claims)


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
    """Return the standard deviation of the mean over seeds, None with one seed."""
    if per_query.seeds == 1:
        return None
    left, right = planned.sides(partial(per_query.values, measure))
    return float(significance.mean((left - right).T, per_query.strata(measure)).std(ddof=1))


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


def of_grid(contrasts: Iterable[ContrastRecord]) -> list[ContrastRecord]:
    """Return the differences of two systems, tested for any, of families that the grid alone says.

    The others have the name of a ladder or of a contrast of the config, or are between scorings of
    one system.
    """
    return [each for each in contrasts if each["name"] is None and each["family"] != SCORINGS]


def of_names(contrasts: Iterable[ContrastRecord]) -> list[ContrastRecord]:
    """Return the contrasts of ladders and those that the config names."""
    return [each for each in contrasts if each["name"] is not None]


def on_primary(contrasts: Iterable[ContrastRecord], test_set: str) -> list[ContrastRecord]:
    """Return the contrasts on the primary measure, `test_set` being the primary one."""
    return [e for e in contrasts if (e["test_set"], e["metric"]) == (test_set, PRIMARY)]
