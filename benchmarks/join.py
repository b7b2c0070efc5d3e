"""The join of the training pairs at MS MARCO's size, ours beside the dictionary way.

Data of the real shape are generated once. The two ways then run in turn and must give the same
content. Run with `make bench-join`.
"""

import hashlib
import json
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from alternate import (
    Contender,
    alternate,
    command_line,
    generated,
    in_a_new_process,
    ratio,
    report,
)
from texts import DEVIATION, SEED, WORDS, Writer

from lionrank.files import read_json

PIECE = 200_000
HELD_OUT = 10_000


def _ids(start: int, stop: int) -> pa.Array:
    return pa.array(np.arange(start, stop)).cast(pa.string())


def generate(folder: Path, passages: int, queries: int, triplets: int) -> None:
    """Write corpus/*.parquet, topics.tsv and triplets.parquet into `folder`."""
    writer = Writer()
    (folder / "corpus").mkdir(parents=True)

    def piece(start: int) -> pa.Table:
        stop = min(start + PIECE, passages)
        contents = writer.texts(stop - start, WORDS, DEVIATION, [SEED, 1, start])
        return pa.table({"id": _ids(start, stop), "contents": contents})

    schema = pa.schema([("id", pa.string()), ("contents", pa.string())])
    with (
        pq.ParquetWriter(folder / "corpus" / "passages.parquet", schema, compression="zstd") as out,
        ThreadPoolExecutor(2) as pool,
    ):
        starts = range(0, passages, PIECE)
        for first in range(0, len(starts), 4):
            for table in pool.map(piece, starts[first : first + 4]):
                out.write_table(table)
    texts = writer.texts(queries, 6, 2, [SEED, 2])
    with open(folder / "topics.tsv", "w", encoding="utf-8") as handle:
        handle.writelines(f"{qid}\t{text}\n" for qid, text in enumerate(texts.to_pylist()))
    draw = np.random.default_rng([SEED, 3])
    qids = draw.integers(0, queries, triplets)
    columns = {
        "query_id": qids,
        # A query has one positive passage, whatever its negatives.
        "positive_id": qids * 7919 % passages,
        "negative_id": draw.integers(0, passages, triplets),
    }
    table = pa.table({name: pa.array(ids).cast(pa.string()) for name, ids in columns.items()})
    pq.write_table(table, folder / "triplets.parquet", compression="zstd")


def ours(data: Path, output: Path) -> None:
    """Run the workflow's own join."""
    from lionrank.collections.join import join_pairs

    join_pairs(
        data / "triplets.parquet",
        data / "topics.tsv",
        data / "corpus",
        held_out=HELD_OUT,
        held_out_by="query",
        seed=SEED,
        data=output / "pairs.parquet",
        held_out_data=output / "held_out.parquet",
        record=output / "record.json",
        threads=2,
    )


def dictionary(data: Path, output: Path) -> None:
    """Read everything into dictionaries, look every text up, and split the queries as ours does."""
    corpus = pq.read_table(data / "corpus")
    passages = dict(zip(corpus["id"].to_pylist(), corpus["contents"].to_pylist(), strict=True))
    del corpus
    with open(data / "topics.tsv", encoding="utf-8") as handle:
        queries = dict(line.rstrip("\n").split("\t") for line in handle)
    triplets = pq.read_table(data / "triplets.parquet").to_pylist()
    pairs = [
        (triplet["query_id"], docid, queries[triplet["query_id"]], passages[docid], label)
        for triplet in triplets
        for docid, label in ((triplet["positive_id"], 1.0), (triplet["negative_id"], 0.0))
    ]
    sizes: dict[str, int] = {}
    for pair in pairs:
        sizes[pair[0]] = sizes.get(pair[0], 0) + 1
    left, chosen = HELD_OUT, set()
    for qid in sorted(sizes, key=lambda qid: hashlib.sha256(f"{SEED} {qid}".encode()).digest()):
        if sizes[qid] <= left:
            chosen.add(qid)
            left -= sizes[qid]
    names = ["query_id", "passage_id", "query", "passage", "label"]
    for name, held in (("pairs", False), ("held_out", True)):
        kept = [pair for pair in pairs if (pair[0] in chosen) is held]
        columns = zip(*kept, strict=True) if kept else [[] for _ in names]
        table = pa.table(dict(zip(names, map(list, columns), strict=True)))
        pq.write_table(table, output / f"{name}.parquet", compression="zstd")


WAYS = {"ours": ours, "dictionary": dictionary}


def content(path: Path) -> str:
    """Return the SHA-256 of a file of pairs: its rows as JSON arrays, one a line."""
    digest = hashlib.sha256()
    for batch in pq.ParquetFile(path).iter_batches():
        for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            digest.update(json.dumps(row, ensure_ascii=False).encode() + b"\n")
    return digest.hexdigest()


def prepare(way: str, data: Path, triplets: int) -> Callable[[], dict[str, float]]:
    """Return what runs one way in a new process, so that it has no memory of the run before."""
    output = data / way
    output.mkdir(exist_ok=True)

    def repeat() -> dict[str, float]:
        in_a_new_process(WAYS[way], data, output)
        return {"pairs": 2 * triplets}

    return repeat


def compare(data: Path, triplets: int, repeats: int) -> None:
    """Run both ways in turn, check that they agree, and print a table and the ratios."""
    contenders = [
        Contender(way, prepare, {"way": way, "data": data, "triplets": triplets}) for way in WAYS
    ]
    results = alternate(contenders, repeats, warm_up=0)
    record = read_json(data / "ours" / "record.json")
    for name, key in (("pairs", "train"), ("held_out", "held_out")):
        contents = {content(data / way / f"{name}.parquet") for way in WAYS}
        if contents != {record["sha256"][key]}:
            sys.exit(f"the contents of {name} differ")
    rows = record["rows"]
    print(f"{rows['train']} pairs and {rows['held_out']} held out, the same")
    memory = ratio(results["ours"], results["dictionary"], lambda each: each.peak_bytes)
    print(f"peak memory, ours / dictionary: {memory}")
    report("The join of the training pairs", results, "ours", "pairs")


def main() -> None:
    """Generate what is not there yet, then compare."""
    options = command_line(
        __doc__.splitlines()[0],
        repeats=3,
        passages=(8_841_823, "size of the corpus"),
        queries=(808_731, "number of queries"),
        triplets=(1_000_000, "triplets to join"),
    )
    sizes = (options.passages, options.queries, options.triplets)
    folder = options.folder / "_".join(map(str, sizes))
    data = generated(folder, "triplets.parquet", generate, *sizes)
    compare(data, options.triplets, options.repeats)


if __name__ == "__main__":
    main()
