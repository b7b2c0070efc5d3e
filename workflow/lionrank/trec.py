"""The file formats at the doors: topics, qrels and run files, read strictly and written whole.

Formats: topics are `qid<TAB>text`, qrels `qid 0 docid grade`, run files
`qid Q0 docid rank score tag` (https://trec.nist.gov/data/deep2019.html).

Qrels and run files are read as trec_eval 10.0 reads them (get_qrels.c, get_trec_results.c): ASCII's
white space separates columns, blank lines and those that begin with `#` are passed over, and in a
run file the rank may be any text and more may follow the tag.
"""

import math
import os
import re
import sys
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby, islice
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
_ASCII_COLUMNS = re.compile(r"[^ \t\v\f\r]+").findall
COMMENT = "#"
LARGEST_GRADE = 127


def _columns(line: str) -> list[str]:
    """Return the columns of a line of qrels or of a run file, none of a blank one or a comment."""
    # str.split, which is faster, takes more characters for white space than trec_eval does.
    plain = line.isascii() and line.isprintable()
    columns = line.split() if plain else _ASCII_COLUMNS(line)
    return [] if columns and columns[0].startswith(COMMENT) else columns


def _unlike(path: str | os.PathLike, number: int, form: str, columns: list[str]) -> UserError:
    return UserError(
        f"{path}:{number}: expected {len(form.split())} columns ({form}), found {len(columns)}: "
        f"{' '.join(columns)[:80]!r}"
    )


def read_topics(path: str | os.PathLike) -> Topics:
    """Read topics, `qid -> query`; lines may end as on Windows, as those of TREC DL 2020 do.

    Raises:
        UserError: a line without a tab, an empty query, a qid twice or one that no run file can
            hold; names file and line.
    """
    topics: Topics = {}
    for number, line in text_lines(path):
        qid, *queries = columns = line.split("\t")
        if len(queries) != 1:
            raise _unlike(path, number, "qid text", columns)
        check_id(qid, "topic", f"{path}:{number}")
        query = queries[0]
        if not query.strip():
            raise UserError(
                f"{path}:{number}: topic {qid!r} has no text; give it a query or remove it"
            )
        if qid in topics:
            raise UserError(f"{path}:{number}: topic {qid!r} appears twice")
        topics[qid] = query
    return topics


def check_id(identifier: str, kind: str, place: str) -> None:
    """Check that the id of a topic or document can be a column of run files and qrels.

    Raises:
        UserError: it is empty, holds white space or NUL, or begins like a comment; begins with
            `place`, and names the `kind` of thing that it is the id of.
    """
    if _ASCII_COLUMNS(identifier.replace("\n", " ")) != [identifier] or "\0" in identifier:
        raise UserError(
            f"{place}: {kind} id {identifier!r} is empty or holds white space, which separates the "
            "columns of run files and qrels: rename it, also in the qrels"
        )
    if kind == "topic" and identifier.startswith(COMMENT):
        raise UserError(
            f"{place}: topic id {identifier!r} begins with {COMMENT}, and trec_eval takes such "
            "lines of run files and qrels for comments: rename it, also in the qrels"
        )


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
    for number, line in text_lines(path):
        if not (columns := _columns(line)):
            continue
        if len(columns) != 4:
            raise _unlike(path, number, _QRELS, columns)
        qid, _, docid, text = columns
        judged = qrels.setdefault(qid, {})
        if docid in judged:
            raise UserError(
                f"{path}:{number}: document {docid!r} is judged twice for topic {qid!r}"
            )
        judged[docid] = grade_of(text, f"{path}:{number}")
    return qrels


def grade_of(text: str, place: str) -> int:
    """Return the grade that a column of qrels holds.

    Raises:
        UserError: it is no integer between -127 and 127; begins with `place`.
    """
    # An integer of a few digits, leading zeros aside: Python refuses to read thousands.
    if (
        not _INTEGER.fullmatch(text)
        or len(text.lstrip("+-0")) > 3
        or abs(int(text)) > LARGEST_GRADE
    ):
        raise UserError(
            f"{place}: grade {text[:40]!r} is not an integer between -{LARGEST_GRADE} and "
            f"{LARGEST_GRADE}"
        )
    return int(text)


def check_judged(qrels: Qrels, place: str, levels: Iterable[int] = ()) -> None:
    """Check that judgements can be evaluated; topics that will not, or count as zero, are printed.

    `levels` are the relevance thresholds of the evaluation.

    Raises:
        UserError: a grade is none of qrels, all grades of a topic are negative, at which trec_eval
            stops, too, or no document is relevant at a level; begins with `place`.
    """
    for qid, judged in qrels.items():
        if judged and (largest := max(judged.values(), key=abs)):
            grade_of(str(largest), f"{place}, topic {qid}")
    best = {qid: max(judged.values()) for qid, judged in qrels.items() if judged}
    if unjudged := [qid for qid, grade in best.items() if grade < 0]:
        raise UserError(
            f"{place}: all grades of {len(unjudged)} topics are negative, {unjudged[0]!r} first, "
            "that is, no document of them was judged: remove them, or grade what is not relevant "
            "as 0"
        )
    if emptied := [qid for qid, judged in qrels.items() if not judged]:
        some = " ".join(emptied[:10])
        print(f"{place}: {len(emptied)} topics have no judgement and are not evaluated: {some}")
    for level in levels:
        without = [qid for qid, grade in best.items() if grade < level]
        if len(without) == len(best):
            raise UserError(
                f"{place}: no document has a grade of {level} or more, so that none is relevant: "
                "correct the grades, or the relevance_levels of the test set in the config"
            )
        if without:
            some = " ".join(without[:10])
            print(f"{place}: {len(without)} topics have no grade of {level} or more: {some}")


