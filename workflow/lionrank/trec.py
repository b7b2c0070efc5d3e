"""The file formats at the doors: topics, qrels and run files, read strictly and written whole.

Formats: topics are `qid<TAB>text`, qrels `qid 0 docid grade`, run files
`qid Q0 docid rank score tag` (https://trec.nist.gov/data/deep2019.html).
"""

import math
import os
import re
from array import array
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import numpy as np

from lionrank.errors import UserError
from lionrank.files import atomic_write, text_lines

if TYPE_CHECKING:
    import pandas

Topics = dict[str, str]
Qrels = dict[str, dict[str, int]]
Run = dict[str, dict[str, float]]
"""qid -> docid -> score."""
# The columns of the formats.
_QRELS = "qid iteration docid grade"
_RUN = "qid Q0 docid rank score tag"
_INTEGER = re.compile("[+-]?[0-9]+")
_LARGEST_GRADE = 127


def _rows(
    path: str | os.PathLike, separator: str | None, form: str
) -> Iterator[tuple[int, list[str]]]:
    """Yield (number, columns) of the lines of a file, the numbers from 1.

    Raises:
        UserError: a line has not as many columns as `form` or, where white space separates them,
            ends as on Windows; or what `text_lines` refuses.
    """
    for number, line in text_lines(path):
        columns = line.split(separator)
        if len(columns) != len(form.split()):
            raise UserError(f"{path}:{number}: {_expected(form, columns, line)}")
        if separator is None and "\r" in line:
            raise _windows(path, number)
        yield number, columns


def _expected(form: str, columns: list[str], line: str) -> str:
    return f"expected {len(form.split())} columns ({form}), found {len(columns)}: {line[:80]!r}"


def _windows(path: str | os.PathLike, number: int) -> UserError:
    return UserError(
        f"{path}:{number}: expected a line that ends in \\n, found one that ends in \\r\\n as on "
        rf"Windows: convert the file, e.g. with `sed -i 's/\r$//' {path}`"
    )


def read_topics(path: str | os.PathLike) -> Topics:
    """Read topics, `qid -> query`; lines may end as on Windows, as those of TREC DL 2020 do.

    Raises:
        UserError: a line without a tab, an empty query or a qid twice; names file and line.
    """
    topics: Topics = {}
    for number, (qid, query) in _rows(path, "\t", "qid text"):
        if not query.strip():
            raise UserError(
                f"{path}:{number}: topic {qid!r} has no text; give it a query or remove it"
            )
        if qid in topics:
            raise UserError(f"{path}:{number}: topic {qid!r} is there twice")
        topics[qid] = query.removesuffix("\r")
    return topics


def write_topics(path: str | os.PathLike, topics: Topics) -> None:
    """Write topics as `qid<TAB>text` lines."""
    with atomic_write(path) as handle:
        for qid, query in topics.items():
            handle.write(f"{qid}\t{query}\n")


def read_qrels(path: str | os.PathLike) -> Qrels:
    """Read graded judgements, `qid -> docid -> grade`.

    A negative grade says that a document is in the pool and was not judged.

    Raises:
        UserError: a line of another form, a judgement twice, or a grade that is no integer between
            -127 and 127, the range of trec_eval's format (get_qrels.c).
    """
    qrels: Qrels = {}
    for number, (qid, _, docid, text) in _rows(path, None, _QRELS):
        judged = qrels.setdefault(qid, {})
        if docid in judged:
            raise UserError(
                f"{path}:{number}: document {docid!r} is judged twice for topic {qid!r}"
            )
        if not _INTEGER.fullmatch(text) or abs(int(text)) > _LARGEST_GRADE:
            raise UserError(
                f"{path}:{number}: grade {text!r} is not an integer between "
                f"-{_LARGEST_GRADE} and {_LARGEST_GRADE}"
            )
        judged[docid] = int(text)
    return qrels


def write_qrels(path: str | os.PathLike, qrels: Qrels) -> None:
    """Write judgements as `qid 0 docid grade` lines."""
    with atomic_write(path) as handle:
        for qid, judged in qrels.items():
            for docid, grade in judged.items():
                handle.write(f"{qid} 0 {docid} {grade}\n")


