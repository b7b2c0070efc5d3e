"""Parquet files: written whole, and read with errors that name the file and the remedy."""

import os
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from lionrank.errors import UserError
from lionrank.files import AGAIN, atomic_write, open_file

if TYPE_CHECKING:
    import pandas

CANDIDATES = pa.schema(
    {
        "qid": pa.string(),
        "docid": pa.string(),
        "rank": pa.int64(),
        "score": pa.float64(),
        "query": pa.string(),
        "passage": pa.string(),
    }
)
"""Of every file of candidates, whoever ranked them; ranks count from 1."""
WINDOWS = pa.schema(
    {
        "qid": pa.string(),
        "docid": pa.string(),
        "window": pa.int32(),
        "begin": pa.int32(),
        "end": pa.int32(),
        "tokens": pa.int32(),
        "query_left_out": pa.int32(),
        "document": pa.int32(),
        "logit": pa.float32(),
    }
)
"""Of every file of windows: candidates in their order, each with its windows, counted from 0.

`begin` and `end` are tokens of the document, which has `document` of them, `end` the first one that
is not in the window; `tokens` is what the model read, with query and special tokens;
`query_left_out` counts the tokens that the query was cut by.
"""
# Rows that are read at once.
ROWS = 8192


def of_candidates(*columns: str) -> pa.Schema:
    """Return the schema of some columns of `CANDIDATES`."""
    return pa.schema([CANDIDATES.field(name) for name in columns])


def of_windows(*columns: str) -> pa.Schema:
    """Return the schema of some columns of `WINDOWS`."""
    return pa.schema([WINDOWS.field(name) for name in columns])


def write(path: str | os.PathLike, frame: "pandas.DataFrame") -> None:
    """Write a table as Parquet."""
    with atomic_write(path, "wb") as handle:
        frame.to_parquet(handle, index=False)


def write_table(path: str | os.PathLike, table: pa.Table) -> None:
    """Write a table of pyarrow as Parquet."""
    with atomic_write(path, "wb") as handle:
        pq.write_table(table, handle)


def is_parquet(path: str | os.PathLike) -> bool:
    """Return whether a file begins as Parquet does.

    Raises:
        UserError: the file cannot be read.
    """
    with open_file(path) as handle:
        return handle.read(4) == b"PAR1"


def schema(path: str | os.PathLike, columns: Iterable[str] = (), remedy: str = AGAIN) -> pa.Schema:
    """Return the schema of a Parquet file that has some columns.

    Raises:
        UserError: it is damaged or lacks a column; names the file and `remedy`.
    """
    with _opened(path, columns, remedy) as file:
        return file.schema_arrow


def count(path: str | os.PathLike) -> int:
    """Return the number of rows.

    Raises:
        UserError: the file is damaged.
    """
    with _opened(path, (), AGAIN) as file:
        return file.metadata.num_rows


def read(
    path: str | os.PathLike,
    columns: pa.Schema,
    remedy: str = AGAIN,
    nullable: Collection[str] = (),
) -> pa.Table:
    """Return columns by their names, in the types that are given.

    Raises:
        UserError: as `batches`.
    """
    return pa.Table.from_batches(batches(path, columns, remedy, nullable), columns)


def batches(
    path: str | os.PathLike,
    columns: pa.Schema,
    remedy: str = AGAIN,
    nullable: Collection[str] = (),
    rows: int = ROWS,
) -> Iterator[pa.RecordBatch]:
    """Yield columns by their names, in the types that are given, some rows at a time.

    Raises:
        UserError: the file is damaged, lacks a column, has one of another type, or no value in a
            column that is not `nullable`; names file, column and `remedy`.
    """
    number = 0
    with _opened(path, columns.names, remedy) as file:
        for batch in file.iter_batches(rows, columns=columns.names):
            batch.validate(full=True)
            yield _in_types(batch, columns, path, remedy, nullable, number)
            number += len(batch)


@contextmanager
def _opened(
    path: str | os.PathLike, columns: Iterable[str], remedy: str
) -> Iterator[pq.ParquetFile]:
    """Open a Parquet file, and take what pyarrow raises within for damage."""
    open_file(path).close()
    try:
        with pq.ParquetFile(path) as file:
            found = file.schema_arrow.names
            if absent := [name for name in columns if found.count(name) != 1]:
                raise UserError(
                    f"{path}: missing columns: {', '.join(absent)}; found: {', '.join(found)}: "
                    f"{remedy}."
                )
            yield file
    except (pa.ArrowException, OSError, ValueError) as error:
        reason = str(error).splitlines()[0].rstrip(". ")
        raise UserError(f"{path} is damaged ({reason}): {remedy}.") from None


def _in_types(
    batch: pa.RecordBatch,
    columns: pa.Schema,
    path: str | os.PathLike,
    remedy: str,
    nullable: Collection[str],
    before: int,
) -> pa.RecordBatch:
    """Return a batch, before which come so many rows, with its columns in their types."""
    arrays = []
    for field in columns:
        array = batch.column(field.name)
        try:
            array = array.cast(field.type)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            raise UserError(
                f"{path}: column {field.name!r} is of type {array.type}, not {field.type}: "
                f"{remedy}."
            ) from None
        if field.name not in nullable and _has_nulls(array):
            places = (
                row for row, value in enumerate(array.to_pylist(), before + 1) if _lacks(value)
            )
            raise UserError(f"{path}, row {next(places)}: {field.name!r} has no value: {remedy}.")
        arrays.append(array)
    return pa.RecordBatch.from_arrays(arrays, schema=columns)


def _has_nulls(array: pa.Array) -> bool:
    """Return whether a value is missing in an array, or in the lists and structures in it."""
    if array.null_count or not pa.types.is_nested(array.type):
        return array.null_count > 0
    inner = array.flatten()
    return any(map(_has_nulls, inner if isinstance(inner, list) else [inner]))


def _lacks(value: Any) -> bool:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return value is None or any(map(_lacks, inner))
