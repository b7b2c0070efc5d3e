"""What the audit counts of an experiment: jobs, backbones, and trainings so far.

Runs at every parse of the workflow, so it imports nothing heavy.
"""

from pathlib import Path
from typing import Any

from lionrank.config.plan_of_early_stopping import FIRST_STOPPED
from lionrank.config.plan_part import PlanPart
from lionrank.config.training_data import used_teachers
from lionrank.files import read_json
from lionrank.grid import BEST, checkpoint_name, training_name


class AuditPlan(PlanPart):
    """What the estimates of the audit are of."""

    def jobs(self) -> dict[str, int]:
        """The number of jobs of the rules that the grid multiplies."""
        plan = self.plan
        epochs = {name: plan.epochs_on(name) for name in plan.test_sets}
        windowed = plan.scorings.windowed
        run_files = sum(len(self._scorers(name)) for name in plan.test_sets if name not in windowed)
        aggregated = [(name, each) for name in windowed for each in self._scorers(name)]
        of_windows = len({plan.scorings.windows(*each) for each in aggregated})
        jobs = {
            "fetch": len(plan.downloads.needed),
            "initialise": len(plan.trainings),
            "early_stopping": len(plan.trainings) * len(plan.epochs[FIRST_STOPPED - 1 :]),
            "train_epoch": len(plan.checkpoints),
            **self._jobs_of_searches(),
            "import_checkpoint": len(plan.other_checkpoints),
            "import_run": sum(len(plan.other_systems.given_on(name)) for name in plan.test_sets),
            **self._scoring("rerank", "join_shards", run_files),
            **self._scoring("score_windows", "join_windows", of_windows),
            "aggregate": len(aggregated),
            "rerank_again": len(plan.replication.second_passes()),
            "evaluate": len(plan.results.of(".eval")),
            "per_query": len(plan.test_sets),
            "dev_scores": len(plan.checkpoints),
            **{f"teach_by_{kind}": number for kind, number in plan.teachers.taught().items()},
            "best_epoch": len(plan.trainings),
            "best_checkpoint": len(plan.trainings) * ([BEST] in epochs.values()),
            "model_card": len(plan.checkpoints),
        }
        return {rule: number for rule, number in jobs.items() if number}

    def _scorers(self, test_set: str) -> list[str]:
        """The checkpoints that score a test set."""
        trained = [
            checkpoint_name(training_name(*training), epoch)
            for training in self.plan.trainings
            for epoch in self.plan.epochs_on(test_set)
        ]
        return [*trained, *self.plan.other_checkpoints]

    def _scoring(self, rule: str, joining: str, files: int) -> dict[str, int]:
        """The jobs that make so many files of scores, each of the shards that there are."""
        shards = self.config["reranking"]["shards"]
        return {f"{rule}_shard": files * shards, joining: files} if shards > 1 else {rule: files}

    def _jobs_of_searches(self) -> dict[str, int]:
        search = self.plan.search
        scores = [path for each in search.searched for path in search.all_scores(*each)]
        return {
            "train_trial": len(scores),
            "trial_scores": len(scores),
            "halving": len(search.searched) * len(search.epochs[1:]) * search.halved,
            "choose_settings": len(search.searched),
        }

    def searches(self) -> dict[str, dict[str, Any]]:
        """What the estimates of each search are of, by the name of its training.

        That is model and treatment, the space, the names of the trials that may be chosen, and of
        the untuned one where it may not, the dev sets, and the point that was chosen, None before.
        """
        search = self.plan.search
        found = {}
        for model, optimizer in search.searched:
            trials = [*search.trials(model, optimizer)]
            own = search.untuned(model, optimizer)
            found[training_name(model, optimizer)] = {
                "model": model,
                "optimizer": optimizer,
                "space": search.space(model, optimizer),
                "trials": trials,
                "untuned": [own] if own not in trials else [],
                "dev_sets": search.dev_sets,
                "chosen": self._chosen(model, optimizer),
            }
        return found

    def _chosen(self, model: str, optimizer: str) -> dict[str, Any] | None:
        """The point that a search chose, None where it has yet to."""
        path = Path(str(self.plan.search.chosen_point(model, optimizer)))
        return read_json(path) if path.exists() else None

    def starts(self) -> dict[str, dict[str, Any]]:
        """What all that computes starts from, as `backbone` returns it, by its place in the config.

        That is the grid's models, and other systems and teachers that are checkpoints of others.
        """
        taught_by = dict.fromkeys(name for name, _ in used_teachers(self.config))
        others = self.plan.other_systems.checkpoints
        places = {name: f"systems.{name}" for name in self.plan.other_checkpoints}
        places |= {name: f"teachers.{name}" for name in taught_by if name in others}
        rest = {"architecture": None, "tokenizer": None}
        return {
            **{f"models.{name}": self.plan.backbone(name) for name in self.plan.models},
            **{
                place: {"pretrained": others[name]["checkpoint"], **rest}
                for name, place in places.items()
            },
        }

    def logs_so_far(self) -> dict[str, float]:
        """The training logs that exist, and when each was written (seconds since 1970)."""
        paths = [path for logs in self.plan.training_logs().values() for path in logs]
        paths += self.plan.search.logs()
        return {path: Path(path).stat().st_mtime for path in paths if Path(path).exists()}
