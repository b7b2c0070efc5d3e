"""A table of the paper as a page of the report, made of the CSV that lies beside its LaTeX."""

import math
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import partial

from lionrank.files import AGAIN, csv_rows
from lionrank.measures import METRICS
from lionrank.published.per_query import LABELS as PUBLISHED
from lionrank.report.page import ABSENT, Cell, Column, page
from lionrank.wording import DIGITS

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
# Names and text, though they may look like numbers, lists or names of the config.
_AS_WRITTEN = ("qid", "query", "revision")


def table_page(
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
    shown = columns(_read(path), {**METRICS, **PUBLISHED, "sd": "SD", **labels})
    facts = {"title": title, "caption": caption, "note": note, "columns": shown}
    return page("page.html.j2", facts)


def _read(path: str | os.PathLike) -> dict[str, list[str]]:
    """Return the columns of a CSV by name."""
    rows = [row for _, row in csv_rows(path, (), AGAIN)]
    return {name: [row[name] for row in rows] for name in (rows[0] if rows else ())}


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
        numeric = name not in _AS_WRITTEN and all(not v or _number(v) is not None for v in values)
        if numeric:
            cells = _numbers(values, [table[bound] for bound in bounds.get(name, ())])
        else:
            words = str if name in _AS_WRITTEN else partial(_words, labels=labels)
            cells = [Cell.of(words(value)) for value in values]
        is_prose = not numeric and any(len(cell.shown) > _PROSE for cell in cells)
        options = {"className": "prose"} if is_prose else {}
        found.append(Column(heading(name, labels), cells, numeric, options=options))
    return found


def _bounds(name: str) -> tuple[str, str]:
    """Return how the columns of the bounds of a column are called, if it has any."""
    return ("low", "high") if name == "difference" else (f"{name}_low", f"{name}_high")


def heading(name: str, labels: Mapping[str, str]) -> str:
    """Return a column's name in words, with labels for measures, test sets and the like."""
    if name in _HEADINGS:
        return _HEADINGS[name]
    keys = "|".join(map(re.escape, sorted(labels, key=len, reverse=True)))
    known = rf"(?:^|(?<=_))(?:{keys})(?=_|$)"
    words = re.sub(f"{known}|_", lambda found: labels.get(found[0], " "), name)
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
        return ABSENT
    number = float(value)
    if 0 < abs(number) < 10**-DIGITS:
        return f"{number:.1e}"
    return f"{number:,.{decimals}f}".replace("-", _MINUS)


def _numbers(values: Sequence[str], bounds: Sequence[Sequence[str]]) -> list[Cell]:
    """Return the cells of a column of numbers, with the intervals between `bounds` below them."""
    decimals = _decimals(values)
    below = [""] * len(values)
    if bounds:
        below = [
            f"[{_shown(low, decimals)}, {_shown(high, decimals)}]" if low and high else ""
            for low, high in zip(*bounds, strict=True)
        ]
    shown = [_shown(value, decimals) for value in values]
    return [Cell(*each) for each in zip(values, shown, below, strict=True)]


def _words(value: str, labels: Mapping[str, str]) -> str:
    """Return a text by its label, and the items of a list with commas between them."""
    return ", ".join(_TEXTS.get(item) or labels.get(item, item) for item in value.split(";"))
