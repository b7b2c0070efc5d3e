"""Lion against AdamW: how the two stand to each other on each model."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lionrank.config.treatments import BCE, PAIRS
from lionrank.grid import Model, Treatment
from lionrank.paper.contrasts import Comparison, Tested
from lionrank.paper.pairs import TrainedPair
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


@dataclass(frozen=True)
class Contest:
    """Lion against AdamW as two treatments, on each model on which these were compared.

    Both have the settings that were given, or those that a search chose.
    """

    lion: Treatment
    adamw: Treatment
    duels: tuple[Duel, ...]

    @property
    def names(self) -> list[str]:
        return [self.lion.name, self.adamw.name]

    @property
    def searched(self) -> bool:
        return self.lion.searched

    def on(self, model: Model) -> Duel | None:
        return next((duel for duel in self.duels if duel.model == model), None)


def find_contests(pairs: Iterable[TrainedPair], treatments: Sequence[Treatment]) -> list[Contest]:
    """Return the contests with the settings that were given, and with those that a search chose.

    Each has the treatments that learn from pairs with BCE, of several the one of the optimizer's
    name, or else the first. `pairs` are those of the family of optimizers.
    """
    either_way = [each for pair in pairs for each in (pair, pair.turned())]
    found = []
    for searched in (False, True):
        lion, adamw = (_contestant(name, searched, treatments) for name in ("lion", "adamw"))
        if lion is None or adamw is None:
            continue
        duels = tuple(
            Duel(each.model, each.left, each.right, each.tested)
            for each in either_way
            if [each.left.training.treatment, each.right.training.treatment] == [lion, adamw]
        )
        if duels:
            found.append(Contest(lion, adamw, duels))
    return found


def _contestant(
    optimizer: str, searched: bool, treatments: Iterable[Treatment]
) -> Treatment | None:
    """Return the treatment that stands for an optimizer, None where there is none."""
    found = [
        each
        for each in treatments
        if (each.optimizer or each.name) == optimizer
        and each.learns in ((None, None), (BCE, PAIRS))
        and each.searched == searched
    ]
    return min(found, key=lambda each: each.name != optimizer, default=None)
