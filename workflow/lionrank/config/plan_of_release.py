"""What becomes of an experiment elsewhere: its archive, and repositories on the hub.

Runs at every parse of the workflow, so it imports nothing heavy.
"""

from pathlib import Path

from lionrank.config.plan_part import PlanPart
from lionrank.errors import UserError


class ReleasePlan(PlanPart):
    """What is archived, and pushed."""

    def repository(self, checkpoint: str) -> str:
        """The repository on the Hugging Face hub that a checkpoint becomes.

        Raises:
            UserError: the config names no namespace.
        """
        namespace = self.config["hub"]["namespace"]
        if namespace is None:
            raise UserError(
                "hub.namespace is null: set it in the config to the user or organisation on the "
                "Hugging Face hub whose repositories the checkpoints are to become."
            )
        return f"{namespace}/{checkpoint.replace('_', '-')}"

    def folder_to_push(self, checkpoint: str) -> str:
        """A checkpoint with its card; nothing is trained for a push that has nowhere to go.

        Raises:
            UserError: the config names no namespace.
        """
        self.repository(checkpoint)
        return f"hub/{checkpoint}"

    def results(self) -> list[str]:
        """The results that the paper is made of, and those on other test sets that all exist."""
        files = []
        for name in self.plan.test_sets:
            own = [
                *self.plan.results.run_files(name),
                *self.plan.results.run_files(name, ".eval"),
                f"results/per_query/{name}.parquet",
            ]
            if name in self.plan.reported or all(Path(path).exists() for path in own):
                files += own
        more = [*self.plan.replication.second_passes(), *self.plan.replication.result()]
        scorings = self.plan.scorings
        more += [*self.plan.depths.result(), *scorings.result(), *scorings.winners()]
        return [*files, *more]

    def searches(self) -> list[str]:
        """The choices of all searches, logs and scores of their trials, and the table of all."""
        search = self.plan.search
        scores = [path for each in search.searched for path in search.all_scores(*each)]
        points = [str(search.chosen_point(*each)) for each in search.searched]
        return [*search.choices().values(), *points, *scores, *search.logs(), *search.results()]
