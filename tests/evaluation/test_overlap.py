"""Development queries are found among test topics by their text, and can be left out."""

import json
import os
import string

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lionrank import parquet, trec
from lionrank.errors import UserError
from lionrank.evaluation.overlap import evaluated, find, normalised
from lionrank.evaluation.per_query import read_table
from lionrank.files import write_json
from tests.support.rule_scripts import run_script

TEST = {
    "1": "What is a lion?",
    "2": "how fast do tigers run",
    "3": "Bären im Winter",
    "4": "c++ or c",
}
NANO = {
    "PLAIN-1": "what is a LION",
    "PLAIN-2": "how  fast do tigers run?",
    "PLAIN-9": "What is a lion",
    "PLAIN-8": "c or c",
}


@pytest.mark.parametrize(
    ("query", "same"),
    [
        ("What is a lion?", "what is a lion"),
        (
            '  tigers,\tlions\u3000and \N{LEFT DOUBLE QUOTATION MARK}bears"',
            "TIGERS lions and bears",
        ),
        ("Straße", "STRASSE"),
        ("\ufb01nd \N{FULLWIDTH LATIN CAPITAL LETTER A}", "Find a"),
        ("re\N{EN DASH}rank", "re-rank"),
        ("b\u00e4ren", "BA\u0308REN"),
    ],
)
def test_case_punctuation_white_space_and_forms_of_letters_make_no_other_query(query, same):
    assert normalised(query) == normalised(same)


@pytest.mark.parametrize(
    ("query", "other"),
    [("c++", "c"), ("तम", "तुम"), ("a b", "ab"), ("?", "!"), ("resume", "r\u00e9sum\u00e9")],
)
def test_other_words_and_signs_make_another_query(query, other):
    assert normalised(query) != normalised(other)


@given(st.text(), st.text(string.punctuation + string.whitespace))
def test_a_normalised_query_stays_as_it_is_whatever_is_around_it(query, around):
    once = normalised(query)
    assert normalised(once) == once
    if any(character.isalnum() for character in query):
        spaced = around.translate(str.maketrans("$+<=>^`|~", "         "))
        assert normalised(f"{spaced} {query} {spaced}") == once


def test_queries_are_found_whatever_their_ids_and_case():
    found = find({"beir": TEST, "other": {"7": "unasked"}}, {"nano": NANO, "own": {"4": TEST["3"]}})
    assert found == {
        "beir": {
            "topics": 4,
            "shared": {"1": {"nano": "PLAIN-1"}, "2": {"nano": "PLAIN-2"}, "3": {"own": "4"}},
        },
        "other": {"topics": 1, "shared": {}},
    }


def test_only_what_is_left_is_evaluated_and_the_rest_is_said(tmp_path, capsys):
    qrels = {qid: {"d": 1} for qid in TEST}
    write_json(tmp_path / "overlap.json", find({"beir": TEST, "all": NANO}, {"nano": NANO}))
    assert evaluated(qrels, [], "beir") == qrels and not capsys.readouterr().out
    assert evaluated(qrels, [tmp_path / "overlap.json"], "beir").keys() == {"3", "4"}
    assert capsys.readouterr().out == "beir: 2 of 4 topics are development queries\n"
    with pytest.raises(UserError, match="all topics of all are development queries: take other d"):
        evaluated({qid: {"d": 1} for qid in NANO}, [tmp_path / "overlap.json"], "all")


@pytest.fixture
def results(tmp_path):
    """A ranking of four topics, of which two are development queries, with its judgements."""
    run = {qid: {"d1": 2.0, "d2": 1.0} for qid in TEST}
    trec.write_run(tmp_path / "bm25.trec", run, "bm25")
    relevant = {"1": "d1", "2": "d1", "3": "d2", "4": "d2"}
    qrels = {qid: {docid: 1} for qid, docid in relevant.items()}
    for name, topics, judged in (
        ("test", TEST, qrels),
        ("nano", NANO, {qid: {"x": 1} for qid in NANO}),
    ):
        trec.write_topics(tmp_path / f"topics.{name}.tsv", topics)
        trec.write_qrels(tmp_path / f"qrels.{name}.txt", judged)
    job = {
        "input": {
            "topics": ["topics.test.tsv"],
            "qrels": ["qrels.test.txt"],
            "dev_topics": ["topics.nano.tsv"],
            "dev_qrels": ["qrels.nano.txt"],
        },
        "output": ["overlap.json"],
        "params": {"test_sets": ["beir"], "dev_sets": ["nano"], "dropped": False},
    }
    done = run_script("evaluation/overlap.py", job, tmp_path, os.environ)
    assert done.status == 0, done.log
    told = "beir: 2 of its 4 topics are development queries, which evaluation.drop_development_quer"
    assert told in done.printed and told in done.log
    assert json.loads((tmp_path / "overlap.json").read_text())["beir"]["shared"].keys() == {
        "1",
        "2",
    }
    return tmp_path


@pytest.mark.parametrize(
    ("overlap", "topics", "score"), [([], 4, "0.7500"), (["overlap.json"], 2, "0.5000")]
)
def test_eval_files_and_per_query_values_are_of_what_is_left(results, overlap, topics, score):
    given = {"qrels": "qrels.test.txt", "overlap": overlap}
    job = {
        "input": {"run": "bm25.trec", **given},
        "output": ["bm25.eval"],
        "params": {"level": 1, "test_set": "beir"},
    }
    done = run_script("evaluation/evaluate.py", job, results, os.environ)
    assert done.status == 0, done.log
    lines = map(str.split, (results / "bm25.eval").read_text().splitlines())
    means = {name: value for name, qid, value in lines if qid == "all"}
    assert (means["num_q"], means["recip_rank"]) == (str(topics), score)
    pairs = [(qid, docid) for qid in TEST for docid in ("d1", "d2")]
    parquet.write(results / "candidates.parquet", pd.DataFrame(pairs, columns=["qid", "docid"]))
    labels = {"test_set": "beir", "system": "bm25", "model": None, "optimizer": None}
    job = {
        "input": {"runs": ["bm25.trec"], "candidates": "candidates.parquet", **given},
        "output": ["beir.parquet"],
        "params": {
            "labels": [labels | {"epoch": None, "seed": None, "protocol": "mine"}],
            "given": [],
            "levels": [1],
        },
        "wildcards": {"test_set": "beir"},
    }
    done = run_script("evaluation/per_query.py", job, results, os.environ)
    assert done.status == 0, done.log
    assert ("2 of 4 topics are development queries" in done.log) == bool(overlap)
    table = read_table(results / "beir.parquet")
    assert {*table["qid"]} == ({"3", "4"} if overlap else TEST.keys())
