"""The table of the parameters of the optimizers, an optimizer a column."""

from collections.abc import Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any

from lionrank.grid import Grid
from lionrank.paper.settings import SETTINGS, TrainingSettings, value_of
from lionrank.paper.tables.pages import TEXTS, panels
from lionrank.paper.tables.tabular import Row, Table

_OF_OPTIMIZER = ("learning_rate", "weight_decay", "decay_biases_and_norms")


def table(settings: TrainingSettings, grid: Grid) -> Table:
    """Return class, learning rate, weight decay and the arguments of the config, a training a row.

    The LaTeX has them by optimizer, in `panels` of the places of columns: `by_model` has a setting
    of each model where any optimizer has several values of it, else of the first one; arguments are
    those with the first model. Where trainings say the same with every model, they share a column.

    Raises:
        UserError: a setting is absent.
    """
    rows = [
        {"model": each.model.label, "optimizer": each.treatment.label}
        | _of_training(settings, each.name)
        for each in grid.trainings()
    ]
    width = len(grid.optimizers)
    models = _shared([rows[first : first + width] for first in range(0, len(rows), width)])
    given = dict.fromkeys(name for row in rows for name in row["arguments"])
    facts = {
        "optimizers": models[0],
        "labels": SETTINGS,
        "by_model": {key: _by_model(models, key) for key in _OF_OPTIMIZER},
        "arguments": list(_arguments(models[0])),
        "panels": panels([[place] for place in range(len(models[0]))], most=TEXTS),
    }
    return Table(
        [dict.fromkeys(given) | row | row["arguments"] for row in rows],
        ["model", "optimizer", "class", *_OF_OPTIMIZER, *given],
        facts,
    )


def _shared(models: Sequence[Sequence[Row]]) -> list[list[Row]]:
    """Return the rows of each model, those once that are alike with all, by all their labels."""
    said = itemgetter("class", *_OF_OPTIMIZER, "arguments")
    columns: list[tuple[list[Row], list[str]]] = []
    for column in zip(*models, strict=True):
        alike = [[*map(said, column)] == [*map(said, first)] for first, _ in columns]
        if any(alike):
            columns[alike.index(True)][1].append(column[0]["optimizer"])
        else:
            columns.append(([*column], [column[0]["optimizer"]]))
    named = [
        [{**row, "optimizer": ", ".join(labels)} for row in column] for column, labels in columns
    ]
    return [[*rows] for rows in zip(*named, strict=True)]


def _of_training(settings: TrainingSettings, training: str) -> dict[str, Any]:
    optimizer = value_of(settings, training, "optimizer")
    own = {key: value_of(settings, training, key) for key in _OF_OPTIMIZER}
    if not own["weight_decay"]:  # of which nothing has any
        own["decay_biases_and_norms"] = None
    return {"class": optimizer["class"], **own, "arguments": optimizer["arguments"]}


def _by_model(models: Sequence[Sequence[Row]], key: str) -> Sequence[Sequence[Row]]:
    """Return the rows of each model, or of the first one where they say the same of a setting."""
    said = [[row[key] for row in rows] for rows in models]
    return models[:1] if all(each == said[0] for each in said) else models


def _arguments(rows: Sequence[Row]) -> Iterator[Row]:
    """Yield what each optimizer is given as an argument, in `cells`; of the betas one by one."""
    flat = [dict(_flat(row["arguments"])) for row in rows]
    for name, place in dict.fromkeys(key for arguments in flat for key in arguments):
        cells = [arguments.get((name, place)) for arguments in flat]
        yield {"name": name, "place": place, "cells": cells}


def _flat(arguments: Mapping[str, Any]) -> Iterator[tuple[tuple[str, int | None], Any]]:
    for name, value in arguments.items():
        if name == "betas":
            yield from (((name, place), beta) for place, beta in enumerate(value, start=1))
        else:
            yield (name, None), value
