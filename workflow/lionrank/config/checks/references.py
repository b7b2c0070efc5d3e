"""Checking the config: names in it that must stand elsewhere in it.

Runs at every parse of the workflow, so it imports nothing heavy.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from lionrank.config import first_stages, teachers
from lionrank.config.experiment import checkpoint_source, model_sources
from lionrank.config.formats import topic_names, topic_sources
from lionrank.config.sources import Source
from lionrank.config.training_data import data_sources, is_drawn
from lionrank.config.treatments import PAIRS, training_names
from lionrank.grid import FIRST_STAGE


def references(
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
    for name in config["grid"]["every_epoch_on"]:
        yield "grid.every_epoch_on", name, config["test_sets"]
    for kind in ("test_sets", "dev_sets"):
        for name, judged in config[kind].items():
            yield f"{kind}.{name}.collection", judged["collection"], collections
            known = topic_names(collections[judged["collection"]])
            if known is not None:
                yield f"{kind}.{name}.topics", judged["topics"], known
            if "first_stage" in judged:
                known = [FIRST_STAGE, *config["first_stages"]]
                yield f"{kind}.{name}.first_stage", judged["first_stage"], known
            if "scoring" in judged:
                yield f"{kind}.{name}.scoring", judged["scoring"], config["scorings"]
    yield "training_pairs.collection", config["training_pairs"]["collection"], collections
    known = topic_names(collections[config["training_pairs"]["collection"]])
    if known is not None:
        yield "training_pairs.collection's topics", "train", known
    for name, ladder in config["ladders"].items():
        for model in ladder["models"]:
            yield f"ladders.{name}.models", model, models
    for name, average in config["averages"].items():
        for test_set in average["test_sets"]:
            yield f"averages.{name}.test_sets", test_set, config["test_sets"]
    measured_on = [*config["test_sets"], *config["averages"]]
    for entry in config["paper"]["columns"]:
        yield "paper.columns", entry["test_set"], measured_on
    for entry in config["comparisons"]["measures"]:
        yield "comparisons.measures", entry["test_set"], measured_on
    for name, stand_in in config["paper"]["claims_on"].items():
        yield "paper.claims_on", name, measured_on
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
        ("models_and_optimizers", training_names(config)),
    ):
        for name in config["training"][kind]:
            yield f"training.{kind}", name, known
    for name in config["search"]["spaces"]:
        yield "search.spaces", name, [*treated, *training_names(config)]
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
                known = [FIRST_STAGE, *config["first_stages"], *config["teachers"], *sources]
                yield place, source, known
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
    judged = [*config["test_sets"], *config["dev_sets"]]
    for name, entry in config["first_stages"].items():
        for each in entry.get("run_files", []):
            yield f"first_stages.{name}.run_files", each, judged
        if (row := first_stages.source_of(config, name)) is not None:
            yield f"first_stages.{name}.bi_encoder, which may be a path with a /", row, of_models
    for kind, known in (
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
    on_web = [name for name, source in sources.items() if source.kind in ("url", "ir_datasets")]
    no_models = [name for name in sources if name not in models]
    for name, collection in config["collections"].items():
        for judged in collection.get("topics", []) if "qrels" in collection else []:
            yield f"collections.{name}.qrels", judged, collection["qrels"]
        if collection["format"] == "msmarco":
            topics = topic_names(collection) or []
            for source in [each for topic in topics for each in topic_sources(collection, topic)]:
                yield f"collections.{name}", source, sources
        if "source" in collection:
            known = no_models if collection["format"] in first_stages.WITH_CANDIDATES else on_web
            yield f"collections.{name}.source", collection["source"], known
        if "index" in collection:
            yield f"collections.{name}.index", collection["index"], no_models
