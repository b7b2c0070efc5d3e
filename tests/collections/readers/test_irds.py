"""Collections of ir_datasets' catalogue, of which a few are registered here."""

import pytest

from lionrank.errors import UserError
from tests.support.catalogue import registered
from tests.support.importing import imported


@pytest.fixture(scope="module", autouse=True)
def _catalogue(tmp_path_factory):
    with registered(tmp_path_factory.mktemp("catalogue")):
        yield


def of_catalogue(**ids: str) -> dict:
    return {"format": "ir_datasets", "ids": ids}


def test_identifiers_of_ir_datasets_give_one_corpus_topics_and_graded_qrels(tmp_path):
    settings = of_catalogue(train="kites/train", test="kites/test")
    passages, topics, qrels = imported(settings, {}, "test", tmp_path)
    assert passages == {"k1": "red kites", "k2": "black kites"}
    assert topics == {"q1": "red", "q2": "black"}
    assert qrels == {"q1": {"k1": 2, "k2": 0}, "q2": {"k2": 1}}


def test_texts_are_those_of_the_fields_that_are_named(tmp_path):
    settings = of_catalogue(test="talks/needs") | {"text": ["head", "body"], "query": "long"}
    passages, topics, _ = imported(settings, {}, "test", tmp_path)
    assert passages == {"t1": "Kites they fly", "t2": "they swim"}
    assert topics == {"q1": "which kites fly"}


@pytest.mark.parametrize(
    ("ids", "complaint"),
    [
        ({"test": "kites/aspects"}, "'k1' has the grades 1 and 2 for query 'q1'"),
        ({"test": "kites/again"}, "kites/again: query 'q1' appears twice"),
        ({"test": "kites/high"}, "qrels test, topic q1: grade '128' is not an integer between"),
        ({"test": "absent/test"}, "ir_datasets does not get 'absent/test' .* bring .*/home here"),
    ],
)
def test_data_sets_that_cannot_be_used_are_errors(tmp_path, ids, complaint):
    with pytest.raises(UserError, match=complaint):
        imported(of_catalogue(**ids), {}, "test", tmp_path)
