"""What the epochs of trainings and trials that are complete took, beside what was estimated."""

import math
from collections.abc import Iterable, Mapping
from typing import Any


def taken(
    names: Iterable[str],
    planned: int,
    estimated: float | None,
    by_epoch: Mapping[str, Mapping[str, Any]],
) -> dict[str, Any] | None:
    """Return what the complete ones of some epochs took, None where none was trained.

    It has epochs (those that were trained) of `of`, is_over (whether there will be no more of
    them), jobs, hours (device hours), devices in words and ratio, of the hours to those estimated
    for as many epochs.

    Args:
        names: those that there may be, of checkpoints.
        planned: how many of them are to be trained, if none ends its training early.
        estimated: the hours of so many.
        by_epoch: what the jobs of each complete one cost, by its name.
    """
    names = [*names]
    complete = [by_epoch[name] for name in names if name in by_epoch]
    trained = [each for each in complete if each["jobs"]]
    if not trained:
        return None
    hours = math.fsum(each["device_hours"] for each in trained)
    return {
        "epochs": len(trained),
        "of": planned,
        "is_over": len(complete) == len(names),
        "jobs": sum(each["jobs"] for each in trained),
        "repeated_steps": sum(each["repeated_steps"] for each in trained),
        "hours": hours,
        "devices": " and ".join(dict.fromkeys(each["devices"] for each in trained)),
        "ratio": hours / (estimated * len(trained) / planned) if estimated else None,
    }
