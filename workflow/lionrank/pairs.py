"""Training pairs: triplets with BM25 hard negatives, written as labelled pairs."""

import os
import random

import pandas as pd

from lionrank.errors import UserError
from lionrank.retrieval import read_corpus
from lionrank.trec import Qrels, Run, Topics

Triplet = tuple[str, str, str]
"""(query_id, positive_id, negative_id)."""


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
        qid: [docid for docid, grade in judged.items() if grade == max(judged.values())]
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
        if negatives:
            drawn.append((qid, draw.choice(positives[qid]), draw.choice(negatives)))
    if not drawn:
        raise UserError(
            "no training topic has an unjudged document at the BM25 ranks "
            f"{hardest_rank} to {negative_depth}: raise training_pairs.negative_depth."
        )
    return drawn


def join_pairs(triplets: list[Triplet], topics: Topics, corpus: str | os.PathLike) -> pd.DataFrame:
    """Join triplets with their texts: a row (query, positive, 1) and one (query, negative, 0) each.

    Columns: query_id, passage_id, query, passage, label (float).
    """
    passages = read_corpus(corpus, {docid for _, *docids in triplets for docid in docids})
    rows = [
        (qid, docid, topics[qid], passages[docid], label)
        for qid, positive, negative in triplets
        for docid, label in ((positive, 1.0), (negative, 0.0))
    ]
    return pd.DataFrame(rows, columns=["query_id", "passage_id", "query", "passage", "label"])
