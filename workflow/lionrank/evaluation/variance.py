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

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lionrank.errors import UserError
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


def of_trainings(
    per_query: PerQuery, grid: Grid, measures: Sequence[Measure]
) -> Iterator[dict[str, Any]]:
    """Yield the components of every training on every measure, at the epochs that its seeds chose.

    Those of an average are of each of its test sets, for topics of different sets are not of one
    population. A record has the fields of the measure, `training`, `epochs` (by seed), `mean`, the
    numbers of `topics_seen` and `seeds_seen`, and the fields of `Components`.

    Raises:
        UserError: as `components`.
    """
    single = [part for measure in measures for part in per_query.parts(measure) or [measure]]
    for measure in dict.fromkeys(single):
        for training in grid.trainings():
            system = System(training.name)
            values = per_query.values(measure, system)
            yield {
                **asdict(measure),
                "training": training.name,
                "epochs": per_query.epochs(system),
                "mean": float(values.mean()),
                "seeds_seen": values.shape[0],
                "topics_seen": values.shape[1],
                **asdict(components(values)),
            }
