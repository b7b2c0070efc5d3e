"""What a ranking has of its topics stands beside it, also where the collection brings it."""

import os

import pyarrow.parquet as pq

from lionrank.files import read_json
from lionrank.retrieval import record
from tests.support.nanobeir import nanobeir
from tests.support.rule_scripts import run_script

NOTHING_LOST = {"cut": 0, "removed_queries": 0, "unknown_topics": 0, "unknown_documents": 0}


def test_topics_are_those_that_were_asked_for_and_lines_all_of_them(tmp_path, capsys):
    lines = {"q1": 3, "q2": 0, "q3": 4}
    record.write(tmp_path / "run.json", ["q1", "q2", "q3", "q4"], lines, cut=2)
    assert read_json(tmp_path / "run.json") == NOTHING_LOST | {
        "topics": 4,
        "lines": 7,
        "cut": 2,
        "without_candidates": 2,
    }
    told = capsys.readouterr().out
    assert told == "2 topics have no candidate, and score 0 if judged: q2 q4\n"


def test_what_is_said_names_the_first_ten_in_order(capsys):
    record.say("topics are left out", [])
    record.say("topics are left out", {f"q{number}" for number in range(11)})
    assert capsys.readouterr().out == "11 topics are left out: q0 q1 q10 q2 q3 q4 q5 q6 q7 q8 …\n"


def test_candidates_that_a_collection_brings_have_a_record_too(tmp_path):
    folders = nanobeir(tmp_path / "elsewhere" / "nano")
    (source,) = folders.values()
    outputs = {
        "candidates": "retrieval/nano/test.candidates.parquet",
        "record": "retrieval/nano/test.json",
    }
    job = {
        "input": {"source": source},
        "output": outputs,
        "wildcards": {"collection": "nano", "topics": "test"},
        "params": {
            "settings": {"format": "nanobeir", "source": "nano_msmarco"},
            "folders": folders,
            "depth": 2,
            "remove_query": False,
        },
    }
    done = run_script("retrieval/given_candidates.py", job, tmp_path, os.environ)
    assert done.status == 0, done.log
    counts = read_json(tmp_path / outputs["record"])
    assert counts == NOTHING_LOST | {"topics": 2, "lines": 3, "without_candidates": 0}
    assert len(pq.read_table(tmp_path / outputs["candidates"])) == 3
