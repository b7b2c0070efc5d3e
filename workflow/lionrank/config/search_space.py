"""What a search tries: the points of a space, each of which has a value of every searched setting.

Runs at every parse of the workflow, so it imports nothing heavy.
"""

import functools
import json
from collections.abc import Mapping
from importlib.metadata import version
from itertools import product
from typing import Any

from lionrank.config.memo import recall
from lionrank.config.settings import canonical, digest
from lionrank.grid import training_name

GRID = "grid"
WHOLE = ("global_batch_size",)
"""Searched settings that are whole numbers."""
# Of which as many different ones are taken as there are to be trials; a power of two, as Sobol's
# sequence is balanced over so many.
_DRAWS = 2**14

Space = Mapping[str, Any]
"""By setting, the values that are tried: a list, or `{low, high}` and perhaps `log`."""
Point = dict[str, Any]
"""A value of each setting of a space, in the order of their names."""


def space(config: Mapping[str, Any], model: str, optimizer: str) -> Space:
    """Return the space of a training, empty where it is not searched; `optimizer` is a treatment.

    What `search.spaces` has for the training overrides what it has for the treatment, key by key.
    """
    spaces = config["search"]["spaces"]
    both = spaces.get(optimizer, {}) | spaces.get(training_name(model, optimizer), {})
    return dict(sorted(both.items()))


def searched(config: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return model and treatment of the trainings of the grid that are searched."""
    grid = config["grid"]
    return [each for each in product(grid["models"], grid["optimizers"]) if space(config, *each)]


def points(search: Mapping[str, Any], space: Space) -> dict[str, Point]:
    """Return the points of a space by the names of their trials: `search.trials`, or fewer.

    Of a grid they are all combinations, else the first different ones of Sobol's sequence: more
    trials are those there were and others, and spaces that differ in their ends alone are tried at
    the same places between these. There are fewer where the space has no more.
    """

    def found() -> str:
        if search["sampler"] == GRID:
            return json.dumps([*map(_point, _combinations(space))])
        return json.dumps(_quasi_random(space, search["trials"], search["seed"]))

    how = {key: search[key] for key in ("sampler", "trials", "seed")} | {"space": space}
    # Importing SciPy takes longer than a dry run, so the answer is kept.
    known = json.loads(recall(found, canonical(how), _version_of_scipy()))
    return {trial_name(point): point for point in known}


@functools.cache
def _version_of_scipy() -> bytes:
    # Looked up in the package's metadata, which are long.
    return version("scipy").encode()


def point_of(settings: Mapping[str, Any], space: Space) -> Point:
    """Return the point that a training's own settings are, in a space that need not have it."""
    own = settings["optimizer"]["arguments"] | settings
    return _point({key: own[key] for key in space})


def trial_name(point: Point) -> str:
    """Return the name of a trial, which tells its point by content."""
    return f"t{digest(point)[:8]}"


def _combinations(space: Space) -> list[Point]:
    return [dict(zip(space, values, strict=True)) for values in product(*space.values())]


def _quasi_random(space: Space, trials: int, seed: int) -> list[Point]:
    from scipy.stats import qmc

    found: list[Point] = []
    for place in qmc.Sobol(len(space), rng=seed).random(_DRAWS).tolist():
        point = _point(
            {key: _value(space[key], each) for key, each in zip(space, place, strict=True)}
        )
        if point not in found:
            found.append(point)
        if len(found) == trials:
            break
    return found


def _value(tried: Any, share: float) -> Any:
    """Return the value at a share, in [0, 1), of the way through those that are tried."""
    if isinstance(tried, list):
        return tried[int(share * len(tried))]
    low, high = tried["low"], tried["high"]
    value = low ** (1 - share) * high**share if tried.get("log") else low + (high - low) * share
    return min(max(float(f"{value:.3g}"), low), high)


def _point(values: Mapping[str, Any]) -> Point:
    """Return values as a point has them, so that equal ones are equal as text, too."""
    return {key: _typed(key, values[key]) for key in sorted(values)}


def _typed(key: str, value: Any) -> Any:
    match value:
        case str():
            return value
        case list():
            return [float(each) for each in value]
    return round(value) if key in WHOLE else float(value)
