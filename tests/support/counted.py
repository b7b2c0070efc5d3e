"""Small files of training pairs, and of topics with judgements and candidates, to be counted."""

import pyarrow as pa
import pyarrow.parquet as pq

from lionrank import trec
from lionrank.collections.join import PAIRS
from lionrank.parquet import CANDIDATES

TOPICS = {"q1": "two words", "q2": "three whole words", "q3": "one"}
QRELS = {"q1": {"d1": 3, "d2": 0}, "q2": {"d1": 1, "d9": 1}}
PASSAGES = {"d1": "a b c", "d2": "d", "d3": "e\u00a0f"}
RANKED = [("q1", "d1"), ("q1", "d2"), ("q1", "d3"), ("q2", "d1")]
EXAMPLES = [("q1", "d1", 1.0), ("q1", "d3", 0.0), ("q1", "d1", 1.0), ("q1", "d2", 0.0)]
EXAMPLES += [("q2", "d1", 1.0), ("q2", "d2", 0.0)]


def write_pairs(path, examples):
    rows = [
        dict(zip(PAIRS.names, (qid, docid, TOPICS[qid], PASSAGES[docid], label), strict=True))
        for qid, docid, label in examples
    ]
    pq.write_table(pa.Table.from_pylist(rows, PAIRS), path)
    return str(path)


def write_topics(folder, ranked=RANKED):
    """Write topics, qrels and candidates; return their paths."""
    paths = [folder / name for name in ("topics.tsv", "qrels.txt", "candidates.parquet")]
    trec.write_topics(paths[0], TOPICS)
    trec.write_qrels(paths[1], QRELS)
    rows = [
        dict(zip(CANDIDATES.names, (qid, docid, 1, 0.5, TOPICS[qid], PASSAGES[docid]), strict=True))
        for qid, docid in ranked
    ]
    pq.write_table(pa.Table.from_pylist(rows, CANDIDATES), paths[2])
    return [str(path) for path in paths]
