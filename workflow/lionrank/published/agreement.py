"""Where two accounts of published values agree, as what was printed and the authors' files.

Values are printed with four decimals, and the second account may have more. A value of the primary
account, here "printed", agrees with that of the second one if it is that, rounded: if they differ
by no more than half a unit of the last printed digit. One that is what is left when the further
digits are dropped is cut off; any other is different.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from enum import StrEnum

from lionrank.measures import METRICS, Measure
from lionrank.published.scores import PublishedScores, parts, training_of
from lionrank.published.study import Study
from lionrank.wording import DIGITS

_UNIT = Decimal(1).scaleb(-DIGITS)
"""Of the last printed digit."""


class Agreement(StrEnum):
    """How a printed value stands to that of the second account."""

    SAME = "same"
    CUT_OFF = "cut off"
    DIFFERENT = "different"


@dataclass(frozen=True)
class PublishedCell:
    """The value of a checkpoint, or of a training of no epoch, in a measure by two accounts.

    `training` is what prose calls the training.
    """

    measure: Measure
    model: str
    optimizer: str
    epoch: int | None
    training: str
    printed: float
    second: float

    @property
    def difference(self) -> float:
        """The printed value minus that of the second account, with the printed digits."""
        return round(self.printed - self.second, DIGITS)

    @property
    def agreement(self) -> Agreement:
        # As decimals: half a unit is no binary number.
        printed, second = (Decimal(repr(value)) for value in (self.printed, self.second))
        if abs(printed - second) <= _UNIT / 2:
            return Agreement.SAME
        if printed == second.quantize(_UNIT, ROUND_DOWN):
            return Agreement.CUT_OFF
        return Agreement.DIFFERENT

    @property
    def metric(self) -> str:
        """The metric as prose names it."""
        return METRICS[self.measure.metric]


@dataclass(frozen=True)
class Agreements:
    """All published cells, measure by measure in the order of study.yaml."""

    cells: tuple[PublishedCell, ...]

    @classmethod
    def of(cls, accounts: Mapping[str, PublishedScores], study: Study) -> "Agreements":
        """Compare the two accounts of a study's values, the primary one first."""
        printed, second = accounts.values()
        return cls(tuple(_cells(printed, second, study)))

    def that_are(self, agreement: str) -> list[PublishedCell]:
        return [cell for cell in self.cells if cell.agreement == agreement]

    def measures_by_trainings(self, agreement: str) -> list[tuple[list[str], list[str]]]:
        """Return which measures have such a cell in which trainings.

        Measures with the same trainings are together; both are as prose names them.
        """
        trainings: dict[str, dict[str, None]] = {}
        for cell in self.that_are(agreement):
            trainings.setdefault(cell.metric, {})[cell.training] = None
        groups: dict[tuple[str, ...], list[str]] = {}
        for metric, found in trainings.items():
            groups.setdefault(tuple(found), []).append(metric)
        return [(metrics, list(found)) for found, metrics in groups.items()]

    @property
    def largest(self) -> list[PublishedCell]:
        """Return, of each measure in which any differs, the first cell that differs the most."""
        found: dict[Measure, PublishedCell] = {}
        for cell in self.that_are(Agreement.DIFFERENT):
            before = found.get(cell.measure, cell)
            found[cell.measure] = max(before, cell, key=lambda each: abs(each.difference))
        return list(found.values())

    def differ_in(self, metrics: Iterable[str]) -> bool:
        """Return whether a value of these is different; a test set stands for all metrics on it."""
        named = set(metrics)
        return any(
            {cell.measure.metric, cell.measure.test_set} & named
            for cell in self.that_are(Agreement.DIFFERENT)
        )


def _cells(
    printed: PublishedScores, second: PublishedScores, study: Study
) -> Iterator[PublishedCell]:
    for measure, values in printed.items():
        for name, value in values.items():
            described = "{} with {}".format(*study.labels(training_of(name)))
            yield PublishedCell(measure, *parts(name), described, value, second[measure][name])
