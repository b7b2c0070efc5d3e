"""Evaluation: cases worked by hand, a published run, and what the doors print and write."""

import os
import subprocess
from math import log2
from pathlib import Path

import pytest

from lionrank import trec
from lionrank.errors import UserError
from lionrank.evaluation import trec_eval as evaluation
from tests.support import published_facts
from tests.support.rule_scripts import Finished, run_script


def by_hand():
    qrels = {"q1": {"a": 2, "b": 1, "c": 0}, "q2": {"a": 1}}
    run = {"q1": {"c": 3.0, "b": 2.0, "a": 1.0}}
    return qrels, run


def test_values_worked_by_hand():
    qrels, run = by_hand()
    values = evaluation.evaluate(qrels, run, level=1, complete=True)
    ideal = 2 + 1 / log2(3)
    assert values["q1"]["ndcg_cut_10"] == pytest.approx((1 / log2(3) + 2 / log2(4)) / ideal)
    assert values["q1"]["map"] == pytest.approx((1 / 2 + 2 / 3) / 2)
    assert values["q1"]["recip_rank"] == 0.5
    assert evaluation.evaluate(qrels, run, level=2, complete=True)["q1"]["recip_rank"] == (
        pytest.approx(1 / 3)
    )


def test_a_topic_that_the_run_lacks_counts_as_zero_only_when_complete():
    qrels, run = by_hand()
    complete = evaluation.evaluate(qrels, run, level=1, complete=True)
    assert complete["q2"]["map"] == 0
    assert complete["q2"]["num_rel"] == 1
    assert evaluation.averages(complete)["map"] == complete["q1"]["map"] / 2
    assert list(evaluation.evaluate(qrels, run, level=1, complete=False)) == ["q1"]


def test_run_and_qrels_of_different_test_sets_are_refused():
    with pytest.raises(UserError, match="share no topic: the first has t1, …, the second q1, …"):
        evaluation.evaluate({"q1": {"a": 1}}, {"t1": {"a": 1.0}}, level=1, complete=True)


def test_mrr_counts_down_to_rank_ten_exactly():
    run = {"q": {f"d{rank:02}": -float(rank) for rank in range(1, 21)}}
    for rank, expected in ((1, 1.0), (9, 1 / 9), (10, 0.1), (11, 0.0)):
        values = evaluation.evaluate({"q": {f"d{rank:02}": 1}}, run, level=1, complete=True)
        assert evaluation.value_of(values["q"], "recip_rank_10") == expected


def test_a_level_below_one_is_refused():
    with pytest.raises(UserError, match="level 0: the relevance threshold"):
        evaluation.evaluate(*by_hand(), level=0, complete=True)


RUN = [f"q{topic} Q0 d{rank} {rank} {-rank} t\n" for topic in (1, 2) for rank in range(1, 9)]


@pytest.mark.parametrize("complete", [False, True])
@pytest.mark.parametrize("ordered", [RUN, RUN[::2] + RUN[1::2], RUN[8:] + RUN[:8]])
def test_a_run_file_has_the_values_of_its_run_in_whatever_order_its_lines_are(
    tmp_path, ordered, complete
):
    qrels = {"q1": {"d3": 2, "d8": 1, "d9": 1}, "q2": {"d1": 0, "d5": 1}, "q3": {"d1": 1}}
    path = tmp_path / "run"
    path.write_text("".join(ordered))
    found, tag = evaluation.evaluate_file(qrels, "qrels", path, level=1, complete=complete)
    assert found == evaluation.evaluate(qrels, trec.read_run(path)[0], 1, complete)
    assert [*found] == ["q1", "q2", *(["q3"] if complete else [])]
    assert tag == "t"


def test_a_pipe_which_can_be_read_once_is_evaluated_though_topics_are_apart():
    qrels = {"q1": {"d3": 1}, "q2": {"d5": 1}}
    text = "".join(RUN[::2] + RUN[1::2])
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as cat:
        cat.stdin.write(text)
        cat.stdin.close()
        path = f"/dev/fd/{cat.stdout.fileno()}"
        found, _ = evaluation.evaluate_file(qrels, "qrels", path, level=1, complete=True)
    assert [own["recip_rank"] for own in found.values()] == [1 / 3, 1 / 5]


