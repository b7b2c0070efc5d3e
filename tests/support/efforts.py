"""What the trainings of a world cost and logged, for the truth of what the paper says of it."""

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

from tests.support.papers import relation
from tests.support.worlds import World

Items = Mapping[Any, bool]
"""Things, and which of them are as a claim says."""


class Efforts:
    """What the logs and costs of a world let one count."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.grid = world.grid
        self.trainings = [training.name for training in self.grid.trainings()]

    def cost(self, training: str, key: str) -> float:
        """Return a quantity of efficiency.json, the mean over the seeds of a training."""
        names = self.grid.training(training).names
        return fmean(self.world.costs["trainings"][name][key] for name in names)

    def of_epochs(self, key: str) -> float:
        """Return a quantity of efficiency.json, added up over all epochs."""
        trainings = self.world.costs["trainings"].values()
        return sum(epoch[key] for each in trainings for epoch in each["by_epoch"])

    def epochs(self) -> int:
        return sum(len(each["by_epoch"]) for each in self.world.costs["trainings"].values())

    def interrupted(self) -> Items:
        jobs = self.of_epochs("jobs")
        return {place: place < jobs - self.epochs() for place in range(jobs)}

    def front(self) -> dict[str, tuple[float, float]]:
        """Return cost and score of the checkpoints that no other one surpasses in both."""
        points = {}
        for name in self.trainings:
            spent = 0
            costs = [
                self.world.costs["trainings"][own]["by_epoch"]
                for own in self.grid.training(name).names
            ]
            for of_seeds in zip(*costs, strict=True):
                spent += fmean(each["device_hours"] for each in of_seeds)
                system = f"{name}_e{of_seeds[0]['epoch']}"
                points[system] = (spent, self.world.printed[system])
        return {
            name: (cost, score)
            for name, (cost, score) in points.items()
            if all(s < score for c, s in points.values() if c < cost)
            and all(c > cost for c, s in points.values() if s > score)
        }

    def logged(self, quantity: str, training: str) -> float:
        """Return what a training logged of its last epoch, as it is printed."""
        of_seeds = [self.world.logged[name] for name in self.grid.training(training).names]
        if quantity == "held_out":
            return self._held_out(training)[-1]
        return round(fmean(getattr(each, quantity) for each in of_seeds), 3)

    def _held_out(self, training: str) -> list[float]:
        """Return the loss on held-out pairs after each epoch, as it is printed."""
        of_seeds = [self.world.logged[name] for name in self.grid.training(training).names]
        curves = [each.held_out.values() for each in of_seeds]
        return [round(fmean(losses), 3) for losses in zip(*curves, strict=True)]

    def lowest_at_the_end(self) -> Items:
        curves = {name: self._held_out(name) for name in self.trainings}
        return {name: curve[-1] < min(curve[:-1], default=1e9) for name, curve in curves.items()}

    def agreeing(self, pair: Sequence[str]) -> Items:
        found = {}
        for model in self.grid.models:
            losses = [self.logged("loss", f"{model.name}_{each}") for each in pair]
            contrast = self.world.duel(model.name, pair)
            means = [round(contrast[key], 4) for key in ("left_mean", "right_mean")]
            found[model.name] = {relation(*losses), relation(*means)} == {"above", "below"}
        return found
