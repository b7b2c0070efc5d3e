"""Made-up searches of the settings of a grid's trainings, as the files of their choices."""

import json
import math
import random
from collections.abc import Mapping
from itertools import product
from pathlib import Path
from typing import Any

from lionrank.grid import Grid
from lionrank.search.choice import Choice, read_all

RATES = {"learning_rate": {"low": 1e-7, "high": 1e-3, "log": True}}
RATES_AND_DECAYS = RATES | {"weight_decay": [0.01, 0.1, 1.0]}
LISTS = {"learning_rate": [1e-6, 1e-5, 1e-4, 1e-3], "weight_decay": [0.0, 0.1]}
DECAYS = {"weight_decay": [0.01, 0.1, 1.0]}
TREATMENTS = {
    "adamw": "AdamW",
    "lion": "Lion",
    "tunedadamw": "AdamW (tuned)",
    "tunedlion": "Lion (tuned)",
}
_MODELS = {"minilm": "MiniLM", "gte": "GTE", "modernbert": "ModernBERT", "bert": "BERT"}
_UNTUNED = {"learning_rate": 2e-5, "weight_decay": 0.01}
_BEST_RATE = {"adamw": 2e-5, "lion": 2e-6, "tunedadamw": 5e-5, "tunedlion": 5e-6}


def tuned(models: int = 3, treatments: Mapping[str, str] = TREATMENTS) -> Grid:
    """Return a grid of so many models."""
    labels = [*_MODELS.items()][:models]
    starts = {name: {"label": label, "start": "pretrained"} for name, label in labels}
    return Grid.build(starts, treatments, (1, 2, 3))


def choices_of(
    folder: Path,
    grid: Grid,
    spaces: Mapping[str, Mapping[str, Any]],
    trials: int = 16,
    keep: float = 1.0,
) -> dict[str, Choice]:
    """Write and read what was chosen for trainings of a grid; `spaces` are by treatment.

    Scores are highest at one learning rate, another of each treatment, and a trial with more than
    ten times of it diverges. With `keep`, this share goes on to the second of two epochs.
    """
    paths = []
    for place, training in enumerate(grid.trainings()):
        treatment = training.treatment.name
        if treatment in spaces:
            draw = random.Random(place)
            told = {"model": training.model.name, "optimizer": treatment}
            told |= _searched(draw, _BEST_RATE[treatment], spaces[treatment], trials, keep)
            paths.append(folder / f"{training.name}.chosen.json")
            paths[-1].write_text(json.dumps(told))
    return read_all(paths)


def _searched(
    draw: random.Random, best_rate: float, space: Mapping[str, Any], trials: int, keep: float
) -> dict[str, Any]:
    epochs = 1 if keep == 1 else 2
    points = _points(draw, space, trials)
    of_space = [_trial(draw, best_rate, point, epochs) for point in points]
    reference = _trial(draw, best_rate, {key: _UNTUNED[key] for key in space}, epochs)
    ranked = sorted(of_space, key=lambda each: each["scores"][0] or 0, reverse=True)
    for each in ranked[math.ceil(keep * len(ranked)) :]:
        if each["status"] == "complete":
            first = each["scores"][0]
            each |= {"status": "stopped", "scores": [first, None], "score": first}
    return {
        "dev_sets": ["pydocs_dev"],
        "budget": {"trials": len(points), "epochs": epochs, "share": 0.5, "keep": keep},
        "space": space,
        "chosen": max(of_space, key=lambda each: each["score"] or 0)["trial"],
        "untuned": reference["trial"],
        "edges": {},
        "trials": [*of_space, reference],
    }


def _points(draw: random.Random, space: Mapping[str, Any], trials: int) -> list[dict[str, Any]]:
    if all(isinstance(values, list) for values in space.values()):
        return [dict(zip(space, values, strict=True)) for values in product(*space.values())]
    return [{key: _value(draw, values) for key, values in space.items()} for _ in range(trials)]


def _value(draw: random.Random, values: Any) -> Any:
    if isinstance(values, list):
        return draw.choice(values)
    low, high = math.log10(values["low"]), math.log10(values["high"])
    return float(f"{10 ** draw.uniform(low, high):.3g}")


def _trial(
    draw: random.Random, best_rate: float, point: dict[str, Any], epochs: int
) -> dict[str, Any]:
    away = math.log10(point.get("learning_rate", best_rate) / best_rate)
    diverged = away > 1
    peak = 0.5 * math.exp(-(away**2) / 3) + draw.gauss(0, 0.01)
    by_epoch = [round(max(peak - 0.05 / epoch, 0), 4) for epoch in range(1, epochs + 1)]
    return {
        "trial": f"t{draw.getrandbits(32):08x}",
        "settings": point,
        "scores": [None] * epochs if diverged else by_epoch,
        "score": None if diverged else max(by_epoch),
        "status": "diverged" if diverged else "complete",
    }
