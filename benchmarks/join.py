"""The join of the training pairs at MS MARCO's size, ours beside the dictionary way.

Data of the real shape are generated once. Each way then runs as a process of its own, in turn with
the other, and both must give the same content. Run with `make bench-join`.
"""

import argparse
import hashlib
import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median

import numpy as np
import psutil
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

WORDS, DEVIATION = 55, 22
VOCABULARY = 200_000
PIECE = 200_000
SEED = 12
HELD_OUT = 10_000
WAYS = ("ours", "dictionary")


def vocabulary(draw: np.random.Generator) -> pa.Array:
    """Return distinct words by falling frequency: as in English, the frequent ones are short."""
    lengths = np.clip(2.2 + np.log10(np.arange(1, 2 * VOCABULARY + 1)) * 1.15, 1, 12)
    lengths = np.maximum(1, np.round(draw.normal(lengths, 1.2))).astype(int)
    letters = draw.choice(list("etaoinsrhldcumfpgwybvkxjqz"), p=_zipf(26, 0.7), size=lengths.sum())
    text, ends = "".join(letters), np.cumsum(lengths)
    words = dict.fromkeys(
        text[end - length : end] for end, length in zip(ends, lengths, strict=True)
    )
    return pa.array(list(words)[:VOCABULARY])


def _zipf(number: int, exponent: float = 1.0) -> np.ndarray:
    weights = np.arange(1, number + 1) ** -exponent
    return weights / weights.sum()


class Writer:
    """Texts of words that follow Zipf's law, a million of them in a second."""

    def __init__(self) -> None:
        self.words = vocabulary(np.random.default_rng(SEED))
        # Drawing from a table of quantiles is much faster than from the distribution itself.
        quantiles = (np.arange(2**21) + 0.5) / 2**21
        cumulative = np.cumsum(_zipf(len(self.words)))
        self.table = np.searchsorted(cumulative, quantiles).astype(np.int32)

    def texts(self, number: int, mean: float, deviation: float, seed: list[int]) -> pa.Array:
        """Return `number` texts of about `mean` words."""
        draw = np.random.default_rng(seed)
        lengths = np.maximum(1, np.round(draw.normal(mean, deviation, number))).astype(np.int32)
        offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
        words = self.words.take(pa.array(self.table[draw.integers(0, 2**21, offsets[-1])]))
        return pc.binary_join(pa.ListArray.from_arrays(pa.array(offsets), words), " ")


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
    from lionrank.pairs import join_pairs

    join_pairs(
        data / "triplets.parquet",
        data / "topics.tsv",
        data / "corpus",
        held_out=HELD_OUT,
        held_out_by="query",
        seed=SEED,
        pairs=output / "pairs.parquet",
        held_out_pairs=output / "held_out.parquet",
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


def content(path: Path) -> str:
    """Return the SHA-256 of a file of pairs: its rows as JSON arrays, one a line."""
    digest = hashlib.sha256()
    for batch in pq.ParquetFile(path).iter_batches():
        for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            digest.update(json.dumps(row, ensure_ascii=False).encode() + b"\n")
    return digest.hexdigest()


def measure(way: str, data: Path, output: Path) -> tuple[float, float]:
    """Run one way as a process of its own: seconds, and the peak of its resident memory in GiB.

    The memory is the sum over the process and its children, sampled ten times a second.
    """
    output.mkdir(exist_ok=True)
    command = [sys.executable, __file__, "--folder", str(data), "--way", way, str(output)]
    start, peak = time.monotonic(), 0
    job = psutil.Popen(command)
    while job.poll() is None:
        for_now = 0
        try:
            for process in (job, *job.children(recursive=True)):
                for_now += process.memory_info().rss
        except psutil.NoSuchProcess:
            continue
        peak = max(peak, for_now)
        time.sleep(0.1)
    if job.returncode:
        sys.exit(f"{way} failed with status {job.returncode}")
    return time.monotonic() - start, peak / 2**30


def compare(data: Path, repeats: int) -> None:
    """Run both ways in turn, check that they agree, and print a table and the ratios."""
    measured: dict[str, list[tuple[float, float]]] = {way: [] for way in WAYS}
    for _ in range(repeats):
        for way in WAYS:
            measured[way].append(measure(way, data, data / way))
            seconds, memory = measured[way][-1]
            print(f"{way:<12}{seconds:8.1f} s{memory:8.2f} GiB", flush=True)
    record = json.loads((data / "ours" / "record.json").read_text())
    for name, key in (("pairs", "train"), ("held_out", "held_out")):
        contents = {content(data / way / f"{name}.parquet") for way in WAYS}
        if contents != {record["sha256"][key]}:
            sys.exit(f"the contents of {name} differ")
    seconds, memory = (
        {way: median(column[index] for column in measured[way]) for way in WAYS} for index in (0, 1)
    )
    print(f"\n{record['rows']['train']} pairs and {record['rows']['held_out']} held out, the same")
    print(f"{'median of ' + str(repeats):<14}{'seconds':>10}{'peak GiB':>10}")
    for way in WAYS:
        print(f"{way:<14}{seconds[way]:>10.1f}{memory[way]:>10.2f}")
    ratios = [values["ours"] / values["dictionary"] for values in (seconds, memory)]
    print(f"ours / dictionary: time {ratios[0]:.2f}, memory {ratios[1]:.2f}")


def main() -> None:
    """Generate what is not there yet, then compare."""
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0],
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument(
        "--folder", type=Path, default=Path(__file__).parent / ".data", help="where the data lie"
    )
    parser.add_argument("--passages", type=int, default=8_841_823, help="size of the corpus")
    parser.add_argument("--queries", type=int, default=808_731, help="number of queries")
    parser.add_argument("--triplets", type=int, default=1_000_000, help="triplets to join")
    parser.add_argument("--repeats", type=int, default=3, help="runs of each way")
    parser.add_argument("--way", nargs=2, metavar=("WAY", "OUTPUT"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.way:
        way, output = options.way
        {"ours": ours, "dictionary": dictionary}[way](options.folder, Path(output))
        return
    sizes = (options.passages, options.queries, options.triplets)
    data = options.folder / "_".join(map(str, sizes))
    if not (data / "triplets.parquet").exists():
        start = time.monotonic()
        generate(data, *sizes)
        print(f"generated in {time.monotonic() - start:.0f} s in {data}")
    compare(data, options.repeats)


if __name__ == "__main__":
    main()
