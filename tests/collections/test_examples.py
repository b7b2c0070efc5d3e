"""Examples are drawn from judgements and a ranking of the training topics."""

from collections import Counter

import pyarrow.parquet as pq
import pytest

from lionrank.collections.examples import IDS, Drawing, draw, write_ids
from lionrank.errors import UserError

GRADED = {
    "q1": {"a": 3, "b": 1, "c": 0, "d": 0},
    "q2": {"a": 0, "e": 1},
    "q3": {"f": 0},
    "q4": {"g": 2},
}


def ranking(*docids):
    return {docid: float(len(docids) - place) for place, docid in enumerate(docids)}


RANKINGS = {
    "q1": ranking("x1", "a", "c", "b", "x2", "d", "x3", "x4"),
    "q2": ranking("x1", "x2", "e", "a"),
    "q3": ranking("f", "x1"),
    "q9": ranking("z"),
}


def drawing(**changes):
    return Drawing(
        **{
            "examples": 4,
            "passages": 2,
            "threshold": 1,
            "ranks": (1, 100),
            "negatives": "any",
            "random_negatives": 0.0,
            "margin": None,
            "seed": 12,
        }
        | changes
    )


def drawn(rankings=None, excluded=frozenset(), **changes):
    rankings = RANKINGS if rankings is None else rankings
    return draw(GRADED, rankings.items(), drawing(**changes), excluded)


def triplets(found):
    return [(qid, *(docid for docid, *_ in passages)) for qid, passages in found.examples]


def test_every_topic_gives_one_example_before_one_gives_its_second():
    found = drawn(examples=6)
    topics = [qid for qid, *_ in triplets(found)]
    assert [sorted(topics[start : start + 2]) for start in (0, 2, 4)] == [["q1", "q2"]] * 3
    positives = [positive for qid, positive, _ in triplets(found) if qid == "q1"]
    assert positives == ["a", "b", "a"]
    assert len(set(triplets(found))) == 6


def test_a_passage_has_its_grade_and_the_rankings_score():
    (qid, (positive, negative)), *_ = drawn(examples=2, negatives="judged").examples
    assert (qid, positive) == ("q1", ("a", 3.0, 7.0)) or (qid, positive) == ("q2", ("e", 1.0, 2.0))
    assert negative[1] == 0.0 and negative[2] == RANKINGS[qid][negative[0]]


@pytest.mark.parametrize(
    ("negatives", "expected"),
    [
        ("unjudged", {"x1", "x2", "x3", "x4"}),
        ("judged", {"c", "d"}),
        ("any", {"x1", "x2", "x3", "x4", "c", "d"}),
    ],
)
def test_negatives_are_unjudged_or_judged_not_relevant(negatives, expected):
    found = drawn({"q1": RANKINGS["q1"]}, examples=8, passages=2, negatives=negatives)
    assert {negative for _, _, negative in triplets(found)} <= expected
    assert {positive for _, positive, _ in triplets(found)} == {"a", "b"}


def test_no_passage_is_twice_in_the_examples_of_one_positive():
    found = drawn({"q1": RANKINGS["q1"]}, examples=4, passages=3)
    for positive in ("a", "b"):
        negatives = [each for row in triplets(found) if row[1] == positive for each in row[2:]]
        assert len(negatives) == len(set(negatives)) > 0


def test_ranks_count_from_one():
    found = drawn({"q1": RANKINGS["q1"]}, examples=2, ranks=(5, 6), passages=3)
    assert {frozenset(row[2:]) for row in triplets(found)} == {frozenset({"x2", "d"})}


def test_what_a_ranking_takes_for_relevant_is_left_out_by_a_margin():
    found = drawn({"q1": RANKINGS["q1"]}, examples=8, margin=2.0)
    negatives = {(positive, negative) for _, positive, negative in triplets(found)}
    assert {negative for positive, negative in negatives if positive == "a"} <= {
        *("x2", "d", "x3", "x4")
    }
    assert {negative for positive, negative in negatives if positive == "b"} <= {"d", "x3", "x4"}


def test_excluded_passages_are_in_no_example():
    found = drawn(examples=4, excluded={"a", "x1"})
    assert not {"a", "x1"} & {docid for _, *docids in triplets(found) for docid in docids}


def test_random_negatives_are_relevant_to_other_topics():
    found = drawn({}, examples=3, random_negatives=1.0)
    assert {negative for *_, negative in triplets(found)} <= {"a", "b", "e", "g"}
    for qid, positive, negative in triplets(found):
        assert negative not in GRADED[qid] and GRADED[qid][positive] > 0
    assert found.counts["used"] == 3


def test_without_a_threshold_an_example_is_the_top_of_a_ranking():
    found = drawn(examples=2, threshold=None, passages=3)
    lists = dict(found.examples)
    assert lists["q1"] == [("x1", 0.0, 8.0), ("a", 3.0, 7.0), ("c", 0.0, 6.0)]
    assert lists["q2"] == [("x1", 0.0, 4.0), ("x2", 0.0, 3.0), ("e", 1.0, 2.0)]
    assert found.counts["without enough that are not relevant"] == 1


