"""The paper: its figures and tables, and what it says of systems and test sets.

Runs at every parse of the workflow, so it imports nothing heavy.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lionrank.config import contrasts, evaluation, grids
from lionrank.grid import checkpoint_name, training_name

if TYPE_CHECKING:
    from lionrank.config.plan import Plan

REPLICATION_TABLES = ("replication", "replication_rows", "replication_variants")
"""The tables of checkpoints that others published beside the values that they published."""
LESSON_TABLES = ("data", "lessons", "comparisons_lessons")
"""The tables of what trainings learn from that differ in their objective or data."""


@dataclass(frozen=True)
class PaperPlan:
    """What is in the paper of an experiment."""

    plan: "Plan"

    def parts(self) -> list[str]:
        """The figures and tables of the paper, as files below paper/, that have what to show."""
        plan = self.plan
        figures: list[str] = []
        tables = ["collection", "comparisons", "datasets", "levels", "results"]
        tables += plan.published.tables()
        # Without a second optimizer no topic changes from one to the other.
        if len({plan.learns(name) for name in plan.optimizers}) < len(plan.optimizers):
            figures.append("changes")
            tables.append("changes")
        if plan.trainings:
            figures += ["cost", "curves", "epochs"]
            tables += ["comparisons_by_epoch", "efficiency", "optimizers", "training"]
        if plan.depths.test_sets:
            figures.append("depths")
        if plan.others:
            figures.append("systems")
            tables.append("comparisons_systems")
        if len(plan.other_checkpoints) > 1:
            figures.append("sizes")
        if plan.averages:
            figures.append("differences")
            tables.append("sets")
        if any(each["test_set"] in plan.averages for each in plan.compared_measures):
            tables.append("wins")
        if any(contrasts.labels(plan.config).values()):
            tables.append("contrasts")
        if plan.replication.systems:
            tables += REPLICATION_TABLES
        if plan.has_lessons:
            tables += LESSON_TABLES
        return [
            *(f"figures/{name}.pdf" for name in figures),
            *(f"tables/{name}.tex" for name in tables),
        ]

    def sized(self) -> dict[str, str]:
        """A checkpoint of each model and of each system of others that is one, by its name."""
        plan = self.plan
        trainings = {model: training_name(model, plan.optimizers[0]) for model in plan.models}
        starts = {model: checkpoint_name(training, 0) for model, training in trainings.items()}
        names = starts | {name: name for name in plan.other_checkpoints}
        return {name: f"checkpoints/{checkpoint}" for name, checkpoint in names.items()}

    def backbones(self) -> dict[str, dict[str, Any]]:
        """The grid's models by name: what each starts from, and the key of what it is cited by.

        One that starts at random is cited as the source of its own name.
        """
        plan, made = self.plan, {}
        for model in plan.models:
            entry = plan.backbone(model)
            source = plan.sources.get(entry["pretrained"], plan.sources.get(model))
            made[model] = entry | {"cited": source.cited if source else ""}
        return made

    def grid(self) -> dict[str, Any]:
        """The grid with the labels of the config."""
        return grids.printed(self.plan)

    def test_sets(self) -> dict[str, dict[str, Any]]:
        """What the paper says of its test sets, and of the averages over them."""
        plan = self.plan
        test_sets = {
            name: {
                "label": plan.test_sets[name].label,
                "level": evaluation.paper_level(plan.config, name),
                "levels": evaluation.relevance_levels(plan.config, name),
                "every_epoch": evaluation.has_every_epoch(plan.config, name),
            }
            for name in plan.reported
        }
        averages = {
            name: {
                "label": entry["label"],
                "level": None,
                "levels": [],
                "every_epoch": all(test_sets[each]["every_epoch"] for each in entry["test_sets"]),
                "test_sets": entry["test_sets"],
            }
            for name, entry in evaluation.averages(plan.config).items()
        }
        return test_sets | averages
