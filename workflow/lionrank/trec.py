"""The file formats at the doors: topics, qrels and run files, read strictly and written whole.

Formats: topics are `qid<TAB>text`, qrels `qid 0 docid grade`, run files
`qid Q0 docid rank score tag` (https://trec.nist.gov/data/deep2019.html).
"""

import math
import os
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from lionrank.errors import UserError
from lionrank.files import atomic_write

if TYPE_CHECKING:
    import pandas

Topics = dict[str, str]
Qrels = dict[str, dict[str, int]]
Run = dict[str, dict[str, float]]
"""qid -> docid -> score."""


def _rows(path: str | os.PathLike, separator: str | None, form: str) -> Iterator[tuple]:
    """Yield (place, columns) of the lines of a file, place being `file:line`.

    Raises:
        UserError: a line has not as many columns as `form`; names file and line.
    """
    expected = len(form.split())
    with open(path, encoding="utf-8") as handle:
        for number, line in enumerate(handle, start=1):
            columns = line.rstrip("\n").split(separator)
            if len(columns) != expected:
                raise UserError(
                    f"{path}:{number}: expected {expected} columns ({form}), "
                    f"found {len(columns)}: {line[:80]!r}"
                )
            yield f"{path}:{number}", columns


def _number(kind: type, text: str, place: str, what: str):
    try:
        return kind(text)
    except ValueError:
        raise UserError(f"{place}: {what} {text!r} is not {kind.__name__}") from None


def read_topics(path: str | os.PathLike) -> Topics:
    """Read topics, `qid -> query`.

    Raises:
        UserError: a line without a tab, an empty query or a qid twice; names file and line.
    """
    topics: Topics = {}
    for place, (qid, query) in _rows(path, "\t", "qid text"):
        if not query.strip():
            raise UserError(f"{place}: topic {qid!r} has no text; give it a query or remove it")
        if qid in topics:
            raise UserError(f"{place}: topic {qid!r} is there twice")
        topics[qid] = query
    return topics


def write_topics(path: str | os.PathLike, topics: Topics) -> None:
    """Write topics as `qid<TAB>text` lines."""
    with atomic_write(path) as handle:
        for qid, query in topics.items():
            handle.write(f"{qid}\t{query}\n")


def read_qrels(path: str | os.PathLike) -> Qrels:
    """Read graded judgements, `qid -> docid -> grade`.

    Raises:
        UserError: a line of another form, a grade that is no integer, a judgement twice.
    """
    qrels: Qrels = {}
    for place, (qid, _, docid, grade) in _rows(path, None, "qid iteration docid grade"):
        judged = qrels.setdefault(qid, {})
        if docid in judged:
            raise UserError(f"{place}: document {docid!r} is judged twice for topic {qid!r}")
        judged[docid] = _number(int, grade, place, "grade")
    return qrels


def write_qrels(path: str | os.PathLike, qrels: Qrels) -> None:
    """Write judgements as `qid 0 docid grade` lines."""
    with atomic_write(path) as handle:
        for qid, judged in qrels.items():
            for docid, grade in judged.items():
                handle.write(f"{qid} 0 {docid} {grade}\n")


def run_lines(path: str | os.PathLike) -> Iterator[tuple[str, str, str, float, str]]:
    """Yield (place, qid, docid, score, tag) of the lines of a run file, place being `file:line`.

    Raises:
        UserError: a line of another form, or a score that is no finite number.
    """
    for place, columns in _rows(path, None, "qid Q0 docid rank score tag"):
        qid, _, docid, _, text, tag = columns
        score = _number(float, text, place, "score")
        if not math.isfinite(score):
            raise UserError(f"{place}: score {text!r} is not a finite number")
        yield place, qid, docid, score, tag


def read_run(path: str | os.PathLike) -> tuple[Run, str]:
    """Read a run file and return it with its tag.

    Raises:
        UserError: a line of another form, a score that is no finite number, a document twice.
    """
    run: Run = {}
    tag = ""
    for place, qid, docid, score, named in run_lines(path):
        tag = named
        ranking = run.setdefault(qid, {})
        if docid in ranking:
            raise UserError(f"{place}: document {docid!r} is there twice for topic {qid!r}")
        ranking[docid] = score
    return run, tag


def to_run(candidates: "pandas.DataFrame", scores: Iterable[float]) -> Run:
    """Return the run that gives each candidate (columns qid and docid) its score."""
    run: Run = {}
    for qid, docid, score in zip(candidates["qid"], candidates["docid"], scores, strict=True):
        run.setdefault(qid, {})[docid] = score
    return run


def write_run(path: str | os.PathLike, run: Run, tag: str) -> None:
    """Write a run file whose ranks and scores agree strictly.

    Evaluation tools order tied scores differently, so each ranking is sorted by score and then
    by docid (ascending), and a tied score is lowered to the next smaller float32.

    Raises:
        UserError: a score is NaN or infinite; nothing is written.
    """
    for qid, ranking in run.items():
        for docid, score in ranking.items():
            if not math.isfinite(score):
                raise UserError(
                    f"{tag}: the score of document {docid!r} for topic {qid!r} is {score}; "
                    "the checkpoint is damaged or its training diverged: look at its training log."
                )
    with atomic_write(path) as handle:
        for qid, ranking in run.items():
            previous = np.float32(np.inf)
            ordered = sorted(ranking.items(), key=lambda item: (-item[1], item[0]))
            for rank, (docid, score) in enumerate(ordered, start=1):
                previous = min(np.float32(score), np.nextafter(previous, np.float32(-np.inf)))
                handle.write(f"{qid} Q0 {docid} {rank} {previous!s} {tag}\n")
