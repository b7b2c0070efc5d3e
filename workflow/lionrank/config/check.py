"""Checking the config: its schema, its names, and what has to agree.

Runs at every parse of the workflow, so it imports nothing heavy.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from pathlib import Path
from typing import Any

from lionrank.characters import normal
from lionrank.config import teachers
from lionrank.config.experiment import (
    MSMARCO_SOURCES,
    checkpoint_source,
    data_sources,
    has_first_stage,
    is_drawn,
    is_trained,
    model_sources,
    others,
    paper_columns,
    paper_level,
    published_on,
    relevance_levels,
    topic_names,
    topic_sources,
)
from lionrank.config.schema import check_plain, check_schema, is_number, meant, values
from lionrank.config.settings import training_settings
from lionrank.config.sources import Source
from lionrank.config.treatments import FROM_SCORES, LISTWISE, PAIRS, treatments
from lionrank.errors import UserError
from lionrank.grid import FIRST_STAGE, FIRST_STAGE_LABEL, training_name
from lionrank.measures import GRADED, METRICS, Measure
from lionrank.published.scores import LEVEL, MODELS, TEST_SETS, was_published
from lionrank.wording import shortened

FILES_OF_COLLECTIONS = ("corpus", "index", PAIRS, "statistics", "triplets")
"""What logs and timings of a collection are named by, where others are by the name of topics."""

OF_TRAINING = {"lr": "learning_rate", "weight_decay": "weight_decay"}
"""Arguments of optimizers that are settings of a training."""

NOT_FOR_TRAINING = {
    "torch.optim.LBFGS": "computes the loss several times a step",
    "torch.optim.Muon": "takes matrices only, and every model has biases",
    "torch.optim.SparseAdam": "takes sparse gradients only",
}
WITHOUT_WEIGHT_DECAY = ("torch.optim.Rprop",)
"""What is known of torch's own classes without importing them; of others, a training finds out."""

GIVEN = {"num_labels", "vocab_size"} | {f"{name}_token_id" for name in ("pad", "cls", "sep")}
GIVEN |= {"bos_token_id", "eos_token_id"}
"""Keys of a transformers configuration that are no choice here."""


def check(config: Mapping[str, Any], schema_path: Path, sources: Mapping[str, Source]) -> None:
    """Check a merged config against its JSON schema, against itself and the table of sources.

    Raises:
        UserError: one line that names the first wrong key and, for a near miss, the key meant.
    """
    check_plain(config)
    check_schema(config, schema_path.read_bytes())
    for place, name, known in _references(config, sources):
        if name not in known:
            raise UserError(f"config: {place}: unknown {shortened(name)}{meant(name, known)}")
    _check_systems(config)
    _check_treatments(config)
    _check_teachers(config)
    _check_data(config, sources)
    _check_labels(config)
    _check_free(config)
    _check_topics(config)
    _check_ranges(config)
    _check_development(config)
    _check_training(config)
    _check_optimizers(config)
    _check_evaluation(config)
    _check_published(config)


def _check_labels(config: Mapping[str, Any]) -> None:
    """Check that what the grid names is told apart in tables and figures."""
    rows = {FIRST_STAGE_LABEL: "the first stage"}
    for kind, seen in (
        # Rows of the same tables.
        ("models", rows),
        ("systems", rows),
        ("optimizers", dict[str, str]()),
        ("test_sets", dict[str, str]()),
        ("dev_sets", dict[str, str]()),
    ):
        known = (
            config["optimizers"] | config["treatments"] if kind == "optimizers" else config[kind]
        )
        for name in config["grid"][kind]:
            label = normal(known[name]["label"]).strip()
            place = f"{kind}.{name}"
            if (other := seen.setdefault(label, place)) != place:
                raise UserError(
                    f"config: {place}.label: {shortened(label)} is the label of {other} as well, "
                    "and nobody could tell them apart; change one"
                )


