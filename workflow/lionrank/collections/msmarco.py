"""MS MARCO passages with the triplets of sentence-transformers/msmarco.

The three sources of the hub are tables whose identifiers are text: corpus (passage_id, passage;
8.8 million rows), queries (query_id, query) and triplets (query_id, positive_id, negative_id).
DuckDB streams them, in the order of the files and of the rows in them.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from lionrank.collections.corpus import TRIPLET, open_database, text
from lionrank.collections.readers.base import parquet_files
from lionrank.errors import UserError
from lionrank.files import atomic_write


def write_corpus(
    source_folder: str | os.PathLike, output_folder: str | os.PathLike, threads: int
) -> None:
    """Write the passages as a Parquet file in `output_folder`, with the columns id and contents.

    Raises:
        UserError: a file of the source is missing or damaged, or lacks a column.
    """
    files = parquet_files(source_folder, "corpus/*.parquet", ("passage_id", "passage"))
    query = (
        f"SELECT {text('passage_id', 'id')}, {text('passage', 'contents')} "
        "FROM read_parquet($files)"
    )
    with _copied(query, files, Path(output_folder, "passages.parquet"), threads) as rows:
        print(f"{rows} passages")


def write_triplets(
    source_folder: str | os.PathLike, path: str | os.PathLike, count: int, threads: int
) -> None:
    """Write the first `count` triplets as Parquet with the columns `TRIPLET`, all text.

    Raises:
        UserError: a file of the source is missing or damaged or lacks a column, or they hold fewer.
    """
    files = parquet_files(source_folder, "triplets/*.parquet", TRIPLET.names)
    columns = ", ".join(map(text, TRIPLET.names))
    query = f"SELECT {columns} FROM read_parquet($files) LIMIT {count:d}"
    with _copied(query, files, Path(path), threads) as rows:
        if rows < count:
            raise UserError(
                f"config: training_pairs.triplets asks for {count} and {source_folder} holds "
                f"{rows}: lower it, or let the row of the sources' table name more files"
            )


def write_training_topics(
    source_folder: str | os.PathLike, path: str | os.PathLike, threads: int
) -> None:
    """Write the queries as `query_id<TAB>query`, each tab or line end in them as a space.

    Raises:
        UserError: a file of the source is missing or damaged, or lacks a column.
    """
    files = parquet_files(source_folder, "queries/*.parquet", ("query_id", "query"))
    query = rf"""
        SELECT query_id || chr(9) || regexp_replace(query, '[\t\r\n]', ' ', 'g') || chr(10)
        FROM (SELECT {text("query_id")}, {text("query")} FROM read_parquet($files))
    """
    with _database(files, Path(path), threads) as database, atomic_write(path) as handle:
        lines = database.execute(query, {"files": [str(file) for file in files]})
        while some := lines.fetchmany(65_536):
            handle.writelines(line for (line,) in some)


@contextmanager
def _copied(query: str, files: list[Path], path: Path, threads: int) -> Iterator[int]:
    """Write the rows of a query over `$files` as Parquet, which is kept unless the body raises.

    Gives the number of rows.
    """
    # In place, not through a file of DuckDB's: atomic_write renames the one that it has opened.
    copy = f"COPY ({query}) TO $path (FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE false)"
    with atomic_write(path, "wb") as handle:
        with _database(files, path, threads) as database:
            values = {"files": [str(file) for file in files], "path": handle.name}
            ((rows,),) = database.execute(copy, values).fetchall()
        yield rows


@contextmanager
def _database(files: list[Path], output: Path, threads: int) -> Iterator[duckdb.DuckDBPyConnection]:
    try:
        with open_database(output, threads) as database:
            yield database
    except duckdb.Error as error:  # that is all that DuckDB says of a damaged page
        raise UserError(
            f"{files[0].parent} cannot be read: {' '.join(str(error).split())}; download it again"
        ) from error
