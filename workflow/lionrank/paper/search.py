"""What the paper says of the search for settings, from what it chose for each training."""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from markupsafe import Markup

from lionrank.grid import Grid, Model, Training
from lionrank.paper.contrasts import Comparison
from lionrank.paper.settings import SETTINGS
from lionrank.search.budget import expected_best
from lionrank.search.choice import Choice, Trial, read_all
from lionrank.wording import DIGITS, listed

LABELS = SETTINGS | {"betas": Markup(r"$\beta_1$, $\beta_2$")}
"""The settings that a space may have, with their labels."""


@dataclass(frozen=True)
class Searched:
    """A training whose settings were searched, and what came of it."""

    training: Training
    choice: Choice

    @property
    def name(self) -> str:
        return self.training.name

    @property
    def described(self) -> str:
        return " with ".join(self.training.labels)

    @cached_property
    def trials(self) -> list[Trial]:
        """All trials, the untuned one among them, the best first and those without a score last."""
        scored = [each for each in self.choice.trials if each.score is not None]
        return [
            *sorted(scored, key=lambda each: each.score or 0, reverse=True),
            *(each for each in self.choice.trials if each.score is None),
        ]

    @property
    def chosen(self) -> Trial:
        return self.choice.best

    @property
    def untuned(self) -> Trial:
        """The trial of the settings that the config gives, be it of the space or not."""
        return self.choice.reference

    def ended(self, status: str) -> int:
        """Return how many trials of the budget have a status."""
        return sum(each.status == status for each in self.choice.of_space)

    @property
    def difference(self) -> float | None:
        """The choice minus the untuned settings as they are printed, None without both scores."""
        left, right = self.chosen.score, self.untuned.score
        if left is None or right is None:
            return None
        return round(round(left, DIGITS) - round(right, DIGITS), DIGITS)

    @property
    def relation(self) -> str:
        """How the choice stands to the untuned settings, of which a trial may have diverged."""
        return "above" if self.difference is None else Comparison(self.difference, 0).relation


@dataclass(frozen=True)
class Search:
    """The searches of a grid, in its order.

    `sampler` is that of the config, `dev_sets` the labels of those whose mean is the score, and
    `unsearched` the trainings whose settings are given.
    """

    searched: Sequence[Searched]
    unsearched: Sequence[Training]
    sampler: str
    dev_sets: Sequence[str]

    @classmethod
    def read(
        cls,
        paths: Iterable[str | os.PathLike],
        grid: Grid,
        sampler: str,
        dev_sets: Sequence[str],
    ) -> "Search":
        """Read what was chosen for trainings of a grid.

        Raises:
            UserError: a file is damaged.
        """
        choices = read_all(paths)
        trainings = grid.trainings()
        return cls(
            [Searched(each, choices[each.name]) for each in trainings if each.name in choices],
            [each for each in trainings if each.name not in choices],
            sampler,
            dev_sets,
        )

    @property
    def budget(self) -> Mapping[str, Any]:
        """The budget of each search, which differs between models in its number of trials alone."""
        return self.searched[0].choice.budget

    @property
    def trials(self) -> list[int]:
        """How many trials the searches have, each number once, from the least."""
        return sorted({each.choice.budget["trials"] for each in self.searched})

    @property
    def keys(self) -> list[str]:
        """The settings that any of them searches, in the order in which they are printed."""
        return [key for key in LABELS if self.of(key)]

    def of(self, key: str) -> list[Searched]:
        """Return the searches of a setting."""
        return [each for each in self.searched if key in each.choice.space]

    @property
    def subject(self) -> str:
        """What was searched, in words: treatments, with the models unless it was all of them."""
        if not self.unsearched:
            return "all trainings"
        trainings = [*(each.training for each in self.searched), *self.unsearched]
        models = {each.model for each in trainings}
        return "the trainings with " + listed(
            treatment if len(labels) == len(models) else f"{treatment} on {listed(labels)}"
            for treatment, labels in by_treatment(self.searched).items()
        )

    @property
    def edges(self) -> dict[tuple[str, str], list[Searched]]:
        """The searches whose choice is at an edge, by its setting and side, "low" or "high"."""
        found: dict[tuple[str, str], list[Searched]] = {}
        for each in self.searched:
            for edge in each.choice.edges.items():
                found.setdefault(edge, []).append(each)
        return found

    def label(self, key: str) -> str:
        """Return what prose calls a setting."""
        return LABELS[key].lower()

    @property
    def on_edge(self) -> list[Searched]:
        """The searches whose choice is at an edge of any setting."""
        return [each for each in self.searched if each.choice.edges]

    def choices(self, relation: str) -> list[Searched]:
        """Return the searches whose choice stands so to the untuned settings."""
        return [each for each in self.searched if each.relation == relation]

    @property
    def leaders(self) -> dict[Model, list[Searched]]:
        """Of each model with several searches, those that are ahead with any number of trials.

        Their expected best score, as it would be printed, is the highest with each number. Where
        another search is ahead with another number, there are none.
        """
        by_model: dict[Model, list[Searched]] = {}
        for each in self.searched:
            by_model.setdefault(each.training.model, []).append(each)
        return {model: _leading(those) for model, those in by_model.items() if len(those) > 1}

    def ended(self, status: str) -> int:
        """Return how many trials of all budgets have a status."""
        return sum(each.ended(status) for each in self.searched)

    @property
    def number(self) -> int:
        """The number of trials of all budgets."""
        return sum(each.choice.budget["trials"] for each in self.searched)


def _leading(rivals: Sequence[Searched]) -> list[Searched]:
    curves = [
        [
            round(best.expected, DIGITS)
            for best in expected_best(trial.score for trial in each.choice.of_space)
        ]
        for each in rivals
    ]
    highest = [max(scores) for scores in zip(*curves, strict=True)]
    return [each for each, curve in zip(rivals, curves, strict=True) if curve == highest]


def by_treatment(searched: Iterable[Searched]) -> dict[str, list[str]]:
    """Return the labels of the models of searches, by those of their treatments."""
    found: dict[str, list[str]] = {}
    for each in searched:
        model, treatment = each.training.labels
        found.setdefault(treatment, []).append(model)
    return found
