"""The table of what each training cost, in units by the size of its values."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lionrank.grid import Grid
from lionrank.paper.latex import escape
from lionrank.paper.tables.tabular import model_lines, row, tabular
from lionrank.wording import largest_unit

_MOST_DECIMALS = 3
# The names of several devices take more than one line.
_DEVICES = r">{\raggedright\arraybackslash}p{118pt}"


@dataclass(frozen=True)
class Quantity:
    """A quantity: its key in efficiency.json, its head in lines, and its units with their sizes."""

    key: str
    head: tuple[str, str]
    units: Sequence[tuple[str, float]]
    """Largest first; in the unit that efficiency.json has."""

    def unit(self, values: Sequence[float]) -> tuple[str, float]:
        """Return the largest unit of which one value makes up one or more, or else the smallest."""
        return largest_unit(max(values), self.units)


_BYTES = (
    (r"\gibi\byte", 2.0**30),
    (r"\mebi\byte", 2.0**20),
    (r"\kibi\byte", 2.0**10),
)
COLUMNS = (
    Quantity("examples_per_second", ("", "Examples"), ((r"\per\second", 1.0),)),
    Quantity("tokens_per_second", ("", "Tokens"), ((r"\per\second", 1.0),)),
    Quantity("peak_memory_bytes", ("Peak", "memory"), _BYTES),
    Quantity("optimizer_state_bytes", ("Optimizer", "state"), _BYTES),
    Quantity("gpu_utilisation", ("GPU", "utilisation"), ((r"\percent", 1.0),)),
    Quantity(
        "energy_joules", ("GPU", "energy"), ((r"\kilo\watt\hour", 3.6e6), (r"\watt\hour", 3.6e3))
    ),
    Quantity(
        "device_hours",
        ("Device", "time"),
        ((r"\hour", 1.0), (r"\minute", 1 / 60), (r"\second", 1 / 3600)),
    ),
)


def efficiency_table(costs: Mapping[str, Any], grid: Grid) -> str:
    """Return the table of the trainings, a row each.

    A column that no training has a value of is left out, and so is the device where all have the
    same. `costs` is efficiency.json.
    """
    trainings = costs["trainings"]
    shown = _shown(trainings)
    devices = {_devices(each) for each in trainings.values()}
    named = len(devices) > 1
    values = printed(trainings)
    kinds = [_column(column, trainings)[0] for column in shown]
    lines = [
        *([r"\setlength{\tabcolsep}{4pt}%"] if named else []),
        rf"\begin{{tabular}}{{@{{}}ll{_DEVICES * named}{''.join(kinds)}@{{}}}}",
        r"\toprule",
        *_heads(shown, trainings, named),
    ]
    for model in grid.models:
        lines.append(r"\midrule")
        names = model_lines(model)
        for training in grid.of_model(model):
            device = [_devices(trainings[training.name])] if named else []
            cells = [values[column.key][training.name] for column in shown]
            name = names.pop(0) if names else ""
            lines.append(row([name, escape(training.treatment.label), *device, *cells]))
        if names:
            lines.append(row([names.pop(0), *[""] * (1 + named + len(shown))]))
    return tabular(lines, __name__)


def printed(trainings: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, str]]:
    """Return what the table prints, by the key of the quantity and then by training."""
    return {column.key: _column(column, trainings)[1] for column in _shown(trainings)}


def efficiency_rows(costs: Mapping[str, Any], grid: Grid) -> list[dict[str, object]]:
    """Return the same as rows of plain values, in the units of efficiency.json."""
    trainings = costs["trainings"]
    shown = _shown(trainings)
    keys = ["device", "devices", *(column.key for column in shown)]
    return [
        {"model": training.model.name, "optimizer": training.treatment.name}
        | {key: trainings[training.name][key] for key in keys}
        for training in grid.trainings()
    ]


def _shown(trainings: Mapping[str, Mapping[str, Any]]) -> list[Quantity]:
    return [c for c in COLUMNS if any(cost[c.key] is not None for cost in trainings.values())]


def _devices(cost: Mapping[str, Any]) -> str:
    return rf"{cost['devices']} $\times$ {escape(cost['device'])}"


def _known(column: Quantity, trainings: Mapping[str, Mapping[str, Any]]) -> dict[str, float]:
    return {n: cost[column.key] for n, cost in trainings.items() if cost[column.key] is not None}


def _heads(
    shown: Sequence[Quantity], trainings: Mapping[str, Mapping[str, Any]], named: bool
) -> list[str]:
    """Return three lines: two with the names of the quantities, one with their units."""
    words: list[Callable[[Quantity], str]] = [lambda c: c.head[0], lambda c: c.head[1]]
    lines = [row(["", "", *[""] * named, *(f"{{{word(c)}}}" for c in shown)]) for word in words]
    units = [column.unit([*_known(column, trainings).values()])[0] for column in shown]
    names = ["Model", "Optimizer", *["Devices"] * named]
    return [*lines, row([*names, *(rf"{{(\unit{{{unit}}})}}" for unit in units)])]


def _column(
    column: Quantity, trainings: Mapping[str, Mapping[str, Any]]
) -> tuple[str, dict[str, str]]:
    """Return the kind of an S column and its cells by training, with as many decimals in each."""
    known = _known(column, trainings)
    _, size = column.unit([*known.values()])
    scaled = {name: value / size for name, value in known.items()}
    decimals = _decimals(min(scaled.values()))
    cells = {name: f"{value:.{decimals}f}" for name, value in scaled.items()}
    digits = max(len(cell.split(".")[0]) for cell in cells.values())
    kind = f"S[table-format={digits}.{decimals}]"
    return kind, {name: cells.get(name, "{--}") for name in trainings}


def _decimals(smallest: float) -> int:
    """Return the decimals with which the smallest value of a column has three digits."""
    if smallest <= 0:
        return 0
    return min(max(2 - math.floor(math.log10(smallest)), 0), _MOST_DECIMALS)
