"""What claims are tested on: the tables that were published, and the results of this experiment.

The published values are of models, optimizers and epochs by the same names as in our grid. There
are two accounts of them, the printed one and that of the authors' trec_eval files
(`lionrank.published.scores`).
"""

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lionrank.errors import UserError
from lionrank.evaluation.per_query import PerQuery, System
from lionrank.grid import Grid, checkpoint_name
from lionrank.measures import GRADED, METRICS, Measure
from lionrank.published import settings as published_settings
from lionrank.published.scores import (
    PRINTED,
    TEST_SETS,
    PublishedScores,
    read_both,
    read_table2,
    rounded,
)
from lionrank.training import log
from lionrank.wording import listed


def _checkpoint(name: str) -> System:
    training, _, epoch = name.rpartition("_e")
    return System(training, int(epoch))


class Untestable(Exception):
    """A test lacks what it would be decided on; says what."""


def label(system: System) -> str:
    """Return a system as prose names it; without an epoch, the training."""
    parts = (PRINTED.get(part, part) for part in system.training.split("_"))
    epoch = "" if system.epoch is None else f", epoch {system.epoch}"
    return " + ".join(parts) + epoch


def words(key: str) -> str:
    """Return a key of the config or the training logs as prose names it."""
    return key.replace("_", " ")


@dataclass(frozen=True)
class Published:
    """What was published, with one account of the checkpoints.

    Attributes:
        values: measure -> system, with an epoch -> value, rounded to the digits that are printed.
        others: table II as system -> nDCG@10 on dl19.
        settings: the rows of paper/published/settings.csv.
    """

    values: Mapping[Measure, Mapping[System, float]]
    others: Mapping[str, float]
    settings: Sequence[published_settings.PublishedSetting]

    @classmethod
    def read(
        cls,
        table1: str | os.PathLike,
        trec_eval: str | os.PathLike,
        table2: str | os.PathLike,
        settings: str | os.PathLike,
    ) -> "dict[str, Published]":
        """Read what was published, by account: `AS_PRINTED` and `BY_FILES`.

        Raises:
            UserError: a column or a row is absent or a value is no number; names file and line.
        """
        others = {system.name: float(system.score) for system in read_table2(table2)}
        rows = published_settings.read(Path(settings))
        return {
            account: cls(_by_system(scores), others, rows)
            for account, scores in read_both(table1, trec_eval).items()
        }

    @property
    def measures(self) -> list[Measure]:
        return list(self.values)

    @property
    def checkpoints(self) -> list[System]:
        return list(dict.fromkeys(each for values in self.values.values() for each in values))

    @property
    def trainings(self) -> list[System]:
        return list(dict.fromkeys(System(system.training) for system in self.checkpoints))

    @property
    def optimizers(self) -> list[str]:
        return list(dict.fromkeys(each.training.split("_")[1] for each in self.trainings))

    @property
    def models(self) -> list[str]:
        return list(dict.fromkeys(each.training.split("_")[0] for each in self.trainings))

    @property
    def epochs(self) -> list[int]:
        return sorted({each.epoch for each in self.checkpoints if each.epoch is not None})

    def title(self, measure: Measure) -> str:
        """Return what prose calls a measure: its metric and, if it is on several, its test set."""
        name = METRICS[measure.metric]
        is_on_several = sum(each.metric == measure.metric for each in self.values) > 1
        return f"{name} on {measure.test_set}" if is_on_several else name

    def best(self, measure: Measure, systems: Sequence[System]) -> tuple[System, float]:
        """Return the first of the best checkpoints among `systems`, and its value.

        A system without an epoch is all checkpoints of its training, as the table shows them.
        """
        among = {
            each: value
            for each, value in self.values[measure].items()
            if each in systems or System(each.training) in systems
        }
        top = max(among, key=among.__getitem__)
        return top, among[top]


def _by_system(scores: PublishedScores) -> dict[Measure, dict[System, float]]:
    return {
        measure: {_checkpoint(name): value for name, value in values.items()}
        for measure, values in rounded(scores).items()
    }


