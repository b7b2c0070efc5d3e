"""The settings of a config: those of one training, all layers resolved, and a digest of them all.

Runs at every parse of the workflow, so it imports nothing heavy.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from lionrank.config import seeds
from lionrank.config.treatments import treatment
from lionrank.grid import training_name

OF_OPTIMIZER = ("betas",)
"""Searched settings that are arguments of the optimizer."""


def training_settings(
    config: Mapping[str, Any], model: str, optimizer: str, seed: str = ""
) -> dict[str, Any]:
    """Return the settings of one training, all layers resolved; `optimizer` names a treatment.

    `seed` is what its seed adds to its name, nothing for the first one.

    Raises:
        UserError: grid.seeds has no such seed.
    """
    training, recipe = config["training"], treatment(config, optimizer)
    of_both = training["models_and_optimizers"]
    layers = (
        training["defaults"],
        training["models"].get(model, {}),
        training["optimizers"].get(recipe.optimizer, {}),
        of_both.get(training_name(model, recipe.optimizer), {}),
        training["treatments"].get(optimizer, {}),
        of_both.get(training_name(model, optimizer), {}),
    )
    settings = {key: value for layer in layers for key, value in layer.items()}
    built_of = config["optimizers"][recipe.optimizer]
    objective = config["objectives"][recipe.objective]
    arguments = objective.get("arguments")
    return settings | {
        "seed": seeds.of_name(config, seed),
        "epochs": config["grid"]["epochs"],
        "optimizer": {key: built_of[key] for key in ("class", "arguments")},
        "loss": objective["loss"],
        **({"loss_arguments": arguments} if arguments else {}),
    }


def with_point(settings: Mapping[str, Any], point: Mapping[str, Any]) -> dict[str, Any]:
    """Return a training's settings with the values of a point of its search in their place."""
    built_of = settings["optimizer"]
    arguments = {key: value for key, value in point.items() if key in OF_OPTIMIZER}
    others = {key: value for key, value in point.items() if key not in OF_OPTIMIZER}
    changed = built_of | {"arguments": built_of["arguments"] | arguments}
    return {**settings, **others, "optimizer": changed}


def epoch_settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of a training's settings an epoch hangs on: the others change none of its bits.

    When a training stops is decided between its epochs. How many there are to be tells only where
    a share of them is asked for, by a schedule that falls to their end, or by a warm-up, and where
    that does not start again in each of them. Keys are in the order of their names, so that it does
    not count how a config has them.
    """
    warmup = settings["warmup"]
    # One that a search has yet to choose is None, and may be anything.
    is_share = warmup is None or 0 < warmup < 1
    is_laid_out = settings["schedule"] != "none" or is_share
    others = {"early_stopping"}
    if not is_laid_out:
        others |= {"schedule_steps"}
    if not is_laid_out or settings["schedule_steps"] or settings["restarts"]:
        others |= {"epochs"}
    return ordered({key: value for key, value in settings.items() if key not in others})


def ordered(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings with the keys of every mapping in the order of their names."""
    return json.loads(canonical(settings))


def canonical(config: Any) -> bytes:
    """Return a config, or a part of one, as JSON in which equal configs are equal bytes."""
    return json.dumps(config, sort_keys=True, separators=(",", ":")).encode()


def digest(config: Any) -> str:
    """Return the SHA-256 of a config, or a part of one, as canonical JSON."""
    return hashlib.sha256(canonical(config)).hexdigest()


class _Brief:
    """A dictionary or list whose text is its digest."""

    def __repr__(self) -> str:
        return f"sha256:{digest(self)}"


class _BriefDict(_Brief, dict[str, Any]):
    pass


class _BriefList(_Brief, list[Any]):
    pass


def brief(value: Any) -> Any:
    """Return a large param as one that Snakemake compares and shows by its digest.

    Else the reason for a job fills pages: it has the params of before and of now in full.
    """
    return _BriefDict(value) if isinstance(value, Mapping) else _BriefList(value)
