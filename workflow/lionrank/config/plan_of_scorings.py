"""How the documents of test sets and dev sets are scored, and where the scores of windows lie.

Runs at every parse of the workflow, so it imports nothing heavy.
"""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from lionrank.config import evaluation
from lionrank.config.plan_part import PlanPart
from lionrank.config.scorings import Scoring, as_param, scoring
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
        """The file with the values by scoring, none where no test sets differ in that alone."""
        return ["results/scorings.csv"] if self.reported() else []

    def run_files(self) -> dict[str, list[str]]:
        """The run files of the test sets that differ in their scoring alone, by test set."""
        names = [name for group in self.reported() for name in group]
        return {name: self.plan.results.run_files(name) for name in names}

    def groups(self) -> list[list[str]]:
        """The test sets that differ from each other in their scoring alone, in the grid's order.

        They share collection, topics and first stage. A set without a scoring may be one of them.
        """
        found: dict[str, dict[str | None, str]] = {}
        for name, judged in self.plan.test_sets.items():
            found.setdefault(judged.candidates, {}).setdefault(judged.scoring, name)
        return [[*group.values()] for group in found.values() if len(group) > 1]
