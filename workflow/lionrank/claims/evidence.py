"""What claims are tested on: the values of a published study, and the results of this experiment.

The published values are of models, treatments and epochs by the same names as in our grid. There
may be several accounts of them, such as what was printed and what the authors' files have
(`lionrank.published.scores`).
"""

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np

from lionrank.evaluation.per_query import PerQuery, System
from lionrank.files import read_json
from lionrank.grid import Grid, checkpoint_name, training_name
from lionrank.measures import GRADED, METRICS, Measure
from lionrank.published import settings as published_settings
from lionrank.published.beside import made_alike
from lionrank.published.scores import PublishedScores, parts, read_scores, rounded, training_of
from lionrank.published.study import SETTINGS, SYSTEMS, TABLE, Study
from lionrank.published.systems import read_systems
from lionrank.training import log
from lionrank.wording import listed


def _published_system(name: str) -> System:
    """Take apart a name that `read_scores` gives: of a checkpoint or, without epoch, a training."""
    _, _, epoch = parts(name)
    return System(training_of(name), epoch)


class Untestable(Exception):
    """A test lacks what it would be decided on; says what."""


def words(key: str) -> str:
    """Return a key of the config or the training logs as prose names it."""
    return key.replace("_", " ")


@dataclass(frozen=True)
class Published:
    """What a study has published, with one account of its values.

    Attributes:
        values: measure -> system -> value, rounded to the digits that are printed. Systems have no
            epoch where the study names none.
        others: systems.csv as system -> nDCG@10 on the test set `study.systems`.
        settings: the rows of settings.csv.
    """

    study: Study
    values: Mapping[Measure, Mapping[System, float]]
    others: Mapping[str, float] = field(default_factory=dict)
    settings: Sequence[published_settings.PublishedSetting] = ()

    @classmethod
    def read(cls, folder: Path, study: Study) -> "dict[str, Published]":
        """Read what a study has in its folder, by account, the primary one first.

        Raises:
            UserError: a column or a row is absent or a value is no number; names file and line.
        """
        systems = read_systems(folder / SYSTEMS) if study.systems else []
        others = {system.name: float(system.score) for system in systems}
        rows = published_settings.read(folder / SETTINGS, study.sources) if study.sources else []
        return {
            account: cls(study, _by_system(scores), others, rows)
            for account, scores in read_scores(folder / TABLE, study).items()
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
    def epochs(self) -> list[int]:
        return sorted({each.epoch for each in self.checkpoints if each.epoch is not None})

    def label(self, system: System) -> str:
        """Return a system as prose names it; without an epoch, the training."""
        labels = map(self.study.label_of, system.training.split("_"))
        epoch = "" if system.epoch is None else f", epoch {system.epoch}"
        return " + ".join(labels) + epoch

    def title(self, measure: Measure) -> str:
        """Return what prose calls a measure: its metric and, if it is on several, its test set."""
        name = METRICS[measure.metric]
        is_on_several = sum(each.metric == measure.metric for each in self.values) > 1
        return (
            f"{name} on {self.study.test_sets[measure.test_set].label}" if is_on_several else name
        )

    def parameters(self, model: str) -> int:
        """Return the parameters of a model as the study counts them; Untestable if it does not."""
        found = self.study.models[model].parameters
        if found is None:
            label = self.study.label_of(model)
            raise Untestable(f"the study does not give the parameters of {label}")
        return found

    def value(self, measure: Measure, system: System) -> float:
        """Return the value of a system, as `best` does of several."""
        return self.best(measure, [system])[1]

    def best(self, measure: Measure, systems: Sequence[System]) -> tuple[System, float]:
        """Return the first of the best checkpoints among `systems`, and its value.

        A system without an epoch is all checkpoints of its training, as the table shows them.
        Untestable if nothing was published of one.
        """
        among: dict[System, float] = {}
        for system in systems:
            found = {
                each: value
                for each, value in self.values.get(measure, {}).items()
                if system in (each, System(each.training))
            }
            if not found:
                raise Untestable(f"no {self.title(measure)} of {self.label(system)} was published")
            among |= found
        top = max(among, key=among.__getitem__)
        return top, among[top]


def _by_system(scores: PublishedScores) -> dict[Measure, dict[System, float]]:
    return {
        measure: {_published_system(name): value for name, value in values.items()}
        for measure, values in rounded(scores).items()
    }


@dataclass(frozen=True)
class Data:
    """Training data: their name, and the SHA-256 by which they are the same or not."""

    name: str = field(compare=False)
    checksum: str

    @classmethod
    def read(cls, record: str | os.PathLike) -> "Data":
        """Read the record beside training data, collections/{collection}/{name}.json."""
        return cls(Path(record).stem, read_json(record)["sha256"]["train"])

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class LearntFrom:
    """What a training has learned from, and how many passages it has read in how many passes.

    Both are means over its seeds, one of which may have stopped before another.
    """

    examples: Data
    passages: float
    passes: float


@dataclass(frozen=True)
class Ours:
    """The results of this experiment, of one seed or several.

    Attributes:
        grid: what was trained, and the systems of others.
        levels: the paper's least relevant grade on each test set, None for averages.
        stand_ins: test sets of the grid, by the published test set that each is taken for.
        logs: the training logs of each training with each of its seeds, a file an epoch.
        settings: the resolved settings of each training.
        encoders: the parameters of each model's encoder, without embeddings and head.
        data: what each treatment learns from.
        shared: by test set, the number of its topics, and of those that are development queries.
        are_left_out: whether these were left out.
        recipes: the optimizer and the objective of each treatment of the study.
        scorings: the label of how documents are scored, by test set that has one.

    `encoders`, `data` and `shared` are empty where no claim of the study asks.
    """

    per_query: PerQuery
    grid: Grid
    levels: Mapping[str, int | None]
    stand_ins: Mapping[str, str]
    logs: Mapping[str, Sequence[str | os.PathLike]]
    settings: Mapping[str, Mapping[str, Any]]
    encoders: Mapping[str, int] = field(default_factory=dict)
    data: Mapping[str, Data] = field(default_factory=dict)
    shared: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    are_left_out: bool = False
    recipes: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    scorings: Mapping[str, str] = field(default_factory=dict)

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
        named = model, treatment = tuple(published.training.split("_"))
        own = training_name(model, self.treatment(treatment))
        if self._is_trained(own):
            return replace(published, training=own)
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

    def treatment(self, published: str) -> str:
        """Return the name that a published treatment has here, or its own where it is not here.

        Untestable if it may be one of several, or if its name is that of another treatment.
        """
        if published not in self.recipes:
            return published
        found = made_alike(published, self.recipes, self.grid)
        if len(found) > 1:
            raise Untestable(f"it was not said which of {listed(found)} is {published}")
        other = {each.name: each for each in self.grid.treatments}.get(published)
        if not found and other is not None:
            raise Untestable(
                f"{published} is another treatment here, {other.optimizer} and {other.objective}"
            )
        return found[0] if found else published

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
        """Return a setting of a training by its dotted key; Untestable if ours have no such one."""
        is_set, value = published_settings.looked_up(key, self.settings[self._own(training)])
        if not is_set:
            raise Untestable(f"our trainings have no setting {key}")
        return value

    def log(self, training: str, quantity: str) -> dict[int, float]:
        """Return what a training's logs say of a quantity, by optimizer step: means over seeds."""
        seeded = self.grid.training(self._own(training)).names
        first, *others = (self._log(name, quantity) for name in seeded)
        return {
            step: math.fsum([value, *(each[step] for each in others)]) / len(seeded)
            for step, value in first.items()
            if all(step in each for each in others)
        }

    def _log(self, name: str, quantity: str) -> dict[int, float]:
        found = {
            line["step"]: line[quantity]
            for path in self.logs[name]
            for line in log.read(path)
            if isinstance(line.get(quantity), int | float) and math.isfinite(line[quantity])
        }
        if not found:
            raise Untestable(f"the training logs have no {words(quantity)}")
        return found

    def encoder(self, model: str) -> int:
        """Return the parameters of a model's encoder; Untestable if they were not counted."""
        if model not in self.encoders:
            raise Untestable(
                "study.yaml tells of no parameters of models, so that ours were not counted"
            )
        return self.encoders[model]

    def learnt(self, training: str) -> LearntFrom:
        """Return what a training has learned from; Untestable if it is not ours."""
        trained = self.grid.training(self._own(training))
        if trained.treatment.name not in self.data:
            raise Untestable(
                "study.yaml tells of no data of treatments, so that ours were not read"
            )
        return LearntFrom(
            self.data[trained.treatment.name],
            passages=fmean(max(self._log(each, "examples").values()) for each in trained.names),
            passes=fmean(len(self.logs[each]) for each in trained.names),
        )

    def overlap(self, published: str) -> tuple[int, int]:
        """Return how many topics a test set has here, and how many are development queries.

        Of an average they are those of all its test sets.
        """
        name = self.test_set(published)
        if not self.shared:
            raise Untestable("study.yaml tells of no dev sets, so that no overlap was looked for")
        measures = self.per_query.parts(Measure(name, GRADED)) or [Measure(name, GRADED)]
        topics, shared = zip(*(self.shared[each.test_set] for each in measures), strict=True)
        return sum(topics), sum(shared)

    def _is_trained(self, training: str) -> bool:
        return training in {each.name for each in self.grid.trainings()}

    def _own(self, training: str) -> str:
        """Return the name of a published training here; Untestable if it is none of ours."""
        own = self.system(System(training)).training
        if not self._is_trained(own):
            raise Untestable(f"{training} is not in the grid")
        return own


def _best_only(training: str, measure: Measure) -> Untestable:
    return Untestable(f"of {training}, the chosen epoch alone was evaluated on {measure.test_set}")


def _named(system: System) -> str:
    """Return a published training or checkpoint as the claims file names it."""
    if system.epoch is None:
        return system.training
    return checkpoint_name(system.training, system.epoch)