def run_lines(path: str | os.PathLike) -> Iterator[tuple[int, str, str, float, str]]:
    """Yield (number, qid, docid, score, tag) of the lines of a run file, the numbers from 1.

    Ranks are compared with the scores at the end: until then 16 bytes a line are held. They may
    count from any number, be equal, and stand in any order; documents of one score may have any.

    Raises:
        UserError: a line of another form, a rank that is no integer, a score that is no finite
            number, or a document that is below another by rank and above it by score.
    """
    ranked: defaultdict[str, _Ranked] = defaultdict(_Ranked)
    last = None
    for number, line in text_lines(path):
        try:
            qid, _, docid, rank_text, score_text, tag = line.split()
            rank, score = int(rank_text), float(score_text)
        except ValueError:
            raise UserError(f"{path}:{number}: {_unlike_a_run(line)}") from None
        if not -math.inf < score < math.inf:
            raise UserError(f"{path}:{number}: score {score_text!r} is not a finite number")
        if qid != last:
            # On a topic's first line alone: on others it is white space, and reading is slow.
            if "\r" in line:
                raise _windows(path, number)
            last, topic = qid, ranked[qid]
            topic.begin(number)
            add_rank, add_score = topic.ranks.append, topic.scores.append
        add_rank(rank)
        add_score(score)
        yield number, qid, docid, score, tag
    for qid, topic in ranked.items():
        topic.check(path, qid)


def _unlike_a_run(line: str) -> str:
    """Say what is wrong with a line of a run file that could not be read."""
    columns = line.split()
    if len(columns) != len(_RUN.split()):
        return _expected(_RUN, columns, line)
    rank, score = columns[3:5]
    try:
        int(rank)
    except ValueError:
        return f"rank {rank!r} is not an integer"
    return f"score {score!r} is not a number"


class _Ranked:
    """Ranks and scores of a topic as its lines give them, and which lines these are."""

    def __init__(self) -> None:
        self.ranks, self.scores = array("d"), array("d")
        self._begins: list[tuple[int, int]] = []

    def begin(self, number: int) -> None:
        """Note that the ranks to come are those of line `number` and the lines after it."""
        self._begins.append((len(self.ranks), number))

    def _line(self, place: int) -> int:
        begin, number = self._begins[bisect_right(self._begins, place, key=itemgetter(0)) - 1]
        return number + place - begin

    def check(self, path: str | os.PathLike, qid: str) -> None:
        """Raise a `UserError` if a document is below another by rank and above it by score."""
        ranks, scores = np.asarray(self.ranks), np.asarray(self.scores)
        order = np.lexsort((-scores, ranks))
        ranks, scores = ranks[order], scores[order]
        wrong = np.flatnonzero((np.diff(ranks) > 0) & (np.diff(scores) > 0))
        if wrong.size:
            above = wrong[0]
            line, line_above = self._line(order[above + 1]), self._line(order[above])
            raise UserError(
                f"{path}:{line}: expected scores that fall with the rank, found "
                f"{scores[above + 1]} at rank {ranks[above + 1]:.0f} of topic {qid!r} and "
                f"{scores[above]} at rank {ranks[above]:.0f} (line {line_above}): trec_eval goes "
                "by scores, other tools by ranks: number the lines by falling score, or correct it"
            )


def read_run(path: str | os.PathLike) -> tuple[Run, str]:
    """Read a run file and return it with its tag, which is that of its last line.

    Raises:
        UserError: what `run_lines` refuses, or a document twice.
    """
    run: Run = {}
    last, tag = None, ""
    for number, qid, docid, score, tag in run_lines(path):  # noqa: B007
        if qid != last:
            last, ranking = qid, run.setdefault(qid, {})
        if docid in ranking:
            raise UserError(f"{path}:{number}: document {docid!r} is there twice for topic {qid!r}")
        ranking[docid] = score
    return run, tag


def check_shared(
    first: Mapping[str, Any], first_name: str, second: Mapping[str, Any], second_name: str
) -> None:
    """Check that topics, qrels or a run, all by qid, are of the same test set as another of them.

    Raises:
        UserError: they share no topic.
    """
    if not first.keys() & second.keys():
        raise UserError(
            f"{first_name} and {second_name} share no topic: the first has {_some(first)}, "
            f"the second {_some(second)}; are they of the same test set?"
        )


def _some(topics: Mapping[str, Any]) -> str:
    return f"{', '.join(sorted(topics)[:3])}, …" if topics else "none"


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