def remove_queries(by_topic: Mapping[str, dict[str, Any]]) -> int:
    """Remove documents that are the query itself, and return their number.

    That is the document of each topic of a run or qrels that has the topic's id, as where arguments
    are searched for those that answer them.
    """
    return sum(own.pop(qid, None) is not None for qid, own in by_topic.items())


def say_removed(place: str, queries: int) -> None:
    """Print how many documents were removed as the query itself, if there were any."""
    if queries:
        print(f"{place}: {queries:,} documents are the query itself, and left out")


def write_qrels(path: str | os.PathLike, qrels: Qrels) -> None:
    """Write judgements as `qid 0 docid grade` lines."""
    with atomic_write(path) as handle:
        for qid, judged in qrels.items():
            for docid, grade in judged.items():
                handle.write(f"{qid} 0 {docid} {grade}\n")


def run_lines(path: str | os.PathLike) -> Iterator[tuple[int, str, str, float, str]]:
    """Yield (number, qid, docid, score, tag) of the lines of a run file, the numbers from 1.

    Ranks are compared with the scores at the end: until then 24 bytes a line are held. They may
    count from any number, be equal, and stand in any order; documents of one score may have any.
    How many ranks are no integers, and so were not compared, is said on standard error.

    Raises:
        UserError: a line of another form, a score that is no finite number, or a document that is
            below another by rank and above it by score.
    """
    ranked: defaultdict[str, _Ranked] = defaultdict(_Ranked)
    last = None
    for number, qid, docid, rank, score, tag in _parsed(path):
        if qid != last:
            last, add = qid, ranked[qid].add
        add(number, rank, score)
        yield number, qid, docid, score, tag
    for qid, topic in ranked.items():
        topic.check(path, qid)
    _say_unranked(path, sum(topic.unranked for topic in ranked.values()))


def rankings(path: str | os.PathLike) -> Iterator[tuple[str, dict[str, float]]]:
    """Yield qid and ranking, docid -> score by falling score, of the topics of a run file.

    One topic is in memory at a time. Documents of one score are in the order of trec_eval, by
    falling docid.

    Raises:
        UserError: what `read_run` refuses, or the lines of a topic are not together.
    """
    ended: set[str] = set()
    unranked = 0
    for qid, lines in groupby(_parsed(path), key=itemgetter(1)):
        ranked, ranking = _Ranked(), dict[str, float]()
        for number, _, docid, rank, score, _ in lines:
            if qid in ended:
                raise UserError(
                    f"{path}:{number}: topic {qid!r} comes again after others: sort the lines by "
                    "topic, e.g. with `sort -s -k1,1`"
                )
            if docid in ranking:
                raise _twice(path, number, docid, qid)
            ranked.add(number, rank, score)
            ranking[docid] = score
        ended.add(qid)
        ranked.check(path, qid)
        unranked += ranked.unranked
        yield qid, by_score(ranking)
    _say_unranked(path, unranked)


def by_score(ranking: Mapping[str, float]) -> dict[str, float]:
    """Return a ranking, docid -> score, in the order of trec_eval: by falling score, then docid."""
    ordered = sorted(zip(ranking.values(), ranking, strict=True), reverse=True)
    return {docid: score for score, docid in ordered}


def first(ranking: Mapping[str, float], depth: int) -> dict[str, float]:
    """Return the first documents of a ranking that is in order."""
    return dict(islice(ranking.items(), depth))


def _parsed(path: str | os.PathLike) -> Iterator[tuple[int, str, str, str, float, str]]:
    """Yield (number, qid, docid, rank, score, tag) of the lines of a run file."""
    for number, line in text_lines(path):
        if not (columns := _columns(line)):
            continue
        try:
            qid, _, docid, rank, score, tag = columns[:6]
        except ValueError:
            raise _unlike(path, number, _RUN, columns) from None
        yield number, qid, docid, rank, _score(score, f"{path}:{number}"), tag


def _say_unranked(path: str | os.PathLike, number: int) -> None:
    if number:
        print(f"{path}: {number} ranks are no integers; trec_eval ranks by scores", file=sys.stderr)


def _twice(path: str | os.PathLike, number: int, docid: str, qid: str) -> UserError:
    return UserError(f"{path}:{number}: document {docid!r} appears twice for topic {qid!r}")


