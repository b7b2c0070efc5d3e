"""Training data drawn from a ranking of MS MARCO's size, ours beside the dictionary way.

A run file of the real shape is generated once, with judgements of its topics. The two ways then
run in turn and must draw the same examples. Run with `make bench-draw`.
"""

import hashlib
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from alternate import (
    Contender,
    alternate,
    command_line,
    generated,
    in_a_new_process,
    ratio,
    report,
)

from lionrank import trec
from lionrank.collections import rankings
from lionrank.collections.examples import Drawing, draw, write_ids

SEED = 12
PASSAGES = 8_841_823
DEPTH = 500
"""Lines of a topic, as Rank-DistiLLM's rankings have them."""
WAYS = ("ours", "dictionary")


def generate(folder: Path, lines: int) -> None:
    """Write ranking.trec, `DEPTH` lines a topic, and qrels.txt, a relevant passage a topic."""
    folder.mkdir(parents=True)
    generator = np.random.default_rng([SEED, lines])
    with (
        open(folder / "ranking.trec", "w", encoding="utf-8") as ranking,
        open(folder / "qrels.txt", "w", encoding="utf-8") as qrels,
    ):
        for topic in range(lines // DEPTH):
            # Without a passage twice: steps through the corpus from a random place.
            step = int(generator.integers(1, PASSAGES // DEPTH))
            docids = (int(generator.integers(PASSAGES)) + step * np.arange(DEPTH)) % PASSAGES
            scores = np.sort(generator.normal(20, 3, DEPTH))[::-1]
            ranked = enumerate(zip(docids.tolist(), scores.tolist(), strict=True), start=1)
            ranking.writelines(
                f"{topic} Q0 {docid} {rank} {score:.6f} made\n" for rank, (docid, score) in ranked
            )
            qrels.write(f"{topic}\t0\t{docids[int(generator.integers(10))]}\t1\n")


def drawing(topics: int) -> Drawing:
    """Return the settings of half as many lists of eight as there are topics."""
    return Drawing(
        examples=max(1, topics // 2),
        passages=8,
        threshold=1,
        ranks=(1, 200),
        negatives="any",
        random_negatives=0.0,
        margin=None,
        seed=SEED,
    )


def run(way: str, data: Path, output: Path) -> None:
    """Draw examples one way."""
    qrels = trec.read_qrels(data / "qrels.txt")
    path = data / "ranking.trec"
    found = rankings.read(path) if way == "ours" else _in_memory(path)
    write_ids(output / "ids.parquet", draw(qrels, found, drawing(len(qrels))).examples)


def _in_memory(path: Path) -> list[tuple[str, dict[str, float]]]:
    found, _ = trec.read_run(path)
    return [(qid, trec.by_score(ranking)) for qid, ranking in found.items()]


def prepare(way: str, data: Path, lines: int) -> Callable[[], dict[str, float]]:
    """Return what runs one way in a new process, so that it has no memory of the run before."""
    output = data / way
    output.mkdir(exist_ok=True)

    def repeat() -> dict[str, float]:
        in_a_new_process(run, way, data, output)
        return {"lines": lines}

    return repeat


def compare(data: Path, lines: int, repeats: int) -> None:
    """Run both ways in turn, check that they agree, and print a table and the ratios."""
    contenders = [
        Contender(way, prepare, {"way": way, "data": data, "lines": lines}) for way in WAYS
    ]
    results = alternate(contenders, repeats, warm_up=0)
    digests = {
        hashlib.sha256((data / way / "ids.parquet").read_bytes()).hexdigest() for way in WAYS
    }
    if len(digests) > 1:
        sys.exit("the examples differ")
    memory = ratio(results["ours"], results["dictionary"], lambda each: each.peak_bytes)
    print(f"peak memory, ours / dictionary: {memory}")
    report("Training data from a ranking", results, "ours", "lines")


def main() -> None:
    """Generate what is not there yet, then compare."""
    options = command_line(__doc__.splitlines()[0], repeats=3, lines=(5_000_000, "of the run file"))
    folder = options.folder / f"ranking_{options.lines}"
    compare(generated(folder, "qrels.txt", generate, options.lines), options.lines, options.repeats)


if __name__ == "__main__":
    main()
