"""How a checkpoint reranks the candidates of development data."""

import os
from collections.abc import Mapping
from statistics import mean
from typing import Any

import torch

from lionrank import parquet, trec
from lionrank.evaluation.trec_eval import evaluate
from lionrank.measures import PRIMARY
from lionrank.reranking import score as reranking


def ndcg(
    checkpoint: str | os.PathLike,
    candidates: str | os.PathLike,
    qrels: str | os.PathLike,
    precision: str,
    hardware: Mapping[str, Any],
    device: torch.device,
) -> float:
    """Return the mean nDCG@10 of candidates (qid, docid, query, passage) that are reranked.

    A relevant document that is no candidate is missed, and a judged topic without candidates
    counts as zero: a reranker cannot put back what the first stage did not find. `hardware` is as
    for `reranking.score`.
    """
    logits = reranking.score(checkpoint, candidates, precision, hardware, device)
    ids = parquet.read(candidates, parquet.of_candidates("qid", "docid")).to_pandas()
    per_query = evaluate(trec.read_qrels(qrels), trec.to_run(ids, logits), level=1, complete=True)
    return mean(measures[PRIMARY] for measures in per_query.values())
