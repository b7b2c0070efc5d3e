"""The table of the topics that changed most between two optimizers, of results/changes.json."""

import re
from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from lionrank.changes import CUTOFF
from lionrank.grid import Grid
from lionrank.latex import escape
from lionrank.tabular import DIGITS, row, score, tabular

# Quotation marks, dashes, dots and the euro: beyond Latin-1, LaTeX sets these by itself.
_TYPESET = "\u2018\u2019\u201c\u201d\u2013\u2014\u2026\u20ac"


def changes_table(changed: Mapping[str, Any], grid: Grid) -> str:
    """Return the topics with the largest change in each direction, and which passages moved.

    A block a pair of optimizers; ranks are told from the right one of the pair to the left one.
    """
    widths = [rf">{{\raggedright\arraybackslash}}p{{{width}\linewidth}}" for width in (0.40, 0.34)]
    lines = [
        rf"\begin{{tabular}}{{@{{}}{widths[0]}S[table-format=-1.{DIGITS}]{widths[1]}c@{{}}}}",
        r"\toprule",
        row(["Query", r"{$\Delta$}", "What moved", f"Relevant in the top {CUTOFF}"]),
    ]
    for pair in changed["pairs"]:
        title = rf"\multicolumn{{4}}{{@{{}}l}}{{\emph{{{_described(pair, grid)}}}}}"
        lines += [r"\midrule", row([title])]
        lines += [_row(example) for example in pair["examples"]]
        if not pair["examples"]:
            lines.append(row([r"\multicolumn{4}{@{}l}{No topic differs.}"]))
    return tabular(lines, "changes_table")


def _described(pair: Mapping[str, Any], grid: Grid) -> Markup:
    """Return a pair in words, "MiniLM: from AdamW at epoch 3 to Lion at epoch 2", as LaTeX."""
    (model, left), (_, right) = (grid.labels(pair[side]["training"]) for side in ("left", "right"))
    epochs = pair["right"]["epoch"], pair["left"]["epoch"]
    return escape(f"{model}: from {right} at epoch {epochs[0]} to {left} at epoch {epochs[1]}")


def _row(example: Mapping[str, Any]) -> str:
    moved = "; ".join(
        f"grade {passage['grade']}: "
        rf"{_rank(passage['rank_right'])} $\rightarrow$ {_rank(passage['rank_left'])}"
        for passage in example["passages"]
    )
    return row(
        [
            typeset(example["query"]),
            score(example["difference"]),
            moved,
            rf"{example['relevant_right']} $\rightarrow$ {example['relevant_left']}",
        ]
    )


def _rank(rank: int | None) -> str:
    return "--" if rank is None else rf"\num{{{rank}}}"


def typeset(text: str) -> Markup:
    """Return foreign text as LaTeX that prints it, in lines that may break after punctuation.

    What LaTeX's fonts lack becomes a `?`.
    """
    printable = "".join(
        character if character <= "\xff" or character in _TYPESET else "?" for character in text
    )
    return Markup(re.sub(r"(?<=\S)([-/.:?=&#]|\\_)(?=\S)", r"\1\\allowbreak{}", escape(printable)))
