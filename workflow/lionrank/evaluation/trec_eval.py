"""Evaluation by pytrec_eval, printed as trec_eval prints it and kept as tidy tables.

The measures and the form of the text are those of trec_eval 10.0 (Chris Buckley and Ian Soboroff,
https://github.com/usnistgov/trec_eval). pytrec_eval-terrier 0.5.11 is built on trec_eval 9.0.8,
which differs in two things that are made good here: it holds scores as float32, so that some tie,
and it takes interpolated precision at other ranks.
"""

import math
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from functools import reduce
from itertools import accumulate, count
from operator import add
from typing import TYPE_CHECKING

import pytrec_eval

from lionrank.errors import UserError
from lionrank.files import atomic_write
from lionrank.measures import GRADED, METRICS
from lionrank.trec import (
    ApartError,
    Qrels,
    Run,
    by_score,
    check_judged,
    check_shared,
    ranking_of,
    read_run,
    topics_of_run,
)

if TYPE_CHECKING:
    import pandas

COUNTS = ("num_ret", "num_rel", "num_rel_ret")
RECALL_LEVELS = tuple(tenth / 10 for tenth in range(11))
INTERPOLATED = tuple(f"iprec_at_recall_{level:.2f}" for level in RECALL_LEVELS)
# In trec_eval's order: its official measures, then recall and nDCG at the usual cut-offs.
MEASURES = (
    *COUNTS,
    *("map", "Rprec", "bpref", "recip_rank"),
    *INTERPOLATED,
    *(f"P_{cutoff}" for cutoff in (5, 10, 15, 20, 30, 100, 200, 500, 1000)),
    *(f"recall_{cutoff}" for cutoff in (10, 100, 1000)),
    "ndcg_cut_10",
)
_ASKED = {"official", "recall.10,100,1000", "ndcg_cut.10"}
_GRADED_RELEVANT = "num_graded_relevant"
_GEOMETRIC_FLOOR = 0.00001

PerQuery = dict[str, dict[str, float]]
"""qid -> measure -> value: `MEASURES`, and what `averages` needs besides."""


def evaluate(qrels: Qrels, run: Run, level: int, complete: bool) -> PerQuery:
    """Evaluate a run on the judged topics; grades of at least `level` are relevant.

    nDCG uses the grades themselves. A negative grade means that a document is in the pool and was
    not judged. With `complete` a judged topic that the run lacks counts as zero, as with
    trec_eval's -c; else it is left out, as trec_eval's manual says and 9.0.8 does (10.0 stops
    there). The result is sorted by qid as text, as trec_eval's is.

    Raises:
        UserError: run and qrels share no topic, `level` is less than 1, or all grades of a topic
            are negative, at which trec_eval stops, too.
    """
    return _evaluated(qrels, "the qrels", run.items(), "the run file", level, complete)


def evaluate_file(
    qrels: Qrels, qrels_name: str, path: str | os.PathLike, level: int, complete: bool
) -> tuple[PerQuery, str]:
    """Return what `evaluate` does of a run file, and its tag; errors name the qrels.

    One topic is in memory at a time, unless their lines are not together.

    Raises:
        UserError: as `evaluate` and `lionrank.trec.read_run`.
    """
    tag = ""

    def rankings() -> Iterator[tuple[str, Mapping[str, float]]]:
        nonlocal tag
        for lines in topics_of_run(path):
            tag = lines.tag
            yield lines.qid, ranking_of(lines)

    # Standard input and pipes can be read once.
    if os.path.isfile(path):
        with suppress(ApartError):
            return _evaluated(qrels, qrels_name, rankings(), os.fspath(path), level, complete), tag
    run, tag = read_run(path)
    return _evaluated(qrels, qrels_name, run.items(), os.fspath(path), level, complete), tag


def _evaluated(
    qrels: Qrels,
    qrels_name: str,
    rankings: Iterable[tuple[str, Mapping[str, float]]],
    run_name: str,
    level: int,
    complete: bool,
) -> PerQuery:
    if level < 1:
        raise UserError(f"level {level}: the relevance threshold is 1 or more")
    judgeable = {qid: own for qid, own in qrels.items() if max(own.values(), default=-1) >= 0}
    evaluator = pytrec_eval.RelevanceEvaluator(judgeable, _ASKED, relevance_level=level)
    found, run = {}, dict[str, None]()
    for qid, ranking in rankings:
        run[qid] = None
        if qid in judgeable and ranking:
            found[qid] = _of_topic(evaluator, qid, judgeable[qid], ranking, level)
    check_shared(run, run_name, qrels, qrels_name)
    judged_topics = {qid: judged for qid, judged in sorted(qrels.items()) if complete or qid in run}
    check_judged(judged_topics, qrels_name)
    per_query: PerQuery = {}
    for qid, judged in judged_topics.items():
        per_query[qid] = found.get(qid) or _not_retrieved(judged, level)
        if complete:
            positive = sum(grade > 0 for grade in judged.values())
            per_query[qid][_GRADED_RELEVANT] = float(positive)
    return per_query


