"""Checking the config: what is trained on, and that nothing is evaluated on it.

Runs at every parse of the workflow, so it imports nothing heavy.
"""

from collections.abc import Mapping
from typing import Any

from lionrank.config.formats import MSMARCO_SOURCES, topic_names
from lionrank.config.sources import Source
from lionrank.config.training_data import is_drawn
from lionrank.config.treatments import PAIRS
from lionrank.errors import UserError

FILES_OF_COLLECTIONS = ("corpus", "index", PAIRS, "statistics", "triplets")
"""What logs and timings of a collection are named by, where others are by the name of topics."""


def check_data(config: Mapping[str, Any], sources: Mapping[str, Source]) -> None:
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


def check_pairs(config: Mapping[str, Any]) -> None:
    """Check between which ranks negatives of the training pairs are drawn."""
    pairs = config["training_pairs"]
    if pairs["hardest_rank"] > pairs["negative_depth"]:
        raise UserError(
            "config: training_pairs.hardest_rank is below negative_depth in the ranking: "
            f"{pairs['hardest_rank']} > {pairs['negative_depth']}"
        )


def check_topics(config: Mapping[str, Any]) -> None:
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
