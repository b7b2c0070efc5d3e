"""Which windows of documents have the highest logits, as the prose has it."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

from lionrank.errors import UserError
from lionrank.files import AGAIN, csv_rows

_COLUMNS = (
    *("test_set", "window", "stride", "system", "candidates"),
    *("several", "first", "beyond"),
)
_DIGITS = 1


@dataclass(frozen=True)
class Winning:
    """Which windows win for a system, of so many candidates that have `several`.

    `later` is the percentage whose winning window is another one than the first, and `beyond` that
    whose winning window begins beyond `evaluation.winning_windows.BEYOND` tokens.
    """

    several: int
    later: float
    beyond: float


@dataclass(frozen=True)
class WonWindows:
    """Which windows win, of a test set's documents and of all that have the same windows.

    `window` and `stride` are tokens. `winning` is by candidates, "relevant" or "all", and system;
    without those that have no candidate with several windows.
    """

    test_set: str
    window: int
    stride: int
    winning: Mapping[str, Mapping[str, Winning]]

    def ends(self, candidates: str, key: str) -> dict[str, float]:
        """Return the lowest and the highest value of a field of `Winning`, by system.

        That is one where all have the same, of the first of them.
        """
        values = {name: getattr(each, key) for name, each in self.winning[candidates].items()}
        both = [min(values, key=values.__getitem__), max(values, key=values.__getitem__)]
        return {name: values[name] for name in both}


def read_winning(path: str | os.PathLike) -> list[WonWindows]:
    """Read results/winning_windows.csv, in the order of its test sets.

    Raises:
        UserError: a column is absent, or a value is no number.
    """
    found: dict[tuple[str, int, int], dict[str, dict[str, Winning]]] = {}
    for place, row in csv_rows(path, _COLUMNS, AGAIN):
        try:
            key = row["test_set"], int(row["window"]), int(row["stride"])
            of_candidates = found.setdefault(key, {}).setdefault(row["candidates"], {})
            if several := int(row["several"]):
                of_candidates[row["system"]] = Winning(
                    several, _percent(1 - float(row["first"])), _percent(float(row["beyond"]))
                )
        except ValueError as error:
            raise UserError(f"{place}: {error}; {AGAIN}.") from None
    return [WonWindows(*key, winning) for key, winning in found.items()]


def _percent(share: float) -> float:
    return round(100 * share, _DIGITS)
