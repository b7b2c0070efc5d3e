"""The contrasts of ladders, and those that the config names, as they were tested."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lionrank.config.contrasts import OF_LADDERS, SCALING
from lionrank.evaluation.comparisons import ContrastRecord, alpha, of_names
from lionrank.grid import Grid
from lionrank.measures import METRICS, Measure
from lionrank.paper.contrasts import Tested

MINUS = "−"  # noqa: RUF001


@dataclass(frozen=True)
class AskedContrast:
    """A contrast with a name, and what may be said of it.

    `label` is how it is printed, and `models` are the labels of those over which it is a slope,
    none of other contrasts.
    """

    record: ContrastRecord
    label: str
    tested: Tested
    models: tuple[str, ...] = ()

    @property
    def claim(self) -> str:
        return self.record["claim"]

    @property
    def margin(self) -> float | None:
        return self.record["margin"]

    @property
    def of(self) -> list[str]:
        """The names of the systems whose weights are above 0."""
        return [_system(each) for each in self.record["terms"] if each["weight"] > 0]

    @property
    def against(self) -> list[str]:
        """The names of the systems whose weights are below 0."""
        return [_system(each) for each in self.record["terms"] if each["weight"] < 0]

    @property
    def measure(self) -> str:
        """The name of the metric."""
        return METRICS[self.record["metric"]]

    @property
    def between_test_sets(self) -> bool:
        """Whether its systems are on several test sets, which differ in their scoring alone."""
        return any("test_set" in each for each in self.record["terms"])

    def is_on(self, measure: Measure) -> bool:
        return (self.record["test_set"], self.record["metric"]) == (
            measure.test_set,
            measure.metric,
        )


def _system(term: Mapping[str, Any]) -> str:
    """Return a system, with its test set if it is another than the contrast's."""
    return f"{term['training']}@{term['test_set']}" if "test_set" in term else term["training"]


def told(asked: Iterable[AskedContrast], primary: Measure) -> list[AskedContrast]:
    """Return the contrasts of the config, each by the measure that prose tells of.

    That is the primary one or, of contrasts that are not about it, the first that they are about.
    """
    found: dict[str, AskedContrast] = {}
    for each in asked:
        name = each.record["name"]
        if each.record["family"] not in OF_LADDERS and (name not in found or each.is_on(primary)):
            found[name] = each
    return [*found.values()]


def find_asked(
    compared: Mapping[str, Any], grid: Grid, labels: Mapping[str, Mapping[str, str]]
) -> Iterator[AskedContrast]:
    """Yield the contrasts of comparisons.json that have a name, on every measure.

    `labels` are those of `contrasts` and of `ladders`, by name.
    """
    for record in of_names(compared["contrasts"]):
        tested = Tested.of(record, alpha(compared))
        models = _models(record, grid) if record["family"] == SCALING else ()
        yield AskedContrast(record, _label(record, grid, labels), tested, models)


def _label(record: ContrastRecord, grid: Grid, labels: Mapping[str, Mapping[str, str]]) -> str:
    if record["family"] not in OF_LADDERS:
        return labels["contrasts"][record["name"]]
    # The last terms are the later and the earlier treatment of the largest model.
    left, right = (grid.training(each["training"]) for each in record["terms"][-2:])
    if record["family"] == SCALING:
        ladder = labels["ladders"][record["name"]]
        return f"{ladder}: {left.treatment.label} {MINUS} {right.treatment.label}"
    sides = [f"{each.model.label} with {each.treatment.label}" for each in (left, right)]
    return f" {MINUS} ".join(sides)


def _models(record: ContrastRecord, grid: Grid) -> tuple[str, ...]:
    """Return the labels of the models of a slope, from the smallest to the largest."""
    named = [grid.training(each["training"]).model.label for each in record["terms"]]
    return tuple(dict.fromkeys(named))
