"""The file formats: strict reading, run files that never tie, writes that are all or nothing."""

import itertools
import subprocess
import sys

import numpy as np
import pytest

from lionrank import trec
from lionrank.errors import UserError


def write(path, text):
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("reader", "text", "message"),
    [
        (trec.read_qrels, "q1 0 d1 1\nq1 0 d2\n", ":2: expected 4 columns"),
        (trec.read_qrels, "q1 0 d1 high\n", ":1: grade 'high' is not int"),
        (trec.read_qrels, "q1 0 d1 1\nq1 0 d1 2\n", ":2: document 'd1' is judged twice"),
        (trec.read_topics, "q1\tone\nq2 two\n", ":2: expected 2 columns"),
        (trec.read_topics, "q1\t \n", ":1: topic 'q1' has no text"),
        (trec.read_topics, "q1\ta\nq1\tb\n", ":2: topic 'q1' is there twice"),
        (trec.read_run, "q1 Q0 d1 1 2.5\n", ":1: expected 6 columns"),
        (trec.read_run, "q1 Q0 d1 1 nan t\n", ":1: score 'nan' is not a finite number"),
        (trec.read_run, "q1 Q0 d1 1 2 t\nq1 Q0 d1 2 1 t\n", ":2: document 'd1' is there twice"),
    ],
)
def test_bad_lines_are_named(tmp_path, reader, text, message):
    path = write(tmp_path / "file", text)
    with pytest.raises(UserError) as caught:
        reader(path)
    assert str(caught.value).startswith(str(path))
    assert message in str(caught.value)


def test_topics_and_qrels_are_read_as_written(tmp_path):
    topics = {"q1": "what is a lion", "q2": "café"}
    qrels = {"q1": {"d1": 2, "d2": 0}, "q2": {"d1": 1}}
    trec.write_topics(tmp_path / "topics.tsv", topics)
    trec.write_qrels(tmp_path / "qrels.txt", qrels)
    assert trec.read_topics(tmp_path / "topics.tsv") == topics
    assert trec.read_qrels(tmp_path / "qrels.txt") == qrels


def test_ties_are_broken_strictly_and_by_docid(tmp_path):
    scores = {
        "d3": 1.0,
        "d1": 1.0,
        "d2": 1.0,
        "d4": float(np.nextafter(np.float32(1), 2)),
        "d5": -7,
    }
    trec.write_run(tmp_path / "run", {"q": scores}, "tag")
    rows = [line.split() for line in (tmp_path / "run").read_text().splitlines()]
    assert [row[2] for row in rows] == ["d4", "d1", "d2", "d3", "d5"]
    assert [row[3] for row in rows] == ["1", "2", "3", "4", "5"]
    written = [np.float32(row[4]) for row in rows]
    assert all(above > below for above, below in itertools.pairwise(written))
    assert {row[5] for row in rows} == {"tag"}


def test_a_score_that_is_no_number_writes_nothing(tmp_path):
    with pytest.raises(UserError, match="document 'd2' for topic 'q' is nan"):
        trec.write_run(tmp_path / "run", {"q": {"d1": 1.0, "d2": float("nan")}}, "tag")
    assert list(tmp_path.iterdir()) == []


def test_a_write_that_the_system_cuts_short_leaves_the_old_file(tmp_path):
    """The kernel refuses to let the file grow beyond 4 KiB, as a full disk would."""
    path = write(tmp_path / "run", "old\n")
    code = """
import resource, sys
from lionrank import trec
from lionrank.errors import UserError
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    trec.write_run(sys.argv[1], {"q": {f"d{i}": float(i) for i in range(1000)}}, "tag")
except UserError as error:
    print(error)
"""
    told = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True
    )
    assert f"{path} could not be written (File too large)" in told.stdout
    assert path.read_text() == "old\n"
    assert list(tmp_path.iterdir()) == [path]
