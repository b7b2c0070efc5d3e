"""The table of a collection, of statistics.json (statistics.py and pydocs.py)."""

from collections.abc import Mapping
from typing import Any

from lionrank.errors import UserError
from lionrank.paper.latex import escape
from lionrank.paper.tables.tabular import row, tabular

_SPLITS = {"train": "Train", "dev": "Dev", "test": "Test"}
_LENGTHS = {
    "query_words_mean": "Words in a query, mean",
    "passage_words_mean": "Words in a passage, mean",
    "passage_words_median": "Words in a passage, median",
    "passage_words_p95": "Words in a passage, 95th percentile",
}
_WHOLE = "whole"
"""The column of what counts the whole collection."""


def collection_table(statistics: Mapping[str, Any]) -> str:
    """Return the table of a collection's statistics; counts that are absent are left out.

    Raises:
        UserError: the number of documents or of topics is absent.
    """
    rows = collection_rows(statistics)
    splits = [key for key in rows[0] if key not in ("quantity", _WHOLE)]
    formats = [f"S[table-format={_digits(rows, split)}]" for split in splits[:-1]]
    # Below the last split stands what counts the whole collection, means with a decimal.
    last = max(_digits(rows, splits[-1]), _digits(rows, _WHOLE))
    formats.append(f"S[table-format={last}.{int(any(map(_has_decimal, rows)))}]")
    lines = [
        rf"\begin{{tabular}}{{@{{}}l{''.join(formats)}@{{}}}}",
        r"\toprule",
        row(["", *(rf"{{{escape(_SPLITS.get(split, split))}}}" for split in splits)]),
        r"\midrule",
    ]
    for place, each in enumerate(rows):
        whole = each[_WHOLE] is not None
        if whole and rows[place - 1][_WHOLE] is None:
            heading = rf"\multicolumn{{{len(splits) + 1}}}{{@{{}}l}}{{\emph{{Whole collection}}}}"
            lines += [r"\midrule", row([heading])]
        cells = [*[""] * (len(splits) - 1), _number(each[_WHOLE])]
        if not whole:
            cells = [_number(each[split]) for split in splits]
        lines.append(row([escape(each["quantity"]), *cells]))
    return tabular(lines, __name__)


def collection_rows(statistics: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the rows of the table: the `quantity`, its value a split, or that of the `whole`.

    Raises:
        UserError: the number of documents or of topics is absent.
    """
    for key in ("documents", "topics"):
        if key not in statistics:
            raise UserError(f"statistics.json: no key {key!r}; make the collection again.")
    topics = statistics["topics"]
    splits = [*(s for s in _SPLITS if s in topics), *sorted(topics.keys() - _SPLITS.keys())]
    rows = [
        {"quantity": quantity, **{split: counts.get(split) for split in splits}, _WHOLE: None}
        for quantity, counts in _by_split(statistics, splits).items()
    ]
    return rows + [
        {"quantity": quantity, **dict.fromkeys(splits), _WHOLE: value}
        for quantity, value in _of_whole(statistics).items()
    ]


def _by_split(
    statistics: Mapping[str, Any], splits: list[str]
) -> dict[str, Mapping[str, int | None]]:
    """Return what has one value a split: topics, judgements by grade, pairs."""
    judgements = statistics.get("judgements", {})
    grades = {int(grade) for counts in judgements.values() for grade in counts}
    found = {"Topics": statistics["topics"]}
    for grade in sorted(grades, reverse=True):
        found[f"Judgements of grade {grade}"] = {
            split: counts.get(str(grade), 0) for split, counts in judgements.items()
        }
    pairs = statistics.get("pairs", {})
    if pairs and all(isinstance(pairs.get(split, 0), int) for split in splits):
        found["Training pairs"] = pairs
    return found


def _of_whole(statistics: Mapping[str, Any]) -> dict[str, float]:
    """Return what has one value for the whole collection: an integer is a count."""
    found = {"Passages": statistics["documents"]}
    if "packages" in statistics:
        found["Packages"] = len(statistics["packages"])
    lengths = statistics.get("lengths", {})
    return found | {label: float(lengths[key]) for key, label in _LENGTHS.items() if key in lengths}


def _digits(rows: list[dict[str, Any]], key: str) -> int:
    """Return the digits of the largest number in a column, before any decimal point."""
    return max(len(str(int(each[key] or 0))) for each in rows)


def _has_decimal(each: Mapping[str, Any]) -> bool:
    return isinstance(each[_WHOLE], float)


def _number(value: float | None) -> str:
    """Return an integer as it is and any other number with one decimal, for an S column."""
    if value is None:
        return "{--}"
    return f"{value:.1f}" if isinstance(value, float) else str(value)
