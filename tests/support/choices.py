"""Made-up searches for settings: what was chosen of trainings, as choose_settings writes it."""

import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from lionrank.files import write_json
from lionrank.grid import Grid, Training
from lionrank.paper.search import Search

RATES = {"low": 1e-7, "high": 1e-4, "log": True}
SPACE = {"learning_rate": RATES, "weight_decay": [0.01, 0.1, 1.0]}
BUDGET = {"trials": 8, "epochs": 1, "share": 0.5, "keep": 1.0}
LISTS = {"learning_rate": [1e-6, 1e-5, 1e-4, 1e-3], "warmup": [0.1, 500]}
HALVING = BUDGET | {"epochs": 2, "keep": 0.5, "share": 1.0}
DEV_SETS = {"pydocs_dev": "pydocs dev"}
"""The labels of dev sets."""


def chosen(
    training: Training,
    dice: random.Random,
    space: Mapping[str, Any] = SPACE,
    budget: Mapping[str, Any] = BUDGET,
    diverged: int = 0,
    untuned: float | None = 0.31,
) -> dict[str, Any]:
    """Return a made-up search of a training, the last of whose trials diverge.

    `untuned` is the score of the untuned settings, None where their trial diverges.
    """
    trials = []
    for place in range(budget["trials"]):
        status = "diverged" if place >= budget["trials"] - diverged else "complete"
        scores: list[float | None] = [
            round(0.3 + 0.1 * dice.random(), 4) for _ in range(budget["epochs"])
        ]
        if status == "complete" and budget["keep"] < 1 and place % 2:
            status, scores = "stopped", scores[:1]
        if status == "diverged":
            scores = [None]
        trials.append(_trial(place, _point(space, place, budget["trials"]), scores, status))
    own = {key: _own(values) for key, values in space.items()}
    trials.append(_trial(99, own, [untuned] * budget["epochs"], "complete"))
    if untuned is None:
        trials[-1] |= {"status": "diverged", "scores": [None]}
    best = max(trials[:-1], key=lambda each: each["score"] or 0)
    return {
        "model": training.model.name,
        "optimizer": training.treatment.name,
        "dev_sets": [*DEV_SETS],
        "budget": {**budget},
        "space": {**space},
        "chosen": best["trial"],
        "untuned": trials[-1]["trial"],
        "edges": _edges(space, best["settings"], trials[:-1]),
        "trials": trials,
    }


def _trial(place: int, settings: Mapping[str, Any], scores: list, status: str) -> dict[str, Any]:
    known = [score for score in scores if score is not None]
    return {
        "trial": f"t{place:08x}",
        "settings": {**settings},
        "scores": scores,
        "score": max(known) if known else None,
        "status": status,
    }


def _point(space: Mapping[str, Any], place: int, number: int) -> dict[str, Any]:
    part = place / max(number - 1, 1)
    return {
        key: float(f"{values['low'] * (values['high'] / values['low']) ** part:.2e}")
        if isinstance(values, Mapping)
        else values[place % len(values)]
        for key, values in space.items()
    }


def _own(values: Any) -> Any:
    return 2e-5 if isinstance(values, Mapping) else values[0]


def _edges(
    space: Mapping[str, Any], point: Mapping[str, Any], trials: Sequence[Mapping[str, Any]]
) -> dict[str, str]:
    found = {}
    for key, values in space.items():
        drawn = [each["settings"][key] for each in trials]
        numbers = isinstance(values, Mapping) or not isinstance(values[0], list | str)
        if numbers and len(values) > 2:
            for side, edge in (("low", min), ("high", max)):
                if point[key] == edge(drawn):
                    found[key] = side
    return found


def search_of(
    folder: Path,
    grid: Grid,
    sampler: str = "quasi_random",
    seed: int = 0,
    spaces: Mapping[str, Mapping[str, Any]] = MappingProxyType({}),
    **how: Any,
) -> Search:
    """Return made-up searches of the trainings of a grid whose recipes say that they have one.

    They have files of their own in `folder`. `spaces` has those of some trainings, by their names;
    `how` is of `chosen`.
    """
    dice, paths = random.Random(seed), []
    for training in grid.trainings():
        if training.treatment.searched:
            paths.append(folder / f"{training.name}.chosen.json")
            own = {"space": spaces[training.name]} if training.name in spaces else {}
            write_json(paths[-1], chosen(training, dice, **how | own))
    return Search.read(paths, grid, sampler, [*DEV_SETS.values()])
