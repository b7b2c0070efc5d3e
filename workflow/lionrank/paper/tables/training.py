"""The table of the backbones and of how they were trained, a model a column."""

from collections.abc import Mapping
from typing import Any

from lionrank.grid import Grid, Model
from lionrank.paper.latex import escape
from lionrank.paper.settings import SETTINGS, TrainingSettings, setting, value_of
from lionrank.paper.tables.tabular import breakable, model_lines, row, tabular

# The others are the optimizers', which have a table of their own.
_OF_TRAINING = (
    *("global_batch_size", "epochs", "early_stopping", "max_length", "schedule"),
    *("schedule_steps", "warmup", "max_grad_norm", "precision", "loss", "seed"),
)
_SIZES = {
    "layers": "Layers",
    "hidden_size": "Hidden size",
    "heads": "Attention heads",
    "vocabulary": "Vocabulary",
    "parameters": "Parameters",
    "context": "Positions",
}
# Of a commit, which has 40.
_REVISION = 12
_LABELS = 0.26
"""Share of the line that the labels take; the models share the rest evenly."""

Sizes = Mapping[str, Mapping[str, int | None]]
"""What `lionrank.cross_encoder.weights.size_of` returns, by model."""
Origins = Mapping[str, str | Mapping[str, Any]]
"""By model, `pretrained` of `lionrank.config.experiment.model_card_facts`."""


def training_table(settings: TrainingSettings, sizes: Sizes, origins: Origins, grid: Grid) -> str:
    """Return the table: where weights come from, how large they are, and how they were trained.

    Where the optimizers of a model differ in a setting, all its values are shown. What no model
    has is left out.

    Raises:
        UserError: a setting is absent.
    """
    width = rf"\dimexpr {1 - _LABELS:.2f}\linewidth/{len(grid.models)}-2\tabcolsep\relax"
    column = r">{\raggedright\arraybackslash}p"
    heads = [r"\newline ".join(model_lines(model)) for model in grid.models]
    lines = [
        rf"\begin{{tabular}}{{@{{}}{column}{{{_LABELS}\linewidth}}"
        rf"*{{{len(grid.models)}}}{{{column}{{{width}}}}}@{{}}}}",
        r"\toprule",
        row(["", *heads]),
        r"\midrule",
        *_lines("Weights", [_weights(origins[model.name])[0] for model in grid.models]),
        *_lines("Revision", [_weights(origins[model.name])[1] for model in grid.models]),
    ]
    for key, label in _SIZES.items():
        lines += _lines(label, [setting(sizes[model.name][key]) for model in grid.models])
    lines.append(r"\midrule")
    for key in _OF_TRAINING:
        cells = [_of_optimizers(settings, model, key, grid) for model in grid.models]
        lines += _lines(SETTINGS[key], cells)
    return tabular(lines, __name__)


def training_rows(
    settings: TrainingSettings, sizes: Sizes, origins: Origins, grid: Grid
) -> list[dict[str, object]]:
    """Return what the table says as plain values, a training a row, with the label of its model."""
    return [
        {"model": model.label, "optimizer": training.treatment.label, "start": model.start}
        | dict(zip(("weights", "revision"), _origin(origins[model.name]), strict=True))
        | {key: sizes[model.name][key] for key in _SIZES}
        | {key: value_of(settings, training.name, key) for key in _OF_TRAINING}
        for model in grid.models
        for training in grid.of_model(model)
    ]


def _lines(label: str, cells: list[str]) -> list[str]:
    """Return a row, or nothing where no cell holds a value."""
    return [] if set(cells) == {setting(None)} else [row([label, *cells])]


def _origin(origin: str | Mapping[str, Any]) -> tuple[str, str | None]:
    """Return repository or package of weights, or how they start instead, and the revision."""
    if isinstance(origin, str):
        return origin.removeprefix("package:").split("/")[0], None
    return origin["repository"], origin["revision"]


def _weights(origin: str | Mapping[str, Any]) -> tuple[str, str]:
    """Return weights and short revision as LaTeX."""
    weights, revision = _origin(origin)
    return str(breakable(escape(weights))), setting(revision and revision[:_REVISION])


def _of_optimizers(settings: TrainingSettings, model: Model, key: str, grid: Grid) -> str:
    """Return a setting of a model, with the optimizers' labels where it differs between them."""
    labels: dict[str, list[str]] = {}
    for training in grid.of_model(model):
        value = setting(value_of(settings, training.name, key), key)
        labels.setdefault(value, []).append(str(escape(training.treatment.label)))
    if len(labels) == 1:
        return next(iter(labels))
    return r"\newline ".join(f"{', '.join(names)}: {value}" for value, names in labels.items())