def _of_topic(
    evaluator: pytrec_eval.RelevanceEvaluator,
    qid: str,
    judged: Mapping[str, int],
    ranking: Mapping[str, float],
    level: int,
) -> dict[str, float]:
    """Return `MEASURES` of a topic's ranking, docid -> score in any order."""
    # By rank, which no float32 rounds to a tie. A topic at a time needs little memory.
    by_rank = dict(zip(by_score(ranking), count(0.0, -1.0)))
    measures = evaluator.evaluate({qid: by_rank})[qid] | _interpolated(by_rank, judged, level)
    return {measure: measures[measure] for measure in MEASURES}


def _interpolated(
    by_rank: Mapping[str, float], judged: Mapping[str, int], level: int
) -> dict[str, float]:
    """Return the precision at each of `RECALL_LEVELS`, the best at that recall or a higher one.

    A level of recall asks for its share of the relevant documents, rounded to the nearest whole
    number: m_iprec_at_recall.c of trec_eval 10.0, where 9.0.8 adds 0.9 and cuts. `by_rank` has the
    documents' scores, which fall from 0 by 1.
    """
    relevant = [docid for docid, grade in judged.items() if grade >= level]
    retrieved = sorted(1 - by_rank[docid] for docid in relevant if docid in by_rank)
    precisions = [found / rank for found, rank in enumerate(retrieved, 1)]
    best = list(accumulate(reversed(precisions), max))[::-1]
    values = {}
    for measure, recall in zip(INTERPOLATED, RECALL_LEVELS, strict=True):
        asked = max(math.floor(recall * len(relevant) + 0.5), 1)
        values[measure] = best[asked - 1] if asked <= len(best) else 0.0
    return values


def _not_retrieved(judged: Mapping[str, int], level: int) -> dict[str, float]:
    relevant = sum(grade >= level for grade in judged.values())
    return dict.fromkeys(MEASURES, 0.0) | {"num_rel": float(relevant)}


def averages(per_query: PerQuery) -> dict[str, float]:
    """Return trec_eval's summary: sums of the counts, means of the measures, and gm_map."""
    summary: dict[str, float] = {}
    for measure in MEASURES:
        values = [measures[measure] for measures in per_query.values()]
        summary[measure] = _sum(values) if measure in COUNTS else _mean(values)
        if measure == "map":
            logs = [math.log(max(value, _GEOMETRIC_FLOOR)) for value in values]
            summary["gm_map"] = math.exp(_mean(logs))
    # With -c trec_eval's sum is of all grades above 0, whatever -l is (m_num_rel.c).
    if all(_GRADED_RELEVANT in measures for measures in per_query.values()):
        summary["num_rel"] = _sum(measures[_GRADED_RELEVANT] for measures in per_query.values())
    return summary


def _sum(values: Iterable[float]) -> float:
    # Added in order as C does: an exact sum, or that of a later Python, rounds otherwise where the
    # mean lies half-way between two numbers of four digits.
    return reduce(add, values, 0.0)


def _mean(values: list[float]) -> float:
    return _sum(values) / len(values)


def to_text(per_query: PerQuery, runid: str) -> str:
    """Return what `trec_eval -q` prints for these measures."""
    lines = [
        _line(measure, qid, measures[measure])
        for qid, measures in per_query.items()
        for measure in MEASURES
    ]
    lines += [f"{'runid':<22}\tall\t{runid}", f"{'num_q':<22}\tall\t{len(per_query)}"]
    summary = averages(per_query)
    lines += [_line(measure, "all", value) for measure, value in summary.items()]
    return "\n".join(lines) + "\n"


def _line(measure: str, qid: str, value: float) -> str:
    number = f"{value:.0f}" if measure in COUNTS else f"{value:.4f}"
    return f"{measure:<22}\t{qid}\t{number}"


def write_text(path: str | os.PathLike, per_query: PerQuery, runid: str) -> None:
    """Write what `trec_eval -q` prints for these measures."""
    with atomic_write(path) as handle:
        handle.write(to_text(per_query, runid))


def tidy(per_level: Mapping[int, PerQuery], **labels: str | int | None) -> "pandas.DataFrame":
    """Return one row a level, topic and metric of `METRICS`.

    `per_level` maps the least relevant grade to what `evaluate` returns for it. The columns are
    the labels, metric, level (Int64), qid and value. nDCG takes the grades themselves: it has one
    row a topic, whose level is missing.
    """
    rows = [
        (metric, None if metric == GRADED else level, qid, value_of(measures, metric))
        for place, (level, per_query) in enumerate(per_level.items())
        for qid, measures in per_query.items()
        for metric in METRICS
        if metric != GRADED or place == 0
    ]
    # Not at the top: those that score development data have no tables.
    import pandas as pd

    table = pd.DataFrame(rows, columns=["metric", "level", "qid", "value"])
    return table.astype({"level": "Int64"}).assign(**labels)[[*labels, *table.columns]]


def value_of(measures: Mapping[str, float], metric: str) -> float:
    """Return a topic's value of one of `MEASURES`, or of recip_rank_10 (MRR@10).

    The first relevant document counts down to rank 10. The value at rank 10 is 1.0 / 10 in C and
    in Python, the same float.
    """
    if metric == "recip_rank_10":
        value = measures["recip_rank"]
        return value if value >= 1 / 10 else 0.0
    return measures[metric]
