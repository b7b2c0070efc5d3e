"""The results of an experiment: run files by test set, and how tables name them.

Runs at every parse of the workflow, so it imports nothing heavy.
"""

from collections.abc import Iterable
from typing import Any

from lionrank.config import evaluation, experiment, seeds
from lionrank.config.judged_sets import JudgedSet
from lionrank.config.plan_part import PlanPart
from lionrank.errors import UserError
from lionrank.grid import BEST, FIRST_STAGE, checkpoint_name, training_name


class ResultsPlan(PlanPart):
    """What is evaluated, and where it lies below results/."""

    def folder(self, test_set: str) -> str:
        """The folder below results/ of a test set's run files: none for the first test set."""
        return "" if test_set == self.plan.first_test_set.name else f"{test_set}/"

    def test_set_in(self, folder: str) -> JudgedSet:
        """The test set whose run files lie in this folder of results/."""
        return self.plan.test_sets[folder.rstrip("/")] if folder else self.plan.first_test_set

    def ranked_by(self, folder: str, first_stage: str) -> str:
        """The candidates of the test set in this folder of results/, which a first stage ranked.

        Raises:
            UserError: it is not the test set's.
        """
        test_set = self.test_set_in(folder)
        if test_set.first_stage != first_stage:
            own = test_set.first_stage or "what its collection brings"
            raise UserError(
                f"config: test_sets.{test_set.name}.first_stage: it is {own}, and not {first_stage}"
            )
        return test_set.candidates

    def run_files(self, test_set: str, ending: str = ".trec") -> list[str]:
        """The results of every system on a test set, as files with this ending."""
        epochs = self.plan.epochs_on(test_set)
        checkpoints = [
            checkpoint_name(training_name(*each), epoch)
            for each in self.plan.trainings
            for epoch in epochs
        ]
        systems = experiment.systems(self.config, test_set, checkpoints)
        return [f"results/{self.folder(test_set)}{system}{ending}" for system in systems]

    def of(self, ending: str, test_sets: Iterable[str] | None = None) -> list[str]:
        """The results of every system on some test sets, else on all, with this ending."""
        names = self.plan.test_sets if test_sets is None else test_sets
        return [path for name in names for path in self.run_files(name, ending)]

    def labels(self, test_set: str) -> list[dict[str, Any]]:
        """How the tidy tables name a test set's run files, in the order of `run_files`.

        A first stage has no model, no optimizer, no epoch and no seed, and systems of others have
        those of them that their entries name, and no seed. Of the best epoch it is known once it is
        chosen.
        """
        columns = ("test_set", "system", "model", "optimizer", "epoch", "seed", "protocol")
        rows: list[tuple] = [
            (
                checkpoint_name(training_name(model, optimizer, seed), epoch),
                model,
                optimizer,
                None if epoch == BEST else epoch,
                seeds.of_name(self.config, seed),
            )
            for model, optimizer, seed in self.plan.trainings
            for epoch in self.plan.epochs_on(test_set)
        ]
        if (first_stage := self.plan.test_sets[test_set].first_stage) is not None:
            rows.insert(0, (first_stage, None, None, None, None))
        for name in experiment.others_on(self.config, test_set):
            rows.append(
                (name, *map(self.plan.others[name].get, ("model", "optimizer", "epoch")), None)
            )
        protocol = self.config["protocol"]
        return [dict(zip(columns, (test_set, *row, protocol), strict=True)) for row in rows]

    def chosen_on(self, test_set: str) -> list[str]:
        """What says of which epoch a test set's checkpoints are, where their names do not."""
        return [] if evaluation.has_every_epoch(self.config, test_set) else self.plan.best_epochs()

    @property
    def overlap(self) -> list[str]:
        """What tells of development queries among the test topics, where there are any."""
        return ["results/overlap.json"] if self.plan.dev_sets else []

    @property
    def dropped(self) -> list[str]:
        """What tells of topics that are left out of the evaluation, where they are to be."""
        return self.overlap if self.config["evaluation"]["drop_development_queries"] else []

    @property
    def system_pattern(self) -> str:
        """A regular expression for the names of all that may have a run file."""
        first = [FIRST_STAGE, *self.config["first_stages"]]
        return "|".join([*first, self.plan.checkpoint_pattern, *self.config["systems"]])
