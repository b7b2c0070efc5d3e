"""The table of the topics that changed most between two optimizers, of results/changes.json."""

from collections.abc import Mapping, Sequence
from math import ceil
from typing import Any

from lionrank.characters import lacking
from lionrank.evaluation.changes import CUTOFF
from lionrank.grid import Grid
from lionrank.paper.render import EXCERPT
from lionrank.paper.tables.pages import LINES, panels
from lionrank.paper.tables.tabular import Row, Table

_SIDES = ("left", "right")
# What a line of a cell has room for, at the least.
_LETTERS, _PASSAGES = 42, 2
_EXAMPLE = ("qid", "query", "difference", *_SIDES, "relevant_left", "relevant_right")


def table(changed: Mapping[str, Any], grid: Grid) -> Table:
    """Return the topics with the largest change in each direction, and which passages moved.

    A topic of a pair of optimizers is a row. The LaTeX has `panels` of pairs that fit on a page,
    and `rows` of each pair.
    """
    pairs: list[dict[str, Any]] = []
    for pair in changed["pairs"]:
        sides: dict[str, Any] = {}
        for side in _SIDES:
            sides["model"], sides[f"{side}_optimizer"] = grid.training(
                pair[side]["training"]
            ).labels
            sides[f"{side}_epoch"] = pair[side]["epoch"]
        pairs.append({**sides, "rows": [sides | _example(each) for each in pair["examples"]]})
    columns = ["model", *(f"{side}_{of}" for side in _SIDES for of in ("optimizer", "epoch"))]
    rows = [row for pair in pairs for row in pair["rows"]]
    return Table(
        rows,
        [*columns, *_EXAMPLE, "moved"],
        {
            "panels": panels([[pair] for pair in pairs], [*map(_lines, pairs)], most=LINES),
            "cutoff": CUTOFF,
            "lacking": any(lacking(row["query"]) for row in rows),
        },
    )


def _lines(pair: Mapping[str, Any]) -> int:
    """Return how many lines a pair takes with its head, at the most."""
    rows: Sequence[Row] = pair["rows"]
    queries = (ceil(min(len(row["query"]), EXCERPT) / _LETTERS) for row in rows)
    passages = (ceil(len(row["passages"]) / _PASSAGES) for row in rows)
    return 2 + sum(max(1, *of_row) for of_row in zip(queries, passages, strict=True))


def _example(example: Mapping[str, Any]) -> dict[str, Any]:
    passages = example["passages"]
    return {
        **{key: example[key] for key in _EXAMPLE},
        "moved": [_moved(passage) for passage in passages],
        "passages": passages,
    }


def _moved(passage: Mapping[str, Any]) -> str:
    """Return how a passage moved, "d7 of grade 2: 11 to 3", with "none" for no rank."""
    ranks = [passage[f"rank_{side}"] or "none" for side in ("right", "left")]
    return f"{passage['docid']} of grade {passage['grade']}: {ranks[0]} to {ranks[1]}"
