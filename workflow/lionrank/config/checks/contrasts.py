"""Checking the config: the contrasts that it names, and ladders.

Runs at every parse of the workflow, so it imports nothing heavy.
"""

import math
from collections.abc import Iterable, Mapping
from itertools import product
from typing import Any

from lionrank.config import evaluation
from lionrank.config.contrasts import FAMILIES, TWO_SIDED, contrasts, parts
from lionrank.config.judged_sets import judged_sets
from lionrank.config.schema import meant
from lionrank.config.treatments import treatments
from lionrank.errors import UserError
from lionrank.grid import VARIOUS, checkpoint_name, training_name
from lionrank.wording import listed, shortened

# Of a sum of weights such as thirds, which no decimal number is.
_ROUNDING = 1e-9


def check_contrasts(config: Mapping[str, Any]) -> None:
    """Check that contrasts are of systems of the grid, whose weights sum to 0, and what they claim.

    Raises:
        UserError: one is not; names the key and the remedy.
    """
    grid, epochs = config["grid"], config["grid"]["epochs"]
    known = _rankings(config["models"], treatments(config), epochs, config["systems"])
    in_grid = _rankings(grid["models"], grid["optimizers"], epochs, grid["systems"])
    for name, contrast in contrasts(config).items():
        place = f"config: comparisons.contrasts.{name}"
        for system, _ in map(parts, contrast["weights"]):
            if system not in known:
                raise UserError(
                    f"{place}.weights: unknown {shortened(system)}{meant(system, in_grid)}"
                )
            if system not in in_grid:
                raise UserError(
                    f"{place}.weights: {system} is not in the grid: add it there, or take the "
                    "contrast out"
                )
        _check_test_sets(config, contrast["weights"], f"{place}.weights")
        _check_weights(contrast["weights"], f"{place}.weights")
        _check_claim(contrast, place)
        if contrast["family"] in FAMILIES:
            raise UserError(
                f"{place}.family: {contrast['family']!r} is the name of a family of "
                "comparisons.families: name it otherwise"
            )


def _rankings(
    models: Iterable[str], optimizers: Iterable[str], epochs: int, systems: Iterable[str]
) -> list[str]:
    """Return what contrasts may be of: trainings, their checkpoints, systems and first stages."""
    trainings = [training_name(*each) for each in product(models, optimizers)]
    numbers = range(1, epochs + 1)
    checkpoints = [checkpoint_name(*each) for each in product(trainings, numbers)]
    return [*trainings, *checkpoints, *systems, VARIOUS.name]


def _check_test_sets(config: Mapping[str, Any], weights: Iterable[str], place: str) -> None:
    """Check that test sets which systems are on have the same topics and candidates."""
    reported = evaluation.reported(config)
    by_candidates = dict[str, str]()
    for weight in weights:
        _, test_set = parts(weight)
        if test_set is None:
            continue
        if test_set not in config["test_sets"]:
            known = [name for name in reported if config["test_sets"][name].get("scoring")]
            raise UserError(
                f"{place}.{weight}: unknown {shortened(test_set)}{meant(test_set, known)}"
            )
        if test_set not in reported:
            raise UserError(
                f"{place}.{weight}: {test_set} is in no column of the paper and no measure of "
                "comparisons: name it there and in grid.test_sets, or take the contrast out"
            )
        [judged] = judged_sets(config, "test_sets", "test", [test_set]).values()
        by_candidates[judged.candidates] = test_set
    if len(by_candidates) > 1:
        raise UserError(
            f"{place}: {listed(by_candidates.values())} differ in more than their scoring: take "
            "those with the same collection, topics and first stage"
        )


def _check_weights(weights: Mapping[str, float], place: str) -> None:
    for system, weight in weights.items():
        if weight == 0:
            raise UserError(f"{place}.{system}: a weight of 0 compares nothing: leave {system} out")
    total = math.fsum(weights.values())
    if abs(total) > _ROUNDING:
        raise UserError(
            f"{place}: they sum to {total:g}, and those of a contrast to 0, as 1 and -1 or 0.5, "
            "0.5 and -1 do: change them"
        )


def _check_claim(contrast: Mapping[str, Any], place: str) -> None:
    claim, margin = contrast["claim"], contrast["margin"]
    if claim == TWO_SIDED and margin is not None:
        raise UserError(
            f"{place}.margin: a difference of any size is tested for: set claim to equivalent or "
            "not_below, or leave the margin out"
        )
    if claim != TWO_SIDED and margin is None:
        raise UserError(
            f"{place}.margin: {claim} is within which margin? Set it, as 0.01, or leave the claim "
            "out"
        )
