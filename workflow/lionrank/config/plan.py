"""What a config means: what is trained and tested, and the plans of an experiment's parts.

Files are named from the experiment's working directory. Runs at every parse of the workflow, so it
imports nothing heavy.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from pathlib import Path
from typing import Any

from lionrank.config import (
    contrasts,
    evaluation,
    experiment,
    grids,
    seeds,
    training_data,
)
from lionrank.config.check import check
from lionrank.config.checks.studies import check_studies
from lionrank.config.judged_sets import JudgedSet, judged_sets
from lionrank.config.plan_of_audit import AuditPlan
from lionrank.config.plan_of_collections import CollectionsPlan
from lionrank.config.plan_of_data import DataPlan
from lionrank.config.plan_of_depths import DepthsPlan
from lionrank.config.plan_of_downloads import DownloadsPlan
from lionrank.config.plan_of_early_stopping import EarlyStoppingPlan
from lionrank.config.plan_of_first_stages import FirstStagesPlan
from lionrank.config.plan_of_others import OtherSystemsPlan
from lionrank.config.plan_of_paper import PaperPlan
from lionrank.config.plan_of_release import ReleasePlan
from lionrank.config.plan_of_replication import ReplicationPlan
from lionrank.config.plan_of_results import ResultsPlan
from lionrank.config.plan_of_scorings import ScoringsPlan
from lionrank.config.plan_of_search import SearchPlan
from lionrank.config.plan_of_studies import StudiesPlan
from lionrank.config.plan_of_teachers import TeachersPlan
from lionrank.config.settings import ordered, training_settings
from lionrank.config.sources import Source, read_table
from lionrank.config.studies import read_studies
from lionrank.config.treatments import treatments
from lionrank.errors import UserError
from lionrank.grid import BEST, checkpoint_name, seeds_by_name, training_name
from lionrank.published.study import Study

SOURCES = "config/sources.csv"
NOTHING = "(?!)"
"""A regular expression that no name matches."""


@dataclass(frozen=True)
class Plan:
    """An experiment as its config names it, in the order in which everything is printed."""

    config: Mapping[str, Any]
    table: Path
    """The table of the sources, and below its rows by name."""
    sources: Mapping[str, Source]
    studies: Mapping[str, Study]
    """The published studies that the paper is about, by name."""

    @classmethod
    def read(cls, config: Mapping[str, Any], root: Path) -> "Plan":
        """Read the table of sources that a config names, and check the config.

        Args:
            config: the whole configuration, defaults and overlays merged.
            root: folder of the workflow's source.

        Raises:
            UserError: the table or the config is wrong; names the first wrong row or key.
        """
        match config:
            case {"sources": {"table": str(name)}}:
                table = root / name
            case _:  # which the check complains about
                table = root / SOURCES
        if not table.is_file():
            what = "is no file" if table.exists() else "does not exist"
            raise UserError(f"config: sources.table: {table} {what}; correct the path")
        sources = read_table(table)
        check(config, root / "schemas" / "config.schema.yaml", sources)
        studies = read_studies(config, root)
        check_studies(config, studies)
        return cls(config, table, sources, studies)

    @property
    def training_data(self) -> DataPlan:
        return DataPlan(self)

    @property
    def first_stages(self) -> FirstStagesPlan:
        return FirstStagesPlan(self)

    @property
    def teachers(self) -> TeachersPlan:
        return TeachersPlan(self)

    @cached_property
    def other_systems(self) -> OtherSystemsPlan:
        return OtherSystemsPlan(self)

    @cached_property
    def downloads(self) -> DownloadsPlan:
        return DownloadsPlan(self)

    @cached_property
    def early_stopping(self) -> EarlyStoppingPlan:
        return EarlyStoppingPlan(self)

    @cached_property
    def search(self) -> SearchPlan:
        return SearchPlan(self)

    @cached_property
    def collections(self) -> CollectionsPlan:
        return CollectionsPlan(self)

    @property
    def results(self) -> ResultsPlan:
        return ResultsPlan(self)

    @property
    def scorings(self) -> ScoringsPlan:
        return ScoringsPlan(self)

    @property
    def depths(self) -> DepthsPlan:
        return DepthsPlan(self)

    @cached_property
    def paper(self) -> PaperPlan:
        return PaperPlan(self)

    @property
    def published(self) -> StudiesPlan:
        return StudiesPlan(self)

    @property
    def replication(self) -> ReplicationPlan:
        return ReplicationPlan(self)

    @property
    def audit(self) -> AuditPlan:
        return AuditPlan(self)

    @property
    def release(self) -> ReleasePlan:
        return ReleasePlan(self)

    # What is trained, and on what it is tested

    @property
    def models(self) -> list[str]:
        return self.config["grid"]["models"]

    @property
    def optimizers(self) -> list[str]:
        """Those of the trainings: none where nothing is trained."""
        return self.config["grid"]["optimizers"] if self.models else []

    @property
    def epochs(self) -> list[int]:
        """Those of the trainings: none where nothing is trained."""
        return [*range(1, self.config["grid"]["epochs"] + 1)] if self.models else []

    @property
    def seeds(self) -> list[int]:
        """Those of every training, the first of which has no place in names."""
        return self.config["grid"]["seeds"]

    @cached_property
    def trainings(self) -> list[tuple[str, str, str]]:
        """Model and optimizer of every training, and what its seed adds to its name."""
        return [*product(self.models, self.optimizers, seeds_by_name(self.seeds))]

    @cached_property
    def data(self) -> list[str]:
        """What the trainings learn from: `pairs`, or keys of training_data."""
        return training_data.used_data(self.config)

    @property
    def trained_on(self) -> list[str]:
        """The collections that the trainings' data are from."""
        return training_data.trained_on(self.config)

    @cached_property
    def checkpoints(self) -> list[str]:
        return [
            _checkpoint(*training, epoch) for training in self.trainings for epoch in self.epochs
        ]

    def epochs_on(self, test_set: str) -> Sequence[int | str]:
        """Those whose checkpoints are evaluated on a test set: every one, or the best alone."""
        return self.epochs if evaluation.has_every_epoch(self.config, test_set) else [BEST]

    @property
    def others(self) -> dict[str, dict[str, Any]]:
        """The entries of the systems that are not trained here, by name."""
        return experiment.others(self.config)

    @cached_property
    def test_sets(self) -> dict[str, JudgedSet]:
        """The test sets of the grid; the files of the first one lie directly in results/."""
        return judged_sets(self.config, "test_sets", "test", self.config["grid"]["test_sets"])

    @cached_property
    def dev_sets(self) -> dict[str, JudgedSet]:
        """The dev sets of the grid: none where nothing is trained."""
        names = experiment.dev_sets(self.config)
        return judged_sets(self.config, "dev_sets", "development", names)

    @property
    def first_test_set(self) -> JudgedSet:
        """The test set that the paper is mainly about."""
        return next(iter(self.test_sets.values()))

    @property
    def collection(self) -> str:
        """The collection that the paper is mainly about."""
        return self.first_test_set.collection

    @cached_property
    def reported(self) -> list[str]:
        """The test sets that the paper reports or compares on."""
        return evaluation.reported(self.config)

    @property
    def compared_measures(self) -> list[dict[str, Any]]:
        """Test set, or average, metric and level of the measures that systems are compared by."""
        return evaluation.compared_measures(self.config)

    @property
    def sizes_of_ladders(self) -> list[str]:
        """The file that has the parameters of models, where ladders are compared."""
        return ["results/parameters.json"] if contrasts.compared_ladders(self.config) else []

    @cached_property
    def averages(self) -> dict[str, dict[str, int]]:
        """The relevance threshold of each test set of each average that the paper reports."""
        return evaluation.levels_of_averages(self.config)

    def judged_sets(self) -> list[JudgedSet]:
        """The grid's dev sets and the test sets of the paper."""
        return [*self.dev_sets.values(), *(self.test_sets[name] for name in self.reported)]

    def settings(self) -> dict[str, dict[str, Any]]:
        """The resolved settings of every training with its first seed."""
        return {
            training_name(model, optimizer): training_settings(self.config, model, optimizer)
            for model, optimizer in product(self.models, self.optimizers)
        }

    def backbone(self, model: str) -> dict[str, Any]:
        """A model's entry in the config without its label, which changes no weight."""
        entry = {"architecture": None, "tokenizer": None, **self.config["models"][model]}
        return ordered({key: value for key, value in entry.items() if key != "label"})

    def draws(self) -> dict[str, Any]:
        """How the tests of significance and the bootstrap draw."""
        keys = ("permutations", "resamples", "confidence", "seed")
        return {key: self.config["comparisons"][key] for key in keys}

    # Files

    def best_epochs(self) -> list[str]:
        """The best epoch of every training."""
        return [f"training/{training_name(*training)}.best.json" for training in self.trainings]

    def dev_scores(self, model: str, optimizer: str, seed: str, epoch: int | str) -> list[str]:
        """The development scores of a training up to an epoch."""
        epochs = range(1, int(epoch) + 1)
        return [f"training/{_checkpoint(model, optimizer, seed, each)}.dev.json" for each in epochs]

    def precision(self, checkpoint: str) -> str:
        """The precision in which a checkpoint scores: its training's, or that of its entry."""
        other = self.other_systems.checkpoints.get(checkpoint)
        if other is not None:
            return other.get("precision") or self.config["training"]["defaults"]["precision"]
        model, optimizer, *_ = self.parts_of(checkpoint)
        return training_settings(self.config, model, optimizer)["precision"]

    def parts_of(self, checkpoint: str) -> tuple[str, str, str, int]:
        """Model, optimizer, seed and epoch of a training's checkpoint or, of the best, the last.

        The seed is what it adds to the name. The best epoch is chosen among all up to the last.
        """
        model, optimizer, *seed, epoch = checkpoint.split("_")
        last = self.config["grid"]["epochs"]
        return (
            model,
            optimizer,
            f"_{seed[0]}" if seed else "",
            last if epoch == BEST else int(epoch.removeprefix("e")),
        )

    def data_record(self, checkpoint: str) -> str:
        """What was recorded of the data that a checkpoint was trained on."""
        _, optimizer, *_ = self.parts_of(checkpoint)
        return self.training_data.file(optimizer, ".json")

    @property
    def checkpoint_pattern(self) -> str:
        """A regular expression for the names of checkpoints: of trainings, and of others."""
        return "|".join([self.trained_pattern, *self.other_systems.defined("checkpoint")])

    @cached_property
    def trained_pattern(self) -> str:
        """A regular expression for the names of the checkpoints of trainings."""
        epochs = [f"e{epoch}" for epoch in self.epochs]
        models, optimizers, ends = map(
            "|".join, (self.config["models"], treatments(self.config), [*epochs, BEST])
        )
        return f"({models})_({optimizers}){seeds.PATTERN}_({ends})" if epochs else NOTHING

    def training_logs(self) -> dict[str, list[str]]:
        """The logs of every training, in the order of their epochs."""
        return {
            training_name(*training): [
                f"training/{_checkpoint(*training, epoch)}.jsonl" for epoch in self.epochs
            ]
            for training in self.trainings
        }

    def labels_of(self, *kinds: str) -> dict[str, dict[str, str]]:
        """The labels of these kinds of entries of the config, by kind and name."""
        return {
            kind: {name: entry["label"] for name, entry in self.config[kind].items()}
            for kind in kinds
        }

    def depth(self, collection: str, topics: str, by: str = "") -> int:
        """How many documents are ranked, by BM25 or what `first_stages.suffix` says."""
        return training_data.first_stage_depth(self.config, collection, topics, by)

    @property
    def other_checkpoints(self) -> list[str]:
        """The names of the systems in the grid that are checkpoints of others."""
        return [name for name, entry in self.others.items() if "checkpoint" in entry]

    def grid(self) -> dict[str, Any]:
        """Models, optimizers, epochs, other systems and first stages as results have them."""
        return grids.named(self)

    def origins(self) -> dict[str, str | dict[str, str]]:
        """Where the weights of every model come from, as its model card says."""
        return {
            model: experiment.start_of(self.config, model, self.sources) for model in self.models
        }


def _checkpoint(model: str, optimizer: str, seed: str, epoch: int | str) -> str:
    return checkpoint_name(training_name(model, optimizer, seed), epoch)
