"""How backbones are trained: an optimizer, an objective and training data, by one name.

Runs at every parse of the workflow, so it imports nothing heavy.
"""

from collections.abc import Mapping
from itertools import product
from typing import Any, NamedTuple

from lionrank.grid import training_name

BCE, PAIRS = "bce", "pairs"
"""Objective and data of an optimizer that no treatment names: those of the published experiment."""

LISTWISE = ("hinge", "margin_mse", "infonce", "ranknet", "adr_mse", "lambdaloss")
"""Losses that compare passages of a topic."""
FROM_SCORES = ("mse", "margin_mse")
"""Losses that learn from the scores of a ranking, and not from relevance."""
FROM_RELEVANCE = ("hinge", "infonce", "lambdaloss")
"""Losses that compare relevant passages with others, so that an example needs both."""
LOSSES = (BCE, "mse", *LISTWISE)


class Recipe(NamedTuple):
    """What a treatment is made of: keys of the config, and its printed label."""

    label: str
    optimizer: str
    objective: str
    data: str


def treatments(config: Mapping[str, Any]) -> dict[str, Recipe]:
    """Return all treatments by name: each optimizer is one, with BCE on the training pairs."""
    return {
        **{
            name: Recipe(entry["label"], name, BCE, PAIRS)
            for name, entry in config["optimizers"].items()
        },
        **{name: Recipe(**entry) for name, entry in config["treatments"].items()},
    }


def treatment(config: Mapping[str, Any], name: str) -> Recipe:
    """Return one of `treatments`."""
    entry = config["treatments"].get(name)
    if entry is not None:
        return Recipe(**entry)
    return Recipe(config["optimizers"][name]["label"], name, BCE, PAIRS)


def training_names(config: Mapping[str, Any]) -> list[str]:
    """Return the names of the trainings that a grid of all models and treatments would have."""
    return [training_name(*each) for each in product(config["models"], treatments(config))]


def needs_relevant(config: Mapping[str, Any], data: str) -> list[str]:
    """Return the objectives of the config that need relevant passages, and others, of data."""
    named = [each.objective for each in treatments(config).values() if each.data == data]
    return [
        name
        for name in dict.fromkeys(named)
        if config["objectives"][name]["loss"] in FROM_RELEVANCE
    ]


def collection_of_data(config: Mapping[str, Any], data: str) -> str:
    """Return the collection that training data are from."""
    entry = config["training_pairs"] if data == PAIRS else config["training_data"][data]
    collection: str = entry["collection"]
    return collection
