"""How much of what a training scores is its topics, how much its seed, and how much neither.

The values of one training are a table of seeds by topics with one value a cell, each the sum of a
mean, an effect of the topic, one of the seed, and a residual: what a seed does to one topic and not
to another, which one value a cell cannot tell from error. Both are random effects, for topics and
seeds are samples of those that could have been. The variances are estimated by equating the mean
squares of the two-way analysis of variance with their expectations (Searle, Casella and McCulloch
1992, Variance components, chapter 4; in generalizability theory the design p x i: Brennan 2001,
Generalizability theory, chapter 2). That is unbiased, and so may come out below 0 where the true
variance is small.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lionrank.config.contrasts import OF_TREATMENTS
from lionrank.errors import UserError
from lionrank.evaluation.contrasts import Planned, plan
from lionrank.evaluation.per_query import PerQuery, System
from lionrank.grid import Grid
from lionrank.measures import Measure


@dataclass(frozen=True)
class Components:
    """The variances between topics, between seeds and of the residual, as they were estimated.

    The first two may be below 0, which says that nothing of that variance was seen.
    """

    topics: float
    seeds: float
    residual: float


def components(values: NDArray[np.float64]) -> Components:
    """Return the components of the variance of values (seeds, topics).

    Raises:
        UserError: there is one seed or one topic, which has no variance.
    """
    seeds, topics = values.shape
    if min(seeds, topics) < 2:
        raise UserError(
            f"variance is estimated from two or more seeds and topics, and there are {seeds} and "
            f"{topics}: name more in grid.seeds, or evaluate more topics"
        )
    of_seeds, of_topics = values.mean(axis=1), values.mean(axis=0)
    residuals = values - of_seeds[:, np.newaxis] - of_topics + values.mean()
    mean_squares = {
        "topics": seeds * of_topics.var(ddof=1),
        "seeds": topics * of_seeds.var(ddof=1),
        "residual": (residuals**2).sum() / ((seeds - 1) * (topics - 1)),
    }
    residual = mean_squares["residual"]
    return Components(
        topics=float((mean_squares["topics"] - residual) / seeds),
        seeds=float((mean_squares["seeds"] - residual) / topics),
        residual=float(residual),
    )


def differences(grid: Grid, test_set: str) -> list[Planned]:
    """Return the contrasts between treatments of a model, whose components are told."""
    return [each for family in OF_TREATMENTS for each in plan(family, grid, test_set)]


def of_experiment(per_query: PerQuery, grid: Grid, measures: Sequence[Measure]) -> dict[str, Any]:
    """Return the components of every training, and of the `differences` between them.

    All are at the epochs that each seed chose. Those of an average are of each of its test sets,
    for topics of different sets are not of one population. The result is a JSON object:
    `trainings`, each with `training`, and `differences`, left minus right seed by seed and topic by
    topic, each with `left` and `right`. A record has the fields of the measure, `mean`, the numbers
    of `topics_seen` and `seeds_seen`, and the components.

    Raises:
        UserError: as `components`.
    """
    single = [part for measure in measures for part in per_query.parts(measure) or [measure]]
    found: dict[str, Any] = {"trainings": [], "differences": []}
    for measure in dict.fromkeys(single):
        values = partial(per_query.values, measure)
        for training in grid.trainings():
            record = _record(measure, values(System(training.name)))
            found["trainings"].append({**record, "training": training.name})
        for planned in differences(grid, measure.test_set):
            left, right = planned.sides(values)
            names = [each.training for each, _ in planned.terms]
            sides = dict(zip(("left", "right"), names, strict=True))
            found["differences"].append({**_record(measure, left - right), **sides})
    return found


def _record(measure: Measure, values: NDArray[np.float64]) -> dict[str, Any]:
    seeds, topics = values.shape
    return {
        **asdict(measure),
        "mean": float(values.mean()),
        "seeds_seen": seeds,
        "topics_seen": topics,
        **asdict(components(values)),
    }
