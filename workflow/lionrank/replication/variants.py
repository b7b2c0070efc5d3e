"""Other ways to evaluate what a checkpoint scored, each of which could explain another value.

A run file has every logit as float32 and no ties: `trec.write_run` lowers a tied one to the next
smaller float32. Others rounded scores before they ranked by them, kept the sigmoid of the logits,
or left ties to trec_eval, which puts the greater docid first.
"""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import fmean

import numpy as np
import torch
from torch import Tensor

from lionrank.evaluation.trec_eval import evaluate, value_of
from lionrank.measures import LEVEL
from lionrank.trec import Qrels, Run

AS_SCORED, OTHER_PRECISION = "as_scored", "other_precision"
"""The variants that nothing but a run file tells: ours, and that of another forward pass."""


@dataclass(frozen=True)
class Variant:
    """A way to evaluate that differs in one thing from how published values are taken.

    Attributes:
        change: makes of the logits of a topic the scores that rank its passages, with ties.
        depth: of the first stage's candidates, only so many are ranked.
        level: the least relevant grade.
        answerable: topics without a relevant passage do not count, instead of as zero.
    """

    change: Callable[[Tensor], Tensor] | None = None
    depth: int | None = None
    level: int = LEVEL
    answerable: bool = False

    def ranked(self, run: Run, first_stage: Run | None) -> Run:
        """Return the run that is evaluated, of a run file and any first stage's."""
        if self.change is not None:
            return rescored(logits(run), self.change)
        if self.depth is not None and first_stage is not None:
            return within(run, first_stage, self.depth)
        return run


VARIANTS = {
    AS_SCORED: Variant(),
    OTHER_PRECISION: Variant(),
    "ties": Variant(lambda scores: scores),
    "bf16_logits": Variant(lambda scores: scores.bfloat16()),
    "sigmoid": Variant(lambda scores: scores.sigmoid()),
    "bf16_sigmoid": Variant(lambda scores: scores.bfloat16().sigmoid()),
    "depth_10": Variant(depth=10),
    "depth_100": Variant(depth=100),
    # The least relevant grade by the tracks' own guidelines.
    "level_2": Variant(level=2),
    "answerable": Variant(answerable=True),
}
"""All of them, in the order of the tables."""


def logits(run: Run) -> Run:
    """Return the scores of a run file as they were before it was made strict.

    Logits that were neighbours among float32 numbers cannot be told from tied ones, and become so.
    """
    return {qid: _with_ties(ranking) for qid, ranking in run.items()}


def _with_ties(ranking: dict[str, float]) -> dict[str, float]:
    docids = sorted(ranking, key=lambda docid: -ranking[docid])
    scores = np.array([ranking[docid] for docid in docids], dtype=np.float32)
    tied = scores[1:] == np.nextafter(scores[:-1], np.float32(-np.inf))
    # The place of the first of those that a score is tied with.
    first = np.maximum.accumulate(np.where(np.append(False, tied), 0, np.arange(len(scores))))
    return dict(zip(docids, scores[first].tolist(), strict=True))


def rescored(run: Run, change: Callable[[Tensor], Tensor]) -> Run:
    """Return a run with other scores; `change` maps float32 [passages of a topic] to the like."""
    changed = {}
    for qid, ranking in run.items():
        scores = change(torch.tensor([*ranking.values()], dtype=torch.float32))
        changed[qid] = dict(zip(ranking, scores.float().tolist(), strict=True))
    return changed


def within(run: Run, first_stage: Run, depth: int) -> Run:
    """Return a run of the first `depth` candidates of the first stage alone."""
    kept = {
        qid: set(sorted(ranking, key=lambda docid: -ranking[docid])[:depth])
        for qid, ranking in first_stage.items()
    }
    return {
        qid: {docid: score for docid, score in ranking.items() if docid in kept.get(qid, ())}
        for qid, ranking in run.items()
    }


def tied(run: Run) -> float:
    """Return the share of passages that have the score of another of their topic."""
    passages = sum(map(len, run.values()))
    alone = 0
    for ranking in run.values():
        _, times = np.unique([*ranking.values()], return_counts=True)
        alone += int((times == 1).sum())
    return (passages - alone) / passages


def means(variant: Variant, run: Run, qrels: Qrels, metrics: list[str]) -> list[float]:
    """Return the mean of each metric over the judged topics, of what `Variant.ranked` returned.

    Where no passage has a grade of the variant's level, the level of published values holds.
    """
    graded = any(grade >= variant.level for judged in qrels.values() for grade in judged.values())
    per_query = evaluate(qrels, run, variant.level if graded else LEVEL, complete=True)
    counted = [
        measures for measures in per_query.values() if measures["num_rel"] or not variant.answerable
    ]
    return [fmean(value_of(measures, metric) for measures in counted) for metric in metrics]
