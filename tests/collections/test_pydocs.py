"""The embedded collection: its documents, who is relevant, what is split, where answers begin."""

import csv

import pytest

from lionrank.collections import pydocs
from lionrank.collections.docstrings import Docstring, extract
from tests.support.savanna import write_savanna

SHARES = {"dev": 0.2, "test": 0.3}
LIMITS = dict.fromkeys(pydocs.SPLITS, 10)


@pytest.fixture
def savanna(tmp_path):
    return extract(write_savanna(tmp_path), (20, 160), (150, 10_000))


def topics_of(docstrings, characters=None):
    return pydocs.build_topics(pydocs.join(docstrings, characters), SHARES, LIMITS)


def docstring(name, summary, body, see_also=()):
    module = name.rpartition(".")[0]
    return Docstring(name, module.split(".")[0], module, summary, body, [*see_also])


def test_own_body_is_grade_two_and_see_also_grade_one(savanna):
    judged = {topic.query: topic.judgements for topic in topics_of(savanna)}
    assert judged["Roar at the given volume."] == {"savanna.lion.roar": 2, "savanna.lion.purr": 1}
    assert judged["A young lion of the pride."] == {
        "savanna.lion.Cub": 2,
        "savanna.lion.roar": 1,
        "savanna.lion.purr": 1,
    }
    assert judged["Purr at the lowest volume."] == {"savanna.lion.purr": 2, "savanna.lion.Cub": 1}


def test_bodies_of_a_module_are_one_document_as_long_as_they_fit():
    docstrings = [
        docstring("p.m.a", "Summary of a.", "a" * 40),
        docstring("p.m.b", "Summary of b.", "b" * 40),
        docstring("p.m.c", "Summary of c.", "c" * 200),
        docstring("p.m.d", "Summary of d.", "d" * 40),
        docstring("p.n.e", "Summary of e.", "e" * 40),
    ]
    joined = pydocs.join(docstrings, 81)
    assert {each.docid: each.contents for each in joined} == {
        "p.m.a": "a" * 40 + "\n" + "b" * 40,
        "p.m.c": "c" * 200,
        "p.m.d": "d" * 40,
        "p.n.e": "e" * 40,
    }
    assert len(pydocs.join(docstrings, 80)) == 5
    assert [each.docid for each in pydocs.join(docstrings, 10_000)] == ["p.m.a", "p.n.e"]


def test_the_document_that_holds_a_body_is_judged_and_its_own_grade_is_the_higher_one():
    docstrings = [
        docstring("p.m.a", "Summary of a.", "one", ["b", "c"]),
        docstring("p.m.b", "Summary of b.", "two"),
        docstring("p.m.c", "Summary of c.", "three " * 9),
    ]
    judged = {topic.query: topic.judgements for topic in topics_of(docstrings, 20)}
    assert judged["Summary of a."] == {"p.m.a": 2, "p.m.c": 1}
    assert judged["Summary of b."] == {"p.m.a": 2}


def test_a_summary_that_another_body_of_its_document_has_is_no_topic(capsys):
    docstrings = [
        docstring("p.m.Cat", "A cat of the house.", "Methods: purr() Purr quietly"),
        docstring("p.m.purr", "Purr quietly.", "So that nobody hears."),
    ]
    assert [topic.query for topic in topics_of(docstrings, 1000)] == ["A cat of the house."]
    assert "topics are left out: 1," in capsys.readouterr().out
    assert len(topics_of(docstrings)) == 2


def test_where_the_first_own_body_of_a_document_begins_is_written(tmp_path):
    docstrings = [
        docstring("p.m.a", "Summary of a.", "one two three"),
        docstring("p.m.b", "Summary of b.", "four"),
        docstring("p.m.c", "Summary of b.", "five"),
        docstring("p.m.d", "Summary of d.", "unbelievably " * 600),
        docstring("p.m.e", "Summary of e.", "six"),
    ]
    topics = topics_of(docstrings, 100_000)
    late = pydocs.write_relevant_parts(tmp_path / "parts.tsv", topics)
    with open(tmp_path / "parts.tsv", newline="") as handle:
        rows = {row["qid"]: row for row in csv.DictReader(handle, delimiter="\t")}
    found = {topic.query: rows[topic.qid] for topic in topics}
    words = {query: int(row["words"]) for query, row in found.items()}
    assert words == {
        "Summary of a.": 0,
        "Summary of b.": 3,
        "Summary of d.": 5,
        "Summary of e.": 605,
    }
    assert found["Summary of b."]["docid"] == "p.m.a"
    # A word is a token at least.
    assert int(found["Summary of e."]["tokens"]) >= 605
    assert late == {topics[0].split: 1 / 4}


def test_a_shared_summary_makes_all_its_bodies_relevant_unless_it_spans_splits():
    by_split = {}
    for number in range(100):
        module = f"p.m{number}"
        by_split.setdefault(pydocs.split_of(module, SHARES), module)
    train, test = by_split["train"], by_split["test"]
    docstrings = [
        docstring(f"{train}.a", "Shared within a module.", "one"),
        docstring(f"{train}.b", "Shared within a module.", "two"),
        docstring(f"{train}.c", "Shared across splits.", "three"),
        docstring(f"{test}.d", "Shared across splits.", "four"),
    ]
    judged = [topic.judgements for topic in topics_of(docstrings)]
    assert judged == [{f"{train}.a": 2, f"{train}.b": 2}]


def test_every_module_falls_to_one_split_in_the_asked_shares():
    splits = [pydocs.split_of(f"package.module{number}", SHARES) for number in range(2000)]
    assert splits.count("dev") == pytest.approx(400, abs=60)
    assert splits.count("test") == pytest.approx(600, abs=60)
