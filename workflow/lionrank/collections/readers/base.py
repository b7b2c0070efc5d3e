"""What a reader of a collection gives, and how the files that it reads are opened."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from lionrank.errors import UserError
from lionrank.files import read_json_lines
from lionrank.trec import Qrels, Topics


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


@contextmanager
def readable(path: str | os.PathLike) -> Iterator[None]:
    """Say of a file that is opened within what keeps it from being read.

    Raises:
        UserError: it is not there, or its text is not UTF-8.
    """
    try:
        yield
    except FileNotFoundError:
        raise UserError(
            f"{os.path.abspath(path)} does not exist: fix the path in the config; relative paths "
            "count from the working directory of the experiment."
        ) from None
    except UnicodeDecodeError as error:
        raise UserError(
            f"{path}: no UTF-8 text ({error.reason} in {error.object[error.start : error.end]!r}): "
            "convert the file, for example with iconv."
        ) from None


def json_lines(path: str | os.PathLike) -> Iterator[tuple[str, dict]]:
    """Yield (place, record) of the lines of a JSON-lines file, place being `file:line`.

    Raises:
        UserError: the file cannot be read, or a line is not a JSON object.
    """
    with readable(path):
        for number, record in enumerate(read_json_lines(path), start=1):
            yield f"{path}:{number}", record


def text_of(record: dict, key: str, place: str) -> str:
    """Return the text under a key of a record.

    Raises:
        UserError: the key is missing, or holds something else than text.
    """
    if key not in record:
        raise UserError(f"{place}: the key {key!r} is missing; found: {', '.join(record)}")
    if not isinstance(record[key], str):
        raise UserError(f"{place}: {key!r} is not text but {record[key]!r}: put it in quotes")
    return record[key]


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
        try:
            found = pq.read_schema(file).names
        except pa.ArrowInvalid as error:
            raise UserError(f"{file}: not a Parquet file ({error}); download it again.") from None
        if missing := [column for column in columns if column not in found]:
            raise UserError(
                f"{file}: missing columns: {', '.join(missing)}; found: {', '.join(found)}; "
                "is this a copy of the right source?"
            )
    return files


def parquet_rows(
    folder: str | os.PathLike, pattern: str, columns: list[str]
) -> Iterator[tuple[str, list[Any]]]:
    """Yield (place, values of the columns) of the rows of Parquet files in a folder.

    Raises:
        UserError: as `parquet_files`.
    """
    for file in parquet_files(folder, pattern, columns):
        number = 0
        for batch in pq.ParquetFile(file).iter_batches(columns=columns):
            for row in batch.to_pylist():
                number += 1
                yield f"{file}, row {number}", [row[column] for column in columns]
