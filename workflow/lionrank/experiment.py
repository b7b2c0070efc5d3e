"""What an experiment needs of its collections and sources, as its config tells.

Runs at every parse of the workflow, so it imports nothing heavy.
"""

from collections.abc import Iterable

BM25 = "bm25"
# Formats whose data bring the candidates of each topic.
WITH_CANDIDATES = ("marco_qa", "nanobeir")
# Formats in which anybody's own collection may come.
OWN = ("beir", "anserini", "ir_datasets")
# Formats that are read into the project's own formats document by document.
IMPORTED = (*OWN, *WITH_CANDIDATES)
MSMARCO_SOURCES = {
    "corpus": "msmarco_corpus",
    "queries": "msmarco_queries",
    "triplets": "msmarco_triplets",
    "index": "msmarco_index",
}


def topic_names(collection: dict) -> list[str] | None:
    """Return the names of a collection's topics, or None where only its files can tell."""
    match collection["format"]:
        case "pydocs":
            return ["train", "dev", "test"]
        case "msmarco":
            return ["train", *collection["topics"]]
        case "marco_qa":
            return ["validation"]
        case "nanobeir":
            return ["test"]
        case "anserini":
            return list(collection["topics"])
        case "ir_datasets":
            return list(collection["ids"])
    return None


def of_format(config: dict, *formats: str) -> list[str]:
    """Return the names of the collections in one of these formats."""
    return [name for name, entry in config["collections"].items() if entry["format"] in formats]


def has_first_stage(config: dict, test_set: str) -> bool:
    """Return whether a test set's candidates are a ranking that can be evaluated as it is."""
    collection = config["test_sets"][test_set]["collection"]
    return config["collections"][collection]["format"] != "marco_qa"


def systems(config: dict, test_set: str, checkpoints: Iterable[str]) -> list[str]:
    """Return the systems that have a run file on a test set."""
    return [BM25, *checkpoints] if has_first_stage(config, test_set) else list(checkpoints)


def model_sources(model: dict) -> list[str]:
    """Return the sources of a model's weights and tokenizer; a package is not downloaded."""
    named = [model["pretrained"], model["tokenizer"]]
    return [name for name in dict.fromkeys(named) if name and not name.startswith("package:")]


def topic_sources(collection: dict, topics: str) -> list[str]:
    """Return the sources of one set of topics and its judgements."""
    match collection["format"]:
        case "msmarco" if topics == "train":
            return [MSMARCO_SOURCES["queries"]]
        case "msmarco":
            return [collection["topics"][topics], collection["qrels"][topics]]
        case "marco_qa" | "nanobeir":
            return [collection["source"]]
    return []


def needed_sources(config: dict) -> list[str]:
    """Return the names of all sources that the grid needs, in the order of the data's flow."""
    collections = config["collections"]
    training = collections[config["training_pairs"]["collection"]]
    names = topic_sources(training, "train")
    if training["format"] == "msmarco":
        names += [MSMARCO_SOURCES["triplets"], MSMARCO_SOURCES["corpus"]]
    for name in config["grid"]["test_sets"]:
        test_set = config["test_sets"][name]
        collection = collections[test_set["collection"]]
        names += topic_sources(collection, test_set["topics"])
        if collection["format"] == "msmarco":
            names += [MSMARCO_SOURCES["corpus"], MSMARCO_SOURCES["index"]]
    for name in config["grid"]["models"]:
        names += model_sources(config["models"][name])
    return list(dict.fromkeys(names))
