"""Candidates for reranking: a run file joined with its texts, or what a collection brings."""

import os
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from itertools import count, islice
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from tqdm import tqdm

from lionrank import parquet, trec
from lionrank.collections.convert import given_reader, one_line
from lionrank.collections.corpus import (
    ROW_GROUP,
    add_passages,
    add_texts,
    add_topics,
    in_order,
    missing,
    open_database,
)
from lionrank.collections.formats import documents_in, topics_in
from lionrank.collections.readers.base import Candidate
from lionrank.errors import UserError
from lionrank.files import atomic_write
from lionrank.parquet import CANDIDATES
from lionrank.trec_lines import Lines

# The columns that a run file tells, with the number of the line from 0.
RANKING = pa.schema(
    [pa.field("number", pa.int64()), *map(CANDIDATES.field, ("qid", "docid", "rank", "score"))]
)
# Of the tables that are made of a run file and its texts.
JOINED = (
    f"SELECT number, {', '.join(CANDIDATES.names)} "
    "FROM passages JOIN asked USING (docid) JOIN topics USING (qid)"
)
# Of a run file, mostly topics, that are in memory at a time.
PARTS = 64
OFTEN = 0.1
"""Share of the topics that have a candidate with their own id from which that is said."""


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


def without_queries(candidates: pa.Table, depth: int) -> tuple[pa.Table, int]:
    """Return the first `depth` candidates of each topic that do not have its id, as the query has.

    Ranks, and scores that say no more than these, are counted anew. The number is that of
    candidates that are the query itself.
    """
    others = candidates.filter(pc.not_equal(candidates["docid"], candidates["qid"]))
    counted: Counter[str] = Counter()
    ranks = []
    for qid in others["qid"].to_pylist():
        counted[qid] += 1
        ranks.append(counted[qid])
    columns = {name: others[name] for name in CANDIDATES.names}
    columns |= {"rank": ranks, "score": [-float(rank) for rank in ranks]}
    renumbered = pa.Table.from_pydict(columns, CANDIDATES)
    kept = renumbered.filter(pc.less_equal(renumbered["rank"], depth))
    return kept, len(candidates) - len(others)


def tell_queries(candidates: str | os.PathLike, collection: str) -> str:
    """Return what is to be said where topics often have a candidate with their own id, or nothing.

    Numbers that queries and documents have in common by chance are rare.
    """
    topics, itself = set[str](), 0
    for some in parquet.batches(candidates, parquet.of_candidates("qid", "docid")):
        topics.update(pc.unique(some["qid"]).to_pylist())
        itself += pc.sum(pc.equal(some["qid"], some["docid"])).as_py()
    if not itself or itself < OFTEN * len(topics):
        return ""
    return (
        f"{itself:,} of {len(topics):,} topics have a candidate with their own id: if that is the "
        f"query itself, set collections.{collection}.remove_query to true"
    )


def join_candidates(
    run: Path,
    topics: Path,
    corpus: Path,
    output: Path,
    threads: int,
    relevant: Mapping[str, Iterable[str]] | None = None,
) -> None:
    """Join a run file with its texts: a Parquet file of `CANDIDATES`, one row per line.

    The rows are in the run file's order; `rank` counts those of a topic from 1. Where `relevant`
    has documents by topic, other topics are left out, and of its own those documents come after the
    others, without rank and score, that are not among them.

    Raises:
        UserError: an input is damaged, or a topic or document of the run file has no text.
    """
    with open_database(output, threads) as database:
        _read_ranking(database, run)
        if relevant is not None:
            _add_relevant(database, relevant)
        add_texts(database, topics, corpus, asked_by=run)
        write_candidates(output, in_order(database.sql(JOINED), output))


def join_files(
    run: str | os.PathLike,
    topics: str | os.PathLike,
    corpus: str | os.PathLike,
    output: Path,
    *,
    depth: int | None,
    remove_query: bool,
    skip_missing: bool,
    threads: int,
) -> None:
    """Join a run file with texts in any of `collections.formats`; else as `join_candidates`.

    With `remove_query`, documents with the topic's id, which are the query itself, are left out and
    counted; without, they are counted. Of the others of a topic the first `depth` as trec_eval
    ranks them are kept, where that is given. What topics or corpus lack is refused, or with
    `skip_missing` left out and told.

    Raises:
        UserError: an input is damaged, a topic or document of the run file has no text, or no line
            of it is left.
    """
    texts, documents = topics_in(topics), documents_in(corpus)
    with open_database(output, threads) as database:
        _read_ranking(database, run)
        rows = database.execute("SELECT DISTINCT qid FROM asked").fetchall()
        asked = {qid for (qid,) in rows}
        trec.check_shared(dict.fromkeys(asked), str(run), texts, str(topics))
        if unasked := [qid for qid in texts if qid not in asked]:
            _tell(f"{run} lacks {len(unasked)} of the topics of {topics}: {_some(unasked)}")
        _tell_queries(database, run, remove_query)
        if depth is not None:
            place = "row_number() OVER (PARTITION BY qid ORDER BY score DESC, docid DESC)"
            _keep(database, f"true QUALIFY {place} <= {depth:d}")
        add_topics(database, texts)
        if absent := missing(database, "qid", "topics"):
            told = f"{topics} lacks {len(absent)} of the topics of {run}: {_some(absent)}"
            _leave_out(database, "qid IN (SELECT qid FROM topics)", told, skip_missing)
        add_passages(database, corpus, documents and tqdm(documents, desc="corpus", unit=""))
        if absent := missing(database, "docid", "passages"):
            told = f"{corpus} lacks {len(absent)} of the documents of {run}: {_some(absent)}"
            _leave_out(database, "docid IN (SELECT docid FROM passages)", told, skip_missing)
        write_candidates(output, in_order(database.sql(JOINED), output))


