"""What a search of settings has brought: trainings beside those that had theirs given."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lionrank.grid import Model
from lionrank.paper.contrasts import Tested
from lionrank.paper.trained import Trained


@dataclass(frozen=True)
class Tuning:
    """A training whose settings were searched for beside one that differs in this alone.

    They are at the epochs that development data chose.
    """

    tuned: Trained
    untuned: Trained
    tested: Tested

    @property
    def model(self) -> Model:
        return self.tuned.training.model

    @property
    def names(self) -> list[str]:
        return [self.tuned.name, self.untuned.name]


def find_tunings(
    trainings: Iterable[Trained], contrasts: Iterable[Mapping[str, Any]], alpha: float
) -> Iterator[Tuning]:
    """Yield those among `contrasts`, entries of comparisons.json on the primary measure.

    `alpha` is what a corrected p-value must be below.
    """
    by_name = {training.name: training for training in trainings}
    for each in contrasts:
        if each["family"] == "tuning":
            tuned, untuned = (by_name[each[side]["training"]] for side in ("left", "right"))
            yield Tuning(tuned, untuned, Tested.of(each, alpha))
