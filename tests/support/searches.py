"""Small searches: overlays on config.yaml, and choices as files."""

import json
from pathlib import Path
from typing import Any

SEARCHED = """
treatments:
  tunedadamw: {label: AdamW (tuned), optimizer: adamw, objective: bce, data: pairs}
  tunedlion: {label: Lion (tuned), optimizer: lion, objective: bce, data: pairs}
grid: {models: [minilm, gte], optimizers: [adamw, lion, tunedadamw, tunedlion]}
search:
  trials: 4
  spaces:
    tunedadamw: {learning_rate: {low: 1.0e-6, high: 1.0e-3, log: true}}
    tunedlion:
      learning_rate: {low: 1.0e-7, high: 1.0e-4, log: true}
      weight_decay: [0.01, 0.1, 1.0]
"""
"""Two treatments of two models are searched, and two are not."""


def choice_file(folder: Path, **changes: Any) -> Path:
    """Write a choice among two learning rates, of which one diverged, and the untuned one."""
    told: dict[str, Any] = {
        "model": "minilm",
        "optimizer": "tunedlion",
        "dev_sets": ["nano_nq"],
        "budget": {"trials": 2, "epochs": 2, "share": 0.5, "keep": 1.0},
        "space": {"learning_rate": [1e-06, 1e-05]},
        "chosen": "t00000001",
        "untuned": "t00000003",
        "edges": {},
        "trials": [
            _trial("t00000001", 1e-06, [0.3, 0.4], "complete"),
            _trial("t00000002", 1e-05, [0.2, None], "diverged"),
            _trial("t00000003", 2e-05, [0.1, 0.2], "complete"),
        ],
    } | changes
    path = folder / f"{told['model']}_{told['optimizer']}.chosen.json"
    path.write_text(json.dumps(told))
    return path


def _trial(name: str, rate: float, scores: list[float | None], status: str) -> dict[str, Any]:
    score = max(scores) if status == "complete" else None
    settings = {"learning_rate": rate}
    return {
        "trial": name,
        "settings": settings,
        "scores": scores,
        "score": score,
        "status": status,
    }
