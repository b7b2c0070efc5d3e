"""The formats of collections: their files, sources, topics and indexes.

Runs at every parse of the workflow, so it imports nothing heavy.
"""

from collections.abc import Container, Mapping
from typing import Any

from lionrank.config import lotte
from lionrank.config.first_stages import WITH_CANDIDATES
from lionrank.files import maybe_packed

# Formats in which anybody's own collection may come.
OWN = ("beir", "anserini", "ir_datasets", "lotte")
# Formats that are read into the project's own formats document by document.
IMPORTED = (*OWN, *WITH_CANDIDATES)
# Keys of a collection's entry that are for retrieval, and not for its reader.
OF_RETRIEVAL = ("index", "remove_query")
MSMARCO_SOURCES = {
    "corpus": "msmarco_corpus",
    "queries": "msmarco_queries",
    "qrels": "msmarco_train_qrels",
    "triplets": "msmarco_triplets",
    "index": "msmarco_index",
}


def topic_names(collection: Mapping[str, Any]) -> list[str] | None:
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
        case "lotte":
            return list(lotte.TOPICS)
        case "anserini":
            return list(collection["topics"])
        case "ir_datasets":
            return list(collection["ids"])
    return None


def of_format(config: Mapping[str, Any], *formats: str) -> list[str]:
    """Return the names of the collections in one of these formats."""
    return [name for name, entry in config["collections"].items() if entry["format"] in formats]


def removes_query(config: Mapping[str, Any], collection: str) -> bool:
    """Return whether a document with a topic's id is left out, as it is the query itself."""
    entry = config["collections"][collection]
    removes: bool = entry.get("remove_query", entry["format"] == "beir")
    return removes


def collection_folders(collection: Mapping[str, Any]) -> dict[str, str]:
    """Return where the source of a collection lies, by name."""
    source = collection.get("source")
    return {source: f"sources/{source}"} if source else {}


def index_source(collection: Mapping[str, Any]) -> str | None:
    """Return the source of a collection's prebuilt index, None where it is indexed here."""
    if collection["format"] == "msmarco":
        return MSMARCO_SOURCES["index"]
    return collection.get("index")


def prebuilt(config: Mapping[str, Any]) -> list[str]:
    """Return the names of the collections with a prebuilt index."""
    return [name for name, entry in config["collections"].items() if index_source(entry)]


def indexed_here(config: Mapping[str, Any]) -> list[str]:
    """Return the names of the other collections."""
    return [name for name, entry in config["collections"].items() if not index_source(entry)]


def corpus_files(collection: Mapping[str, Any]) -> list[str]:
    """Return the user's files, or the source, from which a corpus is imported."""
    match collection:
        case {"format": "beir", "folder": folder}:
            return [str(maybe_packed(f"{folder}/corpus.jsonl"))]
        case {"format": "anserini", "corpus": corpus}:
            return [corpus]
        case {"format": "lotte"}:
            return lotte.paths(collection, lotte.CORPUS)
    return list(collection_folders(collection).values())


def corpus_settings(collection: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of a collection's entry its corpus hangs on: it is the same for all topics."""
    collection = _without(OF_RETRIEVAL, collection)
    match collection:
        case {"format": "anserini", "corpus": corpus}:
            return {"format": "anserini", "corpus": corpus, "topics": {}, "qrels": {}}
        case {"format": "lotte"}:
            return {"format": "lotte", "folder": lotte.folder(collection)}
        case {"format": "ir_datasets", "ids": ids}:
            first = next(iter(ids))
            return _without(("query",), {**collection, "ids": {first: ids[first]}})
    return dict(collection)


def topics_settings(collection: Mapping[str, Any], topics: str) -> dict[str, Any]:
    """Return what of a collection's entry the topics of one name and their judgements hang on."""
    collection = _without(OF_RETRIEVAL, collection)
    match collection:
        case {"format": "anserini", "topics": files, "qrels": qrels}:
            own = {"topics": {topics: files[topics]}, "qrels": {topics: qrels[topics]}}
            return {**collection, "corpus": "", **own}
        case {"format": "lotte"}:
            return {"format": "lotte", "folder": lotte.folder(collection)}
        case {"format": "ir_datasets", "ids": ids}:
            return _without(("text",), {**collection, "ids": {topics: ids[topics]}})
    return dict(collection)


def _without(keys: Container[str], entry: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in entry.items() if name not in keys}


def topic_files(collection: Mapping[str, Any], topics: str) -> list[str]:
    """Return the user's files, or the source, from which topics and judgements are imported."""
    match collection:
        case {"format": "beir", "folder": folder}:
            names = ("queries.jsonl", f"qrels/{topics}.tsv")
            return [str(maybe_packed(f"{folder}/{name}")) for name in names]
        case {"format": "anserini", "topics": files, "qrels": qrels}:
            return [files[topics], qrels[topics]]
        case {"format": "lotte"}:
            return lotte.paths(collection, *lotte.judged(topics))
    return list(collection_folders(collection).values())


def topic_sources(collection: Mapping[str, Any], topics: str) -> list[str]:
    """Return the sources of one set of topics and its judgements."""
    match collection["format"]:
        case "msmarco" if topics == "train":
            return [MSMARCO_SOURCES["queries"]]
        case "msmarco":
            return [collection["topics"][topics], collection["qrels"][topics]]
    return [collection["source"]] if "source" in collection else []
