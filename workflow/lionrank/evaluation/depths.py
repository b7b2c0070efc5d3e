"""Effectiveness by how many candidates are reranked, from one scoring of all of them.

A cross-encoder scores a candidate whatever others there are, so that its ranking of the first ten
is that of all candidates without those that the first stage ranked lower.
"""

import os
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from lionrank import parquet
from lionrank.evaluation import trec_eval as evaluation
from lionrank.evaluation.means import means
from lionrank.evaluation.significance import Draws
from lionrank.grid import training_of
from lionrank.trec import Qrels, Run

DEPTHS = (10, 20, 50, 100, 200, 1000)
"""Those up to the number of candidates are looked at, and that itself."""
CEILING = "best possible"
"""What stands for a system where the candidates are in the best order; none of a config can."""

Ranks = Mapping[str, Mapping[str, int]]
"""qid -> docid -> rank in the first stage, from 1."""
Labels = Mapping[str, Any]
"""Of a run file, as `lionrank.config.plan_of_results.ResultsPlan.labels` has them."""


def read_ranks(candidates: str | os.PathLike) -> dict[str, dict[str, int]]:
    """Read the ranks that the first stage gave to candidates.

    Raises:
        UserError: the file is damaged.
    """
    ranks: dict[str, dict[str, int]] = {}
    columns = ("qid", "docid", "rank")
    for rows in parquet.batches(candidates, parquet.of_candidates(*columns)):
        for qid, docid, rank in zip(*(column.to_pylist() for column in rows.columns), strict=True):
            ranks.setdefault(qid, {})[docid] = rank
    return ranks


def depths_of(ranks: Ranks) -> list[int]:
    """Return the depths that candidates can be cut at: the first of `DEPTHS`, and up to theirs."""
    deepest = max((max(ranked.values()) for ranked in ranks.values()), default=0)
    shallowest, *others = DEPTHS
    below = [depth for depth in others if depth < deepest]
    return [shallowest, *below, *([deepest] if deepest > shallowest else [])]


def ceiling_of(labels: Labels) -> dict[str, Any]:
    """Return the labels of the best order of the candidates, beside those of another system."""
    return {**labels, "system": CEILING, **dict.fromkeys(("model", "optimizer", "epoch", "seed"))}


def by_grade(ranks: Ranks, qrels: Qrels) -> Run:
    """Return the candidates in an order that no reranking can surpass: by their grades."""
    return {
        qid: {docid: float(qrels.get(qid, {}).get(docid, 0)) for docid in ranked}
        for qid, ranked in ranks.items()
    }


def is_chosen(labels: Labels, chosen: Mapping[str, int]) -> bool:
    """Return whether a run file is of a training's chosen epoch, or of no training.

    Only trainings have a seed; one without an epoch is the chosen one by its name.
    """
    if labels["seed"] is None or labels["epoch"] is None:
        return True
    return chosen[training_of(labels["system"])] == labels["epoch"]


def evaluate_at(run: Run, ranks: Ranks, qrels: Qrels, level: int, labels: Labels) -> pd.DataFrame:
    """Evaluate a ranking of candidates without those that the first stage ranked below each depth.

    The columns are those of `trec_eval.tidy`, and `depth`.
    """
    tables = []
    for depth in depths_of(ranks):
        cut = {
            qid: {docid: score for docid, score in ranking.items() if ranks[qid][docid] <= depth}
            for qid, ranking in run.items()
        }
        values = evaluation.evaluate(qrels, cut, level, complete=True)
        tables.append(evaluation.tidy({level: values}, **labels, depth=depth))
    return pd.concat(tables, ignore_index=True)


def summarised(tables: Sequence[pd.DataFrame], settings: Draws) -> pd.DataFrame:
    """Average what `evaluate_at` returns for systems of one test set over topics.

    The columns are those of `means.means` and `depth`; `gain` is the mean less that at the
    least depth, and `gain_low` and `gain_high` bound it: topic by topic, as the mean is.
    """
    table = pd.concat(tables, ignore_index=True).astype({"epoch": "Int64", "seed": "Int64"})
    same = [column for column in table.columns if column not in ("depth", "value")]
    first = table.groupby(same, dropna=False, sort=False)["value"].transform("first")
    gains = means(table.assign(value=table["value"] - first), settings)
    return means(table, settings).assign(
        **{
            f"gain{bound}": gains[column]
            for bound, column in {"": "mean", "_low": "low", "_high": "high"}.items()
        }
    )
