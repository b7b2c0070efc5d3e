"""Effectiveness by the depth of the candidates: on which test sets, and of which run files.

Runs at every parse of the workflow, so it imports nothing heavy.
"""

from typing import Any

from lionrank.config import evaluation
from lionrank.config.judged_sets import JudgedSet
from lionrank.config.plan_part import PlanPart
from lionrank.errors import UserError

LEAST = 20
"""Candidates of a topic from which on it is of interest how many are reranked."""


class DepthsPlan(PlanPart):
    """Where the paper reports a test set whose ranking is deep enough, and what reranks it."""

    @property
    def test_sets(self) -> list[JudgedSet]:
        """The reported test sets with a ranking of at least `LEAST`; none where nothing reranks."""
        if not (self.plan.trainings or self.plan.other_checkpoints):
            return []
        reported = (self.plan.test_sets[name] for name in self.plan.reported)
        return [each for each in reported if each.first_stage and each.depth >= LEAST]

    def result(self) -> list[str]:
        """The file with the values, none where there is no such test set."""
        return ["results/depths.csv"] if self.test_sets else []

    def systems(self) -> list[tuple[str, dict[str, Any]]]:
        """The run files of what ranks the candidates on those test sets, with their labels.

        Trainings are there with their first seed.
        """
        return [
            (path, labels)
            for each in self.test_sets
            for path, labels in zip(
                self.plan.results.run_files(each.name),
                self.plan.results.labels(each.name),
                strict=True,
            )
            if labels["seed"] in (None, self.plan.seeds[0])
            and labels["system"] not in self.plan.other_systems.given_on(each.name)
        ]

    def run_files(self) -> list[str]:
        """Those run files.

        Raises:
            UserError: there is no such test set.
        """
        if not self.test_sets:
            raise UserError(
                f"config: grid.test_sets: none of those reported has {LEAST} candidates or more of "
                "a first stage, and something that reranks them: raise retrieval.depth, or the "
                "depth of one"
            )
        return [path for path, _ in self.systems()]

    def levels(self) -> dict[str, int]:
        """The relevance threshold of each of those test sets, by name."""
        return {
            each.name: evaluation.paper_level(self.config, each.name) for each in self.test_sets
        }