def _tell_queries(
    database: duckdb.DuckDBPyConnection, run: str | os.PathLike, is_removed: bool
) -> None:
    """Say how many rows of `asked` are of the query itself, and remove them if they are to be."""
    itself = "SELECT count(*) FROM asked WHERE docid = qid"
    ((queries,),) = database.execute(itself).fetchall()
    if not queries:
        return
    told = f"{run}: {queries:,} documents have the id of their topic"
    if not is_removed:
        _tell(f"{told}: if they are the query itself, --remove-query leaves them out")
        return
    if not _keep(database, "docid <> qid"):
        raise UserError(f"{told}: nothing is left to rerank without --remove-query")
    _tell(f"{told}; left out as the query itself")


def _add_relevant(
    database: duckdb.DuckDBPyConnection, relevant: Mapping[str, Iterable[str]]
) -> None:
    """Leave topics out of `asked` that are not judged, and add the documents that it lacks."""
    rows = [(qid, docid) for qid, docids in relevant.items() for docid in docids]
    columns = [list(column) for column in zip(*rows, strict=True)] or [[], []]
    database.register("judged", pa.table({"qid": pa.array([*relevant], pa.string())}))
    schema = pa.schema([CANDIDATES.field("qid"), CANDIDATES.field("docid")])
    database.register("relevant", pa.table(columns, schema))
    database.execute(
        "CREATE OR REPLACE TABLE asked AS SELECT row_number() OVER (ORDER BY topic, number, docid) "
        "- 1 AS number, qid, docid, rank, score FROM ("
        "SELECT *, coalesce(min(number) OVER (PARTITION BY qid), count(*) OVER ()) AS topic FROM ("
        "SELECT number, qid, docid, rank, score FROM asked SEMI JOIN judged USING (qid) UNION ALL "
        "SELECT NULL, qid, docid, NULL, NULL FROM relevant ANTI JOIN asked USING (qid, docid)))"
    )


def _leave_out(
    database: duckdb.DuckDBPyConnection, has_text: str, told: str, skip_missing: bool
) -> None:
    """Keep the rows of `asked` that have a text, or refuse those that have none."""
    if not skip_missing:
        raise UserError(
            f"{told}: name the files that the run file was made with, or leave out with "
            "--skip-missing what has no text"
        )
    before, after = _rows(database), _keep(database, has_text)
    if not after:
        raise UserError(f"{told}: nothing is left to rerank: are they of the same collection?")
    _tell(f"{told}; left out with {before - after:,} of {before:,} lines of the run file")


def _tell(what: str) -> None:
    print(what, file=sys.stderr)


def _some(names: list[str]) -> str:
    return " ".join(names[:10]) + (" …" if names[10:] else "")


def _rows(database: duckdb.DuckDBPyConnection) -> int:
    return database.execute("SELECT count(*) FROM asked").fetchall()[0][0]


def _keep(database: duckdb.DuckDBPyConnection, condition: str) -> int:
    """Keep the rows of `asked` that SQL's condition is true of, in order; return their number."""
    database.execute(
        "CREATE OR REPLACE TABLE asked AS SELECT * REPLACE (row_number() OVER (ORDER BY number) "
        f"- 1 AS number) FROM (SELECT * FROM asked WHERE {condition})"
    )
    return _rows(database)


def _read_ranking(database: duckdb.DuckDBPyConnection, run: str | os.PathLike) -> None:
    """Make the table `asked`, columns `RANKING`, of a run file.

    Raises:
        UserError: what `trec.read_run` refuses, which holds the whole run file in memory.
    """
    database.from_arrow(RANKING.empty_table()).create("asked")
    numbers, ranks = count(), defaultdict[str, Iterator[int]](partial(count, 1))
    parts = (_ranking(lines, numbers, ranks[lines.qid]) for lines in trec.run_lines(run))
    while some := [*islice(parts, PARTS)]:
        database.from_arrow(pa.concat_tables(some)).insert_into("asked")
    twice = database.execute(
        "SELECT qid, docid, max(number) + 1 AS line FROM asked GROUP BY qid, docid "
        "HAVING count(*) > 1 ORDER BY line LIMIT 1"
    ).fetchall()
    for qid, docid, line in twice:
        raise UserError(f"{run}:{line}: document {docid!r} appears twice for topic {qid!r}")


def _ranking(lines: Lines, numbers: Iterator[int], ranks: Iterator[int]) -> pa.Table:
    """Return lines of a run file as a table `RANKING`, numbered on."""
    size = len(lines.docids)
    columns = [
        [*islice(numbers, size)],
        [lines.qid] * size,
        lines.docids,
        [*islice(ranks, size)],
        lines.scores.tolist(),
    ]
    return pa.table(columns, RANKING)


def write_candidates(path: str | os.PathLike, tables: Iterable[pa.Table]) -> None:
    """Write candidates as Parquet whose row groups are small enough to be read one by one."""
    with (
        atomic_write(path, "wb") as handle,
        pq.ParquetWriter(handle, CANDIDATES, compression="zstd") as writer,
    ):
        for table in tables:
            writer.write_table(table, row_group_size=ROW_GROUP)
