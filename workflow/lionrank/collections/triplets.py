"""Training triplets, drawn from the judgements and BM25's rankings of the training topics."""

import os
import random

import pyarrow as pa
import pyarrow.parquet as pq

from lionrank.collections.corpus import TRIPLET
from lionrank.errors import UserError
from lionrank.files import atomic_write
from lionrank.trec import Qrels, Run

Triplet = tuple[str, str, str]
"""The values of the columns `TRIPLET`."""


def draw_triplets(
    qrels: Qrels,
    run: Run,
    *,
    triplets: int,
    random_negatives: float,
    hardest_rank: int,
    negative_depth: int,
    seed: int,
) -> list[Triplet]:
    """Draw at most `triplets` triplets, one a topic, positives at the topic's highest grade.

    A negative is an unjudged document: with probability `random_negatives` any document that is
    positive for some training topic, else one at the BM25 ranks `hardest_rank` to
    `negative_depth`. Only documents that are positive for a training topic are ever drawn, so
    that no passage of a dev or test topic is seen in training.

    Raises:
        UserError: no topic has both a positive and a negative.
    """
    draw = random.Random(seed)
    positives = {
        qid: [docid for docid, grade in judged.items() if grade == max(judged.values()) > 0]
        for qid, judged in qrels.items()
    }
    pool = sorted({docid for docids in positives.values() for docid in docids})
    trainable = set(pool)
    drawn: list[Triplet] = []
    for qid, judged in qrels.items():
        if len(drawn) == triplets:
            break
        ranking = list(run.get(qid, {}))[hardest_rank - 1 : negative_depth]
        negatives = [docid for docid in ranking if docid not in judged and docid in trainable]
        if draw.random() < random_negatives:
            some = draw.sample(pool, min(len(pool), len(judged) + 1))
            negatives = [docid for docid in some if docid not in judged]
        if negatives and positives[qid]:
            drawn.append((qid, draw.choice(positives[qid]), draw.choice(negatives)))
    if not drawn:
        raise UserError(
            "no training topic has an unjudged document at the BM25 ranks "
            f"{hardest_rank} to {negative_depth}: raise training_pairs.negative_depth."
        )
    return drawn


def write_triplets(path: str | os.PathLike, triplets: list[Triplet]) -> None:
    """Write triplets as Parquet with the columns `TRIPLET`."""
    rows = [dict(zip(TRIPLET.names, triplet, strict=True)) for triplet in triplets]
    with atomic_write(path, "wb") as handle:
        pq.write_table(pa.Table.from_pylist(rows, TRIPLET), handle, compression="zstd")