def _check_systems(config: Mapping[str, Any]) -> None:
    """Check what systems of others are, and that no two stand for the same training."""
    for name, system in config["systems"].items():
        place = f"config: systems.{name}"
        if whose := _named_so(name, config):
            raise UserError(f"{place}: {name!r} is {whose}: name the system otherwise")
        if ("checkpoint" in system) == ("run_files" in system):
            raise UserError(f"{place}: set either checkpoint or run_files")
        for key in ("max_length", "precision"):
            if "run_files" in system and system.get(key) is not None:
                raise UserError(f"{place}.{key}: nothing is scored where run files are given")
        if system.get("epoch") and not (system.get("model") and system.get("optimizer")):
            raise UserError(f"{place}.epoch: of which training? Set model and optimizer as well")
    test_sets = config["grid"]["test_sets"]
    for name, system in others(config).items():
        if "run_files" in system and not {*test_sets} & system["run_files"].keys():
            raise UserError(
                f"config: systems.{name}.run_files: none is on a test set of the grid "
                f"({', '.join(test_sets)}): add one, or take {name} out of grid.systems"
            )
    _check_one_of_each(config)
    _check_with_published_values(config)
    if not is_trained(config) and not others(config):
        raise UserError(
            "config: grid.models: there is nothing to train, and grid.systems names nothing else "
            "to compare: name one or the other"
        )


def _check_with_published_values(config: Mapping[str, Any]) -> None:
    """Check that there are published values of the systems that are said to have some."""
    for name, system in others(config).items():
        place = f"config: systems.{name}.published"
        if not system.get("published"):
            continue
        if "checkpoint" not in system:
            raise UserError(f"{place}: values were published of checkpoints: set checkpoint")
        if system.get("model") not in MODELS:
            raise UserError(
                f"{place}: the published values are of {', '.join(MODELS)}: set model to one of "
                "them, or published to false"
            )
        if not published_on(config):
            sets = ", ".join(dict.fromkeys(TEST_SETS.values()))
            raise UserError(
                f"{place}: the values are on {sets}, of which the grid has none, and none of "
                "paper.claims_on stands in for one: add one to grid.test_sets"
            )


def _named_so(name: str, config: Mapping[str, Any]) -> str:
    """Return what else has the name of a system, or a name that is read as its is, or nothing."""
    if name == FIRST_STAGE:
        return "the first stage"
    for kind, what in (
        ("models", "a model"),
        ("optimizers", "an optimizer"),
        ("treatments", "a treatment"),
        ("test_sets", "a test set"),
    ):
        if name in config[kind]:
            return f"the name of {what}"
    if name in _training_names(config):
        return "the name of a training"
    if re.search("_e[0-9]+$", name):
        return "of the form of a training's checkpoints, which end in _e and the epoch"
    return ""


def _check_one_of_each(config: Mapping[str, Any]) -> None:
    """Check that a claim about a training can be about no more than one system."""
    trained = {*product(config["grid"]["models"], config["grid"]["optimizers"])}
    seen: dict[tuple[Any, ...], str] = {}
    for name, system in others(config).items():
        training = system.get("model"), system.get("optimizer")
        if not all(training):
            continue
        place = f"config: systems.{name}"
        if training in trained:
            raise UserError(
                f"{place}: the training {training_name(*training)} is this experiment's own: set "
                "model and optimizer to null, or take the one out of the grid"
            )
        epoch = system.get("epoch")
        if (other := seen.setdefault((*training, epoch), name)) != name:
            raise UserError(
                f"{place}: model, optimizer and epoch are those of systems.{other}, and claims "
                "about that training could be about either: set them to null in one"
            )


def _training_names(config: Mapping[str, Any]) -> list[str]:
    return [training_name(*each) for each in product(config["models"], treatments(config))]


def _check_treatments(config: Mapping[str, Any]) -> None:
    """Check that treatments have names of their own, and data that their objectives learn from."""
    for name, entry in config["treatments"].items():
        place = f"config: treatments.{name}"
        for kind, what in (("optimizers", "an optimizer"), ("models", "a model")):
            if name in config[kind]:
                raise UserError(f"{place}: {name!r} is the name of {what}: name it otherwise")
        loss = config["objectives"][entry["objective"]]["loss"]
        if entry["data"] == PAIRS and (loss in LISTWISE or loss in FROM_SCORES):
            what = "several passages of a topic" if loss in LISTWISE else "scores"
            raise UserError(
                f"{place}.data: {entry['objective']} learns from {what}, and {PAIRS} are single "
                "passages with a label: name an entry of training_data"
            )
        if loss in FROM_SCORES:
            _check_scores(config, entry["objective"], entry["data"])
    if config["objectives"]["bce"]["loss"] != "bce":
        raise UserError("config: objectives.bce.loss: optimizers are trained with it: leave it bce")