def test_what_was_drawn_is_counted():
    counts = drawn(examples=4).counts
    assert {key: counts[key] for key in ("topics", "used", "in no ranking")} == {
        "topics": 4,
        "used": 2,
        "in no ranking": 1,
    }
    assert counts["without a relevant passage"] == 1
    assert counts["examples"] == 4 and counts["passages"] == 8
    assert counts["distinct"] < 8 and counts["judged"] >= 4


def test_of_a_teacher_only_passages_that_it_has_scored_are_drawn():
    rankings = RANKINGS | {"q2": ranking("x1", "x2", "a"), "q4": ranking("g", "x1")}
    found = drawn(rankings, scored=True, random_negatives=0.0)
    assert "q2" not in {qid for qid, _ in found.examples}
    assert all(score is not None for _, own in found.examples for *_, score in own)
    assert found.counts["without a relevant passage in the ranking"] == 1
    assert "q2" in {qid for qid, _ in drawn(rankings).examples}


def test_the_order_of_topics_changes_nothing():
    backwards = dict(reversed(RANKINGS.items()))
    assert drawn(backwards).examples == drawn().examples
    assert drawn(seed=13).examples != drawn().examples


@pytest.mark.parametrize("changes", [{"random_negatives": 1.0}, {"passages": 4}])
def test_other_negatives_are_beside_the_same_relevant_passages(changes):
    judged = {f"q{i}": {f"r{i}": 1, f"s{i}": 1} for i in range(40)}
    rankings = {qid: ranking(*(f"x{rank}" for rank in range(30))) for qid in judged}
    first, second = (
        draw(judged, rankings.items(), drawing(examples=30, **each)).examples
        for each in ({}, changes)
    )
    relevant = [[(qid, passages[0][0]) for qid, passages in each] for each in (first, second)]
    assert relevant[0] == relevant[1]
    assert [passages[1:] for _, passages in first] != [passages[1:] for _, passages in second]


def test_fewer_than_half_of_what_was_asked_for_is_an_error_that_says_why():
    with pytest.raises(UserError, match=r"examples of 2 topics, and 900 asked for: of 4.*in no"):
        drawn(examples=900)


def test_no_topic_gives_more_than_twice_its_share():
    many = {f"q{i}": {"a": 1} for i in range(10)}
    rankings = {"q0": ranking("a", *(f"x{i}" for i in range(50)))}
    rankings |= {f"q{i}": ranking("a", "x1") for i in range(1, 10)}
    found = draw(many, rankings.items(), drawing(examples=20))
    assert Counter(qid for qid, _ in found.examples)["q0"] == 4


def test_examples_are_written_a_row_a_passage(tmp_path):
    found = drawn(examples=4)
    write_ids(tmp_path / "ids.parquet", found.examples)
    table = pq.read_table(tmp_path / "ids.parquet")
    assert table.schema == IDS
    assert table["example"].to_pylist() == [0, 0, 1, 1, 2, 2, 3, 3]
    first = table.to_pylist()[0]
    qid, passages = found.examples[0]
    assert (first["qid"], first["docid"], first["label"], first["score"]) == (qid, *passages[0])


def test_a_ranking_that_lacks_most_topics_is_refused_with_their_number():
    qrels = {f"q{number}": {"a": 1} for number in range(10)}
    rankings = [("q1", ranking("a", "x1", "x2", "x3"))]
    with pytest.raises(UserError, match=r"2 examples of 1 topics, and 10 .* 9 are in no ranking"):
        draw(qrels, rankings, drawing(examples=10))


OF_ARGUMENTS = {
    "a1": ranking("a1", "b1", "c1", "b2"),
    "b1": ranking("c1", "a1", "b1", "b2"),
    "c1": ranking("c1"),
}
ANSWERS = {"a1": {"b1": 1}, "b1": {"a1": 1}, "c1": {"b2": 1}}


def of_arguments(**changes):
    rankings = [(qid, {**own}) for qid, own in OF_ARGUMENTS.items()]
    return draw(ANSWERS, rankings, drawing(**changes))


def test_no_example_has_the_query_itself_and_ranks_are_counted_without_it():
    found = of_arguments(examples=2, ranks=(2, 2), remove_query=True)
    assert sorted(triplets(found)) == [("a1", "b1", "c1")]
    assert found.counts["removed_queries"] == 3
    assert "; 3 passages of the ranking are the query itself" in found.summary(2)
    kept = of_arguments(examples=3, ranks=(1, 3))
    assert any(qid in docids for qid, *docids in triplets(kept))


@pytest.mark.parametrize("seed", range(8))
def test_no_random_negative_is_the_query_itself(seed):
    found = of_arguments(examples=3, passages=2, random_negatives=1.0, remove_query=True, seed=seed)
    assert sorted(qid for qid, *_ in triplets(found)) == ["a1", "b1", "c1"]
    for qid, *docids in triplets(found):
        assert qid not in docids
