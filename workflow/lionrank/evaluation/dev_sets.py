"""How a checkpoint reranks the candidates of development data."""

import os
from collections.abc import Iterable, Mapping
from statistics import mean
from typing import Any, NamedTuple

import torch

from lionrank import parquet, trec
from lionrank.config.scorings import Scoring
from lionrank.errors import Diverged
from lionrank.evaluation.trec_eval import evaluate
from lionrank.measures import PRIMARY
from lionrank.reranking import score as reranking
from lionrank.training import development
from lionrank.training.log import held_out_loss


class DevSet(NamedTuple):
    """A dev set by its files."""

    name: str
    candidates: str | os.PathLike
    qrels: str | os.PathLike
    how: Scoring | None = None


def scores(
    epoch: int,
    checkpoint: str | os.PathLike,
    log: str | os.PathLike,
    dev_sets: Iterable[DevSet],
    precision: str,
    hardware: Mapping[str, Any],
    device: torch.device,
    trial: bool = False,
) -> development.EpochScores:
    """Return the scores of an epoch's checkpoint, of which `log` is the training log.

    A `trial` of a search that has diverged has none.

    Raises:
        Diverged: a logit is NaN or infinite, and it is no trial.
        UserError: a file is damaged.
    """
    try:
        found = {
            each.name: ndcg(checkpoint, each, precision, hardware, device) for each in dev_sets
        }
    except Diverged as error:
        if not trial:
            raise
        print(f"The trial diverged, which is its outcome: {error}")
        return development.no_scores(epoch, "diverged")
    return development.scores(epoch, held_out_loss(log), found)


def ndcg(
    checkpoint: str | os.PathLike,
    dev_set: DevSet,
    precision: str,
    hardware: Mapping[str, Any],
    device: torch.device,
) -> float:
    """Return the mean nDCG@10 of the candidates of a dev set when they are reranked.

    A relevant document that is no candidate is missed, and a judged topic without candidates
    counts as zero: a reranker cannot put back what the first stage did not find. `hardware` is as
    for `reranking.score`.
    """
    found = reranking.score(
        *(checkpoint, dev_set.candidates, precision, hardware, device), how=dev_set.how
    )
    ids = parquet.read(dev_set.candidates, parquet.of_candidates("qid", "docid")).to_pydict()
    run = trec.to_run(ids, found.scores.tolist())
    per_query = evaluate(trec.read_qrels(dev_set.qrels), run, level=1, complete=True)
    return mean(measures[PRIMARY] for measures in per_query.values())
