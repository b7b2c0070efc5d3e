"""The paper: its figures and tables, and what it says of systems and test sets.

Runs at every parse of the workflow, so it imports nothing heavy.
"""

from collections.abc import Mapping
from dataclasses import asdict
from functools import cached_property
from typing import Any

from lionrank.config import contrasts, evaluation, grids
from lionrank.config.plan_part import PlanPart
from lionrank.config.scorings import scoring
from lionrank.grid import Grid, checkpoint_name, training_name
from lionrank.measures import PRIMARY

REPLICATION_TABLES = ("replication", "replication_rows", "replication_variants")
"""The tables of checkpoints that others published beside the values that they published."""
LESSON_TABLES = ("data", "lessons", "comparisons_lessons")
"""The tables of what trainings learn from that differ in their objective or data."""

SEARCH_TABLES = ("search", "search_spaces", "search_trials")
"""The tables of the search for settings."""


class PaperPlan(PlanPart):
    """What is in the paper of an experiment."""

    @cached_property
    def _grid(self) -> Grid:
        return Grid.build(**grids.named(self.plan))

    def parts(self) -> list[str]:
        """The figures and tables of the paper, as files below paper/, that have what to show."""
        return [
            *(f"figures/{name}.pdf" for name in self.figures()),
            *(f"tables/{name}.tex" for name in self._tables()),
        ]

    def figures(self) -> list[str]:
        """The names of the figures that have what to show."""
        plan = self.plan
        figures: list[str] = []
        if self._has_changes:
            figures.append("changes")
        if plan.trainings:
            figures += ["cost", "curves", "epochs"]
        if self._grid.is_replicated:
            figures.append("seeds")
        if plan.depths.test_sets:
            figures.append("depths")
        if plan.scorings.result():
            figures.append("scorings")
        if plan.others:
            figures.append("systems")
        ladders = contrasts.ladders(plan.config)
        if ladders or len(plan.other_checkpoints) > 1:
            figures.append("sizes")
        if ladders and self._has_gains:
            figures.append("gains")
        if plan.averages:
            figures.append("differences")
        if self._grid.has_lessons:
            figures.append("treatments")
        return figures + self._figures_of_search()

    def _figures_of_search(self) -> list[str]:
        search = self.plan.search
        figures = []
        if any(len(search.trials(*each)) > 1 for each in search.searched):
            figures.append("budget")
        if any("learning_rate" in search.space(*each) for each in search.searched):
            figures.append("search")
        return figures

    def _tables(self) -> list[str]:
        plan = self.plan
        tables = ["collection", "comparisons", "datasets", "levels", "results"]
        tables += plan.published.tables()
        if self._has_changes:
            tables.append("changes")
        if plan.trainings:
            tables += ["comparisons_by_epoch", "efficiency", "optimizers", "training"]
        if plan.others:
            tables.append("comparisons_systems")
        if plan.averages:
            tables.append("sets")
        if any(each["test_set"] in plan.averages for each in plan.compared_measures):
            tables.append("wins")
        if any(contrasts.labels(plan.config).values()):
            tables.append("contrasts")
        if plan.replication.systems:
            tables += REPLICATION_TABLES
        if self._grid.is_replicated:
            tables.append("variance")
        if self._grid.has_lessons:
            tables += LESSON_TABLES
        if plan.search.searched:
            tables += SEARCH_TABLES
        if plan.scorings.result():
            tables.append("scorings")
            if contrasts.SCORINGS in plan.config["comparisons"]["families"]:
                tables.append("comparisons_scorings")
        return tables

    @property
    def _has_gains(self) -> bool:
        """Whether treatments of a model are compared in nDCG@10, in what the figure has."""
        is_primary = any(each["metric"] == PRIMARY for each in self.plan.compared_measures)
        families = self.plan.config["comparisons"]["families"]
        gained = [each for each in contrasts.GAINS if each in families]
        return is_primary and any(self._compares(family) for family in gained)

    @property
    def _has_changes(self) -> bool:
        """Whether topics change from one optimizer to a second one."""
        return self._compares("optimizers")

    def _compares(self, family: str) -> bool:
        """Whether there are treatments that a family compares, as `between_treatments` says."""
        return bool(contrasts.between_treatments(family, self._grid.treatments))

    def described(self, texts: Mapping[str, Mapping[str, str]]) -> dict[str, Mapping[str, str]]:
        """What stands with the tables of the paper, by their names.

        Args:
            texts: what stands with each table that a paper may have; with those that studies have,
                by their names without the study's. Their titles name it where there are several.
        """
        parts, studies = {*self.parts()}, self.plan.studies
        found: dict[str, Mapping[str, str]] = {}
        for table, text in texts.items():
            titles = {table: text["title"]}
            for name, study in studies.items():
                titles[f"{table}_{name}"] = text["title"] + f": {study.label}" * (len(studies) > 1)
            for name, title in titles.items():
                if f"tables/{name}.tex" in parts:
                    found[name] = {**text, "title": title}
        return found

    def search(self) -> dict[str, Any]:
        """What the paper says of the searches, beside what they found."""
        labels = [self.plan.dev_sets[name].label for name in self.plan.search.dev_sets]
        return {"sampler": self.plan.config["search"]["sampler"], "dev_sets": labels}

    def scorings(self) -> dict[str, dict[str, Any]]:
        """The scorings, with their labels, of the reported test sets that have one."""
        test_sets = {name: self.plan.test_sets[name].scoring for name in self.plan.reported}
        found = {name: self._scoring(key) for name, key in test_sets.items()}
        return {name: how for name, how in found.items() if how is not None}

    def scorings_of_dev_sets(self) -> dict[str, dict[str, Any] | None]:
        """The same of the dev sets by their labels; none where nothing is trained."""
        dev_sets = self.plan.dev_sets.values() if self.plan.trainings else ()
        return {each.label: self._scoring(each.scoring) for each in dev_sets}

    def _scoring(self, name: str | None) -> dict[str, Any] | None:
        """What the paper says of a scoring of the config."""
        how = scoring(self.plan.config, name)
        if how is None:
            return None
        return {"label": self.plan.config["scorings"][name]["label"], **asdict(how)}

    def means(self) -> str:
        """The file with the means that the paper shows: with several seeds, over these."""
        return f"results/{'over_seeds' if self._grid.is_replicated else 'metrics'}.csv"

    def of_seeds(self) -> list[str]:
        """What is computed of several seeds."""
        if not self._grid.is_replicated:
            return []
        return ["results/over_seeds.csv", "results/variance.json"]

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
