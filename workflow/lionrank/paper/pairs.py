"""Two trainings of a model side by side, as they were tested."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

from lionrank.grid import Model
from lionrank.paper.contrasts import Tested
from lionrank.paper.trained import Trained


@dataclass(frozen=True)
class TrainedPair:
    """Two trainings of a model, at the epochs that development data chose."""

    left: Trained
    right: Trained
    tested: Tested

    @classmethod
    def among(
        cls,
        contrasts: Iterable[Mapping[str, Any]],
        families: Collection[str],
        trainings: Iterable[Trained],
        alpha: float,
    ) -> Iterator[Self]:
        """Yield those of some families among entries of comparisons.json on the primary measure.

        `alpha` is what a corrected p-value must be below.
        """
        by_name = {training.name: training for training in trainings}
        for each in contrasts:
            if each["family"] in families:
                left, right = (by_name[each[side]["training"]] for side in ("left", "right"))
                yield cls(left, right, Tested.of(each, alpha))

    @property
    def model(self) -> Model:
        return self.left.training.model

    @property
    def names(self) -> list[str]:
        return [self.left.name, self.right.name]

    def turned(self) -> Self:
        """Return the pair of right with left."""
        return type(self)(self.right, self.left, self.tested.turned())
