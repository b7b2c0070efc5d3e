"""The table of the backbones and of how they were trained, a model a column."""

from collections.abc import Mapping, Sequence
from typing import Any

from lionrank.grid import Grid
from lionrank.paper.settings import SETTINGS, TrainingSettings, value_of
from lionrank.paper.tables.pages import TEXTS, panels
from lionrank.paper.tables.tabular import Row, Table

# The others are the optimizers', which have a table of their own.
_OF_TRAINING = (
    *("global_batch_size", "epochs", "early_stopping", "max_length", "schedule"),
    *(
        "schedule_steps",
        "warmup",
        "restarts",
        "max_grad_norm",
        "precision",
        "loss",
        "loss_arguments",
        "seed",
    ),
)
_SIZES = ("layers", "hidden_size", "heads", "vocabulary", "parameters", "context")
Sizes = Mapping[str, Mapping[str, int | None]]
"""What `lionrank.cross_encoder.weights.size_of` returns, by model."""
Origins = Mapping[str, str | Mapping[str, Any]]
"""By model, what `lionrank.config.downloads.with_revision` returns."""


def table(settings: TrainingSettings, sizes: Sizes, origins: Origins, grid: Grid) -> Table:
    """Return where weights come from, how large they are and how they were trained.

    A training is a row. The LaTeX has them by model, in `panels`: they have the row of each one's
    first optimizer, and of its settings the values with the optimizers that have them.

    Raises:
        UserError: a setting is absent.
    """
    rows = [
        {"model": model.label, "optimizer": each.treatment.label, "start": model.start}
        | dict(zip(("weights", "revision"), _origin(origins[model.name]), strict=True))
        | {key: sizes[model.name][key] for key in _SIZES}
        | {key: value_of(settings, each.name, key) for key in _OF_TRAINING}
        | ({"seed": ", ".join(map(str, grid.seeds))} if grid.seeds[1:] else {})
        for model in grid.models
        for each in grid.of_model(model)
    ]
    width = len(grid.optimizers)
    models = []
    for model, first in zip(grid.models, range(0, len(rows), width), strict=True):
        found = {key: _values(rows[first : first + width], key) for key in _OF_TRAINING}
        models.append({**rows[first], "is_pretrained": model.is_pretrained, "found": found})
    known = [key for key in _OF_TRAINING if any(row[key] is not None for row in rows)]
    may_stop = any(row["early_stopping"] for row in rows)
    labels = SETTINGS | ({"epochs": "Epochs at most"} if may_stop else {})
    labels |= {"seed": "Seeds"} if grid.seeds[1:] else {}
    # Most losses have no arguments.
    columns = [key for key in rows[0] if key != "loss_arguments" or key in known]
    beside = panels([[model] for model in models], most=TEXTS)
    return Table(rows, columns, {"panels": beside, "settings": known, "labels": labels})


def _origin(origin: str | Mapping[str, Any]) -> tuple[str, str | None]:
    """Return repository or package of weights, or how they start instead, and the revision."""
    if isinstance(origin, str):
        return origin.removeprefix("package:").split("/")[0], None
    return origin["repository"], origin["revision"]


def _values(rows: Sequence[Row], key: str) -> list[tuple[Any, list[str]]]:
    """Return the values of a setting, each with the optimizers that have it."""
    found: list[tuple[Any, list[str]]] = []
    for row in rows:
        same = next((optimizers for value, optimizers in found if value == row[key]), None)
        if same is None:
            found.append((row[key], [row["optimizer"]]))
        else:
            same.append(row["optimizer"])
    return found
