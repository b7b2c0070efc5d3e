"""What a search chose for a training, and all of its trials: `{model}_{treatment}.chosen.json`."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from lionrank.config.settings import with_point
from lionrank.files import read_json
from lionrank.grid import training_name

Status = Literal["complete", "stopped", "diverged"]
"""Whether a trial had all its epochs, was given up for better ones, or lost its finite loss."""


@dataclass(frozen=True)
class Trial:
    """A training with the values of one point of a space.

    `scores` are by epoch the mean nDCG@10 over the dev sets, None from where it diverged or was
    stopped; `score` is the best of them, None where there is none.
    """

    trial: str
    settings: Mapping[str, Any]
    scores: tuple[float | None, ...]
    score: float | None
    status: Status


@dataclass(frozen=True)
class Choice:
    """The search for the settings of a training, and what it chose.

    `budget` has the number of `trials`, and the `epochs`, `share` and `keep` of each; `space` is as
    configured. `chosen` and `untuned` name trials. `edges` are those searched settings of which the
    chosen value is the lowest or highest that was tried: "low" or "high". `trials` are all, among
    them that of the untuned settings, which need not be of the space.
    """

    model: str
    optimizer: str
    dev_sets: tuple[str, ...]
    budget: Mapping[str, Any]
    space: Mapping[str, Any]
    chosen: str
    untuned: str
    edges: Mapping[str, str]
    trials: tuple[Trial, ...]

    @classmethod
    def read(cls, path: str | os.PathLike) -> "Choice":
        """Read a choice.

        Raises:
            UserError: the file is damaged.
        """
        told = read_json(path)
        trials = [
            Trial(
                each["trial"],
                each["settings"],
                tuple(each["scores"]),
                each["score"],
                each["status"],
            )
            for each in told["trials"]
        ]
        others = ("model", "optimizer", "budget", "space", "chosen", "untuned", "edges")
        return cls(
            **{key: told[key] for key in others},
            dev_sets=tuple(told["dev_sets"]),
            trials=tuple(trials),
        )

    @property
    def by_name(self) -> dict[str, Trial]:
        return {each.trial: each for each in self.trials}

    @property
    def best(self) -> Trial:
        """The trial that was chosen."""
        return self.by_name[self.chosen]

    @property
    def reference(self) -> Trial:
        """The trial of the untuned settings."""
        return self.by_name[self.untuned]

    @property
    def of_space(self) -> tuple[Trial, ...]:
        """The trials that could be chosen, the untuned one only where the space has it."""
        if len(self.trials) == self.budget["trials"]:
            return self.trials
        return tuple(each for each in self.trials if each.trial != self.untuned)


def read_all(paths: Iterable[str | os.PathLike]) -> dict[str, Choice]:
    """Return the choices in some files, by the names of their trainings with the first seed.

    Raises:
        UserError: a file is damaged.
    """
    choices = map(Choice.read, paths)
    return {training_name(each.model, each.optimizer): each for each in choices}


def with_choices(
    settings: Mapping[str, Mapping[str, Any]], paths: Iterable[str | os.PathLike]
) -> dict[str, dict[str, Any]]:
    """Return the settings of trainings by name, those that were chosen in their places.

    Raises:
        UserError: a file is damaged.
    """
    choices = read_all(paths).items()
    chosen = {name: with_point(settings[name], choice.best.settings) for name, choice in choices}
    return {name: chosen.get(name, {**own}) for name, own in settings.items()}
