"""The table of what each training cost, in units by the size of its values."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lionrank.grid import Grid
from lionrank.paper.measured import over_seeds
from lionrank.paper.tables.tabular import Table
from lionrank.wording import largest_unit

_MOST_DECIMALS = 3
_BYTES = (
    (r"\gibi\byte", 2.0**30),
    (r"\mebi\byte", 2.0**20),
    (r"\kibi\byte", 2.0**10),
)
_UNITS: Mapping[str, Sequence[tuple[str, float]]] = {
    "examples_per_second": ((r"\per\second", 1.0),),
    "tokens_per_second": ((r"\per\second", 1.0),),
    "peak_memory_bytes": _BYTES,
    "optimizer_state_bytes": _BYTES,
    "gpu_utilisation": ((r"\percent", 1.0),),
    "energy_joules": ((r"\kilo\watt\hour", 3.6e6), (r"\watt\hour", 3.6e3)),
    "device_hours": ((r"\hour", 1.0), (r"\minute", 1 / 60), (r"\second", 1 / 3600)),
}
"""The quantities by their keys in efficiency.json, with units and their sizes, largest first."""

Trainings = Mapping[str, Mapping[str, Any]]
"""What efficiency.json has of each training."""


@dataclass(frozen=True)
class Quantity:
    """A quantity as it is printed: its unit in LaTeX, and by training the cells that are known.

    The unit is the largest of which one value makes up one or more; all cells have as many
    decimals, of which the smallest value has three digits.
    """

    key: str
    unit: str
    decimals: int
    cells: Mapping[str, str]

    @property
    def digits(self) -> int:
        """Digits before the decimal point."""
        return max(len(cell.split(".")[0]) for cell in self.cells.values())


def columns(trainings: Trainings) -> Iterator[Quantity]:
    """Yield the quantities that any training has a value of."""
    for key, units in _UNITS.items():
        known = {name: cost[key] for name, cost in trainings.items() if cost[key] is not None}
        if known:
            unit, size = largest_unit(max(known.values()), units)
            decimals = _decimals(min(known.values()) / size)
            cells = {name: f"{value / size:.{decimals}f}" for name, value in known.items()}
            yield Quantity(key, unit, decimals, cells)


def table(costs: Mapping[str, Any], grid: Grid) -> Table:
    """Return what is in efficiency.json, in its units, a training a row: the mean over its seeds.

    A quantity that no training has a value of is left out.
    """
    trainings = over_seeds(costs["trainings"], grid)
    shown = list(columns(trainings))
    keys = ["device", "devices", *(column.key for column in shown)]
    rows = [
        {"model": each.model.name, "optimizer": each.treatment.name, "training": each.name}
        | {key: trainings[each.name][key] for key in keys}
        for each in grid.trainings()
    ]
    return Table(rows, ["model", "optimizer", *keys], {"columns": shown, "grid": grid})


def _decimals(smallest: float) -> int:
    """Return the decimals with which the smallest value of a column has three digits."""
    if smallest <= 0:
        return 0
    return min(max(2 - math.floor(math.log10(smallest)), 0), _MOST_DECIMALS)
