"""Trainings that differ in what they learn: in the objective, in the data, or in both."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from lionrank.grid import Training
from lionrank.paper.pairs import TrainedPair
from lionrank.paper.trained import Trained

LESSONS = ("objectives", "data")
"""Families of comparisons.json."""
OBJECTIVE, DATA, BOTH = "objective", "data", "both"


def difference(left: Training, right: Training) -> str:
    """Return in what two trainings differ that do not learn the same: OBJECTIVE, DATA or BOTH."""
    if left.treatment.data == right.treatment.data:
        return OBJECTIVE
    return DATA if left.treatment.objective == right.treatment.objective else BOTH


@dataclass(frozen=True)
class Lesson(TrainedPair):
    """Two trainings of a model and an optimizer that differ in what is learnt."""

    @property
    def differs(self) -> str:
        """In what: OBJECTIVE, DATA or BOTH."""
        return difference(self.left.training, self.right.training)


@dataclass(frozen=True)
class Share:
    """A difference in objective and data, divided by a control: a training with one of each side.

    `objective` is the part between trainings that differ in the objective alone, `data` that
    between those that differ in the data alone; before rounding, they add up to `both`.
    """

    both: Lesson
    control: Trained
    objective: Lesson
    data: Lesson

    @property
    def larger(self) -> str | None:
        """Which of the parts is larger, OBJECTIVE or DATA, None where they are level."""
        parts = abs(self.objective.tested.difference), abs(self.data.tested.difference)
        return None if parts[0] == parts[1] else OBJECTIVE if parts[0] > parts[1] else DATA


def find_shares(lessons: Sequence[Lesson], trainings: Sequence[Trained]) -> Iterator[Share]:
    """Yield the differences in objective and data for which one of the trainings is a control."""
    tested = {(each.left.name, each.right.name): each for each in lessons}
    for both in lessons:
        if both.differs != BOTH:
            continue
        for control in trainings:
            parts = [
                _either_way(tested, both.left.name, control.name),
                _either_way(tested, control.name, both.right.name),
            ]
            by = {part.differs: part for part in parts if part}
            if by.keys() == {OBJECTIVE, DATA}:
                yield Share(both, control, by[OBJECTIVE], by[DATA])


def _either_way(tested: Mapping[tuple[str, str], Lesson], left: str, right: str) -> Lesson | None:
    """Return the lesson of two trainings as left minus right, whichever way it was tested."""
    if (left, right) in tested:
        return tested[left, right]
    turned = tested.get((right, left))
    return turned and turned.turned()
