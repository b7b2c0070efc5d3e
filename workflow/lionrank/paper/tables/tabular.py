"""The parts that the tables of the paper share: rows, rules, and how values are printed."""

import csv
import io
import math
import os
import re
from collections.abc import Mapping, Sequence

from markupsafe import Markup

from lionrank.files import atomic_write
from lionrank.grid import Model
from lionrank.paper.latex import escape
from lionrank.wording import DIGITS, score


def row(cells: Sequence[object]) -> str:
    """Return one line of a tabular; the cells are LaTeX."""
    return " & ".join(map(str, cells)) + r" \\"


def tabular(lines: Sequence[str], module: str) -> str:
    """Close a tabular, and name the module that made it as the origin of a LaTeX error in it."""
    origin = f"% template: workflow/{module.replace('.', '/')}.py"
    return "\n".join([origin, *lines, r"\bottomrule", r"\end{tabular}"]) + "\n"


def to_csv(rows: Sequence[Mapping[str, object]]) -> str:
    """Return a table as CSV: a header of the first row's keys, then a line a row, plain values.

    None becomes an empty cell, a list its items with `;` between them. No rows give no text.

    Raises:
        ValueError: a row has a key that the first one lacks.
    """
    if not rows:
        return ""
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows({key: _cell(value) for key, value in row.items()} for row in rows)
    return text.getvalue()


def _cell(value: object) -> object:
    return ";".join(map(str, value)) if isinstance(value, list | tuple) else value


def write_table(
    latex: str,
    rows: Sequence[Mapping[str, object]],
    tex: str | os.PathLike,
    csv: str | os.PathLike,
) -> None:
    """Write a table as LaTeX into the file `tex`, and its rows by `to_csv` into the file `csv`."""
    with atomic_write(tex) as handle:
        handle.write(latex)
    with atomic_write(csv) as handle:
        handle.write(to_csv(rows))


def breakable(latex: str) -> Markup:
    """Return LaTeX whose lines may break after the punctuation within its words."""
    return Markup(re.sub(r"(?<=\S)([-/.:?=&#]|\\_)(?=\S)", r"\1\\allowbreak{}", latex))


def model_lines(model: Model) -> list[str]:
    """Return the label, and below it the start of a model that is not pretrained."""
    label = str(escape(model.label))
    return [label] if model.is_pretrained else [label, rf"\emph{{({escape(model.start)})}}"]


def bold(text: str, marked: bool = True) -> str:
    """Return the content of an S column, bold where it is marked."""
    return rf"\bfseries {text}" if marked else text


def interval(low: float, high: float) -> str:
    """Return the bounds of an interval in brackets."""
    return rf"[\num{{{score(low)}}}, \num{{{score(high)}}}]"


def p_value(p: float) -> str:
    """Return a p-value, or the bound below which it is where its digits would all be 0."""
    least = 10**-DIGITS
    return rf"$<$\num{{{least:.{DIGITS}f}}}" if p < least else f"{p:.{DIGITS}f}"


def effect(size: float) -> str:
    """Return an effect size with two decimals; it is infinite where nothing varies."""
    if math.isinf(size):
        return r"$\infty$" if size > 0 else r"$-\infty$"
    return rf"\num{{{size:.2f}}}"
