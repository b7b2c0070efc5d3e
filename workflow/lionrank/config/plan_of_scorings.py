"""How the documents of test sets and dev sets are scored, and where the scores of windows lie.

Runs at every parse of the workflow, so it imports nothing heavy.
"""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from lionrank.config import evaluation
from lionrank.config.plan_part import PlanPart
from lionrank.config.scorings import Scoring, as_param, scoring
from lionrank.errors import UserError
from lionrank.measures import PRIMARY

WINDOWS = "reranking/windows"
"""The folder in which each candidate's windows have their logits."""


class ScoringsPlan(PlanPart):
    """The scorings of a config, and the test sets that have them."""

    def of(self, test_set: str) -> Scoring | None:
        """How a test set's documents are scored; None is at each checkpoint's own length."""
        return scoring(self.config, self.plan.test_sets[test_set].scoring)

    def in_folder(self, folder: str) -> dict[str, Any] | None:
        """The same of the test set in this folder of results/, as a rule's param."""
        return as_param(self.of(self.plan.results.test_set_in(folder).name))

    def of_dev_sets(self, dev_sets: Iterable[str]) -> list[dict[str, Any] | None]:
        """How the documents of each of these dev sets are scored, as a rule's param."""
        sets = (self.plan.dev_sets[name] for name in dev_sets)
        return [as_param(scoring(self.config, each.scoring)) for each in sets]

    def windows(self, test_set: str, checkpoint: str) -> str:
        """The file of the logits of all windows of a test set's candidates."""
        judged, how = self.plan.test_sets[test_set], self.of(test_set)
        assert how is not None and how.division is not None, test_set
        candidates = f"{judged.collection}/{judged.topics}{judged.suffix}"
        return f"{WINDOWS}/{candidates}/{how.division.name}/{checkpoint}.parquet"

    @property
    def windowed(self) -> list[str]:
        """The test sets whose documents are scored in windows."""
        scored = {name: self.of(name) for name in self.plan.test_sets}
        return [name for name, how in scored.items() if how is not None and how.division]

    @property
    def folders_pattern(self) -> str | None:
        """A regular expression for their folders below results/, None where there are none.

        That of the first test set is empty.
        """
        folders = [self.plan.results.folder(name) for name in self.windowed]
        return f"({'|'.join(folders)})" if folders else None

    def divisions(self) -> dict[str, dict[str, Any]]:
        """Window and stride of the scorings of the config, by what files are named by."""
        named = (scoring(self.config, name) for name in self.config["scorings"])
        found = [how.division for how in named if how is not None and how.division is not None]
        return {division.name: asdict(division) for division in found}

    def reported(self) -> list[list[str]]:
        """Those of `groups` that the paper reports, as far as it reports two or more of one."""
        found = [[name for name in group if name in self.plan.reported] for group in self.groups()]
        return [group for group in found if len(group) > 1]

    def measures(self) -> list[dict[str, Any]]:
        """Test set, metric and level of the measures that scorings are compared by.

        They are those by which systems are compared on any test set of the same group, or nDCG@10.
        """
        compared = [(each["test_set"], each["metric"]) for each in self.plan.compared_measures]
        return [
            vars(evaluation.measured(self.config, name, metric))
            for group in self.reported()
            for metric in dict.fromkeys(
                [metric for name, metric in compared if name in group] or [PRIMARY]
            )
            for name in group
        ]

    def result(self) -> list[str]:
        """The file with the values by scoring.

        None where no test sets differ in that alone, or nothing scores them.
        """
        scores = self.plan.trainings or self.plan.other_checkpoints
        return ["results/scorings.csv"] if self.reported() and scores else []

    def run_files(self) -> dict[str, list[str]]:
        """The run files of the test sets that differ in their scoring alone, by test set."""
        names = [name for group in self.reported() for name in group]
        return {name: self.plan.results.run_files(name) for name in names}

    def winners(self) -> list[str]:
        """The file that tells which windows won, none where there are no `divided`."""
        return ["results/winning_windows.csv"] if self.result() and self.divided() else []

    def divided(self) -> list[list[str]]:
        """Those of `reported` whose documents are scored in the same windows, if in several."""
        found: dict[tuple[str, str], list[str]] = {}
        for group in self.reported():
            for name in group:
                how = self.of(name)
                if how is not None and how.stride is not None and how.division is not None:
                    found.setdefault((group[0], how.division.name), []).append(name)
        return [*found.values()]

    def divisions_of_winners(self) -> list[dict[str, Any]]:
        """What is told of which windows won by each of `divided`, as a rule's param.

        That is the first test set, with the level from which on a document is relevant, window and
        stride, and as `systems` the labels of what scored the windows, trainings with their first
        seed: at the chosen epoch alone, if that is all that one of the test sets takes.
        """
        return [
            {
                "test_set": names[0],
                "level": evaluation.paper_level(self.config, names[0]),
                "window": how.window,
                "stride": how.stride,
                "systems": self._scorers(self._scored_least(names)),
            }
            for names in self.divided()
            if (how := self.of(names[0])) is not None
        ]

    def files_of_winners(self) -> list[str]:
        """The files of windows of `divisions_of_winners`, in the order of their systems.

        Raises:
            UserError: there are none.
        """
        if not self.divided():
            raise UserError(
                "config: scorings: no test sets that the paper reports differ in their scoring "
                "alone and are scored in windows with a stride: name two or more in "
                "comparisons.measures"
            )
        return [
            self.windows(division["test_set"], labels["system"])
            for division in self.divisions_of_winners()
            for labels in division["systems"]
        ]

    def _scored_least(self, test_sets: list[str]) -> str:
        """The one of some test sets on which the fewest epochs are evaluated."""
        return min(test_sets, key=lambda name: len(self.plan.epochs_on(name)))

    def _scorers(self, test_set: str) -> list[dict[str, Any]]:
        """The labels of the checkpoints that score a test set, of trainings with the first seed."""
        others = {
            self.plan.test_sets[test_set].first_stage,
            *self.plan.other_systems.given_on(test_set),
        }
        return [
            labels
            for labels in self.plan.results.labels(test_set)
            if labels["seed"] in (None, self.plan.seeds[0]) and labels["system"] not in others
        ]

    def groups(self) -> list[list[str]]:
        """The test sets that differ from each other in their scoring alone, in the grid's order.

        They share collection, topics and first stage. A set without a scoring may be one of them.
        """
        found: dict[str, dict[str | None, str]] = {}
        for name, judged in self.plan.test_sets.items():
            found.setdefault(judged.candidates, {}).setdefault(judged.scoring, name)
        return [[*group.values()] for group in found.values() if len(group) > 1]
