"""What is compared by name: families of contrasts, ladders of models, and contrasts of the config.

Runs at every parse of the workflow, so it imports nothing heavy.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations, permutations
from typing import Any

from lionrank.config.treatments import BCE
from lionrank.grid import Treatment

SCORINGS = "scorings"
SCALING = "scaling"
OF_LADDERS = (SCALING, "ladder")
"""Families that are about the models of ladders."""
FAMILIES = (
    *("optimizers", "optimizers_by_epoch", "tuning", "objectives", "data", "models"),
    *("first_stage", "systems", SCORINGS, *OF_LADDERS),
)
"""The families that `comparisons.families` may name."""
OF_TREATMENTS = ("optimizers", "tuning", "objectives", "data")
"""Those that compare the treatments of a model at the chosen epochs."""
GAINS = ("objectives", "optimizers", "tuning")
"""Those of them that a figure shows against the sizes of the models."""
NAMED = "named"
"""The family of contrasts of the config that name none."""
TWO_SIDED = "two_sided"
"""The claim of contrasts that name none."""


def between_treatments(
    family: str, treatments: Sequence[Treatment]
) -> list[tuple[Treatment, Treatment]]:
    """Return what one of `OF_TREATMENTS` compares, left minus right.

    All compare like with like: the settings of both were searched for, or of neither, but in
    tuning, which is about that alone. optimizers: every later treatment minus every earlier one
    with its objective and data; tuning: what was searched for minus what was not, of the same
    optimizer, objective and data; objectives: every treatment minus those of BCE with its
    optimizer; data: every later one minus every earlier one that differs in its data alone.
    """
    match family:
        case "optimizers":
            return [
                (later, earlier)
                for earlier, later in combinations(treatments, 2)
                if later.differs_in(earlier) <= {"optimizer"}
            ]
        case "tuning":
            return [
                (left, right)
                for left, right in permutations(treatments, 2)
                if left.searched and left.differs_in(right) == {"searched"}
            ]
        case "objectives":
            return [
                (left, right)
                for left, right in permutations(treatments, 2)
                if left.objective != BCE
                and right.objective == BCE
                and left.differs_in(right) <= {"objective", "data"}
            ]
        case "data":
            return [
                (later, earlier)
                for earlier, later in combinations(treatments, 2)
                if later.differs_in(earlier) == {"data"}
            ]
    raise ValueError(f"no family of treatments is {family!r}")


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


def parts(name: str) -> tuple[str, str | None]:
    """Return a system of a contrast's weights, and the test set that `system@test_set` names."""
    system, _, test_set = name.partition("@")
    return system, test_set or None


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
