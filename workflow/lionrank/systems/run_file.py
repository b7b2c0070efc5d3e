"""Run files that other tools made, brought into the form of those that are made here."""

import os
from collections.abc import Collection, Iterable
from itertools import islice, pairwise

import numpy as np

from lionrank import parquet, trec
from lionrank.collections.corpus import held_documents
from lionrank.errors import UserError

NAMED = 10
"""Topics or documents that a line of the log names, of those that it counts."""


def import_run(
    path: str | os.PathLike,
    topics: str | os.PathLike,
    corpus: str | os.PathLike,
    candidates: str | os.PathLike,
    depth: int,
    system: str,
    output: str | os.PathLike,
    threads: int,
) -> None:
    """Write a system's run file on a test set, of one that any tool made.

    Each topic of the test set keeps its first `depth` documents, candidates or not, as trec_eval
    ranks them: so every measure is that of the file as it came, down to this depth. What is left
    out, what ties, and what the collection or the candidates lack, is counted on standard output.

    Args:
        path: the run file, plain or packed.
        topics: those of the test set.
        corpus: the folder of its collection.
        candidates: the Parquet file of its first stage.
        depth: documents of a topic that are kept.
        system: its name, which becomes the tag.
        output: the run file to write.
        threads: with which the corpus is read.

    Raises:
        UserError: a file is damaged, a score is no float32, or the run file is of another test set
            or collection, of which there is no topic or no document.
    """
    run, tag = trec.read_run(path)
    asked = trec.read_topics(topics)
    trec.check_shared(run, os.fspath(path), asked, os.fspath(topics))
    _check_range(run, path)
    ranked = {qid: _first(depth, trec.by_score(run[qid])) for qid in asked if qid in run}
    print(f"{path}: tag {tag!r}, now {system!r}")
    _say("topics of it are not in the test set, and left out", run.keys() - asked.keys())
    _say("topics of the test set are not in it, and score 0 if judged", asked.keys() - run.keys())
    if cut := sum(len(run[qid]) - len(ranking) for qid, ranking in ranked.items()):
        print(f"{cut:,} documents are beyond retrieval.depth ({depth:,}), and left out")
    if tied := sum(map(_tied, ranked.values())):
        print(f"{tied:,} documents have the score of the one above: ranked by id, as by trec_eval")
    kept = {qid: _strict(ranking) for qid, ranking in ranked.items()}
    _say_what_lacks(kept, path, corpus, held_documents(_documents(kept), corpus, output, threads))
    _say_what_is_new(kept, candidates)
    trec.write_run(output, kept, system)


def _first(depth: int, ranking: dict[str, float]) -> dict[str, float]:
    return dict(islice(ranking.items(), depth))


def _strict(ranking: dict[str, float]) -> dict[str, float]:
    scores = map(float, trec.falling(ranking.values()))
    return dict(zip(ranking, scores, strict=True))


def _check_range(run: trec.Run, path: str | os.PathLike) -> None:
    largest = float(np.finfo(np.float32).max)
    for qid, ranking in run.items():
        for docid, score in ranking.items():
            if abs(score) >= largest:
                raise UserError(
                    f"{path}: the score of document {docid!r} for topic {qid!r} is {score}, and "
                    "our run files have float32: scale all scores"
                )


def _tied(ranking: dict[str, float]) -> int:
    return sum(above == below for above, below in pairwise(ranking.values()))


def _documents(run: trec.Run) -> set[str]:
    return {docid for ranking in run.values() for docid in ranking}


def _say_what_lacks(
    run: trec.Run, path: str | os.PathLike, corpus: str | os.PathLike, held: Collection[str]
) -> None:
    if not held:
        some = sorted(_documents(run))[:3]
        raise UserError(
            f"{path} and {corpus} share no document: the first has {', '.join(some)}, …; is it of "
            "the same collection, and are its ids written alike?"
        )
    lacking = _documents(run) - {*held}
    _say("documents of it are not in the collection, and stay where they are", lacking)


def _say_what_is_new(run: trec.Run, candidates: str | os.PathLike) -> None:
    """Say how many of the documents the first stage had not found."""
    columns = parquet.of_candidates("qid", "docid")
    among = sum(
        docid in run.get(qid, ())
        for pairs in parquet.batches(candidates, columns)
        for qid, docid in zip(*(column.to_pylist() for column in pairs.columns), strict=True)
    )
    ranked = sum(map(len, run.values()))
    if among < ranked:
        print(f"{ranked - among:,} of its {ranked:,} ranks have no candidate of the first stage")


def _say(what: str, found: Iterable[str]) -> None:
    """Say how many topics or documents were found, and the first ones, if there are any."""
    if names := sorted(found):
        more = " …" if len(names) > NAMED else ""
        print(f"{len(names):,} {what}: {' '.join(names[:NAMED])}{more}")
