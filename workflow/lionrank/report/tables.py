"""A table of the paper for the screen, of the CSV that lies beside its LaTeX."""

import csv
import math
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from lionrank.errors import UserError
from lionrank.measures import METRICS
from lionrank.report.screen import render
from lionrank.wording import DIGITS

_ABSENT = "\N{EN DASH}"
_MINUS = "\N{MINUS SIGN}"
# From here on the digits before the point count.
_UNIT = 10
# The characters above which a text is prose.
_PROSE = 40
_TEXTS = {"True": "yes", "False": "no"}
_HEADINGS = {
    "qid": "Topic",
    "p": "p",
    "p_holm": "p, Holm",
    "p_randomization": "p, randomization",
    "p_t": "p, t",
}
# A name, though it may be made of digits.
_NAMES = ("qid", "revision")


@dataclass(frozen=True)
class Cell:
    """A cell as the CSV has it, which sorting goes by, as it is shown, and what is below it."""

    value: str
    shown: str
    below: str = ""


@dataclass(frozen=True)
class Column:
    """A column: its heading, whether it has numbers and nothing else, and its cells."""

    name: str
    numeric: bool
    cells: Sequence[Cell]

    @property
    def is_prose(self) -> bool:
        """Whether it needs room for lines that are read."""
        return not self.numeric and any(len(cell.shown) > _PROSE for cell in self.cells)


def screen_table(
    path: str | os.PathLike,
    title: str,
    caption: str,
    note: str | None,
    labels: Mapping[str, str],
) -> str:
    """Return a table as a page that sorts by the heading that is clicked.

    Args:
        path: a CSV with a header, or without any text where the table has no rows.
        title: the heading of the page.
        caption: what stands above the table.
        note: what a demonstration is; None where this is none.
        labels: how names of the config are shown: of models, optimizers and test sets.

    Raises:
        UserError: a row has more or fewer cells than the header; names file and row.
    """
    shown = columns(_read(path), {**METRICS, **labels})
    facts = {
        "title": title,
        "caption": caption,
        "note": note,
        "columns": shown,
        "rows": list(zip(*(column.cells for column in shown), strict=True)),
    }
    return render("table.html.j2", facts)


def _read(path: str | os.PathLike) -> dict[str, list[str]]:
    """Return the columns of a CSV by name."""
    with open(path, newline="", encoding="utf-8") as handle:
        header, *rows = list(csv.reader(handle)) or [[]]
    for number, row in enumerate(rows, start=1):
        if len(row) != len(header):
            raise UserError(
                f"{path}: row {number} has {len(row)} cells and the header {len(header)}: delete "
                "the file and run again."
            )
    return {name: [row[place] for row in rows] for place, name in enumerate(header)}


def columns(table: Mapping[str, Sequence[str]], labels: Mapping[str, str]) -> list[Column]:
    """Return the columns as they are shown, without those that are empty.

    The bounds of an interval are no columns of their own, but stand below the values of theirs.
    """
    bounds = {name: _bounds(name) for name in table if set(_bounds(name)) <= table.keys()}
    inner = {bound for pair in bounds.values() for bound in pair}
    found = []
    for name, values in table.items():
        if name in inner or not any(values):
            continue
        numeric = name not in _NAMES and all(not v or _number(v) is not None for v in values)
        decimals = _decimals(values) if numeric else 0
        show = partial(_shown, decimals=decimals) if numeric else partial(_words, labels=labels)
        below = [""] * len(values)
        if name in bounds:
            pairs = zip(*(table[bound] for bound in bounds[name]), strict=True)
            below = [_interval(low, high, decimals) for low, high in pairs]
        cells = [Cell(v, show(v), b) for v, b in zip(values, below, strict=True)]
        found.append(Column(heading(name, labels), numeric, cells))
    return found


def _bounds(name: str) -> tuple[str, str]:
    """Return how the columns of the bounds of a column are called, if it has any."""
    return ("low", "high") if name == "difference" else (f"{name}_low", f"{name}_high")


def heading(name: str, labels: Mapping[str, str]) -> str:
    """Return a column's name in words, with labels for measures, test sets and the like."""
    if name in _HEADINGS:
        return _HEADINGS[name]
    for key, label in labels.items():
        name = re.sub(rf"(^|_){re.escape(key)}(?=_|$)", rf"\1{label}", name)
    words = name.replace("_", " ")
    return words if words.startswith(tuple(labels.values())) else words[:1].upper() + words[1:]


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _decimals(values: Iterable[str]) -> int:
    """Return how many decimals all numbers of a column are shown with: as many as they need.

    That is no more than the paper prints of scores, and fewer where digits stand before the point.
    """
    given = [value for value in values if value]
    needed = max(len(value.partition(".")[2]) for value in given)
    largest = max(abs(float(value)) for value in given)
    before = len(str(int(largest))) if largest >= _UNIT else 0
    return min(needed, max(0, DIGITS - before))


def _shown(value: str, decimals: int) -> str:
    """Return a number with so many decimals, or with an exponent where they would hide it."""
    if not value:
        return _ABSENT
    number = float(value)
    if 0 < abs(number) < 10**-DIGITS:
        return f"{number:.1e}"
    return f"{number:,.{decimals}f}".replace("-", _MINUS)


def _interval(low: str, high: str, decimals: int) -> str:
    return f"[{_shown(low, decimals)}, {_shown(high, decimals)}]" if low and high else ""


def _words(value: str, labels: Mapping[str, str]) -> str:
    """Return a text by its label, and the items of a list with commas between them."""
    if not value:
        return _ABSENT
    return ", ".join(_TEXTS.get(item) or labels.get(item, item) for item in value.split(";"))
