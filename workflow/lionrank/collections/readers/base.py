"""What a reader of a collection gives, and how the files that it reads are opened."""

import json
import os
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, Protocol, TypeVar

import pyarrow as pa

from lionrank import parquet
from lionrank.errors import UserError
from lionrank.files import read_json_lines, text_lines
from lionrank.trec import Qrels, Topics

Value = TypeVar("Value")
DOWNLOAD = "is this a copy of the right source? If so, download it again"


class Document(NamedTuple):
    """A document of a collection."""

    docid: str
    text: str
    place: str
    """Where it was read, such as `file:line`, for messages."""


class Candidate(NamedTuple):
    """A document that a collection brings as a candidate of a topic; ranks count from 1."""

    qid: str
    docid: str
    rank: int
    score: float
    query: str
    passage: str


class Reader(Protocol):
    """A collection in a format of its own. Every method raises UserError for damaged files."""

    def documents(self) -> Iterator[Document]:
        """Yield all documents, in the order of their files."""

    def topics(self, name: str) -> Topics:
        """Return the topics of this name, in the order of their file."""

    def qrels(self, name: str) -> Qrels:
        """Return the judgements of the topics of this name."""


class GivenReader(Reader, Protocol):
    """A collection that brings the candidates of its topics."""

    def candidates(self, name: str, depth: int) -> Iterator[Candidate]:
        """Yield the first `depth` candidates of each topic, best first."""


def first_line(path: str | os.PathLike) -> str:
    """Return the first line of a file that is neither blank nor a declaration of XML, "" of none.

    Raises:
        UserError: what `text_lines` refuses.
    """
    lines = (line.strip() for _, line in text_lines(path))
    return next((line for line in lines if line and not line.startswith("<?")), "")


def json_lines(path: str | os.PathLike | zipfile.Path) -> Iterator[tuple[str, dict]]:
    """Yield (place, record) of the lines of a JSON-lines file, place being `file:line`.

    Raises:
        UserError: the file cannot be read, or a line is not a JSON object.
    """
    for number, record in enumerate(read_json_lines(path), start=1):
        yield f"{path}:{number}", record


def tab_separated(path: str | os.PathLike) -> Iterator[Document]:
    """Yield the documents of lines `docid<TAB>text`.

    Raises:
        UserError: a line is of another form, or what `text_lines` refuses.
    """
    for number, line in text_lines(path):
        docid, *texts = line.split("\t")
        if len(texts) != 1:
            raise UserError(f"{path}:{number}: expected docid<TAB>text, found {line[:80]!r}")
        yield Document(docid, texts[0], f"{path}:{number}")


def by_id(rows: Iterable[tuple[str, str, Value]], kind: str) -> dict[str, Value]:
    """Return the values of rows (place, id, value) by their ids.

    Raises:
        UserError: an id appears twice; begins with the second place, and names the `kind` of thing
            that it is the id of.
    """
    found: dict[str, Value] = {}
    for place, identifier, value in rows:
        if identifier in found:
            raise UserError(f"{place}: {kind} {identifier!r} appears twice: remove one of the two")
        found[identifier] = value
    return found


def text_of(record: dict, key: str, place: str) -> str:
    """Return the text under a key of a record.

    Raises:
        UserError: the key is missing, or holds something else than text.
    """
    if key not in record:
        raise UserError(f"{place}: the key {key!r} is missing; found: {', '.join(record)}")
    value = record[key]
    if isinstance(value, str):
        return value
    written = json.dumps(value, ensure_ascii=False)[:40]
    if value is None:
        remedy = 'give it a text ("" where there is none), or remove the line'
    elif isinstance(value, int | float):
        remedy = f'put it in quotes, "{written}"'
    else:
        remedy = "expected one text in quotes"
    raise UserError(f"{place}: {key!r} is not text but {written}: {remedy}")


def parquet_files(folder: str | os.PathLike, pattern: str, columns: Iterable[str]) -> list[Path]:
    """Return the Parquet files in a folder that match a pattern, sorted by name.

    Raises:
        UserError: no file matches, or one is no Parquet file or lacks a column.
    """
    files = sorted(Path(folder).glob(pattern))
    if not files:
        raise UserError(
            f"{folder}: no file {pattern} is there; is this a copy of the right source?"
        )
    for file in files:
        parquet.schema(file, columns, DOWNLOAD)
    return files


def parquet_rows(
    folder: str | os.PathLike, pattern: str, columns: pa.Schema
) -> Iterator[tuple[str, list[Any]]]:
    """Yield (place, values of the columns) of the rows of Parquet files in a folder.

    Raises:
        UserError: as `parquet_files`, or a column is of another type or lacks a value.
    """
    for file in parquet_files(folder, pattern, columns.names):
        number = 0
        for batch in parquet.batches(file, columns, DOWNLOAD):
            for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                number += 1
                yield f"{file}, row {number}", list(row)
