"""The table of the data that is trained on, chosen by and tested on (datasets.py)."""

from collections.abc import Sequence
from itertools import groupby

from lionrank.collections.describe import DataSet
from lionrank.paper.latex import escape
from lionrank.paper.tables.tabular import row, tabular

_BLOCKS = {
    "training": "Pairs",
    "held_out": "Pairs",
    "development": "Development",
    "test": "Test",
}
_SIDES = {"training": ", trained on", "held_out": ", held out"}
_MOST_GRADES = 5
"""Columns of grades that fit beside the others; where there are more, judgements are summed up."""


def datasets_table(datasets: Sequence[DataSet]) -> str:
    """Return the table, as wide as a page, in blocks by use: the labels of pairs are their grades.

    A dash stands where no judgement has a grade that others have.
    """
    grades = _grades(datasets)
    if len(grades) > _MOST_GRADES:
        grades = []
    numbers = [_numbers(each, grades) for each in datasets]
    formats = [_format(column) for column in zip(*numbers, strict=True)]
    judgements = [rf"{{\num{{{grade}}}}}" for grade in grades] or ["{Judgements}"]
    heads = ["{Topics}", "{Judged}", "{Passages}", "{Candidates}", *judgements]
    heads += ["{a query}", "{a passage}"]
    lines = [
        rf"\begin{{tabular}}{{@{{}}l{''.join(formats)}@{{}}}}",
        r"\toprule",
        *_spanning(len(grades)),
        row(["", *heads]),
    ]
    for block, group in groupby(
        zip(datasets, numbers, strict=True), lambda pair: _BLOCKS[pair[0].use]
    ):
        lines += [
            r"\midrule",
            row([rf"\multicolumn{{{len(heads) + 1}}}{{@{{}}l}}{{\emph{{{block}}}}}"]),
            *(row([_label(each), *map(_printed, cells)]) for each, cells in group),
        ]
    return tabular(lines, __name__)


def datasets_rows(datasets: Sequence[DataSet]) -> list[dict[str, object]]:
    """Return what the table says as plain values, a data set a row."""
    grades = _grades(datasets)
    return [
        {
            "use": each.use,
            "label": each.label,
            "topics": each.topics,
            "judged": each.judged,
            "passages": each.passages,
            "candidates_per_topic": each.candidates,
            **{f"grade_{grade}": each.grades.get(grade) for grade in grades},
            "query_words": each.query_words,
            "passage_words": each.passage_words,
        }
        for each in datasets
    ]


def _grades(datasets: Sequence[DataSet]) -> list[int]:
    return sorted({grade for each in datasets for grade in each.grades})


def _numbers(each: DataSet, grades: Sequence[int]) -> list[float | None]:
    """Return a row's numbers, a float where a decimal is printed; without grades, their sum."""
    judgements = [each.grades.get(grade) for grade in grades] or [sum(each.grades.values())]
    counts = [each.topics, each.judged, each.passages]
    return [*counts, each.candidates, *judgements, each.query_words, each.passage_words]


def _format(column: Sequence[float | None]) -> str:
    """Return the S column that fits these numbers."""
    digits = max(len(f"{value or 0:.1f}") - 2 for value in column)
    decimals = int(any(isinstance(value, float) for value in column))
    return f"S[table-format={digits}.{decimals}]"


def _label(each: DataSet) -> str:
    return escape(f"{each.label}{_SIDES.get(each.use, '')}")


def _printed(value: float | None) -> str:
    if value is None:
        return "{--}"
    return f"{value:.1f}" if isinstance(value, float) else str(value)


def _spanning(grades: int) -> list[str]:
    """Return the line of heads above several columns, and the rules below them."""
    columns = max(grades, 1)
    first = 6  # after label, topics, judged, passages and candidates
    words = first + columns
    judgements = rf"\multicolumn{{{columns}}}{{c}}{{Judgements of grade}}" if grades else ""
    rules = rf"\cmidrule(lr){{{first}-{words - 1}}}" if grades else ""
    return [
        row([*[""] * (first - 1), judgements, r"\multicolumn{2}{c@{}}{Words in}"]),
        rf"{rules}\cmidrule(l){{{words}-{words + 1}}}",
    ]
