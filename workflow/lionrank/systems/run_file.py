"""Run files that other tools made, brought into the form of those that are made here."""

import os

from lionrank import parquet, trec
from lionrank.collections.corpus import held_documents
from lionrank.retrieval.record import say
from lionrank.retrieval.run_file import check_held, take


def import_run(
    path: str | os.PathLike,
    topics: str | os.PathLike,
    corpus: str | os.PathLike,
    candidates: str | os.PathLike,
    depth: int,
    system: str,
    output: str | os.PathLike,
    threads: int,
    *,
    remove_query: bool = False,
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
        remove_query: whether a document with the topic's id is the query itself, and left out.

    Raises:
        UserError: a file is damaged, a score is no float32, or the run file is of another test set
            or collection, of which there is no topic or no document.
    """
    taken = take(path, topics, depth, system, remove_query=remove_query)
    held = held_documents(taken.documents, corpus, output, threads)
    check_held(taken, path, corpus, held)
    lacking = taken.documents - held
    say("documents of it are not in the collection, and stay where they are", lacking)
    _say_what_is_new(taken.run, candidates)
    trec.write_run(output, taken.run, system)


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
