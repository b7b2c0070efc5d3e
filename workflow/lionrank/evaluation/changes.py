"""Topic by topic: where two optimizers' checkpoints differ, and which passages moved.

Left and right are those of comparisons.py: the later optimizer of the grid and the earlier one, on
one model, each at the epoch that development data chose. The measure is nDCG@10 of trec_eval, the
sum of each passage's share: its grade over the logarithm of its rank, divided by the same sum over
the best ranking of the judged passages (Järvelin and Kekäläinen 2002, Cumulated gain-based
evaluation of IR techniques). So the shares of the passages that moved add up to the difference.
"""

import math
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from lionrank import trec
from lionrank.evaluation import significance
from lionrank.evaluation.contrasts import Planned, plan
from lionrank.evaluation.per_query import PerQuery
from lionrank.grid import Grid
from lionrank.measures import PRIMARY, Measure

CUTOFF = 10
# Values of one measure that differ by less do so by the rounding of floats.
_ROUNDING = 1e-9
# Topics in each direction, and passages of each topic, that are told of.
EXAMPLES = 3
PASSAGES = 3

Ranks = Mapping[str, int]
"""docid -> rank, from 1."""


def changes(
    per_query: PerQuery,
    grid: Grid,
    test_set: str,
    runs: Mapping[str, str | os.PathLike],
    qrels: trec.Qrels,
    topics: trec.Topics,
    level: int,
    settings: significance.Draws,
) -> dict[str, Any]:
    """Return every pair of optimizers topic by topic, as JSON can hold it.

    Args:
        per_query: the values; with several seeds, those of the first are taken.
        grid: what was trained.
        test_set: the test set of `runs`, `qrels` and `topics`.
        runs: the run file of each checkpoint; only those of the chosen epochs are read.
        qrels: judgements.
        topics: the text of each topic.
        level: the relevance threshold: the least grade that counts as relevant.
        settings: how the mean's interval is drawn.

    Raises:
        UserError: a run file is damaged, or development data chose no epoch of a training.
    """
    pairs = []
    for planned in plan("optimizers", grid, test_set):
        pair = _pair(per_query, planned, Measure(test_set, PRIMARY), settings)
        left, right = (trec.read_run(runs[name])[0] for name in pair.pop("systems"))
        pair["examples"] = [
            {
                **difference,
                "query": topics[difference["qid"]],
                **_moved(
                    ranks(left.get(difference["qid"], {})),
                    ranks(right.get(difference["qid"], {})),
                    qrels[difference["qid"]],
                    level,
                ),
            }
            for difference in _largest(pair["differences"])
        ]
        pairs.append(pair)
    return {"test_set": test_set, "metric": PRIMARY, "level": level, "pairs": pairs}


def _pair(
    per_query: PerQuery, planned: Planned, measure: Measure, settings: significance.Draws
) -> dict[str, Any]:
    """Return the values of two checkpoints by topic, and what significance.compare says of them."""
    replicate = per_query.replicates[0]
    sides = [system for system, _ in planned.terms]
    left, right = (replicate.values(measure, side) for side in sides)
    (contrast,) = significance.compare(left.to_numpy(), right.to_numpy(), settings)
    kept = ("difference", "low", "high", "wins", "ties", "losses")
    return {
        "systems": [replicate.name(side) for side in sides],
        **{
            name: {"training": side.training, "epoch": replicate.epoch(side)}
            for name, side in zip(("left", "right"), sides, strict=True)
        },
        **{key: value for key, value in asdict(contrast).items() if key in kept},
        "differences": [
            {"qid": qid, "left": one, "right": other, "difference": _difference(one, other)}
            for qid, one, other in zip(left.index, left.tolist(), right.tolist(), strict=True)
        ],
    }


def _difference(left: float, right: float) -> float:
    return 0.0 if math.isclose(left, right, rel_tol=0, abs_tol=_ROUNDING) else left - right


def _largest(differences: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the topics with the largest gains, and then those with the largest losses."""
    ordered = sorted(differences, key=lambda each: (-each["difference"], each["qid"]))
    gains = [each for each in ordered if each["difference"] > 0][:EXAMPLES]
    losses = [each for each in reversed(ordered) if each["difference"] < 0][:EXAMPLES]
    return gains + losses


def ranks(ranking: Mapping[str, float]) -> dict[str, int]:
    """Return the rank of each passage, the highest score being first."""
    ordered = sorted(ranking, key=ranking.__getitem__, reverse=True)
    return {docid: rank for rank, docid in enumerate(ordered, start=1)}


def _moved(left: Ranks, right: Ranks, judged: Mapping[str, int], level: int) -> dict[str, Any]:
    """Return the passages whose share changed most, and how many relevant ones are in the top."""
    after, before = shares(left, judged), shares(right, judged)
    changed = {docid: after[docid] - before[docid] for docid in judged}
    most = sorted(changed, key=lambda docid: (-abs(changed[docid]), docid))[:PASSAGES]
    return {
        "relevant_left": _relevant(left, judged, level),
        "relevant_right": _relevant(right, judged, level),
        "passages": [
            {
                "docid": docid,
                "grade": judged[docid],
                "rank_left": left.get(docid),
                "rank_right": right.get(docid),
                "share": changed[docid],
            }
            for docid in most
            if changed[docid]
        ],
    }


def shares(ranks: Ranks, judged: Mapping[str, int]) -> dict[str, float]:
    """Return what each judged passage adds to nDCG@10; as in trec_eval, the grade is the gain."""
    gains = {docid: max(grade, 0) for docid, grade in judged.items()}
    best = sorted(gains.values(), reverse=True)[:CUTOFF]
    ideal = sum(gain / math.log2(rank + 1) for rank, gain in enumerate(best, start=1))
    return {
        docid: gain / math.log2(ranks[docid] + 1) / ideal
        if gain and ranks.get(docid, math.inf) <= CUTOFF
        else 0.0
        for docid, gain in gains.items()
    }


def _relevant(ranks: Ranks, judged: Mapping[str, int], level: int) -> int:
    """Count the relevant passages in the top."""
    return sum(
        grade >= level and ranks.get(docid, math.inf) <= CUTOFF for docid, grade in judged.items()
    )
