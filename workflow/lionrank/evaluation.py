"""Evaluation by pytrec_eval, printed as trec_eval prints it and kept as tidy tables.

The measures and the form of the text are trec_eval's (https://github.com/usnistgov/trec_eval).
"""

import math
import os
from statistics import mean

import pandas as pd
import pytrec_eval

from lionrank.errors import UserError
from lionrank.files import atomic_write
from lionrank.trec import Qrels, Run

COUNTS = ("num_ret", "num_rel", "num_rel_ret")
# In trec_eval's order: its official measures, then recall and nDCG at the usual cut-offs.
# Interpolated precision is left out: pytrec_eval 0.5.11 takes it one rank off at some recall levels
# of trec_eval's own regression files.
MEASURES = (
    *COUNTS,
    *("map", "Rprec", "bpref", "recip_rank"),
    *(f"P_{cutoff}" for cutoff in (5, 10, 15, 20, 30, 100, 200, 500, 1000)),
    *(f"recall_{cutoff}" for cutoff in (10, 100, 1000)),
    "ndcg_cut_10",
)
# The columns of the paper's results table.
PAPER_METRICS = ("ndcg_cut_10", "map", "recip_rank_10", "recall_10", "Rprec", "P_10")
_GEOMETRIC_FLOOR = 0.00001

PerQuery = dict[str, dict[str, float]]
"""qid -> measure -> value."""


def evaluate(qrels: Qrels, run: Run, level: int, complete: bool) -> PerQuery:
    """Evaluate a run on the judged topics; grades of at least `level` are relevant.

    nDCG uses the grades themselves. With `complete` a judged topic that the run lacks counts as
    zero, as with trec_eval's -c; else it is left out. The result is sorted by qid as text, as
    trec_eval's is.

    Raises:
        UserError: run and qrels share no topic.
    """
    if not qrels.keys() & run.keys():
        raise UserError(
            f"the run file's topics ({', '.join(sorted(run)[:3])}, …) and the qrels' "
            f"({', '.join(sorted(qrels)[:3])}, …) share none: are they of the same test set?"
        )
    evaluator = pytrec_eval.RelevanceEvaluator(
        qrels, {"official", "recall", "ndcg_cut"}, relevance_level=level
    )
    found = evaluator.evaluate(run)
    return {
        qid: {measure: found[qid][measure] for measure in MEASURES}
        if qid in found
        else _not_retrieved(judged, level)
        for qid, judged in sorted(qrels.items())
        if complete or qid in found
    }


def _not_retrieved(judged: dict[str, int], level: int) -> dict[str, float]:
    relevant = sum(grade >= level for grade in judged.values())
    return dict.fromkeys(MEASURES, 0.0) | {"num_rel": float(relevant)}


def averages(per_query: PerQuery) -> dict[str, float]:
    """Return trec_eval's summary: sums of the counts, means of the measures, and gm_map."""
    summary: dict[str, float] = {}
    for measure in MEASURES:
        values = [measures[measure] for measures in per_query.values()]
        summary[measure] = sum(values) if measure in COUNTS else mean(values)
        if measure == "map":
            logs = [math.log(max(value, _GEOMETRIC_FLOOR)) for value in values]
            summary["gm_map"] = math.exp(mean(logs))
    return summary


def to_text(per_query: PerQuery, runid: str) -> str:
    """Return what `trec_eval -q` prints for these measures."""
    lines = [
        _line(measure, qid, value)
        for qid, measures in per_query.items()
        for measure, value in measures.items()
    ]
    lines += [f"{'runid':<22}\tall\t{runid}", f"{'num_q':<22}\tall\t{len(per_query)}"]
    lines += [_line(measure, "all", value) for measure, value in averages(per_query).items()]
    return "\n".join(lines) + "\n"


def _line(measure: str, qid: str, value: float) -> str:
    number = f"{value:.0f}" if measure in COUNTS else f"{value:.4f}"
    return f"{measure:<22}\t{qid}\t{number}"


def write_text(path: str | os.PathLike, per_query: PerQuery, runid: str) -> None:
    """Write what `trec_eval -q` prints for these measures."""
    with atomic_write(path) as handle:
        handle.write(to_text(per_query, runid))


def tidy(per_query: PerQuery, **labels: str | int) -> pd.DataFrame:
    """Return one row a metric of `PAPER_METRICS` and topic: the labels, metric, qid and value."""
    rows = [
        {**labels, "metric": metric, "qid": qid, "value": _paper_value(measures, metric)}
        for qid, measures in per_query.items()
        for metric in PAPER_METRICS
    ]
    return pd.DataFrame(rows)


def _paper_value(measures: dict[str, float], metric: str) -> float:
    if metric == "recip_rank_10":  # MRR@10: the first relevant document counts down to rank 10
        value = measures["recip_rank"]
        return value if value >= 1 / 10 else 0.0
    return measures[metric]


def means(per_query: pd.DataFrame) -> pd.DataFrame:
    """Average a tidy per-query table over its topics, keeping the order of its rows."""
    labels = [column for column in per_query.columns if column not in ("qid", "value")]
    grouped = per_query.groupby(labels, sort=False, dropna=False)["value"]
    return grouped.agg(value="mean", queries="size").reset_index()
