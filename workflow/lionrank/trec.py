"""The file formats at the doors: topics, qrels and run files, read strictly and written whole.

Formats: topics are `qid<TAB>text`, qrels `qid 0 docid grade`, run files
`qid Q0 docid rank score tag` (https://trec.nist.gov/data/deep2019.html). Qrels and run files are
read as trec_eval reads them (`lionrank.trec_lines`).
"""

import math
import os
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import groupby, islice
from operator import attrgetter, gt
from typing import Any

import numpy as np

from lionrank import trec_lines
from lionrank.errors import UserError
from lionrank.files import atomic_write, text_lines
from lionrank.trec_lines import COMMENT, Lines, joined

Topics = dict[str, str]
Qrels = dict[str, dict[str, int]]
Run = dict[str, dict[str, float]]
"""qid -> docid -> score."""
_INTEGER = re.compile("[+-]?[0-9]+")
LARGEST_GRADE = 127


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
            raise trec_lines.unlike(path, number, "qid text", columns)
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
    if trec_lines.split(identifier.replace("\n", " ")) != [identifier] or "\0" in identifier:
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
        if not (columns := trec_lines.columns(line)):
            continue
        if len(columns) != 4:
            raise trec_lines.unlike(path, number, trec_lines.QRELS, columns)
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


class ApartError(UserError):
    """The lines of a topic are not together."""


def run_lines(path: str | os.PathLike) -> Iterator[Lines]:
    """Yield the lines of a run file; those of a topic may come in several parts.

    Ranks are compared with the scores at the end: until then 24 bytes a line are held. They may
    count from any number, be equal, and stand in any order; documents of one score may have any.
    How many ranks are no integers, and so were not compared, is said on standard error.

    Raises:
        UserError: a line of another form, a score that is no finite number, or a document that is
            below another by rank and above it by score.
    """
    parts: defaultdict[str, list[Lines]] = defaultdict(list)
    for lines in trec_lines.of_run_file(path):
        parts[lines.qid].append(replace(lines, docids=[]))
        yield lines
    unranked = sum(_check_ranks(path, joined(own)) for own in parts.values())
    _say_unranked(path, unranked)


def rankings(path: str | os.PathLike) -> Iterator[tuple[str, dict[str, float]]]:
    """Yield qid and ranking, docid -> score by falling score, of the topics of a run file.

    One topic is in memory at a time. Documents of one score are in the order of trec_eval, by
    falling docid.

    Raises:
        ApartError: the lines of a topic are not together.
        UserError: what `read_run` refuses.
    """
    for lines in topics_of_run(path):
        yield lines.qid, ranking_of(lines)


def topics_of_run(path: str | os.PathLike) -> Iterator[Lines]:
    """Yield the lines of each topic of a run file, one topic in memory at a time.

    Raises:
        ApartError: the lines of a topic are not together.
        UserError: what `read_run` refuses.
    """
    ended: set[str] = set()
    unranked = 0
    for qid, parts in groupby(trec_lines.of_run_file(path), key=attrgetter("qid")):
        lines = joined([*parts])
        if qid in ended:
            raise ApartError(
                f"{path}:{lines.numbers[0]}: topic {qid!r} comes again after others: sort the "
                "lines by topic, e.g. with `sort -s -k1,1`"
            )
        ended.add(qid)
        if len({*lines.docids}) < len(lines.docids):
            raise _twice(path, lines)
        unranked += _check_ranks(path, lines)
        yield lines
    _say_unranked(path, unranked)


def ranking_of(lines: Lines) -> dict[str, float]:
    """Return the ranking of a topic, docid -> score, in the order of trec_eval."""
    return by_score(dict(zip(lines.docids, lines.scores.tolist(), strict=True)))


def by_score(ranking: Mapping[str, float]) -> dict[str, float]:
    """Return a ranking, docid -> score, in the order of trec_eval: by falling score, then docid."""
    scores = [*ranking.values()]
    if all(map(gt, scores, islice(scores, 1, None))):
        return {**ranking}
    ordered = sorted(zip(scores, ranking, strict=True), reverse=True)
    return {docid: score for score, docid in ordered}


def first(ranking: Mapping[str, float], depth: int) -> dict[str, float]:
    """Return the first documents of a ranking that is in order."""
    return dict(islice(ranking.items(), depth))


def _say_unranked(path: str | os.PathLike, number: int) -> None:
    if number:
        print(f"{path}: {number} ranks are no integers; trec_eval ranks by scores", file=sys.stderr)


def _twice(path: str | os.PathLike, lines: Lines, known: Iterable[str] = ()) -> UserError:
    """Return the error for the first document of some lines that their topic has twice."""
    seen = {*known}
    place = 0
    while lines.docids[place] not in seen:
        seen.add(lines.docids[place])
        place += 1
    return UserError(
        f"{path}:{lines.numbers[place]}: document {lines.docids[place]!r} appears twice for topic "
        f"{lines.qid!r}"
    )


def _check_ranks(path: str | os.PathLike, lines: Lines) -> int:
    """Return how many lines of a topic have a rank that is no integer.

    Raises:
        UserError: a document is below another by rank and above it by score.
    """
    ranks, scores = lines.ranks, lines.scores
    unranked = int(np.isnan(ranks).sum())
    if not unranked and (np.diff(ranks) > 0).all() and (np.diff(scores) <= 0).all():
        return 0
    order = np.lexsort((-scores, ranks))
    ranks, scores = ranks[order], scores[order]
    wrong = np.flatnonzero((np.diff(ranks) > 0) & (np.diff(scores) > 0))
    if wrong.size:
        above = wrong[0]
        line, line_above = lines.numbers[order[above + 1]], lines.numbers[order[above]]
        raise UserError(
            f"{path}:{line}: expected scores that fall with the rank, found "
            f"{scores[above + 1]} at rank {ranks[above + 1]:.0f} of topic {lines.qid!r} and "
            f"{scores[above]} at rank {ranks[above]:.0f} (line {line_above}): trec_eval goes "
            "by scores, other tools by ranks: number the lines by falling score, or correct it"
        )
    return unranked


def read_run(path: str | os.PathLike) -> tuple[Run, str]:
    """Read a run file and return it with its tag, which is that of its last line.

    Raises:
        UserError: what `run_lines` refuses, or a document twice.
    """
    run: Run = {}
    tag = ""
    for lines in run_lines(path):
        ranking = run.setdefault(lines.qid, {})
        more = dict(zip(lines.docids, lines.scores.tolist(), strict=True))
        if len(more) < len(lines.docids) or not ranking.keys().isdisjoint(more):
            raise _twice(path, lines, ranking)
        ranking |= more
        tag = lines.tag
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


def to_run(candidates: Mapping[str, Iterable[str]], scores: Iterable[float]) -> Run:
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
