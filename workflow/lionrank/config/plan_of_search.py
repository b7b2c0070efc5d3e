"""Which trainings have their settings chosen by a search, and the trials of each.

Runs at every parse of the workflow, so it imports nothing heavy.
"""

from functools import cached_property
from pathlib import Path
from typing import Any

from lionrank.config import search_space
from lionrank.config.plan_part import PlanPart
from lionrank.config.schema import meant
from lionrank.config.search_space import Point, Space
from lionrank.config.settings import epoch_settings, training_settings, with_point
from lionrank.errors import UserError
from lionrank.files import read_json
from lionrank.grid import checkpoint_name, training_name
from lionrank.wording import shortened


class SearchPlan(PlanPart):
    """The searches of an experiment, each of one model and treatment of the grid."""

    pattern = "t[0-9a-f]{8}"
    """A regular expression for the names of trials."""

    @cached_property
    def searched(self) -> list[tuple[str, str]]:
        """Model and treatment of each search."""
        return search_space.searched(self.config)

    @property
    def dev_sets(self) -> list[str]:
        """The dev sets that a trial's score is the mean of."""
        named: list[str] | None = self.config["search"]["dev_sets"]
        return [*self.plan.dev_sets] if named is None else named

    @property
    def epochs(self) -> list[int]:
        """Those of a trial, if it is not stopped or diverges before."""
        return [*range(1, self.config["search"]["epochs"] + 1)]

    @property
    def halved(self) -> bool:
        """Whether some of the trials stop after each epoch."""
        stops: bool = self.config["search"]["keep"] < 1
        return stops

    def budget(self, model: str, optimizer: str) -> dict[str, Any]:
        """The number of trials of a search, and what each of them may cost."""
        keys = ("epochs", "share", "keep")
        return {"trials": len(self.trials(model, optimizer))} | {
            key: self.config["search"][key] for key in keys
        }

    def space(self, model: str, optimizer: str) -> Space:
        """What is tried of each setting, as configured; empty where nothing is searched."""
        return search_space.space(self.config, model, optimizer)

    @cached_property
    def _points(self) -> dict[tuple[str, str], dict[str, Point]]:
        """What `trials` has returned before, as rules ask for every job."""
        return {}

    def trials(self, model: str, optimizer: str) -> dict[str, Point]:
        """The points that may be chosen, by the names of their trials; none without a space."""
        space, search = self.space(model, optimizer), self.config["search"]
        if space and (model, optimizer) not in self._points:
            self._points[model, optimizer] = search_space.points(search, space)
        return self._points.get((model, optimizer), {})

    def untuned(self, model: str, optimizer: str) -> str:
        """The name of the trial of the config's own values, which may be one of the space."""
        return search_space.trial_name(self._untuned(model, optimizer))

    def _untuned(self, model: str, optimizer: str) -> Point:
        settings = training_settings(self.config, model, optimizer)
        return search_space.point_of(settings, self.space(model, optimizer))

    def trained(self, model: str, optimizer: str) -> dict[str, Point]:
        """The points of all trials by name: those that may be chosen, and the untuned one."""
        if not (trials := self.trials(model, optimizer)):
            return {}
        untuned = self._untuned(model, optimizer)
        return trials | {search_space.trial_name(untuned): untuned}

    def point(self, model: str, optimizer: str, trial: str) -> Point:
        """The point of a trial.

        Raises:
            UserError: its training is not searched, or has no such trial.
        """
        points = self._known(model, optimizer)
        if trial not in points:
            place = f"config: search.spaces: {training_name(model, optimizer)}"
            raise UserError(f"{place} has no trial {shortened(trial)}{meant(trial, points)}")
        return points[trial]

    def _known(self, model: str, optimizer: str) -> dict[str, Point]:
        """The points of all trials of a search by name.

        Raises:
            UserError: the training is not searched.
        """
        points = self.trained(model, optimizer)
        if not points:
            name = training_name(model, optimizer)
            raise UserError(f"config: search.spaces: {name} is not searched")
        return points

    def settings(self, model: str, optimizer: str, trial: str) -> dict[str, Any]:
        """The settings that an epoch of a trial hangs on, a training of `search.epochs` epochs.

        They are those of the training with the grid's first seed, with the trial's point in their
        place, and the `share` of the examples that it sees.

        Raises:
            UserError: as `point`.
        """
        own = training_settings(self.config, model, optimizer)
        search = self.config["search"]
        own |= {"epochs": search["epochs"], "share": search["share"]}
        return epoch_settings(with_point(own, self.point(model, optimizer, trial)))

    def choice(self, model: str, optimizer: str) -> str | list[str]:
        """The file that has the settings chosen for a training, nothing where it has its own."""
        if not self.space(model, optimizer):
            return []
        return f"training/{training_name(model, optimizer)}.chosen.json"

    def choices(self) -> dict[str, str]:
        """Those files of all searches, by the names of the trainings with the first seed."""
        names = [training_name(*each) for each in self.searched]
        return {name: f"training/{name}.chosen.json" for name in names}

    def results(self) -> list[str]:
        """The table of all trials, nothing where nothing is searched."""
        return ["results/search.csv"] if self.searched else []

    def scores(self, model: str, optimizer: str, trial: str) -> list[str]:
        """The development scores of a trial, by epoch."""
        name = training_name(model, f"{optimizer}_{trial}")
        return [f"training/search/{checkpoint_name(name, each)}.dev.json" for each in self.epochs]

    def all_scores(self, model: str, optimizer: str) -> list[str]:
        """Those files of all trials that are trained, by trial and then by epoch.

        Raises:
            UserError: nothing is searched.
        """
        trials = self._known(model, optimizer)
        return [path for trial in trials for path in self.scores(model, optimizer, trial)]

    def logs(self) -> list[str]:
        """The training logs of the trials of all searches, by epoch."""
        scores = [path for each in self.searched for path in self.all_scores(*each)]
        return [f"{path.removesuffix('.dev.json')}.jsonl" for path in scores]

    def scores_before(self, model: str, optimizer: str, epoch: int | str) -> list[str]:
        """Those of the trials that may be chosen, of the epochs before one."""
        return [
            path
            for trial in self.trials(model, optimizer)
            for path in self.scores(model, optimizer, trial)[: int(epoch) - 1]
        ]

    def decision(self, model: str, optimizer: str, trial: str, epoch: int | str) -> str | list[str]:
        """What says which trials go on to an epoch, nothing where this one does in any case.

        That of the untuned settings, which are there to compare with, does.
        """
        halved = self.halved and trial in self.trials(model, optimizer)
        if not halved or int(epoch) == 1:
            return []
        name = checkpoint_name(training_name(model, optimizer), epoch)
        return f"training/search/{name}.stop.json"

    def previous(self, model: str, optimizer: str, trial: str, epoch: int | str) -> str:
        """The checkpoint that an epoch of a trial starts from: in the first, the training's own."""
        if int(epoch) == 1:
            return f"checkpoints/{checkpoint_name(training_name(model, optimizer), 0)}"
        return f"checkpoints/search/{_epoch_of_trial(model, optimizer, trial, int(epoch) - 1)}"

    def chosen_point(self, model: str, optimizer: str) -> str | list[str]:
        """The file that has the chosen point alone, nothing where a training has its own settings.

        It stays the same where a choice is among more trials and falls on the same one.
        """
        if not self.space(model, optimizer):
            return []
        return f"training/{training_name(model, optimizer)}.point.json"

    def given_settings(self, model: str, optimizer: str, seed: str) -> dict[str, Any]:
        """The settings that an epoch of a training hangs on, None for each that is searched."""
        unknown = dict.fromkeys(self.space(model, optimizer))
        return epoch_settings(
            with_point(training_settings(self.config, model, optimizer, seed), unknown)
        )

    def final_settings(self, model: str, optimizer: str, seed: str) -> dict[str, Any]:
        """The settings that an epoch of a training hangs on, those that were chosen among them.

        Raises:
            UserError: they are yet to be chosen, or what was cannot be read.
        """
        own = training_settings(self.config, model, optimizer, seed)
        file = self.chosen_point(model, optimizer)
        return epoch_settings(
            with_point(own, read_json(Path(file)) if isinstance(file, str) else {})
        )


def _epoch_of_trial(model: str, optimizer: str, trial: str, epoch: int | str) -> str:
    return checkpoint_name(training_name(model, f"{optimizer}_{trial}"), epoch)
