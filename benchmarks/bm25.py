"""BM25 as the workflow runs it, beside Pyserini's own command, on generated passages.

The index is made once. Each repetition is a process that starts Java, searches, and writes a run
file, and all run files must have the same documents. Run with `make bench-bm25`.
"""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from alternate import Contender, alternate, command_line, generated, in_a_new_process, report
from texts import DEVIATION, SEED, WORDS, Writer

from lionrank import trec
from lionrank.retrieval.bm25 import build_index

QUERY_WORDS, QUERY_DEVIATION = 7, 2
K1, B, THREADS = 0.9, 0.4, 2
# What workflow/scripts/retrieval/bm25.py does.
WORKFLOW = f"""
import sys
from lionrank import trec
from lionrank.retrieval.bm25 import bm25
index, topics, output, depth = sys.argv[1:]
run = bm25(index, trec.read_topics(topics), int(depth), {K1}, {B}, {THREADS})
trec.write_run(output, run, tag="bm25")
"""
# What `python -m pyserini.search.lucene` does where its Java is found. Where it finds no jar, its
# set-up leaves the JVM to us, and the client of a service that it imports wants a key to exist.
PYSERINI = """
import os
import runpy
import sys
from lionrank.java import start_jvm
start_jvm()
os.environ |= {"ANSERINI_CLASSPATH": sys.argv[0], "OPENAI_API_KEY": "unused"}
runpy.run_module("pyserini.search.lucene", run_name="__main__", alter_sys=True)
"""
CODE = {"ours": WORKFLOW, "pyserini": PYSERINI}
BATCH = 64


def generate(folder: Path, passages: int, queries: int) -> None:
    """Write corpus/passages.parquet, topics.tsv and the Lucene index `index` into `folder`."""
    writer = Writer()
    (folder / "corpus").mkdir(parents=True, exist_ok=True)
    contents = writer.texts(passages, WORDS, DEVIATION, [SEED, 1])
    ids = pa.array(np.arange(passages)).cast(pa.string())
    table = pa.table({"id": ids, "contents": contents})
    pq.write_table(table, folder / "corpus" / "passages.parquet", compression="zstd")
    texts = writer.texts(queries, QUERY_WORDS, QUERY_DEVIATION, [SEED, 2]).to_pylist()
    topics = {str(number): text for number, text in enumerate(texts)}
    trec.write_topics(folder / "topics.tsv", topics)
    # In a process of its own, whose Java then ends.
    in_a_new_process(build_index, folder / "corpus", folder / "unfinished", THREADS)
    (folder / "unfinished").rename(folder / "index")


def prepare(name: str, data: Path, queries: int, depth: int) -> Callable[[], dict[str, float]]:
    """Return what writes the run file `{name}.trec`."""
    index, topics, output = (str(data / each) for each in ("index", "topics.tsv", f"{name}.trec"))
    arguments = [index, topics, output, str(depth)]
    if name == "pyserini":
        arguments = [
            *("--index", index, "--topics", topics, "--output", output, "--hits", str(depth)),
            *("--bm25", "--k1", str(K1), "--b", str(B)),
            *("--threads", str(THREADS), "--batch-size", str(BATCH)),
        ]

    def repeat() -> dict[str, float]:
        done = subprocess.run(
            [sys.executable, "-c", CODE[name], *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if done.returncode:
            raise RuntimeError(f"status {done.returncode}: {done.stdout[-2000:]}")
        return {"queries": queries}

    return repeat


def check(data: Path) -> None:
    """Compare the documents of the two run files, topic by topic.

    Raises:
        SystemExit: a topic has others in one of them.
    """
    ours, theirs = (trec.read_run(data / f"{name}.trec")[0] for name in CODE)
    topics = ours.keys() | theirs.keys()
    differing = [qid for qid in topics if {*ours.get(qid, ())} != {*theirs.get(qid, ())}]
    if differing:
        sys.exit(f"ours and pyserini have other documents for topics {differing[:5]}")


def main() -> None:
    options = command_line(
        __doc__.splitlines()[0],
        repeats=5,
        passages=(200_000, "size of the index"),
        queries=(500, "number of queries"),
        depth=(1000, "documents a query"),
    )
    folder = options.folder / f"bm25_{options.passages}_{options.queries}"
    data = generated(folder, "index", generate, options.passages, options.queries)
    sizes = {"queries": options.queries, "depth": options.depth}
    contenders = [Contender(name, prepare, {"name": name, "data": data, **sizes}) for name in CODE]
    results = alternate(contenders, options.repeats, warm_up=0)
    check(data)
    found = (
        f"{options.queries} queries, the best {options.depth:,} of {options.passages:,} passages"
    )
    report(f"BM25, {found}, {THREADS} threads", results, "ours", "queries")


if __name__ == "__main__":
    main()
