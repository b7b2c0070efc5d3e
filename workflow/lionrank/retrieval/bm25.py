"""The first stage: a Lucene index, made or downloaded, and BM25 run files by Anserini."""

import os
import shutil
import tarfile
from pathlib import Path, PurePosixPath
from typing import Any

from tqdm import tqdm

from lionrank import trec
from lionrank.archives import unpacking
from lionrank.collections.corpus import (
    count_documents,
    open_database,
    readable_by_duckdb,
    refuse_unindexed,
    relation,
)
from lionrank.errors import UserError
from lionrank.files import scratch_folder
from lionrank.grid import FIRST_STAGE
from lionrank.java import start_jvm
from lionrank.retrieval import record
from lionrank.trec import Run, Topics


def build_index(corpus: str | os.PathLike, index: str | os.PathLike, threads: int) -> None:
    """Index a corpus folder, as `lionrank.collections.corpus` describes it, with Lucene.

    Lucene reads JSON lines: of a folder of Parquet files they are written for it, and removed.

    Raises:
        UserError: the corpus is damaged or holds a document that Lucene would not index.
    """
    corpus, index = Path(corpus), Path(index)
    with scratch_folder(index) as scratch:
        lines = corpus
        with open_database(index, threads) as database, readable_by_duckdb(corpus):
            documents = relation(corpus)
            expected = count_documents(database, corpus)
            if not any(corpus.glob("*.jsonl")):
                lines = scratch
                database.execute(
                    f"COPY (SELECT id, contents FROM {documents}) TO $file (FORMAT json)",
                    {"file": str(lines / "documents.jsonl")},
                )
        _run_lucene(lines, index, threads)
    indexed = _searcher(index).get_total_num_docs()
    if indexed != expected:
        refuse_unindexed(corpus)
        raise UserError(
            f"{index}: {indexed} of the {expected} documents in {corpus} are indexed: what Lucene "
            "counts above tells why."
        )


def difference_in_size(
    index: str | os.PathLike, corpus: str | os.PathLike, threads: int
) -> str | None:
    """Return in words how an index that others made differs from a corpus, None where it does not.

    Raises:
        UserError: the corpus is damaged, or the index cannot be opened.
    """
    with open_database(index, threads) as database, readable_by_duckdb(corpus):
        expected = count_documents(database, corpus)
    indexed = _searcher(index).get_total_num_docs()
    if indexed == expected:
        return None
    return (
        f"{index} has {indexed:,} documents, and {corpus} has {expected:,}: it is an index of "
        "another version of the collection, or leaves some documents out."
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


def _searcher(index: str | os.PathLike) -> Any:
    """Return Anserini's searcher, which Pyserini's LuceneSearcher wraps.

    Pyserini's own import takes seconds, for dense retrieval and the services of its encoders.

    Raises:
        UserError: the folder is no index that can be opened.
    """
    start_jvm()
    from jnius import JavaException, autoclass

    try:
        return autoclass("io.anserini.search.SimpleSearcher")(str(index))
    except JavaException as error:
        reason = str(error).removeprefix("JVM exception occurred: ").splitlines()[0]
        raise UserError(
            f"{index} is no Lucene index, or a damaged one ({reason}): delete it and run again."
        ) from None


def _lift_clause_limit() -> None:
    """Let a query have any number of terms: Lucene's own limit, 1,024, fails the whole batch."""
    from jnius import autoclass

    largest = autoclass("java.lang.Integer").MAX_VALUE
    autoclass("org.apache.lucene.search.IndexSearcher").setMaxClauseCount(largest)


def _java_list(words: list[str]) -> Any:
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

    Raises:
        UserError: the index cannot be opened, or two of its documents have one id.
    """
    searcher = _searcher(index)
    searcher.set_bm25(k1, b)
    _lift_clause_limit()
    run: Run = {}
    qids = list(topics)
    for start in tqdm(range(0, len(qids), 256), desc="BM25", unit="256 topics"):
        batch = qids[start : start + 256]
        queries = [topics[qid] for qid in batch]
        found = searcher.batch_search(_java_list(queries), _java_list(batch), depth, threads)
        hits = {each.getKey(): each.getValue() for each in found.entrySet().toArray()}
        for qid in batch:
            ranking = [(hit.docid, hit.score) for hit in hits.get(qid, [])]
            run[qid] = dict(ranking)
            if len(run[qid]) < len(ranking):
                raise UserError(
                    f"{index}: a document is retrieved twice for topic {qid!r}: its id is twice in "
                    "the corpus; remove one of the two, and make the index again."
                )
            if not run[qid]:
                print(f"topic {qid!r} has no candidates: no term of {topics[qid]!r} is indexed")
    return {qid: ranking for qid, ranking in run.items() if ranking}


def rank(
    index: str | os.PathLike,
    topics: str | os.PathLike,
    depth: int,
    output: str | os.PathLike,
    counts: str | os.PathLike,
    threads: int,
    *,
    k1: float,
    b: float,
    remove_query: bool = False,
) -> None:
    """Write the ranking of BM25, as a run file, and its record.

    Args:
        index: the folder of the index.
        topics: those to rank for.
        depth: documents of a topic.
        output: the run file to write.
        counts: the record to write.
        threads: with which the index is searched.
        k1, b: of BM25.
        remove_query: whether a document with the topic's id is the query itself, and takes no place
            of the depth (with Anserini's -removeQuery it does).

    Raises:
        UserError: the topics are damaged, or what `bm25` refuses.
    """
    asked = trec.read_topics(topics)
    found = bm25(index, asked, depth + remove_query, k1, b, threads)
    removed = trec.remove_queries(found) if remove_query else 0
    trec.say_removed(os.fspath(output), removed)
    run = {qid: trec.first(ranking, depth) for qid, ranking in found.items()}
    trec.write_run(output, run, FIRST_STAGE)
    lines = {qid: len(ranking) for qid, ranking in run.items()}
    record.write(counts, asked, lines, removed_queries=removed)


def unpack_index(archive: str | os.PathLike, index: str | os.PathLike) -> None:
    """Unpack a prebuilt index of Anserini's, a tar.gz archive of one folder, as the folder `index`.

    Plain files beside that folder, such as macOS's `._*`, are left out.

    Raises:
        UserError: the archive is damaged, is not of one folder, has a member that is a link or
            leaves the folder, or the disk is full.
    """
    index = Path(index)
    with unpacking(archive, index), scratch_folder(index) as scratch:
        _unpack(archive, scratch)
        folders = [path for path in scratch.iterdir() if path.is_dir()]
        if len(folders) != 1:
            raise UserError(f"{archive}: expected one folder, found {len(folders)}.")
        shutil.rmtree(index, ignore_errors=True)
        os.replace(folders[0], index)


def _unpack(archive: str | os.PathLike, folder: Path) -> None:
    """Write the files of a tar archive below `folder`.

    tarfile's own `filter="data"` is only in Python 3.11.4 and newer.
    """
    with tarfile.open(archive, "r:gz") as members:
        for member in members:
            name = PurePosixPath(member.name)
            if member.isdir():
                continue
            content = members.extractfile(member) if member.isfile() else None
            if content is None or name.is_absolute() or ".." in name.parts:
                raise UserError(
                    f"{archive}: the member {member.name!r} is a link or leaves the folder that "
                    "it is unpacked to; this is no index of Anserini's."
                )
            file = folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            with open(file, "wb") as unpacked:
                shutil.copyfileobj(content, unpacked)
