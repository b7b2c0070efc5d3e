"""Effectiveness by how many candidates are reranked, as the figure and the prose have it."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lionrank.errors import UserError
from lionrank.evaluation.depths import CEILING
from lionrank.files import AGAIN, csv_rows
from lionrank.grid import Grid, training_name
from lionrank.measures import PRIMARY
from lionrank.paper.results import Score
from lionrank.wording import DIGITS

_SCORE = ("mean", "low", "high")
_GAIN = ("gain", "gain_low", "gain_high")
_COLUMNS = ("test_set", "system", "model", "optimizer", "seed", "metric", "depth", *_SCORE, *_GAIN)


@dataclass(frozen=True)
class Point:
    """A system's primary score at a depth, and by how much that is above its score at the least."""

    depth: int
    score: Score
    gain: Score


@dataclass(frozen=True)
class Deepened:
    """What came of a system as its candidates became more: a point a depth, the least first."""

    name: str
    points: Sequence[Point]

    @property
    def last(self) -> Point:
        """What it reaches with all candidates."""
        return self.points[-1]

    @property
    def relation(self) -> str:
        """How all candidates stand to the fewest, "above" or "below" beyond the interval."""
        gain = self.last.gain
        return "above" if gain.low > 0 else "below" if gain.high < 0 else "level with"

    @property
    def is_best_at_last(self) -> bool:
        """Whether the score with all candidates is above that at any other depth."""
        return all(point.score.mean < self.last.score.mean for point in self.points[:-1])


@dataclass(frozen=True)
class Depths:
    """A test set whose candidates were cut at several depths, and what came of each system.

    `reranked` are trainings at their chosen epochs and checkpoints of others, by name;
    `first_stage` ranked the candidates, and `ceiling` is their best order of all.
    """

    test_set: str
    reranked: Mapping[str, Deepened]
    first_stage: Deepened
    ceiling: Deepened

    @property
    def depths(self) -> list[int]:
        return [point.depth for point in self.ceiling.points]

    @property
    def deepest(self) -> int:
        return self.depths[-1]

    def subjects(self, grid: Grid) -> list[Deepened]:
        """Return the trainings or, where nothing was trained, the systems of others."""
        trained = [each.name for each in grid.trainings()]
        return [self.reranked[name] for name in trained or self.reranked]


def read_depths(path: str | os.PathLike, grid: Grid) -> list[Depths]:
    """Read results/depths.csv, in the order of its test sets.

    Raises:
        UserError: a column is absent, a value is no number, or a test set lacks a training, its
            first stage or the best order.
    """
    found: dict[str, dict[str, list[Point]]] = {}
    for place, row in csv_rows(path, _COLUMNS, AGAIN):
        if row["metric"] == PRIMARY:
            # A training's checkpoint is the chosen one, and only trainings have a seed.
            training = training_name(row["model"], row["optimizer"])
            name = training if row["seed"] else row["system"]
            found.setdefault(row["test_set"], {}).setdefault(name, []).append(_point(row, place))
    return [_of_test_set(name, systems, grid, path) for name, systems in found.items()]


def _point(row: Mapping[str, str], place: str) -> Point:
    try:
        values = {key: round(float(row[key]), DIGITS) + 0.0 for key in (*_SCORE, *_GAIN)}
        depth = int(row["depth"])
    except ValueError as error:
        raise UserError(f"{place}: {error}; {AGAIN}.") from None
    score, gain = (
        Score(values[mean], values[low], values[high]) for mean, low, high in (_SCORE, _GAIN)
    )
    return Point(depth, score, gain)


def _of_test_set(
    test_set: str, systems: Mapping[str, Sequence[Point]], grid: Grid, path: str | os.PathLike
) -> Depths:
    first_stage = grid.first_stage(test_set)
    if first_stage is None:
        raise UserError(f"{path}: {test_set} has no first stage; {AGAIN}.")
    others = [each.name for each in grid.systems if each.name in systems]
    names = [*(each.name for each in grid.trainings()), *others, first_stage.name, CEILING]
    if absent := [name for name in names if name not in systems]:
        raise UserError(f"{path}: {test_set} has no {absent[0]}; {AGAIN}.")
    *reranked, first, ceiling = (Deepened(name, systems[name]) for name in names)
    return Depths(test_set, {each.name: each for each in reranked}, first, ceiling)