def _check_scores(config: Mapping[str, Any], objective: str, data: str) -> None:
    """Check that every passage of training data has a score, and that it is one of logits."""
    entry, place = config["training_data"][data], f"config: training_data.{data}"
    teacher = teachers.of_data(config, data)
    if "ranking" not in entry:
        return
    if entry["threshold"] is not None and entry["random_negatives"]:
        raise UserError(
            f"{place}.random_negatives: {objective} learns from scores, and no ranking has any of "
            "random passages: set it to 0"
        )
    if entry["threshold"] is not None and teacher is None:
        raise UserError(
            f"{place}.ranking: {objective} learns from scores, and {entry['ranking']} may lack "
            "relevant passages: name a key of teachers, which may have it as its run_file, or set "
            "threshold to null"
        )
    if teacher is not None and {"bi_encoder"} == config["teachers"][teacher].keys() - {"label"}:
        raise UserError(
            f"config: teachers.{teacher}.scale: {objective} learns from logits, and the similarity "
            "of a bi-encoder, if it is a cosine, is none: set the scale of the loss that it was "
            "trained with, which is 20 unless its authors changed sentence-transformers' own, or "
            "1 for an inner product"
        )


def _check_teachers(config: Mapping[str, Any]) -> None:
    """Check what teachers are, and that none learns from itself."""
    trained = teachers.of_grid(config)
    for name, entry in config["teachers"].items():
        place = f"config: teachers.{name}"
        if name == FIRST_STAGE or name in config["systems"]:
            what = "a system" if name in config["systems"] else "the first stage"
            raise UserError(f"{place}: {name!r} is the name of {what}: name the teacher otherwise")
        kinds = [kind for kind in teachers.KINDS if kind in entry]
        if len(kinds) != 1:
            raise UserError(f"{place}: set one of {', '.join(teachers.KINDS)}")
        if "scale" in entry and "bi_encoder" not in entry:
            raise UserError(
                f"{place}.scale: only the similarity of a bi_encoder is scaled: drop it"
            )
        is_of_grid = entry.get("checkpoint") in trained
        for key in ("max_length", "precision"):
            if entry.get(key) is not None and ("checkpoint" not in entry or is_of_grid):
                what = "its training has one" if is_of_grid else "it is for a checkpoint"
                raise UserError(f"{place}.{key}: {what}: drop it")
        if str(entry.get("checkpoint")).startswith("package:"):
            raise UserError(f"{place}.checkpoint: name a folder, or a row of the table of sources")
        chain = [name]
        for taught in teachers.taught_by(config, name):
            if taught in chain:
                raise UserError(
                    f"{place}.checkpoint: {entry['checkpoint']} learns from "
                    f"{' and '.join(dict.fromkeys([*chain[1:], taught]))}, and so the teacher from "
                    "itself: name a checkpoint that has learnt from something else"
                )
            chain.append(taught)


def _check_data(config: Mapping[str, Any], sources: Mapping[str, Source]) -> None:
    """Check where training data come from, and that their files have names of their own."""
    for name, entry in config["training_data"].items():
        place = f"config: training_data.{name}"
        if name in FILES_OF_COLLECTIONS:
            raise UserError(f"{place}: {name!r} is the name of other files: name it otherwise")
        collection = config["collections"][entry["collection"]]
        names = topic_names(collection)
        if collection["format"] != "msmarco" and names is not None and "train" not in names:
            raise UserError(
                f"{place}.collection: {entry['collection']} has no topics named train: take "
                "another collection"
            )
        if not is_drawn(entry):
            if ("source" in entry) == ("file" in entry):
                raise UserError(f"{place}: name a source or a file, one of the two")
            if ("passages" in entry) != (entry["format"] == "lists"):
                raise UserError(f"{place}.passages: lists have this, and no other format")
            continue
        if collection["format"] == "msmarco" and MSMARCO_SOURCES["qrels"] not in sources:
            raise UserError(
                f"{place}.collection: the judgements of MS MARCO's training topics are a row "
                f"{MSMARCO_SOURCES['qrels']} of the table of sources, which it has not: add it"
            )
        first, last = entry["ranks"]
        if first > last:
            raise UserError(f"{place}.ranks: {first} > {last}")


