"""Run files of others: read, cut as trec_eval ranks, and taken for the candidates of a topic."""

import os
from collections.abc import Collection
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from lionrank import trec
from lionrank.collections.corpus import held_documents
from lionrank.errors import UserError
from lionrank.retrieval import record
from lionrank.retrieval.record import say
from lionrank.trec import Run, Topics


@dataclass(frozen=True)
class Taken:
    """The first documents of the topics that were asked for, of a run file of others."""

    run: Run
    """As trec_eval ranks them, with scores that fall in float32."""
    topics: Topics
    """Those that were asked for."""
    cut: int
    """Lines beyond the depth."""
    removed_queries: int
    """Lines of documents that are the query itself, which take no place of the depth."""
    unknown_topics: int
    """Topics that nobody asked for."""

    @property
    def documents(self) -> set[str]:
        return {docid for ranking in self.run.values() for docid in ranking}


def take(
    path: str | os.PathLike,
    topics: str | os.PathLike,
    depth: int,
    name: str,
    *,
    remove_query: bool = False,
) -> Taken:
    """Read a run file, plain or packed, and keep the first `depth` documents of each topic.

    `name` is what it is called here. With `remove_query`, a document with the topic's id is the
    query itself, and none of them. What is left out, lacking or tied is said.

    Raises:
        UserError: a file is damaged, a score is no float32, or the run file has none of the topics,
            or for none another document than the query itself.
    """
    run, tag = trec.read_run(path)
    asked = trec.read_topics(topics)
    trec.check_shared(run, os.fspath(path), asked, os.fspath(topics))
    _check_range(run, path)
    print(f"{path}: tag {tag!r}, now {name!r}")
    others = run.keys() - asked.keys()
    say("topics of it are not in the test set, and left out", others)
    own = {qid: run[qid] for qid in asked if qid in run}
    removed = trec.remove_queries(own) if remove_query else 0
    trec.say_removed(os.fspath(path), removed)
    if not any(own.values()):
        raise UserError(f"{path} has no document but the query itself for any topic of {topics}")
    emptied = [qid for qid in asked if not own.get(qid)]
    say("topics of the test set have no document in it, and score 0 if judged", emptied)
    ranked = {qid: trec.first(trec.by_score(ranking), depth) for qid, ranking in own.items()}
    if cut := sum(len(run[qid]) - len(ranking) for qid, ranking in ranked.items()):
        print(f"{cut:,} lines are beyond the depth of {depth:,}, and left out")
    if tied := sum(map(_tied, ranked.values())):
        print(f"{tied:,} documents have the score of the one above: ranked by id, as by trec_eval")
    return Taken(
        {qid: trec.strict(ranking) for qid, ranking in ranked.items()},
        asked,
        cut,
        removed,
        len(others),
    )


def check_held(
    taken: Taken, path: str | os.PathLike, corpus: str | os.PathLike, held: Collection[str]
) -> None:
    """Check that a collection holds any document of a run file.

    Raises:
        UserError: it holds none.
    """
    if not held:
        some = sorted(taken.documents)[:3]
        raise UserError(
            f"{path} and {corpus} share no document: the first has {', '.join(some)}, …; is it of "
            "the same collection, and are its ids written alike?"
        )


def import_ranking(
    path: str | os.PathLike,
    topics: str | os.PathLike,
    corpus: str | os.PathLike,
    depth: int,
    first_stage: str,
    output: str | os.PathLike,
    counts: str | os.PathLike,
    threads: int,
    *,
    remove_query: bool = False,
) -> None:
    """Write the ranking of a first stage, of a run file that any tool made.

    Documents that the collection lacks, of which a reranker would have no text, are left out.

    Args:
        path: the run file, plain or packed.
        topics: those to rank for.
        corpus: the folder of the collection.
        depth: documents of a topic that are taken.
        first_stage: its name, which becomes the tag.
        output: the run file to write.
        counts: the record to write.
        threads: with which the corpus is read.
        remove_query: as in `take`.

    Raises:
        UserError: what `take` refuses, or the collection holds none of the documents.
    """
    taken = take(path, topics, depth, first_stage, remove_query=remove_query)
    held = held_documents(taken.documents, corpus, output, threads)
    check_held(taken, path, corpus, held)
    unknown = taken.documents - held
    say("documents of it are not in the collection, and left out", unknown)
    run = {
        qid: {docid: score for docid, score in ranking.items() if docid in held}
        for qid, ranking in taken.run.items()
    }
    trec.write_run(output, run, first_stage)
    record.write(
        counts,
        taken.topics,
        {qid: len(ranking) for qid, ranking in run.items()},
        cut=taken.cut,
        removed_queries=taken.removed_queries,
        unknown_topics=taken.unknown_topics,
        unknown_documents=len(unknown),
    )


def _tied(ranking: dict[str, float]) -> int:
    return sum(above == below for above, below in pairwise(ranking.values()))


def _check_range(run: Run, path: str | os.PathLike) -> None:
    largest = float(np.finfo(np.float32).max)
    for qid, ranking in run.items():
        for docid, score in ranking.items():
            if abs(score) >= largest:
                raise UserError(
                    f"{path}: the score of document {docid!r} for topic {qid!r} is {score}, and "
                    "our run files have float32: scale all scores"
                )
