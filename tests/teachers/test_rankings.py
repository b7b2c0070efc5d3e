"""Teachers' scores become run files as they are, and what teaches nothing is refused."""

import math

import numpy as np
import pandas as pd
import pytest

from lionrank import parquet, trec
from lionrank.errors import UserError
from lionrank.teachers.rankings import of_candidates, of_run_file, write

QRELS = {"q1": {"a": 1, "b": 0}, "q2": {"c": 2}, "q3": {"d": 1}}


def written(tmp_path, *rankings):
    path = tmp_path / "train.trec"
    write(path, iter(rankings), "bi")
    return path


def test_scores_keep_float32_and_their_ties(tmp_path, capsys):
    third = float(np.float32(1 / 3))
    path = written(tmp_path, ("q1", {"a": third, "b": -2.5, "c": third}), ("q2", {"a": 7.0}))
    assert path.read_text().splitlines() == [
        "q1 Q0 c 1 0.33333334 bi",
        "q1 Q0 a 2 0.33333334 bi",
        "q1 Q0 b 3 -2.5 bi",
        "q2 Q0 a 1 7.0 bi",
    ]
    found = dict(trec.rankings(path))
    assert np.float32(found["q1"]["a"]) == np.float32(1 / 3) == np.float32(found["q1"]["c"])
    told = capsys.readouterr().out
    assert "4 scores of 2 topics, from -2.5 to 7; 1 are those of another passage" in told


def test_topics_with_one_score_for_all_passages_are_counted(tmp_path, capsys):
    written(tmp_path, ("q1", {"a": 1.0, "b": 1.0}), ("q2", {"a": 2.0, "b": 1.0}))
    assert "1 topics have one score for all passages" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("score", "message"),
    [
        (0.5, "'bi' gives 4 passages of 2 topics one score, 0.5, from which nothing can be learnt"),
        (math.nan, "the score of document 'a' for topic 'q1' is nan"),
        (1e39, "is 1e[+]39, and no finite number in float32"),
    ],
)
def test_a_teacher_with_one_score_or_none_is_refused(tmp_path, score, message):
    rankings = [(qid, {"a": score, "b": 0.5}) for qid in ("q1", "q2")]
    with pytest.raises(UserError, match=message):
        written(tmp_path, *rankings)
    assert not [*tmp_path.iterdir()]


def test_candidates_are_ranked_topic_by_topic(tmp_path):
    path = tmp_path / "candidates.parquet"
    frame = pd.DataFrame({"qid": ["q2", "q2", "q1"], "docid": ["a", "b", "a"]})
    parquet.write(path, frame)
    found = [*of_candidates(path, [1.0, 2.0, 3.0])]
    assert found == [("q2", {"a": 1.0, "b": 2.0}), ("q1", {"a": 3.0})]


def run_file(tmp_path, *rows):
    path = tmp_path / "theirs.trec"
    path.write_text("".join(f"{qid} Q0 {docid} 1 {score} t\n" for qid, docid, score in rows))
    return path


def test_what_a_run_file_lacks_and_has_besides_is_counted(tmp_path, capsys):
    path = run_file(tmp_path, ("q1", "a", 2), ("q2", "x", 1), ("q9", "z", 3))
    found = dict(of_run_file(path, QRELS))
    assert found == {"q1": {"a": 2.0}, "q2": {"x": 1.0}}
    told = capsys.readouterr().out
    assert "1 of 3 judged training topics are not in it" in told
    assert "1 relevant passages of the topics in it have no score" in told
    assert "1 topics in it are no judged training topics" in told


def test_a_run_file_of_other_topics_is_refused(tmp_path):
    path = run_file(tmp_path, ("q8", "a", 2), ("q9", "z", 3))
    with pytest.raises(UserError, match=r"theirs.trec and the judged training topics share no top"):
        [*of_run_file(path, QRELS)]


def test_the_query_itself_is_not_scored_where_it_is_left_out(tmp_path, capsys):
    path = run_file(tmp_path, ("q1", "q1", 9), ("q1", "a", 2), ("q2", "q2", 1), ("q3", "q1", 3))
    found = dict(of_run_file(path, QRELS, remove_query=True))
    assert found == {"q1": {"a": 2.0}, "q3": {"q1": 3.0}}
    told = capsys.readouterr().out
    assert "2 documents are the query itself, and left out" in told
    assert "1 of 3 judged training topics are not in it" in told
    assert "q1" in dict(of_run_file(path, QRELS))["q1"]
