"""Candidates for reranking: a run file joined with its texts, or what a collection brings."""

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from lionrank import trec
from lionrank.collections.convert import given_reader, one_line
from lionrank.collections.corpus import ROW_GROUP, add_texts, in_order, open_database
from lionrank.collections.readers.base import Candidate
from lionrank.errors import UserError
from lionrank.files import atomic_write
from lionrank.parquet import CANDIDATES

# The columns that a run file tells, with the number of the line from 0.
RANKING = pa.schema(
    [pa.field("number", pa.int64()), *map(CANDIDATES.field, ("qid", "docid", "rank", "score"))]
)
# Lines of a run file that are Python objects at a time.
LINES = 65_536


def given_candidates(settings: dict, folders: dict[str, str], name: str, depth: int) -> pa.Table:
    """Return the first `depth` candidates that a collection brings for each of its topics.

    Columns: `CANDIDATES`; a score falls with the rank and says no more than it.

    Raises:
        UserError: the collection's files are damaged, or hold no candidates.
    """
    found = [
        candidate._replace(query=one_line(candidate.query))
        for candidate in given_reader(settings, folders).candidates(name, depth)
    ]
    if not found:
        raise UserError(
            f"{settings['source']} brings no candidates; is it a copy of the right source?"
        )
    columns = zip(*found, strict=True)
    return pa.Table.from_pydict(dict(zip(Candidate._fields, columns, strict=True)), CANDIDATES)


def join_candidates(run: Path, topics: Path, corpus: Path, output: Path, threads: int) -> None:
    """Join a run file with its texts: a Parquet file of `CANDIDATES`, one row per line.

    The rows are in the run file's order; `rank` counts those of a topic from 1.

    Raises:
        UserError: an input is damaged, or a topic or document of the run file has no text.
    """
    with open_database(output, threads) as database:
        _read_ranking(database, run)
        add_texts(database, topics, corpus, asked_by=run)
        candidates = database.sql(
            f"SELECT number, {', '.join(CANDIDATES.names)} "
            "FROM passages JOIN asked USING (docid) JOIN topics USING (qid)"
        )
        write_candidates(output, in_order(candidates, output))


def _read_ranking(database: duckdb.DuckDBPyConnection, run: Path) -> None:
    """Make the table `asked`, columns `RANKING`, of a run file.

    Raises:
        UserError: what `trec.read_run` refuses, which holds the whole run file in memory.
    """
    database.from_arrow(RANKING.empty_table()).create("asked")
    rows = _ranking(run)
    while batch := list(islice(rows, LINES)):
        columns = [list(column) for column in zip(*batch, strict=True)]
        database.from_arrow(pa.table(columns, RANKING)).insert_into("asked")
    twice = database.execute(
        "SELECT qid, docid, max(number) + 1 AS line FROM asked GROUP BY qid, docid "
        "HAVING count(*) > 1 ORDER BY line LIMIT 1"
    ).fetchall()
    for qid, docid, line in twice:
        raise UserError(f"{run}:{line}: document {docid!r} appears twice for topic {qid!r}")


def _ranking(run: Path) -> Iterator[tuple[int, str, str, int, float]]:
    """Yield the rows of `RANKING`: the number of a line from 0, and what it says."""
    ranks: Counter[str] = Counter()
    for number, (_, qid, docid, score, _) in enumerate(trec.run_lines(run)):
        ranks[qid] += 1
        yield number, qid, docid, ranks[qid], score


def write_candidates(path: str | os.PathLike, tables: Iterable[pa.Table]) -> None:
    """Write candidates as Parquet whose row groups are small enough to be read one by one."""
    with (
        atomic_write(path, "wb") as handle,
        pq.ParquetWriter(handle, CANDIDATES, compression="zstd") as writer,
    ):
        for table in tables:
            writer.write_table(table, row_group_size=ROW_GROUP)
