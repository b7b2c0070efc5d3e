"""Training examples that others made: files of ids, with labels or a teacher's scores.

They are read in passing, the first ones of a file, so that forty million need no more memory than
a few.
"""

import math
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import compress, islice
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from lionrank import parquet
from lionrank.collections.corpus import TRIPLET, open_database
from lionrank.collections.examples import Passage, write_ids
from lionrank.errors import UserError
from lionrank.files import ends_in_a_line, read_json_lines, text_lines

HOFSTAETTER = "pos_score neg_score query_id pos_pid neg_pid"
RELEVANCE = (1.0, 0.0)
"""The labels of a triplet's passages."""
REMEDY = "correct the file, or name its format"
_STRINGS = pa.list_(pa.string())
_NUMBERS = pa.list_(pa.float64())


class Example(NamedTuple):
    """An example as its file gives it."""

    place: str
    """File and line or row, for messages."""
    qid: str
    docids: Sequence[str]
    labels: Sequence[float] | None
    """Grades of the passages; None where the file has none."""
    scores: Sequence[float] | None
    """A teacher's; None where the file has none."""


def import_examples(
    format_name: str,
    path: str | os.PathLike,
    asked: int,
    most: int,
    output: str | os.PathLike,
    threads: int,
    remove_query: bool = False,
) -> dict[str, int]:
    """Write the first `asked` examples of a file as Parquet with the columns of `IDS`.

    Args:
        format_name: a key of `FORMATS`.
        path: of the file, or of a folder whose files are read in the order of their names.
        asked: how many examples are wanted.
        most: passages of an example; of a longer one the first are taken.
        output: the file to write.
        threads: of the counting.
        remove_query: whether a passage with the topic's id is the query itself, and removed: from a
            list, and of other formats with its example.

    Returns:
        Numbers of `examples`, their `topics` and `passages`, `distinct` ones, examples that were
        `cut` to `most`, and passages that were `removed_queries`.

    Raises:
        UserError: the file is damaged or of another format, one of the examples has labels or
            scores that are no numbers or too few of them, or a passage twice, or there are fewer
            than half as many as asked for; names file and line or row.
    """
    counts = {"cut": 0, "removed_queries": 0}
    found = _sound(example for file in _files(path) for example in FORMATS[format_name](file))
    if remove_query:
        found = _without_queries(found, format_name, counts)
    write_ids(output, _first(found, asked, most, path, counts))
    with open_database(output, threads) as database:
        ((counts["passages"], counts["topics"], counts["distinct"], counts["examples"]),) = (
            database.execute(
                "SELECT count(*), count(DISTINCT qid), count(DISTINCT docid), max(example) + 1 "
                "FROM read_parquet($output)",
                {"output": os.fspath(output)},
            ).fetchall()
        )
    return counts


def summary(counts: dict[str, int], asked: int) -> str:
    """Say in one line how many examples were imported."""
    told = f"{counts['examples']} examples of {counts['topics']} topics, and {asked} asked for"
    if counts["cut"]:
        told += f"; {counts['cut']} lists are longer and were cut"
    return told + _told_removed(counts)


def _told_removed(counts: dict[str, int]) -> str:
    removed = counts["removed_queries"]
    return f"; {removed} passages are the query itself, and left out" if removed else ""


def _files(path: str | os.PathLike) -> list[Path]:
    """Return the files of a folder by their names, or the one that a path names."""
    if not os.path.isdir(path):
        return [Path(path)]
    found = sorted(file for file in Path(path).rglob("[!.]*") if file.is_file())
    if not found:
        raise UserError(f"{path} holds no file: delete the folder and run again.")
    return found


