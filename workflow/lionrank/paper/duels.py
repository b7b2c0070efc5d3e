"""Lion against AdamW: how the two stand to each other on each model."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lionrank.grid import Model
from lionrank.paper.contrasts import Comparison, Tested
from lionrank.paper.trained import LOSS_DIGITS, Trained


@dataclass(frozen=True)
class Duel:
    """Lion against AdamW on one model; `chosen` tests them at the epochs chosen beforehand."""

    model: Model
    lion: Trained
    adamw: Trained
    chosen: Tested

    @property
    def best(self) -> Comparison:
        """At the epochs that are best on the test topics."""
        return Comparison(self.lion.best, self.adamw.best)

    @property
    def seeds_above(self) -> int:
        """With how many seeds Lion has the higher score, at the epochs that these chose."""
        pairs = zip(self.lion.by_seed, self.adamw.by_seed, strict=True)
        return sum(lion > adamw for lion, adamw in pairs)

    @property
    def by_epoch(self) -> list[Comparison]:
        """At each epoch that both had."""
        lion, adamw = self.lion.scores, self.adamw.scores
        return [Comparison(lion[epoch], adamw[epoch]) for epoch in lion if epoch in adamw]

    @property
    def loss(self) -> Comparison | None:
        return _logged(self.lion.loss, self.adamw.loss)

    @property
    def grad_norm(self) -> Comparison | None:
        return _logged(self.lion.grad_norm, self.adamw.grad_norm)

    @property
    def held_out(self) -> Comparison | None:
        """The loss on held-out pairs after the last epoch of each."""
        lion, adamw = (
            [*each.held_out.values()][-1] if each.held_out else None
            for each in (self.lion, self.adamw)
        )
        return _logged(lion, adamw)

    @property
    def loss_agrees(self) -> bool:
        """Whether the optimizer with the lower loss has the higher score at the chosen epochs."""
        return self.loss is not None and {self.loss.relation, self.chosen.relation} == {
            "above",
            "below",
        }


def _logged(lion: float | None, adamw: float | None) -> Comparison | None:
    return None if lion is None or adamw is None else Comparison(lion, adamw, LOSS_DIGITS)


def find_duels(
    trainings: Iterable[Trained], contrasts: Iterable[Mapping[str, Any]], alpha: float
) -> Iterator[Duel]:
    """Yield the duel on each model on which the two were compared at their chosen epochs.

    Of `contrasts`, entries of comparisons.json, those between optimizers count. `alpha` is what a
    corrected p-value must be below.
    """
    by_name = {training.name: training for training in trainings}
    for contrast in contrasts:
        if contrast["family"] != "optimizers":
            continue
        sides = [by_name[contrast[side]["training"]] for side in ("left", "right")]
        tested = Tested.of(contrast, alpha)
        match [side.training.treatment.name for side in sides]:
            case ["lion", "adamw"]:
                yield Duel(sides[0].training.model, sides[0], sides[1], tested)
            case ["adamw", "lion"]:
                yield Duel(sides[0].training.model, sides[1], sides[0], tested.turned())
