"""What is compared by name: families of contrasts, ladders of models, and contrasts of the config.

Runs at every parse of the workflow, so it imports nothing heavy.
"""

from collections.abc import Mapping
from typing import Any

SCALING = "scaling"
OF_LADDERS = (SCALING, "ladder")
"""Families that are about the models of ladders."""
FAMILIES = (
    *("optimizers", "optimizers_by_epoch", "objectives", "data", "models", "first_stage"),
    *("systems", *OF_LADDERS),
)
"""The families that `comparisons.families` may name."""
NAMED = "named"
"""The family of contrasts of the config that name none."""
TWO_SIDED = "two_sided"
"""The claim of contrasts that name none."""


def ladders(config: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the models of each ladder that are in the grid, where two or more are."""
    in_grid = config["grid"]["models"]
    found = {
        name: [model for model in entry["models"] if model in in_grid]
        for name, entry in config["ladders"].items()
    }
    return {name: models for name, models in found.items() if len(models) > 1}


def compared_ladders(config: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return those of `ladders` that are compared: none where no family is about them."""
    return ladders(config) if {*OF_LADDERS} & {*config["comparisons"]["families"]} else {}


def labels(config: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Return the labels of contrasts with a name: `ladders` that are compared, and `contrasts`."""
    of_ladders = {name: config["ladders"][name]["label"] for name in compared_ladders(config)}
    named = config["comparisons"]["contrasts"].items()
    return {"ladders": of_ladders, "contrasts": {name: entry["label"] for name, entry in named}}


def contrasts(config: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return what is tested of each contrast that the config names, which has no label."""
    return {
        name: {
            "weights": entry["weights"],
            "claim": entry.get("claim", TWO_SIDED),
            "margin": entry.get("margin"),
            "family": entry.get("family", NAMED),
        }
        for name, entry in config["comparisons"]["contrasts"].items()
    }
