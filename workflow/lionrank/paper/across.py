"""Comparisons by averages over test sets, and on how many of these each side of one is ahead."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lionrank.evaluation.comparisons import ContrastRecord, of_grid
from lionrank.measures import METRICS, Measure
from lionrank.paper.contrasts import Tested
from lionrank.paper.results import Layout


@dataclass(frozen=True)
class Across:
    """A contrast by an average, at the epochs that development data chose, and on each test set.

    `names` are those of its sides, `tested` is by the average and `sets` by test set.
    """

    family: str
    names: tuple[str, str]
    tested: Tested
    sets: Mapping[str, Tested]

    @classmethod
    def of(cls, contrast: ContrastRecord, alpha: float) -> "Across":
        """Take an entry of comparisons.json; `alpha` is what a corrected p-value must be below."""
        left, right = (contrast[side]["training"] for side in ("left", "right"))
        sets = {
            each["test_set"]: Tested.of({**contrast, "spread": None, **each}, alpha)
            for each in contrast["sets"]
        }
        return cls(contrast["family"], (left, right), Tested.of(contrast, alpha), sets)

    def on(self, relation: str) -> list[str]:
        """Return the test sets on which left is "above", "below" or "level with" right."""
        return [name for name, tested in self.sets.items() if tested.relation == relation]

    @property
    def significant(self) -> list[str]:
        """The test sets on which the difference is significant."""
        return [name for name, tested in self.sets.items() if tested.significant]


@dataclass(frozen=True)
class ByAverage:
    """What was compared by an average over test sets in one metric."""

    measure: Measure
    label: str
    metric: str
    contrasts: tuple[Across, ...]

    @property
    def significant(self) -> list[Across]:
        return [each for each in self.contrasts if each.tested.significant]

    def of_family(self, family: str) -> list[Across]:
        return [each for each in self.contrasts if each.family == family]


def compared_by(layout: Layout, compared: Mapping[str, Any]) -> list[Measure]:
    """Return the averages, each in a metric, by which comparisons.json has contrasts."""
    contrasts = of_grid(compared["contrasts"])
    found = dict.fromkeys((each["test_set"], each["metric"]) for each in contrasts)
    return [Measure(name, metric) for name, metric in found if name in layout.averages]


def at_chosen(compared: Mapping[str, Any], average: Measure) -> list[ContrastRecord]:
    """Return the contrasts of comparisons.json by an average, without those epoch by epoch."""
    return [
        each
        for each in of_grid(compared["contrasts"])
        if (each["test_set"], each["metric"]) == (average.test_set, average.metric)
        and each["left"]["epoch"] is None
    ]


def find_across(layout: Layout, compared: Mapping[str, Any], alpha: float) -> Iterator[ByAverage]:
    """Yield what was compared by each average, metric by metric."""
    for measure in compared_by(layout, compared):
        contrasts = [Across.of(each, alpha) for each in at_chosen(compared, measure)]
        label = layout.test_sets[measure.test_set].label
        yield ByAverage(measure, label, METRICS[measure.metric], tuple(contrasts))