def _references(
    config: Mapping[str, Any], sources: Mapping[str, Source]
) -> Iterator[tuple[str, str, Iterable[str]]]:
    """Yield (place, name, known names) of every name that must stand elsewhere in the config."""
    models, optimizers = config["models"], config["optimizers"]
    collections, treated = config["collections"], [*optimizers, *config["treatments"]]
    for kind, known in (
        ("models", models),
        ("optimizers", treated),
        ("test_sets", config["test_sets"]),
        ("dev_sets", config["dev_sets"]),
        ("systems", config["systems"]),
    ):
        for name in config["grid"][kind]:
            yield f"grid.{kind}", name, known
    for kind in ("test_sets", "dev_sets"):
        for name, judged in config[kind].items():
            yield f"{kind}.{name}.collection", judged["collection"], collections
            known = topic_names(collections[judged["collection"]])
            if known is not None:
                yield f"{kind}.{name}.topics", judged["topics"], known
    yield "training_pairs.collection", config["training_pairs"]["collection"], collections
    known = topic_names(collections[config["training_pairs"]["collection"]])
    if known is not None:
        yield "training_pairs.collection's topics", "train", known
    for entry in config["paper"]["columns"]:
        yield "paper.columns", entry["test_set"], config["test_sets"]
    for entry in config["comparisons"]["measures"]:
        yield "comparisons.measures", entry["test_set"], config["test_sets"]
    for name, stand_in in config["paper"]["claims_on"].items():
        yield "paper.claims_on", name, config["test_sets"]
        yield f"paper.claims_on.{name}", stand_in, config["test_sets"]
    for name, system in config["systems"].items():
        for kind, known in (("model", models), ("optimizer", treated)):
            if system.get(kind) is not None:
                yield f"systems.{name}.{kind}", system[kind], known
        for test_set in system.get("run_files", []):
            yield f"systems.{name}.run_files", test_set, config["test_sets"]
    for kind, known in (
        ("models", models),
        ("optimizers", optimizers),
        ("treatments", config["treatments"]),
        ("models_and_optimizers", _training_names(config)),
    ):
        for name in config["training"][kind]:
            yield f"training.{kind}", name, known
    for name, entry in config["treatments"].items():
        for key, known in (
            ("optimizer", optimizers),
            ("objective", config["objectives"]),
            ("data", [PAIRS, *config["training_data"]]),
        ):
            yield f"treatments.{name}.{key}", entry[key], known
    for name, entry in config["training_data"].items():
        yield f"training_data.{name}.collection", entry["collection"], collections
        is_taught = teachers.of_data(config, name) is not None
        for source in [] if is_taught else data_sources(config, name):
            if is_drawn(entry):
                place = f"training_data.{name}.ranking, which may be a path with a /"
                yield place, source, [FIRST_STAGE, *config["teachers"], *sources]
            else:
                yield f"training_data.{name}.source", source, sources
    of_models = [name for name, source in sources.items() if source.kind == "model"]
    for name, entry in config["teachers"].items():
        for kind, known in (
            ("bi_encoder", of_models),
            ("checkpoint", [*of_models, *teachers.of_grid(config)]),
            ("run_file", sources),
        ):
            folder = entry.get(kind)
            if folder is not None and "/" not in folder and not folder.startswith("package:"):
                yield f"teachers.{name}.{kind}, which may be a path with a /", folder, known
    for kind, known in (
        ("backbones", sources),
        ("collections", collections),
        ("test_sets", config["test_sets"]),
        ("dev_sets", config["dev_sets"]),
    ):
        for name in config["audit"][kind]:
            yield f"audit.{kind}", name, known
    yield from _source_references(config, sources)


