"""Shards of a test set: whole topics of its candidates, each scored by a job of its own."""

import os
import shutil
from collections.abc import Iterable

import numpy as np
import pyarrow.compute as pc

from lionrank import parquet
from lionrank.errors import UserError
from lionrank.files import atomic_write, open_file
from lionrank.jobs import records
from lionrank.reranking.lengths import Lengths


def rows(candidates: str | os.PathLike, shard: str) -> slice:
    """Return the rows of a shard, which is named as by Snakemake: 1-of-5 to 5-of-5.

    They are of whole topics, and about as many in each shard; where there are fewer topics than
    shards, some have none. `candidates` is a Parquet file with the column qid.

    Raises:
        UserError: the file is damaged, or a topic has rows in this shard and in another one.
    """
    number, shards = map(int, shard.split("-of-"))
    qids = parquet.read(candidates, parquet.of_candidates("qid"))["qid"].combine_chunks()
    blocks = pc.run_end_encode(qids)
    bounds = np.array([0, *blocks.run_ends.to_pylist()])
    first, last = (
        int(np.abs(bounds - place * len(qids) / shards).argmin()) for place in (number - 1, number)
    )
    topics = blocks.values.to_pylist()
    twice = set(topics[first:last]) & {*topics[:first], *topics[last:]}
    if twice:
        raise UserError(
            f"{candidates}: the rows of topic {min(twice)!r} are not next to each other, so that "
            "they would be in two shards: sort them by topic, or set reranking.shards to 1."
        )
    return slice(int(bounds[first]), int(bounds[last]))


def lengths(shards: Iterable[str | os.PathLike]) -> Lengths | None:
    """Return what was read of all shards, None where one has no record of it.

    Raises:
        UserError: a record is damaged.
    """
    found = Lengths()
    for shard in shards:
        record = records.read(shard)
        if record is None or "counted" not in record:
            return None
        found += Lengths(**record["counted"])
    return found


def join(shards: Iterable[str | os.PathLike], run: str | os.PathLike) -> None:
    """Write the run file whose topics are those of the shards' run files, in their order."""
    with atomic_write(run, "wb") as joined:
        for shard in shards:
            with open_file(shard) as handle:
                shutil.copyfileobj(handle, joined)
