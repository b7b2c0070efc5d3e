"""Training triplets of pydocs, drawn from judgements and BM25's rankings of the training topics."""

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
        UserError: there are fewer than half as many as asked for.
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
    if 2 * len(drawn) < triplets:
        raise UserError(
            f"{len(drawn)} of {len(qrels)} training topics have a positive and an unjudged "
            f"document at the BM25 ranks {hardest_rank} to {negative_depth}, and {triplets} "
            "triplets are asked for: raise training_pairs.negative_depth, or lower triplets."
        )
    return drawn


def write_triplets(path: str | os.PathLike, triplets: list[Triplet]) -> None:
    """Write triplets as Parquet with the columns `TRIPLET`."""
    rows = [dict(zip(TRIPLET.names, triplet, strict=True)) for triplet in triplets]
    with atomic_write(path, "wb") as handle:
        pq.write_table(pa.Table.from_pylist(rows, TRIPLET), handle, compression="zstd")
