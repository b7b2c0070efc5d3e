"""How the treatments that a study published stand to each other, over backbones and measures."""

from collections.abc import Iterator
from dataclasses import dataclass

from lionrank.config.treatments import BCE
from lionrank.grid import training_name
from lionrank.published.scores import PublishedScores
from lionrank.published.study import Study


@dataclass(frozen=True)
class Lead:
    """A treatment, by its key and label, among those of a study.

    Attributes:
        cells: the pairs of a backbone and a measure in which it has a value.
        led: those of them in which no treatment has a higher one.
        gains: its differences to BCE in those that both have, none of BCE itself.
    """

    treatment: str
    label: str
    cells: int
    led: int
    gains: tuple[float, ...]

    @property
    def above_bce(self) -> int:
        return sum(gain > 0 for gain in self.gains)


def leads(values: PublishedScores, study: Study) -> list[Lead]:
    """Return the treatments of which trainings have values, in the order of study.yaml."""
    found = [_lead(treatment, values, study) for treatment in study.treatments]
    return [each for each in found if each.cells]


def _lead(treatment: str, values: PublishedScores, study: Study) -> Lead:
    cells = [cell for cell in _cells(values, study) if treatment in cell]
    with_bce = [cell for cell in cells if BCE in cell and treatment != BCE]
    return Lead(
        treatment,
        study.treatments[treatment].label,
        len(cells),
        sum(cell[treatment] == max(cell.values()) for cell in cells),
        tuple(cell[treatment] - cell[BCE] for cell in with_bce),
    )


def _cells(values: PublishedScores, study: Study) -> Iterator[dict[str, float]]:
    """Yield the values of each backbone in each measure, by treatment."""
    for of_measure in values.values():
        for model in study.models:
            names = {each: training_name(model, each) for each in study.treatments}
            yield {each: of_measure[name] for each, name in names.items() if name in of_measure}