def _score(text: str, place: str) -> float:
    try:
        score = float(text)
    except ValueError:
        raise UserError(f"{place}: score {text[:40]!r} is not a number") from None
    # Python also reads 1_0, and the digits of other scripts.
    if "_" in text or not text.isascii():
        raise UserError(f"{place}: score {text[:40]!r} is not a number")
    if not -math.inf < score < math.inf:
        raise UserError(f"{place}: score {text[:40]!r} is not a finite number")
    return score


class _Ranked:
    """Lines, ranks and scores of a topic as its lines give them."""

    def __init__(self) -> None:
        self.lines, self.ranks, self.scores = array("q"), array("d"), array("d")
        self.unranked = 0

    def add(self, line: int, rank: str, score: float) -> None:
        """Note a line; a rank that is no integer, or no double, is noted as NaN."""
        try:
            self.ranks.append(int(rank))
        except (ValueError, OverflowError):
            self.ranks.append(math.nan)
            self.unranked += 1
        self.lines.append(line)
        self.scores.append(score)

    def check(self, path: str | os.PathLike, qid: str) -> None:
        """Raise a `UserError` if a document is below another by rank and above it by score."""
        ranks, scores = np.asarray(self.ranks), np.asarray(self.scores)
        order = np.lexsort((-scores, ranks))
        ranks, scores = ranks[order], scores[order]
        wrong = np.flatnonzero((np.diff(ranks) > 0) & (np.diff(scores) > 0))
        if wrong.size:
            above = wrong[0]
            line, line_above = self.lines[order[above + 1]], self.lines[order[above]]
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
            raise _twice(path, number, docid, qid)
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


def check_ranks(
    run: Run,
    tag: str,
    path: str | os.PathLike,
    system: str,
    candidates: Mapping[str, set[str]] | None,
) -> None:
    """Check that a run file is a system's ranking of all candidates, the docids of each topic.

    `candidates` are None where the ranking is of documents of its own.

    Raises:
        UserError: the tag is that of another system, or a candidate is missing, or one is none.
    """
    remedy = f"delete {path} and run again"
    if tag != system:
        raise UserError(f"{path}: its tag is {tag!r}, and not {system!r}: {remedy}.")
    if candidates is None:
        return
    for qid in sorted(run.keys() | candidates.keys()):
        ranked, given = run.get(qid, {}).keys(), candidates.get(qid, set())
        if lacking := given - ranked:
            raise UserError(
                f"{path} lacks {len(lacking)} of {len(given)} candidates of topic {qid!r}, "
                f"{min(lacking)!r} first: {remedy}."
            )
        if surplus := ranked - given:
            raise UserError(
                f"{path} has {min(surplus)!r}, which is no candidate of topic {qid!r}: {remedy}."
            )


def _some(topics: Mapping[str, Any]) -> str:
    return f"{', '.join(sorted(topics)[:3])}, …" if topics else "none"


def to_run(candidates: "pandas.DataFrame", scores: Iterable[float]) -> Run:
    """Return the run that gives each candidate (columns qid and docid) its score.

    Raises:
        UserError: a document is a candidate of a topic twice.
    """
    run: Run = {}
    for qid, docid, score in zip(candidates["qid"], candidates["docid"], scores, strict=True):
        ranking = run.setdefault(qid, {})
        if docid in ranking:
            raise UserError(f"document {docid!r} is a candidate of topic {qid!r} twice: remove one")
        ranking[docid] = score
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
            ordered = sorted(ranking.items(), key=lambda item: (-item[1], item[0]))
            scores = falling(score for _, score in ordered)
            for rank, ((docid, _), lower) in enumerate(zip(ordered, scores, strict=True), start=1):
                handle.write(f"{qid} Q0 {docid} {rank} {lower!s} {tag}\n")


def write_rankings(
    path: str | os.PathLike, rankings: Iterable[tuple[str, Mapping[str, float]]], tag: str
) -> None:
    """Write a run file topic by topic, with each score as float32, whatever ties.

    Documents of one score keep it, by falling docid, which is trec_eval's order.

    Raises:
        UserError: a score is no finite float32; nothing is written.
    """
    with atomic_write(path) as handle, np.errstate(over="ignore"):
        for qid, ranking in rankings:
            scores = np.fromiter(ranking.values(), np.float64).astype(np.float32)
            for docid, is_finite in zip(ranking, np.isfinite(scores), strict=True):
                if not is_finite:
                    raise UserError(
                        f"{tag}: the score of document {docid!r} for topic {qid!r} is "
                        f"{ranking[docid]}, and no finite number in float32."
                    )
            ordered = sorted(zip(scores, ranking, strict=True), reverse=True)
            for rank, (score, docid) in enumerate(ordered, start=1):
                handle.write(f"{qid} Q0 {docid} {rank} {score!s} {tag}\n")


def strict(ranking: Mapping[str, float]) -> dict[str, float]:
    """Return a ranking in its order, with scores that `falling` makes strict."""
    return dict(zip(ranking, map(float, falling(ranking.values())), strict=True))


def falling(scores: Iterable[float]) -> Iterator[np.float32]:
    """Yield scores that fall in float32, each tied one lowered to the next smaller number."""
    previous = np.float32(np.inf)
    for score in scores:
        previous = min(np.float32(score), np.nextafter(previous, np.float32(-np.inf)))
        yield previous