def _sound(found: Iterable[Example]) -> Iterator[Example]:
    """Yield examples that can be learnt from, and refuse others."""
    for example in found:
        place, _, docids, labels, scores = example
        if not docids:
            raise UserError(f"{place}: the example has no passage: remove it.")
        for name, values in (("labels", labels), ("scores", scores)):
            _check_numbers(place, name, values, len(docids))
        if labels is not None and min(labels) < 0:
            raise UserError(
                f"{place}: the label {min(labels)} is below 0, and labels are grades: write what a "
                "teacher says as scores."
            )
        if len({*docids}) < len(docids):
            twice = next(each for place, each in enumerate(docids) if each in docids[:place])
            raise UserError(f"{place}: passage {twice!r} appears twice: remove one of the two.")
        yield example


def _without_queries(
    found: Iterable[Example], format_name: str, counts: dict[str, int]
) -> Iterator[Example]:
    """Yield what is left of examples without the passages that are the query itself."""
    for example in found:
        if example.qid not in example.docids:
            yield example
            continue
        counts["removed_queries"] += 1
        kept = [docid != example.qid for docid in example.docids]
        if format_name == "lists" and any(kept):
            yield example._replace(
                docids=[*compress(example.docids, kept)],
                labels=example.labels and [*compress(example.labels, kept)],
                scores=example.scores and [*compress(example.scores, kept)],
            )


def _first(
    found: Iterable[Example],
    asked: int,
    most: int,
    path: str | os.PathLike,
    counts: dict[str, int],
) -> Iterator[tuple[str, Sequence[Passage]]]:
    """Yield the topic and the passages of the examples that are asked for."""
    number = 0
    for _, qid, docids, labels, scores in islice(found, asked):
        number += 1
        counts["cut"] += len(docids) > most
        nothing = [None] * len(docids)
        passages = zip(docids, labels or nothing, scores or nothing, strict=True)
        yield qid, [*islice(passages, most)]
    if 2 * number < asked:
        told = f"{path} holds {number} examples, and {asked} asked for{_told_removed(counts)}"
        raise UserError(
            f"{told}: is it whole? If so, lower examples of the training data in the config."
        )


def _check_numbers(place: str, name: str, values: Sequence[float] | None, passages: int) -> None:
    if values is None:
        return
    if len(values) != passages:
        raise UserError(f"{place}: {passages} passages and {len(values)} {name}: correct the file.")
    if not all(map(math.isfinite, values)):
        wrong = next(value for value in values if not math.isfinite(value))
        raise UserError(f"{place}: one of its {name} is {wrong}, no finite number: correct it.")


# The formats.


def _hofstaetter(path: Path) -> Iterator[Example]:
    """Yield the lines of Hofstätter et al. 2020, of which each has two scores of a teacher."""
    form = HOFSTAETTER.split()
    for place, columns in _lines(path, form):
        scores = [_number(text, place) for text in columns[:2]]
        yield Example(place, columns[2], columns[3:], RELEVANCE, scores)
    if not ends_in_a_line(path):
        raise UserError(
            f"{place}: the last line does not end, so that the file was cut off: get it again, or "
            "ask for fewer examples."
        )


def _triplets(path: Path) -> Iterator[Example]:
    """Yield triplets, with the margin of a teacher's scores where there is a score."""
    if parquet.is_parquet(path):
        columns = pa.schema([*TRIPLET])
        if "score" in parquet.schema(path).names:
            columns = columns.append(pa.field("score", pa.float64()))
        rows = _rows(path, columns)
    else:
        rows = _lines(path, [*TRIPLET.names, "score"], optional=1)
    for place, (qid, positive, negative, *margin) in rows:
        scores = [_number(margin[0], place), 0.0] if margin else None
        yield Example(place, qid, (positive, negative), RELEVANCE, scores)


def _pairs(path: Path) -> Iterator[Example]:
    """Yield single passages, each with a label, a teacher's score, or both."""
    found = parquet.schema(path, ("query_id", "passage_id"), REMEDY).names
    given = _given(path, ("label", "score"), found)
    columns = {"query_id": pa.string(), "passage_id": pa.string()}
    rows = _rows(path, pa.schema(columns | dict.fromkeys(given, pa.float64())))
    for place, (qid, docid, *values) in rows:
        named = {name: [value] for name, value in zip(given, values, strict=True)}
        yield Example(place, qid, (docid,), named.get("label"), named.get("score"))


