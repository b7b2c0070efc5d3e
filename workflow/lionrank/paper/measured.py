"""What trainings cost, of several seeds their means."""

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

from lionrank.errors import UserError
from lionrank.grid import Grid
from lionrank.wording import listed

Measured = Mapping[str, Any]
"""One training of efficiency.json (`lionrank.training.cost`)."""


def over_seeds(trainings: Mapping[str, Measured], grid: Grid) -> dict[str, Measured]:
    """Return what each training cost, by its name: the mean over its seeds.

    What was not measured with every seed is None, and `devices` are the most of any. `by_epoch` has
    the epochs that every seed had.

    Args:
        trainings: those of efficiency.json, by the name of each seed's.
        grid: what was trained.

    Raises:
        UserError: a training with one of its seeds is absent.
    """
    names = [name for each in grid.trainings() for name in each.names]
    if absent := [name for name in names if name not in trainings]:
        raise UserError(
            f"results/efficiency.json has no cost of {absent[0]}: delete it and run again."
        )
    return {each.name: _mean([trainings[name] for name in each.names]) for each in grid.trainings()}


def _mean(of_seeds: Sequence[Measured]) -> Measured:
    first, *others = of_seeds
    if not others:
        return first
    apart = ("device", "devices", "by_epoch")
    numbers = [{key: each[key] for key in each if key not in apart} for each in of_seeds]
    # An epoch that early stopping left out with one seed is in no mean.
    epochs = zip(*(each["by_epoch"] for each in of_seeds), strict=False)
    return {
        **_means(numbers),
        "device": listed(dict.fromkeys(each["device"] for each in of_seeds)),
        "devices": max(each["devices"] for each in of_seeds),
        "by_epoch": [{**_means(each), "epoch": each[0]["epoch"]} for each in epochs],
    }


def _means(of_seeds: Sequence[Mapping[str, float | None]]) -> dict[str, float | None]:
    found = {}
    for key in of_seeds[0]:
        known = [value for each in of_seeds if (value := each[key]) is not None]
        found[key] = fmean(known) if len(known) == len(of_seeds) else None
    return found