def test_tidy_has_one_row_a_level_topic_and_metric_and_ndcg_without_a_level():
    qrels, run = by_hand()
    per_level = {level: evaluation.evaluate(qrels, run, level, complete=True) for level in (1, 2)}
    table = evaluation.tidy(per_level, system="bm25", epoch=None)
    assert list(table.columns) == ["system", "epoch", "metric", "level", "qid", "value"]
    assert (table["system"] == "bm25").all()
    assert table["epoch"].isna().all()
    assert table["level"].dtype == "Int64"
    assert table["value"].dtype == "float64"
    assert len(table) == 2 * (1 + 2 * 5)
    assert not table.duplicated(["metric", "level", "qid"]).any()
    graded = table[table["metric"] == "ndcg_cut_10"]
    assert graded["level"].isna().all()
    assert list(graded["qid"]) == ["q1", "q2"]
    values = table.set_index(["metric", "level", "qid"])["value"]
    assert values["Rprec", 1, "q1"] == 0.5
    assert values["Rprec", 2, "q1"] == 0.0
    assert values["recip_rank_10", 2, "q1"] == 1 / 3


@pytest.mark.parametrize(
    ("name", "level", "published"),
    [
        (
            "dl19_bm25",
            2,
            {"map": 0.3013, "ndcg_cut_10": 0.5058, "recall_100": 0.4910, "recall_1000": 0.7501},
        ),
        ("cacm_bm25", 1, {"map": 0.3114, "P_30": 0.1917}),
    ],
)
def test_published_values_of_bm25(name, level, published):
    qrels, run = published_facts.run(name)
    values = evaluation.averages(evaluation.evaluate(qrels, run, level, complete=True))
    assert {name: round(values[name], 4) for name in published} == published


def test_the_full_run_of_dl19_has_the_values_of_its_relevant_documents_ranks():
    folder = published_facts.full("dl")
    run, _ = trec.read_run(next(folder.glob("ielab.run.*")))
    qrels = trec.read_qrels(folder / "qrels.dl19-passage.txt")
    full = evaluation.evaluate(qrels, run, level=2, complete=True)
    short = evaluation.evaluate(*published_facts.run("dl19_bm25"), level=2, complete=True)
    assert full.keys() == short.keys()
    for qid, values in full.items():
        for name in ("map", "ndcg_cut_10", "recall_100", "recall_1000", "P_10", "Rprec"):
            assert values[name] == short[qid][name]


def evaluate_file(tmp_path: Path, run: str) -> Finished:
    """Run the script of rule evaluate on a run file."""
    (tmp_path / "qrels").write_text("q1 0 d1 1\n")
    (tmp_path / "run").write_text(run)
    job = {
        "input": {"run": str(tmp_path / "run"), "qrels": str(tmp_path / "qrels"), "overlap": []},
        "params": {"level": 1, "test_set": "own"},
        "output": [str(tmp_path / "out.eval")],
    }
    return run_script("evaluation/evaluate.py", job, tmp_path, os.environ)


def test_a_run_file_that_is_refused_leaves_no_evaluation(tmp_path):
    finished = evaluate_file(tmp_path, "q1 Q0 d1 1 1.0 t\nq1 Q0 d2 2 nan t\n")
    assert finished.status == 1
    assert finished.told.endswith("run:2: score 'nan' is not a finite number")
    assert not (tmp_path / "out.eval").exists()


def test_the_evaluation_file_is_what_the_command_prints(tmp_path):
    assert evaluate_file(tmp_path, "q1 Q0 d1 1 1.0 t\n").status == 0
    told = subprocess.run(
        ["lionrank", "evaluate", "--complete", tmp_path / "qrels", tmp_path / "run"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert (tmp_path / "out.eval").read_text() == told.stdout


def test_the_command_names_a_bad_line(tmp_path):
    (tmp_path / "qrels").write_text("q1 0 d1\n")
    (tmp_path / "run").write_text("q1 Q0 d1 1 1.0 tag\n")
    told = subprocess.run(
        ["lionrank", "evaluate", tmp_path / "qrels", tmp_path / "run"],
        capture_output=True,
        text=True,
    )
    assert told.returncode == 1
    assert "qrels:1: expected 4 columns" in told.stderr
    assert "Traceback" not in told.stderr
