"""The table of the topics that changed most between two optimizers, of results/changes.json."""

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from lionrank.evaluation.changes import CUTOFF
from lionrank.grid import Grid
from lionrank.paper.latex import escape
from lionrank.paper.tables.tabular import breakable, row, tabular
from lionrank.wording import DIGITS, score

_SIDES = ("left", "right")
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
    return tabular(lines, __name__)


def changes_rows(changed: Mapping[str, Any], grid: Grid) -> list[dict[str, object]]:
    """Return the rows of the table as plain values, a topic of a pair of optimizers a row."""
    return [
        _side(pair, "left", grid)
        | _side(pair, "right", grid)
        | {key: example[key] for key in ("qid", "query", "difference", *_SIDES)}
        | {key: example[key] for key in ("relevant_left", "relevant_right")}
        | {"moved": [_moved(passage) for passage in example["passages"]]}
        for pair in changed["pairs"]
        for example in pair["examples"]
    ]


def _side(pair: Mapping[str, Any], side: str, grid: Grid) -> dict[str, object]:
    model, optimizer = grid.training(pair[side]["training"]).labels
    return {
        "model": model,
        f"{side}_optimizer": optimizer,
        f"{side}_epoch": pair[side]["epoch"],
    }


def _moved(passage: Mapping[str, Any]) -> str:
    """Return how a passage moved, "d7 of grade 2: 11 to 3", with "none" for no rank."""
    ranks = [passage[f"rank_{side}"] or "none" for side in ("right", "left")]
    return f"{passage['docid']} of grade {passage['grade']}: {ranks[0]} to {ranks[1]}"


def _described(pair: Mapping[str, Any], grid: Grid) -> Markup:
    """Return a pair in words, "MiniLM: from AdamW at epoch 3 to Lion at epoch 2", as LaTeX."""
    (model, left), (_, right) = (grid.training(pair[side]["training"]).labels for side in _SIDES)
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
    return breakable(escape(printable))