def _lists(path: Path) -> Iterator[Example]:
    """Yield lists of passages, with labels, a teacher's scores, or both."""
    names = ("labels", "scores")
    if parquet.is_parquet(path):
        given = _given(path, names, parquet.schema(path, ("query_id", "doc_ids"), REMEDY).names)
        columns = {"query_id": pa.string(), "doc_ids": _STRINGS} | dict.fromkeys(given, _NUMBERS)
        for place, (qid, docids, *values) in _rows(path, pa.schema(columns)):
            named = dict(zip(given, values, strict=True))
            yield Example(place, qid, docids, named.get("labels"), named.get("scores"))
        return
    first: list[str] | None = None
    for number, record in enumerate(read_json_lines(path), start=1):
        place = f"{path}:{number}"
        given = _given(place, names, record)
        first = first or given
        if given != first:
            raise UserError(
                f"{place}: it has {' and '.join(given)}, and line 1 has {' and '.join(first)}: "
                "give all lines the same."
            )
        named = {name: _numbers(record[name], name, place) for name in given}
        yield Example(
            place,
            _identifier(record.get("query_id"), "query_id", place),
            _identifiers(record.get("doc_ids"), place),
            named.get("labels"),
            named.get("scores"),
        )


FORMATS: dict[str, Callable[[Path], Iterator[Example]]] = {
    "hofstaetter": _hofstaetter,
    "triplets": _triplets,
    "pairs": _pairs,
    "lists": _lists,
}


def _lines(path: Path, form: list[str], optional: int = 0) -> Iterator[tuple[str, list[str]]]:
    """Yield place and columns of lines with these columns; so many of the last may be missing."""
    wanted: set[int] = set()
    for number, line in text_lines(path):
        columns = line.split("\t")
        wanted = wanted or {len(form) - optional, len(form)} & {len(columns)} or {len(form)}
        if {len(columns)} != wanted or "" in columns:
            raise UserError(
                f"{path}:{number}: expected the columns {' '.join(form[: max(wanted)])} with tabs "
                f"between them, found {line[:80]!r}: {REMEDY}."
            )
        yield f"{path}:{number}", columns


def _rows(path: Path, columns: pa.Schema) -> Iterator[tuple[str, list[Any]]]:
    number = 0
    for batch in parquet.batches(path, columns, REMEDY):
        for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            number += 1
            yield f"{path}, row {number}", [*row]


def _given(place: str | os.PathLike, names: Sequence[str], found: Iterable[str]) -> list[str]:
    """Return those of two names that a file has.

    Raises:
        UserError: it has none of them.
    """
    given = [name for name in names if name in found]
    if not given:
        raise UserError(
            f"{place}: there are no {' and no '.join(names)}, and one of the two is learnt from: "
            f"{REMEDY}."
        )
    return given


def _number(text: str | float, place: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise UserError(f"{place}: score {text!r} is not a number: {REMEDY}.") from None


def _identifier(value: Any, name: str, place: str) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise UserError(f"{place}: {name} is {value!r}, and not text: {REMEDY}.")
    return str(value)


def _identifiers(values: Any, place: str) -> list[str]:
    if not isinstance(values, list):
        raise UserError(f"{place}: doc_ids is {values!r}, and not a list: {REMEDY}.")
    return [_identifier(value, "one of doc_ids", place) for value in values]


def _numbers(values: Any, name: str, place: str) -> list[float]:
    if not isinstance(values, list):
        raise UserError(f"{place}: {name} is {values!r}, and not a list: {REMEDY}.")
    for value in values:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise UserError(f"{place}: one of its {name} is {value!r}, no number: {REMEDY}.")
    return [float(value) for value in values]
