"""The QA data of MS MARCO: every passage of a query is a judged document."""

import pytest

from lionrank.errors import UserError
from tests.support.importing import imported
from tests.support.marco_qa import marco_qa

MARCO = {"format": "marco_qa", "source": "marco_qa"}
MARCO_QUERIES = [
    (9652, "do lions\tswim", ["Lions sleep.", "Lions swim.", "Lions eat."], [0, 1, 0]),
    (12, "do tigers swim", ["Tigers swim.", ""], [0, 0]),
]


def test_every_passage_of_the_qa_data_is_a_judged_document_of_its_query(tmp_path):
    folders = marco_qa(tmp_path / "marco", *MARCO_QUERIES)
    passages, topics, qrels = imported(MARCO, folders, "validation", tmp_path)
    assert passages == {
        "9652_0": "Lions sleep.",
        "9652_1": "Lions swim.",
        "9652_2": "Lions eat.",
        "12_0": "Tigers swim.",
    }
    assert topics == {"9652": "do lions swim", "12": "do tigers swim"}
    assert qrels == {"9652": {"9652_0": 0, "9652_1": 1, "9652_2": 0}, "12": {"12_0": 0, "12_1": 0}}


def test_a_query_twice_or_without_all_its_grades_is_refused(tmp_path):
    with pytest.raises(UserError, match="row 3: query 12 appears twice"):
        imported(MARCO, marco_qa(tmp_path, *MARCO_QUERIES, MARCO_QUERIES[1]), "", tmp_path / "out")
    folders = marco_qa(tmp_path, (1, "do bears swim", ["Bears swim.", "Bears climb."], [1]))
    with pytest.raises(UserError, match="has 2 passages and 1 grades"):
        imported(MARCO, folders, "validation", tmp_path / "other")
