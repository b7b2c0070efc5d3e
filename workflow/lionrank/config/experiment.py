"""The systems and sources of an experiment, its title and its model cards, as its config tells.

Runs at every parse of the workflow, so it imports nothing heavy.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from lionrank.config import first_stages, formats, training_data
from lionrank.config.sources import Source
from lionrank.config.treatments import collection_of_data, treatment
from lionrank.grid import FIRST_STAGE
from lionrank.wording import listed


def title(config: Mapping[str, Any]) -> str:
    """Return the title of the paper: the config's, or one made of the labels of the grid."""
    if config["paper"]["title"] is not None:
        return config["paper"]["title"]
    models, others = (
        [config[kind][name]["label"] for name in config["grid"][kind]]
        for kind in ("models", "systems")
    )
    optimizers = [treatment(config, name).label for name in config["grid"]["optimizers"]]
    if not models:
        return f"{listed(others)} compared as rerankers"
    compared = " versus ".join(optimizers) if len(optimizers) == 2 else listed(optimizers)
    return f"{compared} for cross-encoder reranking: {listed(models)}"


def first_stage(config: Mapping[str, Any], test_set: str) -> str | None:
    """Return what ranked a test set's candidates, None where they are no ranking."""
    return first_stages.of(config, config["test_sets"][test_set])


def has_first_stage(config: Mapping[str, Any], test_set: str) -> bool:
    """Return whether a test set's candidates are a ranking that can be evaluated as it is."""
    return first_stage(config, test_set) is not None


def precisions(config: Mapping[str, Any], system: str, is_published: bool) -> list[str]:
    """Return the precisions in which a checkpoint of others scores a test set, its own first.

    A published one scores in another as well where there are published values.
    """
    entry = config["systems"][system]
    own = entry.get("precision") or config["training"]["defaults"]["precision"]
    return [own, "bf16" if own == "fp32" else "fp32"] if is_published else [own]


def systems(config: Mapping[str, Any], test_set: str, checkpoints: Iterable[str]) -> list[str]:
    """Return the systems that have a run file on a test set; `checkpoints` are the trainings'."""
    ranked = first_stage(config, test_set)
    first = [] if ranked is None else [ranked]
    return [*first, *checkpoints, *others_on(config, test_set)]


def others(config: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the entries of the systems in the grid that are not trained here, by name."""
    return {name: config["systems"][name] for name in config["grid"]["systems"]}


def others_on(config: Mapping[str, Any], test_set: str) -> list[str]:
    """Return those of the other systems that have a run file on a test set.

    A checkpoint of others has one on each; run files are there for those that its entry names.
    """
    return [
        name
        for name, entry in others(config).items()
        if "checkpoint" in entry or test_set in entry["run_files"]
    ]


def without_run_file(config: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the test sets that each of the other systems has no run file on, by its name."""
    on = {name: others_on(config, name) for name in config["grid"]["test_sets"]}
    return {
        system: [name for name, systems in on.items() if system not in systems]
        for system in others(config)
    }


def checkpoint_source(system: Mapping[str, Any]) -> str | None:
    """Return the source of a checkpoint of others, None of a local folder or of run files."""
    checkpoint = system.get("checkpoint")
    return None if checkpoint is None or "/" in checkpoint else checkpoint


def dev_sets(config: Mapping[str, Any]) -> list[str]:
    """Return the names of the dev sets: those of the grid, as far as there is what to choose."""
    return config["grid"]["dev_sets"] if training_data.is_trained(config) else []


def model_sources(model: Mapping[str, Any]) -> list[str]:
    """Return the sources of a model's weights and tokenizer; a package is not downloaded."""
    named = [model["pretrained"], model.get("tokenizer")]
    return [name for name in dict.fromkeys(named) if name and not name.startswith("package:")]


def model_folders(model: Mapping[str, Any]) -> dict[str, str]:
    """Return where the sources of a model lie, by name."""
    return {name: f"sources/{name}" for name in model_sources(model)}


def judged_topics(config: Mapping[str, Any]) -> list[dict]:
    """Return the grid's dev sets and test sets: label, collection and topics of each."""
    return [
        *(config["dev_sets"][name] for name in dev_sets(config)),
        *(config["test_sets"][name] for name in config["grid"]["test_sets"]),
    ]


def needed_sources(config: Mapping[str, Any]) -> list[str]:
    """Return the names of all sources that the grid needs, in the order of the data's flow."""
    collections = config["collections"]
    names = []
    for data in training_data.used_data(config):
        training = collections[collection_of_data(config, data)]
        names += formats.topic_sources(training, "train")
        entry = config["training_data"].get(data)
        if training["format"] == "msmarco":
            names += [formats.MSMARCO_SOURCES["triplets"]] if entry is None else []
            names += [formats.MSMARCO_SOURCES["qrels"]] if training_data.is_drawn(entry) else []
            names += [formats.MSMARCO_SOURCES["corpus"]]
        is_ranked = entry is None and training["format"] != "msmarco"
        if is_ranked or training_data._drawn_from(config, data) == "":
            names += filter(None, [formats.index_source(training)])
        names += training_data.data_sources(config, data)
        names += _bi_encoder_sources(config, config["training_data"].get(data, {}).get("ranking"))
    for judged in judged_topics(config):
        collection = collections[judged["collection"]]
        names += formats.topic_sources(collection, judged["topics"])
        if collection["format"] == "msmarco":
            names += [formats.MSMARCO_SOURCES["corpus"]]
        is_given = first_stages.takes_given(config, judged)
        if first_stages.of(config, judged) == FIRST_STAGE and not is_given:
            names += filter(None, [formats.index_source(collection)])
        names += _bi_encoder_sources(config, judged.get("first_stage"))
    for name in config["grid"]["models"]:
        names += model_sources(config["models"][name])
    names += filter(None, map(checkpoint_source, others(config).values()))
    return list(dict.fromkeys(names))


def _bi_encoder_sources(config: Mapping[str, Any], first_stage: str | None) -> list[str]:
    source = None if first_stage is None else first_stages.source_of(config, first_stage)
    return [] if source is None else [source]


def start_of(
    config: Mapping[str, Any], model: str, sources: Mapping[str, Source]
) -> str | dict[str, str]:
    """Return where a model's weights come from.

    A package, a random start, or name, repository and licence of a source: its revision is known
    once it was downloaded, to `lionrank.config.downloads.with_revision`.
    """
    pretrained = config["models"][model]["pretrained"]
    if pretrained is None:
        return "a random start"
    if pretrained not in sources:
        return pretrained
    source = sources[pretrained]
    return {"source": pretrained, "repository": source.id, "licence": source.licence}


def model_card_facts(
    config: Mapping[str, Any], model: str, optimizer: str, sources: Mapping[str, Source]
) -> dict[str, Any]:
    """Return what a model card says besides settings and scores, which changes no weight."""
    return {
        "label": config["models"][model]["label"],
        "pretrained": start_of(config, model, sources),
        "collection": collection_of_data(config, treatment(config, optimizer).data),
        "dev_labels": {name: config["dev_sets"][name]["label"] for name in dev_sets(config)},
        "dev_first_stages": _dev_first_stages(config),
    }


def _dev_first_stages(config: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the labels of the dev sets by that of what found their candidates."""
    found: dict[str, list[str]] = {}
    for name in dev_sets(config):
        judged = config["dev_sets"][name]
        ranked = first_stages.of(config, judged)
        label = "the data" if ranked is None else first_stages.label(config, ranked)
        found.setdefault(label, []).append(judged["label"])
    return found
