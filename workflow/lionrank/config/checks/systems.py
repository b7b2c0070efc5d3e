"""Checking the config: systems of others.

Runs at every parse of the workflow, so it imports nothing heavy.
"""

import re
from collections.abc import Mapping
from itertools import product
from typing import Any

from lionrank.config import seeds
from lionrank.config.experiment import others
from lionrank.config.training_data import is_trained
from lionrank.config.treatments import training_names
from lionrank.errors import UserError
from lionrank.grid import BEST, FIRST_STAGE, VARIOUS, training_name


def check_systems(config: Mapping[str, Any]) -> None:
    """Check what systems of others are, and that no two stand for the same training."""
    for name, system in config["systems"].items():
        place = f"config: systems.{name}"
        if whose := named_so(name, config):
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
    if not is_trained(config) and not others(config):
        raise UserError(
            "config: grid.models: there is nothing to train, and grid.systems names nothing else "
            "to compare: name one or the other"
        )


def named_so(name: str, config: Mapping[str, Any]) -> str:
    """Return what else has the name of what ranks, or a name that is read as its is, or nothing."""
    if name == FIRST_STAGE:
        return "the first stage BM25"
    if name == VARIOUS.name:
        return "what the first stages of all test sets are called"
    for kind, what in (
        ("models", "a model"),
        ("optimizers", "an optimizer"),
        ("treatments", "a treatment"),
        ("test_sets", "a test set"),
    ):
        if name in config[kind]:
            return f"the name of {what}"
    if re.fullmatch(f"({'|'.join(training_names(config))}){seeds.PATTERN}", name):
        return "the name of a training"
    if re.search(f"_(e[0-9]+|{BEST})$", name):
        return f"of the form of a training's checkpoints, which end in _e and the epoch, or _{BEST}"
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
