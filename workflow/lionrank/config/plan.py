"""What a config means: the systems, results and files of an experiment, and the paper's parts.

Files are named from the experiment's working directory. Runs at every parse of the workflow, so it
imports nothing heavy.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from pathlib import Path
from typing import Any

from lionrank.config import (
    contrasts,
    evaluation,
    experiment,
    first_stages,
    formats,
    grids,
    seeds,
    training_data,
)
from lionrank.config.check import check
from lionrank.config.checks.catalogue import check_local_copy
from lionrank.config.checks.studies import check_studies
from lionrank.config.plan_of_data import DataPlan
from lionrank.config.plan_of_depths import DepthsPlan
from lionrank.config.plan_of_downloads import DownloadsPlan
from lionrank.config.plan_of_early_stopping import FIRST_STOPPED, EarlyStoppingPlan
from lionrank.config.plan_of_first_stages import FirstStagesPlan
from lionrank.config.plan_of_others import OtherSystemsPlan
from lionrank.config.plan_of_paper import PaperPlan
from lionrank.config.plan_of_replication import ReplicationPlan
from lionrank.config.plan_of_studies import StudiesPlan
from lionrank.config.plan_of_teachers import TeachersPlan
from lionrank.config.settings import ordered, training_settings
from lionrank.config.sources import Source, read_table
from lionrank.config.studies import read_studies
from lionrank.config.training_data import used_teachers
from lionrank.config.treatments import treatment, treatments
from lionrank.errors import UserError
from lionrank.grid import BEST, FIRST_STAGE, checkpoint_name, seeds_by_name, training_name
from lionrank.published.study import Study

SOURCES = "config/sources.csv"
NOTHING = "(?!)"
"""A regular expression that no name matches."""


@dataclass(frozen=True)
class JudgedSet:
    """A dev set or test set: judged topics of a collection, and the files that they become."""

    name: str
    use: str
    """development or test"""
    label: str
    collection: str
    topics: str
    first_stage: str | None
    """What ranked the candidates, None where the collection brings some that are no ranking."""
    depth: int
    """Candidates of a topic at most."""
    suffix: str = ""
    """As `first_stages.suffix` tells candidates of one set of topics apart."""

    @property
    def topics_file(self) -> str:
        return f"collections/{self.collection}/topics.{self.topics}.tsv"

    @property
    def qrels(self) -> str:
        return f"collections/{self.collection}/qrels.{self.topics}.txt"

    @property
    def corpus(self) -> str:
        return f"collections/{self.collection}/corpus"

    @property
    def ranking(self) -> str:
        """The run file of the candidates, where the collection does not bring them."""
        return f"retrieval/{self.collection}/{self.topics}{self.suffix}.trec"

    @property
    def candidates(self) -> str:
        return f"retrieval/{self.collection}/{self.topics}{self.suffix}.candidates.parquet"


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

    @property
    def depths(self) -> DepthsPlan:
        return DepthsPlan(self)

    @property
    def paper(self) -> PaperPlan:
        return PaperPlan(self)

    @property
    def published(self) -> StudiesPlan:
        return StudiesPlan(self)

    @property
    def replication(self) -> ReplicationPlan:
        return ReplicationPlan(self)

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
        return self._judged("test_sets", "test", self.config["grid"]["test_sets"])

    @cached_property
    def dev_sets(self) -> dict[str, JudgedSet]:
        """The dev sets of the grid: none where nothing is trained."""
        return self._judged("dev_sets", "development", experiment.dev_sets(self.config))

    def _judged(self, kind: str, use: str, names: Iterable[str]) -> dict[str, JudgedSet]:
        named = {name: self.config[kind][name] for name in names}
        return {
            name: JudgedSet(
                name=name,
                use=use,
                label=entry["label"],
                collection=entry["collection"],
                topics=entry["topics"],
                first_stage=first_stages.of(self.config, entry),
                depth=first_stages.depth_of(self.config, entry),
                suffix=first_stages.suffix(self.config, entry),
            )
            for name, entry in named.items()
        }

    @property
    def first_test_set(self) -> JudgedSet:
        """The test set that the paper is mainly about."""
        return next(iter(self.test_sets.values()))

    @property
    def collection(self) -> str:
        """The collection that the paper is mainly about."""
        return self.first_test_set.collection

    @cached_property
    def topics(self) -> list[str]:
        """The names of topics that any collection may have."""
        judged = [*self.config["test_sets"].values(), *self.config["dev_sets"].values()]
        return sorted({"train", "dev", "test"} | {entry["topics"] for entry in judged})

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

    def relevance_levels(self, collection: str, topics: str) -> list[int]:
        """Return the relevance thresholds at which the grid evaluates topics of a collection."""
        levels = {
            level
            for each in self.test_sets_of(collection)
            if each.topics == topics
            for level in evaluation.relevance_levels(self.config, each.name)
        }
        return sorted(levels) or [1]

    def judged_sets(self) -> list[JudgedSet]:
        """The grid's dev sets and the test sets of the paper."""
        return [*self.dev_sets.values(), *(self.test_sets[name] for name in self.reported)]

    def test_sets_of(self, collection: str) -> list[JudgedSet]:
        return [each for each in self.test_sets.values() if each.collection == collection]

    def used_collections(self) -> list[str]:
        """The names of the collections that are trained on or judged."""
        names = [*self.trained_on, *(each.collection for each in self.judged_sets())]
        return list(dict.fromkeys(names))

    def corpus_files(self, collection: str) -> list[str]:
        """The files from which a corpus is imported: those of the user, or a source.

        Raises:
            UserError: it is to be imported, and ir_datasets may not download it.
        """
        entry = self.config["collections"][collection]
        imported = Path("collections", collection, "corpus")
        if entry["format"] == "ir_datasets" and not imported.exists():
            check_local_copy(entry, f"config: collections.{collection}")
        return formats.corpus_files(entry)

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

    def starts(self) -> dict[str, dict[str, Any]]:
        """What all that computes starts from, as `backbone` returns it, by its place in the config.

        That is the grid's models, and other systems and teachers that are checkpoints of others.
        """
        taught_by = dict.fromkeys(name for name, _ in used_teachers(self.config))
        others = self.other_systems.checkpoints
        places = {name: f"systems.{name}" for name in self.other_checkpoints}
        places |= {name: f"teachers.{name}" for name in taught_by if name in others}
        rest = {"architecture": None, "tokenizer": None}
        return {
            **{f"models.{name}": self.backbone(name) for name in self.models},
            **{
                place: {"pretrained": others[name]["checkpoint"], **rest}
                for name, place in places.items()
            },
        }

    def draws(self) -> dict[str, Any]:
        """How the tests of significance and the bootstrap draw."""
        keys = ("permutations", "resamples", "confidence", "seed")
        return {key: self.config["comparisons"][key] for key in keys}

    # Files

    def folder(self, test_set: str) -> str:
        """The folder below results/ of a test set's run files: none for the first test set."""
        return "" if test_set == self.first_test_set.name else f"{test_set}/"

    def test_set_in(self, folder: str) -> JudgedSet:
        """The test set whose run files lie in this folder of results/."""
        return self.test_sets[folder.rstrip("/")] if folder else self.first_test_set

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
        epochs = self.epochs_on(test_set)
        checkpoints = [_checkpoint(*each, epoch) for each in self.trainings for epoch in epochs]
        systems = experiment.systems(self.config, test_set, checkpoints)
        return [f"results/{self.folder(test_set)}{system}{ending}" for system in systems]

    def results(self, ending: str, test_sets: Iterable[str] | None = None) -> list[str]:
        """The results of every system on some test sets, else on all, with this ending."""
        names = self.test_sets if test_sets is None else test_sets
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
                _checkpoint(model, optimizer, seed, epoch),
                model,
                optimizer,
                None if epoch == BEST else epoch,
                seeds.of_name(self.config, seed),
            )
            for model, optimizer, seed in self.trainings
            for epoch in self.epochs_on(test_set)
        ]
        if (first_stage := self.test_sets[test_set].first_stage) is not None:
            rows.insert(0, (first_stage, None, None, None, None))
        for name in experiment.others_on(self.config, test_set):
            rows.append((name, *map(self.others[name].get, ("model", "optimizer", "epoch")), None))
        protocol = self.config["protocol"]
        return [dict(zip(columns, (test_set, *row, protocol), strict=True)) for row in rows]

    def chosen_on(self, test_set: str) -> list[str]:
        """What says of which epoch a test set's checkpoints are, where their names do not."""
        return [] if evaluation.has_every_epoch(self.config, test_set) else self.best_epochs()

    @property
    def overlap(self) -> list[str]:
        """What tells of development queries among the test topics, where there are any."""
        return ["results/overlap.json"] if self.dev_sets else []

    @property
    def dropped(self) -> list[str]:
        """What tells of topics that are left out of the evaluation, where they are to be."""
        return self.overlap if self.config["evaluation"]["drop_development_queries"] else []

    def best_epochs(self) -> list[str]:
        """The best epoch of every training."""
        return [f"training/{training_name(*training)}.best.json" for training in self.trainings]

    def logs_so_far(self) -> dict[str, float]:
        """The training logs that exist, and when each was written (seconds since 1970)."""
        paths = [path for logs in self.training_logs().values() for path in logs]
        return {path: Path(path).stat().st_mtime for path in paths if Path(path).exists()}

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

    @property
    def system_pattern(self) -> str:
        """A regular expression for the names of all that may have a run file."""
        first = [FIRST_STAGE, *self.config["first_stages"]]
        return "|".join([*first, self.checkpoint_pattern, *self.config["systems"]])

    def results_to_archive(self) -> list[str]:
        """The results that the paper is made of, and those on other test sets that all exist."""
        files = []
        for name in self.test_sets:
            own = [
                *self.run_files(name),
                *self.run_files(name, ".eval"),
                f"results/per_query/{name}.parquet",
            ]
            if name in self.reported or all(Path(path).exists() for path in own):
                files += own
        more = [*self.replication.second_passes(), *self.replication.result()]
        return [*files, *more, *self.depths.result()]

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

    def corpora(self) -> list[str]:
        """Where the passages of `used_collections` lie, in folders that the grid needs anyway."""
        entries = {name: self.config["collections"][name] for name in self.used_collections()}
        return [
            f"sources/{entry['source']}"
            if entry["format"] in first_stages.WITH_CANDIDATES
            else f"collections/{name}/corpus"
            for name, entry in entries.items()
        ]

    def track_file(self, collection: str, topics: str, kind: str) -> str:
        """Where the topics or qrels, which is `kind`, of an evaluation track lie."""
        return f"sources/{self.config['collections'][collection][kind][topics]}"

    def index_archive(self, collection: str) -> str:
        """Where the archive of a collection's prebuilt index lies."""
        return f"sources/{formats.index_source(self.config['collections'][collection])}"

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

    def learns(self, optimizer: str) -> tuple[str, str]:
        """The objective of a treatment, and its data."""
        recipe = treatment(self.config, optimizer)
        return recipe.objective, recipe.data

    @property
    def has_lessons(self) -> bool:
        """Whether the trainings differ in objective or data."""
        return len({self.learns(name) for name in self.optimizers}) > 1

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

    # The audit

    def jobs(self) -> dict[str, int]:
        """The number of jobs of the rules that the grid multiplies."""
        epochs = {name: self.epochs_on(name) for name in self.test_sets}
        run_files = sum(len(self.trainings) * len(each) for each in epochs.values())
        run_files += len(self.other_checkpoints) * len(self.test_sets)
        shards = self.config["reranking"]["shards"]
        reranking = {"rerank_shard": run_files * shards, "join_shards": run_files}
        jobs = {
            "fetch": len(self.downloads.needed),
            "initialise": len(self.trainings),
            "early_stopping": len(self.trainings) * len(self.epochs[FIRST_STOPPED - 1 :]),
            "train_epoch": len(self.checkpoints),
            "import_checkpoint": len(self.other_checkpoints),
            "import_run": sum(len(self.other_systems.given_on(name)) for name in self.test_sets),
            **(reranking if shards > 1 else {"rerank": run_files}),
            "rerank_again": len(self.replication.second_passes()),
            "evaluate": len(self.results(".eval")),
            "per_query": len(self.test_sets),
            "dev_scores": len(self.checkpoints),
            **{f"teach_by_{kind}": number for kind, number in self.teachers.taught().items()},
            "best_epoch": len(self.trainings),
            "best_checkpoint": len(self.trainings) * ([BEST] in epochs.values()),
            "model_card": len(self.checkpoints),
        }
        return {rule: number for rule, number in jobs.items() if number}


def _checkpoint(model: str, optimizer: str, seed: str, epoch: int | str) -> str:
    return checkpoint_name(training_name(model, optimizer, seed), epoch)