def _source_references(
    config: Mapping[str, Any], sources: Mapping[str, Source]
) -> Iterator[tuple[str, str, Iterable[str]]]:
    for name in config["sources"]["local"]:
        yield "sources.local", name, sources
    for name, model in config["models"].items():
        for source in model_sources(model):
            yield f"models.{name}", source, sources
    models = [name for name, source in sources.items() if source.kind == "model"]
    for name, system in config["systems"].items():
        if (checkpoint := checkpoint_source(system)) is not None:
            place = f"systems.{name}.checkpoint, the model of a source or a folder's path with a /"
            yield place, checkpoint, models
    for name, collection in config["collections"].items():
        for judged in collection.get("topics", []) if "qrels" in collection else []:
            yield f"collections.{name}.qrels", judged, collection["qrels"]
        topics = topic_names(collection) or []
        for source in [source for topic in topics for source in topic_sources(collection, topic)]:
            yield f"collections.{name}", source, sources


def _check_free(config: Mapping[str, Any]) -> None:
    """Check that no number is text where any value may stand, which the schema leaves open."""
    open_places = {
        **{
            f"models.{name}.architecture": each["architecture"]
            for name, each in config["models"].items()
        },
        **{
            f"optimizers.{name}.arguments": each["arguments"]
            for name, each in config["optimizers"].items()
        },
    }
    for start, mapping in open_places.items():
        for place, value in values(mapping, start):
            if isinstance(value, str) and is_number(value):
                raise UserError(
                    f"config: {place}: expected no number as text, found {shortened(value)}: "
                    "write it without quotes, and a power of ten as in 1.0e-8"
                )


def _check_topics(config: Mapping[str, Any]) -> None:
    """Check that no topics are those that are trained on, or have another file's name."""
    trained_on = {config["training_pairs"]["collection"]}
    trained_on |= {entry["collection"] for entry in config["training_data"].values()}
    for kind in ("test_sets", "dev_sets"):
        for name, judged in config[kind].items():
            place = f"config: {kind}.{name}.topics: {judged['topics']!r}"
            if judged["topics"] in FILES_OF_COLLECTIONS:
                raise UserError(f"{place} is the name of other files: name the topics otherwise")
            if judged["topics"] != "train" or name not in config["grid"][kind]:
                continue
            if judged["collection"] in trained_on:
                raise UserError(f"{place} are the topics that are trained on: take others")
            if config["collections"][judged["collection"]]["format"] == "msmarco":
                raise UserError(f"{place} have no relevance judgements: take others")


def _check_ranges(config: Mapping[str, Any]) -> None:
    pairs = config["training_pairs"]
    if pairs["hardest_rank"] > pairs["negative_depth"]:
        raise UserError(
            "config: training_pairs.hardest_rank is below negative_depth in the ranking: "
            f"{pairs['hardest_rank']} > {pairs['negative_depth']}"
        )
    for name, collection in config["collections"].items():
        for key in {"summary_characters", "body_characters"} & collection.keys():
            least, greatest = collection[key]
            if least > greatest:
                raise UserError(f"config: collections.{name}.{key}: {least} > {greatest}")
    if len([unit for unit in config["hardware"]["state_every"].values() if unit]) != 1:
        raise UserError(
            "config: hardware.state_every: set one of minutes and steps; in an overlay "
            "{minutes: null, steps: 500} counts steps"
        )
    first = config["grid"]["test_sets"][0]
    if not has_first_stage(config, first):
        raise UserError(
            f"config: grid.test_sets: {first!r} has no first stage to compare with; "
            "put another test set first"
        )
    for name, model in config["models"].items():
        if (model["pretrained"] is None) != (model["architecture"] is not None):
            raise UserError(f"config: models.{name}: set either pretrained or architecture")
        if model["pretrained"] is None and model["tokenizer"] is None:
            raise UserError(f"config: models.{name}.tokenizer: a random start needs one")
        if given := sorted(GIVEN & (model["architecture"] or {}).keys()):
            raise UserError(
                f"config: models.{name}.architecture.{given[0]}: leave it out; a cross-encoder has "
                "one label, and its tokenizer says the rest"
            )


