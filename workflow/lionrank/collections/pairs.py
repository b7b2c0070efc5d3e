"""Training pairs: triplets with hard negatives, written as labelled pairs with their text."""

import hashlib
import json
import os
import random
import secrets
from pathlib import Path
from typing import IO, Literal

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from lionrank.collections.corpus import (
    TRIPLET,
    add_texts,
    in_order,
    open_database,
    read_triplets,
)
from lionrank.errors import UserError
from lionrank.files import atomic_write
from lionrank.trec import Qrels, Run

Triplet = tuple[str, str, str]
"""The values of the columns `TRIPLET`."""

PAIRS = pa.schema(
    [(name, pa.string()) for name in ("query_id", "passage_id", "query", "passage")]
    + [("label", pa.float64())]
)
ORDER = "the triplets' order, each positive directly before its negative"


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


def join_pairs(
    triplets: Path,
    topics: Path,
    corpus: Path,
    *,
    held_out: int,
    held_out_by: Literal["query", "pair"],
    seed: int | None,
    pairs: Path,
    held_out_pairs: Path,
    record: Path,
    threads: int,
) -> None:
    """Join triplets with their texts, and hold out some of the pairs for the evaluation loss.

    Writes `pairs` and `held_out_pairs`, Parquet files with the columns of `PAIRS` in the order that
    `ORDER` says, and `record`, JSON that counts rows and queries and gives split and contents. All
    three files are written, or none. The bytes hang on the inputs and the seed, not on `threads`.

    By query, queries are held out whole, in a seeded random order, as long as they fit into
    `held_out` pairs. By pair, `held_out` pairs are drawn, as it was published: queries are then on
    both sides. Without a seed one is drawn from the operating system, and recorded.

    Raises:
        UserError: an input is damaged, lacks what a triplet names, or leaves too few pairs.
    """
    seed = secrets.randbits(32) if seed is None else seed
    with open_database(pairs, threads) as database:
        read_triplets(database, triplets)
        _split(database, held_out, held_out_by, seed)
        add_texts(database, topics, corpus, asked_by=triplets)
        # Each is opened when the one before is written, so that an error names the right file.
        with atomic_write(pairs, "wb") as train:
            content = {"train": _write_pairs(database, "ANTI", train, pairs)}
            with atomic_write(held_out_pairs, "wb") as evaluation:
                content["held_out"] = _write_pairs(database, "SEMI", evaluation, pairs)
                with atomic_write(record) as recorded:
                    description = _counts(database) | {
                        "order": ORDER,
                        "split": {"by": held_out_by, "pairs": held_out, "seed": seed},
                        "sha256": content,
                    }
                    json.dump(description, recorded, indent=2, sort_keys=True)
                    recorded.write("\n")
                    # What a full disk refuses must be refused before one of them is renamed.
                    for handle in (train, evaluation, recorded):
                        handle.flush()
                        os.fsync(handle.fileno())


def _split(database: duckdb.DuckDBPyConnection, pairs: int, by: str, seed: int) -> None:
    """Make the table `held_out` (number) of the rows of `asked` that are held out.

    The random order is that of a hash, which no library's next version changes.
    """
    total = database.execute("SELECT count(*) FROM asked").fetchall()[0][0]
    if pairs >= total:
        raise UserError(
            f"training_pairs.held_out.pairs: {pairs} held out of {total} pairs leave none to train "
            "on; lower it."
        )
    if by == "pair":
        database.execute(
            "CREATE TABLE held_out AS SELECT number FROM asked "
            f"ORDER BY sha256('{seed} ' || number) LIMIT {pairs}"
        )
        return
    queries = database.sql(
        f"SELECT qid, count(*) AS size FROM asked GROUP BY qid ORDER BY sha256('{seed} ' || qid)"
    ).to_arrow_table()
    chosen = _fitting(queries["size"].to_pylist(), pairs)
    if pairs and not chosen:
        raise UserError(
            f"training_pairs.held_out.pairs: every query has more than {pairs} pairs; raise it, or "
            "set it to 0."
        )
    database.register("chosen", queries.take(pa.array(chosen, pa.int64())))
    database.execute(
        "CREATE TABLE held_out AS SELECT number FROM asked SEMI JOIN chosen USING (qid)"
    )
    database.unregister("chosen")


def _fitting(sizes: list[int], capacity: int) -> list[int]:
    """Return the positions of the sizes that, taken in order where they fit, fill the capacity."""
    chosen = []
    for position, size in enumerate(sizes):
        if not capacity:
            break
        if size <= capacity:
            chosen.append(position)
            capacity -= size
    return chosen


def _write_pairs(database: duckdb.DuckDBPyConnection, side: str, handle: IO, output: Path) -> str:
    """Write the pairs on one side of the split, and return the SHA-256 of their content.

    The content is the rows as JSON arrays, one a line, so that it can be compared across writers.
    """
    rows = database.sql(
        "SELECT number, qid, docid, query, passage, label FROM passages JOIN ("
        "SELECT row_number() OVER (ORDER BY number) - 1 AS number, qid, docid, label "
        f"FROM asked {side} JOIN held_out USING (number)"
        ") USING (docid) JOIN topics USING (qid)"
    )
    content = hashlib.sha256()
    with pq.ParquetWriter(handle, PAIRS, compression="zstd") as writer:
        for group in in_order(rows, output):
            for row in zip(*(column.to_pylist() for column in group.columns), strict=True):
                content.update(json.dumps(row, ensure_ascii=False).encode() + b"\n")
            writer.write_table(group.rename_columns(PAIRS.names))
    return content.hexdigest()


def _counts(database: duckdb.DuckDBPyConnection) -> dict[str, dict[str, int]]:
    """Count the rows of both sides of the split, their queries, and the queries on both sides."""
    counts: dict[str, dict[str, int]] = {"rows": {}, "queries": {}}
    for name, side in (("train", "ANTI"), ("held_out", "SEMI")):
        ((counts["rows"][name], counts["queries"][name]),) = database.execute(
            f"SELECT count(*), count(DISTINCT qid) FROM asked {side} JOIN held_out USING (number)"
        ).fetchall()
    apart = sum(counts["queries"].values())
    ((together,),) = database.execute("SELECT count(DISTINCT qid) FROM asked").fetchall()
    counts["queries"]["shared"] = apart - together
    return counts
