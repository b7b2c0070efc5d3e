"""The table of the parameters of the optimizers, an optimizer a column."""

from collections.abc import Iterator, Mapping
from typing import Any

from lionrank.grid import Grid, Training
from lionrank.paper.latex import escape
from lionrank.paper.settings import SETTINGS, TrainingSettings, setting, value_of
from lionrank.paper.tables.tabular import breakable, row, tabular

_OF_OPTIMIZER = ("learning_rate", "weight_decay", "decay_biases_and_norms")
_ARGUMENTS = {"eps": r"$\epsilon$"}
_LABELS = 0.34
"""Share of the line that the labels take; the optimizers share the rest evenly."""


def optimizers_table(settings: TrainingSettings, grid: Grid) -> str:
    """Return the table: class, learning rate, weight decay, and the arguments of the config.

    A setting that an optimizer has otherwise with another model has a row a model.

    Raises:
        UserError: a setting is absent.
    """
    column = r">{\raggedright\arraybackslash}p"
    width = rf"\dimexpr {1 - _LABELS:.2f}\linewidth/{len(grid.optimizers)}-2\tabcolsep\relax"
    lines = [
        rf"\begin{{tabular}}{{@{{}}{column}{{{_LABELS}\linewidth}}"
        rf"*{{{len(grid.optimizers)}}}{{{column}{{{width}}}}}@{{}}}}",
        r"\toprule",
        row(["", *map(escape, grid.optimizers.values())]),
        r"\midrule",
        row(["Class", *(breakable(escape(path)) for path in _classes(settings, grid))]),
    ]
    for key in _OF_OPTIMIZER:
        lines += _setting_lines(settings, key, grid)
    lines += [row(cells) for cells in _argument_lines(settings, grid)]
    return tabular(lines, __name__)


def optimizers_rows(settings: TrainingSettings, grid: Grid) -> list[dict[str, object]]:
    """Return what the table says as plain values, a training a row; no argument is None."""
    arguments = dict.fromkeys(
        name for training in grid.trainings() for name in _arguments(settings, training)
    )
    return [
        {
            "model": training.model.label,
            "optimizer": training.treatment.label,
            "class": value_of(settings, training.name, "optimizer")["class"],
        }
        | {key: value_of(settings, training.name, key) for key in _OF_OPTIMIZER}
        | arguments
        | dict(_arguments(settings, training))
        for training in grid.trainings()
    ]


def _arguments(settings: TrainingSettings, training: Training) -> Mapping[str, Any]:
    return value_of(settings, training.name, "optimizer")["arguments"]


def _classes(settings: TrainingSettings, grid: Grid) -> Iterator[str]:
    """Yield the class of each optimizer, which is the same with every model."""
    for training in grid.of_model(grid.models[0]):
        yield value_of(settings, training.name, "optimizer")["class"]


def _setting_lines(settings: TrainingSettings, key: str, grid: Grid) -> list[str]:
    """Return a row for a setting or, if any optimizer has several values of it, a row a model."""
    by_model = [
        [setting(value_of(settings, each.name, key), key) for each in grid.of_model(model)]
        for model in grid.models
    ]
    if all(cells == by_model[0] for cells in by_model):
        return [row([SETTINGS[key], *by_model[0]])]
    heading = row([SETTINGS[key], *[""] * len(grid.optimizers)])
    labels = [rf"\quad {escape(model.label)}" for model in grid.models]
    return [heading, *(row([label, *cells]) for label, cells in zip(labels, by_model, strict=True))]


def _argument_lines(settings: TrainingSettings, grid: Grid) -> Iterator[list[str]]:
    """Yield the cells of a row an argument; of a list, such as the betas, a row an item."""
    given = [_arguments(settings, training) for training in grid.of_model(grid.models[0])]
    flat = [dict(_flat(arguments)) for arguments in given]
    for label in dict.fromkeys(label for arguments in flat for label in arguments):
        yield [label, *(setting(arguments.get(label)) for arguments in flat)]


def _flat(arguments: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield label and value of each argument, and of each of the betas."""
    for name, value in arguments.items():
        if name == "betas":
            yield from ((rf"$\beta_{place}$", beta) for place, beta in enumerate(value, start=1))
        else:
            yield _ARGUMENTS.get(name, rf"\texttt{{{escape(name)}}}"), value
