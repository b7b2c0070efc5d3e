"""What the audit counts of an experiment: jobs, backbones, and trainings so far.

Runs at every parse of the workflow, so it imports nothing heavy.
"""

from pathlib import Path
from typing import Any

from lionrank.config.plan_of_early_stopping import FIRST_STOPPED
from lionrank.config.plan_part import PlanPart
from lionrank.config.training_data import used_teachers
from lionrank.grid import BEST


class AuditPlan(PlanPart):
    """What the estimates of the audit are of."""

    def jobs(self) -> dict[str, int]:
        """The number of jobs of the rules that the grid multiplies."""
        plan = self.plan
        epochs = {name: plan.epochs_on(name) for name in plan.test_sets}
        run_files = sum(len(plan.trainings) * len(each) for each in epochs.values())
        run_files += len(plan.other_checkpoints) * len(plan.test_sets)
        shards = self.config["reranking"]["shards"]
        reranking = {"rerank_shard": run_files * shards, "join_shards": run_files}
        jobs = {
            "fetch": len(plan.downloads.needed),
            "initialise": len(plan.trainings),
            "early_stopping": len(plan.trainings) * len(plan.epochs[FIRST_STOPPED - 1 :]),
            "train_epoch": len(plan.checkpoints),
            "import_checkpoint": len(plan.other_checkpoints),
            "import_run": sum(len(plan.other_systems.given_on(name)) for name in plan.test_sets),
            **(reranking if shards > 1 else {"rerank": run_files}),
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
        return {path: Path(path).stat().st_mtime for path in paths if Path(path).exists()}
