"""Checking the config: what a search tries, and by which development data it chooses.

Runs at every parse of the workflow, so it imports nothing heavy.
"""

from collections.abc import Mapping
from typing import Any

from lionrank.config import search_space
from lionrank.config.checks.trainings import WITHOUT_WEIGHT_DECAY
from lionrank.config.schema import meant
from lionrank.config.search_space import GRID, WHOLE, Space
from lionrank.config.settings import OF_OPTIMIZER
from lionrank.config.training_data import passages_of
from lionrank.config.treatments import PAIRS, treatment
from lionrank.errors import UserError
from lionrank.wording import listed

ABOVE_0 = ("learning_rate", "max_grad_norm", *WHOLE)
"""Settings of which 0 is no value."""


def check_search(config: Mapping[str, Any]) -> None:
    """Check that each space has something to try, that budgets are equal, and what chooses."""
    for name, entry in config["search"]["spaces"].items():
        for key, tried in entry.items():
            _check_tried(f"config: search.spaces.{name}.{key}", key, tried)
    searched = search_space.searched(config)
    if not searched:
        return
    _check_whole(config, searched)
    _check_chosen_by(config)
    _check_halving(config["search"])
    for model, optimizer in searched:
        _check_space(config, model, optimizer)
    _check_budgets(config, searched)


def _check_tried(place: str, key: str, tried: Any) -> None:
    if isinstance(tried, list):
        for value in tried if key == "warmup" else []:
            if value >= 1 and value != int(value):
                raise UserError(
                    f"{place}: {value} is neither a share below 1 nor a whole number of steps"
                )
        return
    low, high = tried["low"], tried["high"]
    if low >= high:
        raise UserError(
            f"{place}: low ({low}) is not below high ({high}): change one, or write a list of the "
            "one value"
        )
    if low == 0 and tried.get("log"):
        raise UserError(
            f"{place}.low: 0 has no logarithm: raise it, or leave log out; a list may have 0 "
            "beside powers of ten"
        )
    if low == 0 and key in ABOVE_0:
        raise UserError(f"{place}.low: 0 is no {key}: raise it")
    if key in WHOLE and not all(isinstance(end, int) for end in (low, high)):
        raise UserError(f"{place}: {low} to {high} is no range of whole numbers: correct its ends")
    if key == "warmup" and high >= 1:
        raise UserError(
            f"{place}.high: a range is one of shares, below 1: lower it, or list numbers of steps"
        )


def _check_whole(config: Mapping[str, Any], searched: list[tuple[str, str]]) -> None:
    """Check that a treatment is searched with every model or with none."""
    for model in config["grid"]["models"]:
        for optimizer in dict.fromkeys(optimizer for _, optimizer in searched):
            if (model, optimizer) not in searched:
                raise UserError(
                    f"config: search.spaces: {optimizer} is searched with other models and not "
                    f"with {model}: add {model}_{optimizer}, or {optimizer} for all models"
                )


def _check_chosen_by(config: Mapping[str, Any]) -> None:
    known, named = config["grid"]["dev_sets"], config["search"]["dev_sets"]
    for name in named or []:
        if name in known:
            continue
        if name in config["test_sets"]:
            raise UserError(
                f"config: search.dev_sets: {name!r} is a test set, and settings must not be chosen "
                "by what they are reported on; name dev sets of the grid"
            )
        raise UserError(
            f"config: search.dev_sets: {name!r} is not in grid.dev_sets{meant(name, known)}"
        )
    if not known:
        raise UserError(
            "config: grid.dev_sets: without any there is nothing to choose settings by, as search "
            "does: name one, or remove search.spaces"
        )


def _check_halving(search: Mapping[str, Any]) -> None:
    if search["keep"] < 1 and search["epochs"] == 1:
        raise UserError(
            f"config: search.keep: {search['keep']} of the trials would go on after their first "
            "epoch, and they have no other: raise search.epochs, or set keep to 1.0"
        )


def _check_space(config: Mapping[str, Any], model: str, optimizer: str) -> None:
    space = search_space.space(config, model, optimizer)
    recipe = treatment(config, optimizer)
    built_of = config["optimizers"][recipe.optimizer]
    for key in space:
        place = f"config: search.spaces: {key} of {model} and {optimizer}"
        if key in OF_OPTIMIZER and key not in built_of["arguments"]:
            raise UserError(
                f"{place}: optimizers.{recipe.optimizer}.arguments has no {key} to take the place "
                "of: write there what it has untuned, or do not search it"
            )
        if key == "weight_decay" and built_of["class"] in WITHOUT_WEIGHT_DECAY:
            raise UserError(f"{place}: {built_of['class']} has none: do not search it")
        if key == "global_batch_size" and recipe.data != PAIRS:
            tried, passages = space[key], passages_of(config["training_data"][recipe.data])
            least = min(tried) if isinstance(tried, list) else tried["low"]
            if least < passages:
                raise UserError(
                    f"{place}: {least} passages are tried, and an example of "
                    f"training_data.{recipe.data} has up to {passages}: raise it to as many or more"
                )
        if config["search"]["sampler"] == GRID and not isinstance(space[key], list):
            raise UserError(
                f"{place}: a grid has no ranges: list its values, or set search.sampler to "
                "quasi_random"
            )


def _check_budgets(config: Mapping[str, Any], searched: list[tuple[str, str]]) -> None:
    """Check that all treatments of a model have as many trials, and each as many as are asked."""
    search = config["search"]
    sizes: dict[str, dict[str, int]] = {}
    for model, optimizer in searched:
        size = _size(search, search_space.space(config, model, optimizer))
        sizes.setdefault(model, {})[optimizer] = size
        if search["sampler"] != GRID and size < search["trials"]:
            points = f"{size} points that differ" if size > 1 else "one point"
            raise UserError(
                f"config: search.trials: {search['trials']}, and the space of {model} and "
                f"{optimizer} has {points}: lower it, or try more values"
            )
    for model, by_optimizer in sizes.items():
        if len({*by_optimizer.values()}) > 1:
            told = listed([f"{size} of {name}" for name, size in by_optimizer.items()])
            raise UserError(
                f"config: search.spaces: with {model} the grids have {told}, and budgets are to be "
                "equal: list as many combinations for each"
            )


def _size(search: Mapping[str, Any], space: Space) -> int:
    return len(search_space.points(search, space))