def _check_evaluation(config: Mapping[str, Any]) -> None:
    """Check what is reported and compared against the grid."""
    level = config["evaluation"]["relevance_level"]
    for name in config["grid"]["test_sets"]:
        levels = relevance_levels(config, name)
        if len(levels) > 1 and level not in levels:
            raise UserError(
                f"config: evaluation.relevance_level: {level} is not among "
                f"test_sets.{name}.relevance_levels ({', '.join(map(str, levels))}); add it there"
            )


def _check_published(config: Mapping[str, Any]) -> None:
    """Check that published values can stand in the table of results, if they are asked for."""
    if config["paper"]["beside_published"] is None:
        return
    shown = [
        Measure(
            group["test_set"],
            metric,
            None if metric == GRADED else paper_level(config, group["test_set"]),
        )
        for group in paper_columns(config)
        for metric in group["metrics"]
    ]
    if not any(map(was_published, shown)):
        known = ", ".join(f"{METRICS[metric]} on {name}" for metric, name in TEST_SETS.items())
        raise UserError(
            "config: paper.beside_published: no column of the table of results has published "
            f"values; put one of {known} (evaluation.relevance_level: {LEVEL}) into "
            "grid.test_sets and paper.columns, or set this to null"
        )


def _check_development(config: Mapping[str, Any]) -> None:
    """Check that there is something to choose epochs by, and that none is reported on it."""
    if not is_trained(config):
        return
    if not config["grid"]["dev_sets"] and not config["training_pairs"]["held_out"]["pairs"]:
        raise UserError(
            "config: grid.dev_sets: without any, and without training_pairs.held_out.pairs, there "
            "is nothing to choose the best epoch by; name a dev set or hold pairs out"
        )

    def topics(kind: str, name: str) -> tuple[str, str]:
        return config[kind][name]["collection"], config[kind][name]["topics"]

    reported = {topics("test_sets", name): name for name in config["grid"]["test_sets"]}
    for name in config["grid"]["dev_sets"]:
        if (test_set := reported.get(topics("dev_sets", name))) is not None:
            raise UserError(
                f"config: grid.dev_sets: {name!r} has the collection and topics of the test set "
                f"{test_set!r}, and an epoch must not be chosen by what it is reported on; take "
                "other topics"
            )


def _check_training(config: Mapping[str, Any]) -> None:
    """Check what the layers of the trainings say of warm-up."""
    training = config["training"]
    layers = {"defaults": training["defaults"]} | {
        f"{kind}.{name}": layer
        for kind in ("models", "optimizers", "treatments", "models_and_optimizers")
        for name, layer in training[kind].items()
    }
    for place, layer in layers.items():
        warmup = layer.get("warmup", 0)
        if warmup >= 1 and warmup != int(warmup):
            raise UserError(
                f"config: training.{place}.warmup: {warmup} is neither a share below 1 nor a whole "
                "number of steps"
            )


def _check_optimizers(config: Mapping[str, Any]) -> None:
    """Check that each optimizer can train, and has what is printed of it from one place."""
    for name, optimizer in config["optimizers"].items():
        for argument in OF_TRAINING.keys() & optimizer["arguments"].keys():
            raise UserError(
                f"config: optimizers.{name}.arguments.{argument}: this is a setting of the "
                f"training: write it as training.optimizers.{name}.{OF_TRAINING[argument]}"
            )
        if reason := NOT_FOR_TRAINING.get(optimizer["class"]):
            raise UserError(
                f"config: optimizers.{name}.class: {optimizer['class']} {reason}: take another"
            )
        if optimizer["class"] in WITHOUT_WEIGHT_DECAY:
            for model in config["models"]:
                if training_settings(config, model, name)["weight_decay"]:
                    raise UserError(
                        f"config: optimizers.{name}.class: {optimizer['class']} has no weight "
                        f"decay: set training.optimizers.{name}.weight_decay to 0"
                    )
