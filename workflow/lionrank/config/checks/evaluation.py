"""Checking the config: what is evaluated, chosen by, and reported.

Runs at every parse of the workflow, so it imports nothing heavy.
"""

from collections.abc import Mapping
from typing import Any

from lionrank.config.evaluation import relevance_levels
from lionrank.config.experiment import has_first_stage
from lionrank.config.training_data import is_trained, used_data
from lionrank.config.treatments import PAIRS
from lionrank.errors import UserError


def check_test_sets(config: Mapping[str, Any]) -> None:
    """Check that the first test set has a first stage, and each the level that is reported."""
    first = config["grid"]["test_sets"][0]
    if not has_first_stage(config, first):
        raise UserError(
            f"config: grid.test_sets: {first!r} has no first stage to compare with; "
            "put another test set first"
        )
    level = config["evaluation"]["relevance_level"]
    for name in config["grid"]["test_sets"]:
        levels = relevance_levels(config, name)
        if len(levels) > 1 and level not in levels:
            raise UserError(
                f"config: evaluation.relevance_level: {level} is not among "
                f"test_sets.{name}.relevance_levels ({', '.join(map(str, levels))}); add it there"
            )


def check_averages(config: Mapping[str, Any]) -> None:
    """Check that no average has the name of a test set."""
    for name in config["averages"]:
        if name in config["test_sets"]:
            raise UserError(
                f"config: averages.{name}: {name!r} is the name of a test set: name the average "
                "otherwise"
            )


def check_development(config: Mapping[str, Any]) -> None:
    """Check that there is something to choose epochs by, and that none is reported on it."""
    if not is_trained(config):
        return
    for data in [] if config["grid"]["dev_sets"] else used_data(config):
        key, number = _held_out(config, data)
        if not number:
            raise UserError(
                f"config: grid.dev_sets: without any, and without {key}, there is nothing to "
                "choose the best epoch by; name a dev set or hold some out"
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


def _held_out(config: Mapping[str, Any], data: str) -> tuple[str, int]:
    """Return the setting that says how much of training data is held out, and what it says."""
    if data == PAIRS:
        return "training_pairs.held_out.pairs", config["training_pairs"]["held_out"]["pairs"]
    number = config["training_data"][data]["held_out"]["passages"]
    return f"training_data.{data}.held_out.passages", number
