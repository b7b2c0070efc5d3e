"""The measures that the paper reports, by the names that tables and files give them."""

from collections.abc import Mapping
from dataclasses import dataclass

METRICS = {
    "ndcg_cut_10": "nDCG@10",
    "map": "MAP",
    "recip_rank_10": "MRR@10",
    "recall_10": "Recall@10",
    "Rprec": "R-Prec",
    "P_10": "P@10",
}
PRIMARY = "ndcg_cut_10"
# Takes the grades themselves; every other measure asks from which grade on a passage is relevant.
GRADED = "ndcg_cut_10"
LEVEL = 1
"""The least relevant grade where a test set and what was published on it name no other."""


@dataclass(frozen=True)
class Measure:
    """A metric on a test set, or an average of it over several, by the name of that.

    `level` is the least relevant grade, None where grades are used and of an average, each of whose
    test sets has its own.
    """

    test_set: str
    metric: str
    level: int | None = None


Averages = Mapping[str, Mapping[str, int]]
"""By the name of each average, the least relevant grade of each of its test sets."""


def averaged(measure: Measure, averages: Averages) -> list[Measure]:
    """Return the measures of which one is the mean; none where it is one of a test set."""
    return [
        Measure(test_set, measure.metric, None if measure.metric == GRADED else level)
        for test_set, level in averages.get(measure.test_set, {}).items()
    ]
