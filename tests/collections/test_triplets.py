"""Triplets are drawn from judgements and BM25's rankings of the training topics."""

import pytest

from lionrank.collections.triplets import draw_triplets
from lionrank.errors import UserError

SETTINGS = {
    "triplets": 2,
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
    drawn = draw_triplets(qrels, {}, **SETTINGS | {"random_negatives": 1.0, "triplets": 10})
    assert len(drawn) == 10
    assert all(positive != negative for _, positive, negative in drawn)
    again = SETTINGS | {"random_negatives": 1.0, "triplets": 10}
    assert draw_triplets(qrels, {}, **again) == drawn


def test_a_topic_that_judges_every_training_passage_is_left_out():
    qrels = {"q1": {"d1": 2, "d2": 1, "d3": 1}, "q2": {"d2": 2}}
    drawn = draw_triplets(qrels, {}, **SETTINGS | {"random_negatives": 1.0})
    assert drawn == [("q2", "d2", "d1")]


def test_a_topic_without_a_relevant_document_has_no_positive():
    qrels = {"q1": {"d1": 0}, "q2": {"d2": 1}, "q3": {}, "q4": {"d4": -1}}
    run = {qid: {"d2": 3.0, "d1": 2.0, "d4": 1.0} for qid in qrels} | {"q2": {"d2": 1.0}}
    with pytest.raises(UserError, match="0 of 4 training topics"):
        draw_triplets(qrels, run, **SETTINGS)


def test_fewer_than_half_of_what_is_asked_for_are_an_error_with_a_remedy():
    with pytest.raises(UserError, match=r"raise training_pairs\.negative_depth"):
        draw_triplets({"q1": {"d1": 2}}, {"q1": {"d1": 1.0}}, **SETTINGS)