@dataclass(frozen=True)
class Ours:
    """The results of this experiment, of one seed or several.

    Attributes:
        grid: what was trained, and the systems of others.
        levels: the paper's least relevant grade on each test set of the grid.
        stand_ins: test sets of the grid, by the published test set that each is taken for.
        logs: the training logs of each training, a file an epoch.
        settings: the resolved settings of each training.
    """

    per_query: PerQuery
    grid: Grid
    levels: Mapping[str, int]
    stand_ins: Mapping[str, str]
    logs: Mapping[str, Sequence[str | os.PathLike]]
    settings: Mapping[str, Mapping[str, Any]]

    def __post_init__(self) -> None:
        """Raise UserError if a stand-in is for a test set on which nothing was published."""
        if unknown := set(self.stand_ins) - set(TEST_SETS.values()):
            raise UserError(
                f"config: paper.claims_on: nothing was published on {', '.join(sorted(unknown))}; "
                f"known: {', '.join(dict.fromkeys(TEST_SETS.values()))}"
            )

    def test_set(self, published: str) -> str:
        """Return the test set that a published one is here; Untestable if there is none."""
        name = self.stand_ins.get(published, published)
        if name not in self.levels:
            raise Untestable(f"{name} is not among the test sets")
        return name

    def measure(self, published: Measure) -> Measure:
        """Return a published measure on the test set that it is decided on here."""
        test_set = self.test_set(published.test_set)
        level = None if published.metric == GRADED else self.levels[test_set]
        return Measure(test_set, published.metric, level)

    def system(self, published: System) -> System:
        """Return what a published training or checkpoint is here.

        That is our own, or the system of others that has its model, optimizer and epoch; Untestable
        if there is none, or if it is not known which one.
        """
        if self._is_trained(published.training):
            return published
        named = tuple(published.training.split("_"))
        so_trained = [each for each in self.grid.systems if (each.model, each.optimizer) == named]
        if not so_trained:
            raise Untestable(f"{published.training} is not in the grid")
        found = [each.name for each in so_trained if published.epoch in (None, each.epoch)]
        if not found:
            raise Untestable(f"{_named(published)} is not in the grid")
        if len(found) > 1:
            raise Untestable(
                f"{published.training} was not trained here, and it was not said which of "
                f"{listed(found)} it is reported by"
            )
        return System(found[0])

    def mean_over_seeds(self, measure: Measure, published: System) -> np.ndarray:
        """Return the values (queries,) of what a published system is here; `check` it before."""
        return self.per_query.mean_over_seeds(measure, self.system(published))

    def check(self, published: System, measure: Measure) -> None:
        """Raise Untestable unless a published system is here, its epoch known, and evaluated."""
        system = self.system(published)
        if not self._is_trained(system.training):
            if not self.per_query.has(measure, system):
                raise Untestable(f"{system.training} has no run file on {measure.test_set}")
        elif system.epoch is None:
            if any(system.training not in each.chosen for each in self.per_query.replicates):
                raise Untestable("no epoch was chosen on development data")
        elif system.epoch not in self.grid.epochs:
            raise Untestable(f"{_named(system)} is not in the grid")
        elif not self.per_query.was_trained(system):
            raise Untestable(f"{system.training} stopped before epoch {system.epoch}")
        elif not self.per_query.has(measure, system):
            raise _best_only(system.training, measure)

    def check_every_epoch(self, training: str, measure: Measure) -> None:
        """Raise Untestable unless all epochs of a training of ours were evaluated."""
        if not self.per_query.has_every_epoch(measure, training):
            raise _best_only(training, measure)

    def setting(self, training: str, key: str) -> Any:
        self._check_training(training)
        return self.settings[training][key]

    def log(self, training: str, quantity: str) -> dict[int, float]:
        """Return what a training's logs say of a quantity, by optimizer step."""
        self._check_training(training)
        found = {
            line["step"]: line[quantity]
            for path in self.logs[training]
            for line in log.read(path)
            if isinstance(line.get(quantity), int | float) and math.isfinite(line[quantity])
        }
        if not found:
            raise Untestable(f"the training logs have no {words(quantity)}")
        return found

    def _is_trained(self, training: str) -> bool:
        return training in {each.name for each in self.grid.trainings()}

    def _check_training(self, training: str) -> None:
        if not self._is_trained(training):
            raise Untestable(f"{training} is not in the grid")


def _best_only(training: str, measure: Measure) -> Untestable:
    return Untestable(f"of {training}, the chosen epoch alone was evaluated on {measure.test_set}")


def _named(system: System) -> str:
    """Return a published training or checkpoint as the claims file names it."""
    if system.epoch is None:
        return system.training
    return checkpoint_name(system.training, system.epoch)
