"""The table of the parameters of the optimizers, an optimizer a column."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any

from lionrank.grid import Grid
from lionrank.paper.settings import SETTINGS, TrainingSettings, value_of
from lionrank.paper.tables.pages import TEXTS, panels
from lionrank.paper.tables.tabular import Row, Table

_OF_OPTIMIZER = ("learning_rate", "weight_decay", "decay_biases_and_norms")


def table(settings: TrainingSettings, grid: Grid) -> Table:
    """Return class, learning rate, weight decay and the arguments of the config, a training a row.

    The LaTeX has them by optimizer, in `panels` of the places of columns: settings and arguments
    of each model where any optimizer has several values of them, else of the first one. Where
    trainings say the same with every model, they share a column.

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
        "settings": {key: _by_model(models, itemgetter(key)) for key in _OF_OPTIMIZER},
        "arguments": list(_arguments(models)),
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


def _by_model(
    models: Sequence[Sequence[Row]], cell: Callable[[Row], Any]
) -> list[tuple[str, list[Any]]]:
    """Return each model with its cells, or the first one alone where these are the same of all."""
    said = [(rows[0]["model"], [cell(row) for row in rows]) for rows in models]
    return said[:1] if all(cells == said[0][1] for _, cells in said) else said


def _arguments(models: Sequence[Sequence[Row]]) -> Iterator[dict[str, Any]]:
    """Yield what optimizers are given as arguments, `by_model`; of the betas one by one."""
    rows = [row for rows in models for row in rows]
    for key in dict.fromkeys(key for row in rows for key, _ in _flat(row["arguments"])):
        name, place = key

        def cell(row: Row, key: tuple[str, int | None] = key) -> Any:
            return dict(_flat(row["arguments"])).get(key)

        yield {"name": name, "place": place, "by_model": _by_model(models, cell)}


def _flat(arguments: Mapping[str, Any]) -> Iterator[tuple[tuple[str, int | None], Any]]:
    for name, value in arguments.items():
        if name == "betas":
            yield from (((name, place), beta) for place, beta in enumerate(value, start=1))
        else:
            yield (name, None), value
