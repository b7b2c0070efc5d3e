"""The first stage: a Lucene index and BM25 run files by Pyserini's Anserini, and candidates."""

import os
import tempfile
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from tqdm import tqdm

from lionrank import trec
from lionrank.collections.corpus import (
    CANDIDATES,
    add_texts,
    in_order,
    open_database,
    readable,
    relation,
)
from lionrank.errors import UserError
from lionrank.files import atomic_write
from lionrank.java import start_jvm
from lionrank.trec import Run, Topics

CANDIDATE_COLUMNS = CANDIDATES.names
# The columns that a run file tells, with the number of the line from 0.
RANKING = pa.schema(
    [pa.field("number", pa.int64()), *map(CANDIDATES.field, ("qid", "docid", "rank", "score"))]
)
# Lines of a run file that are Python objects at a time.
LINES = 65_536


def build_index(corpus: str | os.PathLike, index: str | os.PathLike, threads: int) -> None:
    """Index a corpus folder, as `lionrank.collections.corpus` describes it, with Lucene.

    Lucene reads JSON lines: of a folder of Parquet files they are written for it, and removed.

    Raises:
        UserError: the corpus is damaged, or Lucene counts fewer documents than it holds.
    """
    corpus, index = Path(corpus), Path(index)
    index.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{index.name}.", dir=index.parent) as scratch:
        lines = corpus
        with open_database(index, threads) as database, readable(corpus):
            documents = relation(corpus)
            # Both columns are counted, so that every document is read and checked.
            ((expected, _),) = database.execute(
                f"SELECT count(id), count(contents) FROM {documents}"
            ).fetchall()
            if not any(corpus.glob("*.jsonl")):
                lines = Path(scratch)
                database.execute(
                    f"COPY (SELECT id, contents FROM {documents}) TO $file (FORMAT json)",
                    {"file": str(lines / "documents.jsonl")},
                )
        _run_lucene(lines, index, threads)
    indexed = _searcher(index).get_total_num_docs()
    if indexed != expected:
        raise UserError(
            f"{index}: {indexed} of the {expected} documents in {corpus} are indexed; "
            "the lines above say which Lucene refused."
        )


def _run_lucene(lines: Path, index: Path, threads: int) -> None:
    start_jvm()
    from jnius import autoclass

    arguments = {
        "-collection": "JsonCollection",
        "-generator": "DefaultLuceneDocumentGenerator",
        "-input": os.path.abspath(lines),
        "-index": os.path.abspath(index),
        "-threads": str(threads),
    }
    autoclass("io.anserini.index.IndexCollection").main(
        [*(word for pair in arguments.items() for word in pair), "-optimize"]
    )


def _searcher(index: str | os.PathLike):
    """Return Anserini's searcher, which Pyserini's LuceneSearcher wraps.

    Pyserini's own import takes seconds, for dense retrieval and the services of its encoders.
    """
    start_jvm()
    from jnius import autoclass

    return autoclass("io.anserini.search.SimpleSearcher")(str(index))


def _java_list(words: list[str]):
    from jnius import autoclass

    made = autoclass("java.util.ArrayList")()
    for word in words:
        made.add(word)
    return made


def bm25(
    index: str | os.PathLike, topics: Topics, depth: int, k1: float, b: float, threads: int
) -> Run:
    """Retrieve the `depth` best documents for each topic with BM25.

    A topic of which the analyser leaves no term (all stop words) has no candidates; it is named
    on standard error and left out of the run, so that evaluation counts it as zero.
    """
    searcher = _searcher(index)
    searcher.set_bm25(k1, b)
    run: Run = {}
    qids = list(topics)
    for start in tqdm(range(0, len(qids), 256), desc="BM25", unit="256 topics"):
        batch = qids[start : start + 256]
        queries = [topics[qid] for qid in batch]
        found = searcher.batch_search(_java_list(queries), _java_list(batch), depth, threads)
        hits = {each.getKey(): each.getValue() for each in found.entrySet().toArray()}
        for qid in batch:
            run[qid] = {hit.docid: hit.score for hit in hits.get(qid, [])}
            if not run[qid]:
                print(f"topic {qid!r} has no candidates: no term of {topics[qid]!r} is indexed")
    return {qid: ranking for qid, ranking in run.items() if ranking}


def join_candidates(run: Path, topics: Path, corpus: Path, output: Path, threads: int) -> None:
    """Join a run file with its texts: a Parquet file of `CANDIDATE_COLUMNS`, a row a line.

    The rows are in the run file's order; `rank` counts those of a topic from 1.

    Raises:
        UserError: an input is damaged, or a topic or document of the run file has no text.
    """
    with open_database(output, threads) as database:
        _read_ranking(database, run)
        add_texts(database, topics, corpus, asked_by=run)
        candidates = database.sql(
            f"SELECT number, {', '.join(CANDIDATE_COLUMNS)} "
            "FROM passages JOIN asked USING (docid) JOIN topics USING (qid)"
        )
        with (
            atomic_write(output, "wb") as handle,
            pq.ParquetWriter(handle, CANDIDATES, compression="zstd") as writer,
        ):
            for group in in_order(candidates, output):
                writer.write_table(group)


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
        raise UserError(f"{run}:{line}: document {docid!r} is there twice for topic {qid!r}")


def _ranking(run: Path) -> Iterator[tuple[int, str, str, int, float]]:
    """Yield the rows of `RANKING`: the number of a line from 0, and what it says."""
    ranks: Counter[str] = Counter()
    for number, (_, qid, docid, score, _) in enumerate(trec.run_lines(run)):
        ranks[qid] += 1
        yield number, qid, docid, ranks[qid], score
