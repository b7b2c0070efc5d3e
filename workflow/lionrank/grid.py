"""What is compared: trainings by model, treatment and epoch, and systems of others, as printed."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

FIRST_STAGE = "bm25"
FIRST_STAGE_LABEL = "BM25"
PRETRAINED = "pretrained"
BEST = "best"
"""Stands for the epoch of a training that development data chose."""


@dataclass(frozen=True)
class Model:
    """A backbone: its key in the config, its printed label and how its weights start."""

    name: str
    label: str
    start: str = PRETRAINED

    @property
    def is_pretrained(self) -> bool:
        return self.start == PRETRAINED


@dataclass(frozen=True)
class Treatment:
    """How a backbone is trained: its key in the config, its printed label and what it is made of.

    `optimizer`, `objective` and `data` are keys of the config, None where only the name is known.
    `searched` is whether development data chose its settings among the trials of a search.
    """

    name: str
    label: str
    optimizer: str | None = None
    objective: str | None = None
    data: str | None = None
    searched: bool = False

    @property
    def learns(self) -> tuple[str | None, str | None]:
        """Objective and data."""
        return self.objective, self.data

    def differs_in(self, other: "Treatment") -> set[str]:
        """Return which of `optimizer`, `objective`, `data` and `searched` another has otherwise."""
        parts = ("optimizer", "objective", "data", "searched")
        return {part for part in parts if getattr(self, part) != getattr(other, part)}


@dataclass(frozen=True)
class SeededTraining:
    """A training with one of its seeds: its name, and the epochs that it was trained for."""

    name: str
    seed: int
    epochs: tuple[int, ...]

    def checkpoints(self) -> list[str]:
        return [checkpoint_name(self.name, epoch) for epoch in self.epochs]


@dataclass(frozen=True)
class Training:
    """A backbone as one treatment trains it, with one seed or several: a row of the paper."""

    model: Model
    treatment: Treatment
    by_seed: tuple[SeededTraining, ...]

    @property
    def name(self) -> str:
        """That of the first seed, `{model}_{optimizer}`."""
        return self.by_seed[0].name

    @property
    def names(self) -> tuple[str, ...]:
        """Those of all seeds."""
        return tuple(each.name for each in self.by_seed)

    @property
    def epochs(self) -> tuple[int, ...]:
        """Those that it was trained for with every seed."""
        return min((each.epochs for each in self.by_seed), key=len)

    @property
    def chooses_by_seed(self) -> bool:
        """Whether there are several seeds, each of which had epochs to choose from."""
        return len(self.by_seed) > 1 and any(len(each.epochs) > 1 for each in self.by_seed)

    @property
    def labels(self) -> tuple[str, str]:
        """Those of the model and the treatment."""
        return self.model.label, self.treatment.label

    def checkpoint(self, epoch: int | str) -> str:
        """Return the name of a checkpoint of the first seed, its system name in the results."""
        return checkpoint_name(self.name, epoch)

    def checkpoints(self) -> list[str]:
        """Return those names of all epochs that it was trained for with every seed."""
        return [self.checkpoint(epoch) for epoch in self.epochs]


@dataclass(frozen=True)
class OtherSystem:
    """A system that was not trained here: a checkpoint of others, or a run file of any tool.

    `kind` says which, "checkpoint" or "run file". `model` and `optimizer` (keys of the config) and
    `epoch` say what it was trained as; None is what is not known, or does not apply.
    """

    name: str
    label: str
    kind: str
    model: str | None = None
    optimizer: str | None = None
    epoch: int | None = None


@dataclass(frozen=True)
class FirstStage:
    """What finds the candidates of a test set: bm25 or a key in the config, and its label."""

    name: str
    label: str


VARIOUS = FirstStage("first_stage", "First stage")
"""What stands for the first stages of test sets that have not all the same."""


@dataclass(frozen=True)
class Grid:
    """What is compared, in the order in which it is printed; `optimizers` are name -> label.

    `epochs` are those of the trainings that had the most. `last` has the last epoch of trainings
    that stopped earlier, by the name of each seed's. `systems` are those that were not trained
    here. Where nothing was, there are no models, no optimizers and no epochs. `recipes` have what
    the optimizers are made of, the other fields of `Treatment`, by name. `first_stages` have what
    ranked the candidates of a test set, or all those of an average, by its name, where these are
    rankings: `VARIOUS` of an average whose test sets have each another. Every training is done with
    each of `seeds`. `scorings` are groups of test sets that differ in their scoring alone.
    """

    models: tuple[Model, ...]
    optimizers: Mapping[str, str]
    epochs: tuple[int, ...]
    last: Mapping[str, int] = field(default_factory=dict)
    systems: tuple[OtherSystem, ...] = ()
    recipes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    first_stages: Mapping[str, FirstStage] = field(default_factory=dict)
    seeds: tuple[int, ...] = (12,)
    scorings: tuple[tuple[str, ...], ...] = ()

    @classmethod
    def build(
        cls,
        models: Mapping[str, Mapping[str, str]],
        optimizers: Mapping[str, str],
        epochs: Iterable[int],
        last: Mapping[str, int] | None = None,
        systems: Mapping[str, Mapping[str, Any]] | None = None,
        recipes: Mapping[str, Mapping[str, Any]] | None = None,
        first_stages: Mapping[str, Mapping[str, str]] | None = None,
        seeds: Iterable[int] = (12,),
        scorings: Iterable[Iterable[str]] = (),
    ) -> "Grid":
        """Make a grid from plain dictionaries: `{name: {label, start}}` and `{name: label}`.

        `epochs` are those that were planned, and `last` is the last one of each training
        (`lionrank.training.development.last_epochs`); left out, all have had all. `systems` has
        the other fields of each `OtherSystem` by its name, and `recipes` what optimizers are made
        of. `first_stages` has the fields of each `FirstStage` by test set.
        """
        longest = max(last.values()) if last else math.inf
        return cls(
            tuple(Model(name, facts["label"], facts["start"]) for name, facts in models.items()),
            dict(optimizers),
            tuple(epoch for epoch in epochs if epoch <= longest),
            dict(last or {}),
            tuple(OtherSystem(name, **facts) for name, facts in (systems or {}).items()),
            dict(recipes or {}),
            {name: FirstStage(**facts) for name, facts in (first_stages or {}).items()},
            tuple(seeds),
            tuple(map(tuple, scorings)),
        )

    def scored_before(self, test_set: str) -> tuple[str, ...]:
        """Return those of `scored_otherwise` that stand before it."""
        group = self._with_scorings_of(test_set)
        return group[: group.index(test_set)]

    def scored_otherwise(self, test_set: str) -> tuple[str, ...]:
        """Return the test sets that differ from one in their scoring alone."""
        return tuple(each for each in self._with_scorings_of(test_set) if each != test_set)

    def _with_scorings_of(self, test_set: str) -> tuple[str, ...]:
        return next((group for group in self.scorings if test_set in group), (test_set,))

    def first_stage(self, test_set: str) -> FirstStage | None:
        """Return what ranked the candidates of a test set, None where they are no ranking."""
        return self.first_stages.get(test_set)

    def ranked_by(self, test_sets: Iterable[str]) -> dict[FirstStage, list[str]]:
        """Return the first stages of these test sets, and which of them have each."""
        found: dict[FirstStage, list[str]] = {}
        for name in test_sets:
            if (first_stage := self.first_stage(name)) is not None:
                found.setdefault(first_stage, []).append(name)
        return found

    def first_stage_of(self, test_sets: Iterable[str]) -> FirstStage:
        """Return the first stage of all of these test sets that have one, or `VARIOUS`."""
        found = [*self.ranked_by(test_sets)]
        return found[0] if len(found) == 1 else VARIOUS

    @property
    def untrained(self) -> dict[str, str]:
        """The labels of what was not trained here, first stages among it, by name."""
        first_stages = {each.name: each.label for each in self.first_stages.values()}
        return first_stages | {each.name: each.label for each in self.systems}

    @property
    def scorers(self) -> list[OtherSystem]:
        """The checkpoints of others, which score what a test set has them read."""
        return [each for each in self.systems if each.kind == "checkpoint"]

    @property
    def treatments(self) -> list[Treatment]:
        return [
            Treatment(name, label, **self.recipes.get(name, {}))
            for name, label in self.optimizers.items()
        ]

    @property
    def has_lessons(self) -> bool:
        """Whether the trainings differ in objective or data, and not in the optimizer alone."""
        return len({each.learns for each in self.treatments}) > 1

    @property
    def has_treatments(self) -> bool:
        """Whether the trainings differ in more than model and optimizer, so that tables say so."""
        return any(
            each.differs_in(other) - {"optimizer"}
            for each, other in combinations(self.treatments, 2)
        )

    @property
    def used_optimizers(self) -> list[str]:
        """What minimises it, each once; of treatments of which no more is known, their names."""
        return _once(each.optimizer or each.name for each in self.treatments)

    @property
    def objectives(self) -> list[str]:
        """What the trainings minimise, each once, as far as it is known."""
        return _once(each.objective for each in self.treatments)

    @property
    def data(self) -> list[str]:
        """What the trainings learn from, each once, as far as it is known."""
        return _once(each.data for each in self.treatments)

    @property
    def has_many_models(self) -> bool:
        """Whether a figure with all of them needs the width of a page, and not of a column."""
        return len(self.models) > 4

    @property
    def is_replicated(self) -> bool:
        """Whether there are trainings, with several seeds."""
        return bool(self.models) and len(self.seeds) > 1

    @property
    def is_ragged(self) -> bool:
        """Whether trainings differ in how many epochs they had."""
        return len({each.epochs for each in self.seeded()}) > 1

    def of_model(self, model: Model) -> list[Training]:
        return [self._training(model, each) for each in self.treatments]

    def _training(self, model: Model, treatment: Treatment) -> Training:
        return Training(
            model,
            treatment,
            tuple(
                self._seeded(training_name(model.name, treatment.name, named), seed)
                for named, seed in seeds_by_name(self.seeds).items()
            ),
        )

    def _seeded(self, name: str, seed: int) -> SeededTraining:
        last = self.last.get(name, math.inf)
        return SeededTraining(name, seed, tuple(e for e in self.epochs if e <= last))

    def trainings(self) -> list[Training]:
        return [training for model in self.models for training in self.of_model(model)]

    def seeded(self) -> list[SeededTraining]:
        """Return every training with each of its seeds."""
        return [each for training in self.trainings() for each in training.by_seed]

    def training(self, name: str) -> Training:
        """Return a training by its name with any of its seeds."""
        return {own: training for training in self.trainings() for own in training.names}[name]

    def checkpoints(self) -> list[str]:
        """Return `Training.checkpoints` of all trainings."""
        return [name for training in self.trainings() for name in training.checkpoints()]

    def logs(self, planned: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
        """Return the training logs of the epochs that were trained, of those of all planned ones.

        Both are by the name of each seed's training, in the order of the epochs.
        """
        return {each.name: [*planned[each.name]][: len(each.epochs)] for each in self.seeded()}


def is_left_out(system: str, last: Mapping[str, int]) -> bool:
    """Return whether a system is a checkpoint of an epoch after the last one of its training."""
    training, _, epoch = system.rpartition("_e")
    return training in last and epoch.isdigit() and int(epoch) > last[training]


def _once(names: Iterable[str | None]) -> list[str]:
    return list(dict.fromkeys(name for name in names if name is not None))


def seeds_by_name(seeds: Iterable[int]) -> dict[str, int]:
    """Return seeds by what they add to names: the first one nothing, every other as in `_s13`."""
    first, *others = seeds
    return {"": first, **{f"_s{seed}": seed for seed in others}}


def training_name(model: str, treatment: str, seed: str = "") -> str:
    """Return the name of a training; `seed` is what its seed adds (`seeds_by_name`)."""
    return f"{model}_{treatment}{seed}"


def training_of(checkpoint: str) -> str:
    """Return the name of the training that a checkpoint is of."""
    return checkpoint.rpartition("_")[0]


def checkpoint_name(training: str, epoch: int | str) -> str:
    """Return the name of the checkpoint of a training, by its name, after an epoch or `BEST`."""
    return f"{training}_{BEST}" if epoch == BEST else f"{training}_e{epoch}"
