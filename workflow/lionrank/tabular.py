"""The parts that the tables of the paper share: rows, rules, and how values are printed."""

import math
from collections.abc import Sequence

from lionrank.grid import Model
from lionrank.latex import escape

DIGITS = 4
"""Decimals of scores, of their differences and of p-values, in tables and in prose."""


def row(cells: Sequence[object]) -> str:
    """Return one line of a tabular; the cells are LaTeX."""
    return " & ".join(map(str, cells)) + r" \\"


def tabular(lines: Sequence[str], module: str) -> str:
    """Close a tabular, and name the module that made it as the origin of a LaTeX error in it."""
    origin = f"% template: workflow/lionrank/{module}.py"
    return "\n".join([origin, *lines, r"\bottomrule", r"\end{tabular}"]) + "\n"


def model_lines(model: Model) -> list[str]:
    """Return the label, and below it the start of a model that is not pretrained."""
    label = str(escape(model.label))
    return [label] if model.is_pretrained else [label, rf"\emph{{({escape(model.start)})}}"]


def bold(text: str, marked: bool = True) -> str:
    """Return the content of an S column, bold where it is marked."""
    return rf"\bfseries {text}" if marked else text


def score(value: float) -> str:
    """Return a score or a difference of scores as siunitx reads it; no 0 has a sign."""
    return f"{round(value, DIGITS) + 0.0:.{DIGITS}f}"


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
