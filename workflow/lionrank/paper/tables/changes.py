"""The table of the topics that changed most between two optimizers, of results/changes.json."""

from collections.abc import Mapping
from typing import Any

from lionrank.characters import lacking
from lionrank.evaluation.changes import CUTOFF
from lionrank.grid import Grid
from lionrank.paper.tables.tabular import Table

_SIDES = ("left", "right")
_EXAMPLE = ("qid", "query", "difference", *_SIDES, "relevant_left", "relevant_right")


def table(changed: Mapping[str, Any], grid: Grid) -> Table:
    """Return the topics with the largest change in each direction, and which passages moved.

    A topic of a pair of optimizers is a row; `pairs` has those of each pair together.
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
            "pairs": pairs,
            "cutoff": CUTOFF,
            "lacking": any(lacking(row["query"]) for row in rows),
        },
    )


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
