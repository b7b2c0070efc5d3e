"""The table of a collection, of its statistics.json."""

from collections.abc import Mapping
from typing import Any

from lionrank.errors import UserError
from lionrank.paper.tables.tabular import Table

_SPLITS = ("train", "dev", "test")
_LENGTHS = {
    "query_words_mean": "Words in a query, mean",
    "passage_words_mean": "Words in a passage, mean",
    "passage_words_median": "Words in a passage, median",
    "passage_words_p95": "Words in a passage, 95th percentile",
}
_WHOLE = "whole"
"""The column of what counts the whole collection."""


def table(statistics: Mapping[str, Any]) -> Table:
    """Return a collection's statistics, a quantity a row; counts that are absent are left out.

    A row has the value of each split, or that of the `whole`. `digits_of` are the digits of the
    largest number in each column, before any decimal point.

    Raises:
        UserError: the number of documents or of topics is absent.
    """
    for key in ("documents", "topics"):
        if key not in statistics:
            raise UserError(f"statistics.json: no key {key!r}; make the collection again.")
    topics = statistics["topics"]
    splits = [*(s for s in _SPLITS if s in topics), *sorted(topics.keys() - {*_SPLITS})]
    rows: list[dict[str, Any]] = [
        {"quantity": quantity, **{split: counts.get(split) for split in splits}, _WHOLE: None}
        for quantity, counts in _by_split(statistics, splits).items()
    ]
    rows += [
        {"quantity": quantity, **dict.fromkeys(splits), _WHOLE: value}
        for quantity, value in _of_whole(statistics).items()
    ]
    digits_of = {
        column: max(len(str(int(row[column] or 0))) for row in rows) for column in (*splits, _WHOLE)
    }
    return Table(rows, facts={"splits": splits, "digits_of": digits_of})


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
