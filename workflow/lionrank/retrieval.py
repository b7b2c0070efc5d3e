"""The first stage: a Lucene index and BM25 run files by Pyserini, and candidates for reranking."""

import os
from pathlib import Path

import pandas as pd
from tqdm import tqdm

from lionrank.errors import UserError
from lionrank.files import read_json_lines
from lionrank.java import start_jvm
from lionrank.trec import Run, Topics

CANDIDATE_COLUMNS = ["qid", "docid", "rank", "score", "query", "passage"]


def build_index(corpus: str | os.PathLike, index: str | os.PathLike, threads: int) -> None:
    """Index a folder of Anserini JSON lines (`id`, `contents`) with Lucene.

    Raises:
        UserError: Lucene counts fewer documents than the corpus holds.
    """
    start_jvm()
    from jnius import autoclass

    arguments = {
        "-collection": "JsonCollection",
        "-generator": "DefaultLuceneDocumentGenerator",
        "-input": os.path.abspath(corpus),
        "-index": os.path.abspath(index),
        "-threads": str(threads),
    }
    autoclass("io.anserini.index.IndexCollection").main(
        [*(word for pair in arguments.items() for word in pair), "-optimize"]
    )
    expected = sum(1 for path in sorted(Path(corpus).iterdir()) for _ in read_json_lines(path))
    indexed = _searcher(index).num_docs
    if indexed != expected:
        raise UserError(
            f"{index}: {indexed} of the {expected} documents in {corpus} are indexed; "
            "the lines above say which Lucene refused."
        )


def _searcher(index: str | os.PathLike):
    from pyserini.search.lucene import LuceneSearcher

    return LuceneSearcher(str(index))


def bm25(
    index: str | os.PathLike, topics: Topics, depth: int, k1: float, b: float, threads: int
) -> Run:
    """Retrieve the `depth` best documents for each topic with BM25.

    A topic of which the analyser leaves no term (all stop words) has no candidates; it is named
    on standard error and left out of the run, so that evaluation counts it as zero.
    """
    start_jvm()
    searcher = _searcher(index)
    searcher.set_bm25(k1, b)
    run: Run = {}
    qids = list(topics)
    for start in tqdm(range(0, len(qids), 256), desc="BM25", unit="256 topics"):
        batch = qids[start : start + 256]
        hits = searcher.batch_search([topics[qid] for qid in batch], batch, depth, threads)
        for qid in batch:
            run[qid] = {hit.docid: hit.score for hit in hits.get(qid, [])}
            if not run[qid]:
                print(f"topic {qid!r} has no candidates: no term of {topics[qid]!r} is indexed")
    return {qid: ranking for qid, ranking in run.items() if ranking}


def read_corpus(corpus: str | os.PathLike, docids: set[str]) -> dict[str, str]:
    """Return the passages of the named documents from a folder of Anserini JSON lines.

    Raises:
        UserError: a named document is not in the corpus.
    """
    passages = {
        record["id"]: record["contents"]
        for path in sorted(Path(corpus).iterdir())
        for record in read_json_lines(path)
        if record["id"] in docids
    }
    if missing := sorted(docids - passages.keys()):
        raise UserError(
            f"{corpus}: {len(missing)} documents of the run file are not in the corpus, "
            f"{missing[0]!r} first; index and corpus differ: rebuild the index."
        )
    return passages


def join_candidates(run: Run, topics: Topics, corpus: str | os.PathLike) -> pd.DataFrame:
    """Join a run with its texts: one row a candidate, columns `CANDIDATE_COLUMNS`.

    Raises:
        UserError: a topic of the run has no text, or a document is not in the corpus.
    """
    if unknown := sorted(run.keys() - topics.keys()):
        raise UserError(f"the run file holds topic {unknown[0]!r}, which the topics do not have")
    passages = read_corpus(corpus, {docid for ranking in run.values() for docid in ranking})
    rows = [
        (qid, docid, rank, score, topics[qid], passages[docid])
        for qid, ranking in run.items()
        for rank, (docid, score) in enumerate(ranking.items(), start=1)
    ]
    return pd.DataFrame(rows, columns=CANDIDATE_COLUMNS)
