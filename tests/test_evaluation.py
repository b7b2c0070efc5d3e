"""Evaluation: trec_eval's own regression files, a published run, and cases worked by hand."""

import subprocess
from math import log2
from pathlib import Path

import pytest

from lionrank import evaluation, trec
from lionrank.errors import UserError

DATA = Path(__file__).parents[2] / "shared" / "data"
needs_data = pytest.mark.skipif(
    not DATA.exists(), reason="../shared/data, which is not part of this project, is absent"
)


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
    with pytest.raises(UserError, match="share none"):
        evaluation.evaluate({"q1": {"a": 1}}, {"t1": {"a": 1.0}}, level=1, complete=True)


def test_mrr_counts_down_to_rank_ten():
    run = {"q": {f"d{rank:02}": -float(rank) for rank in range(1, 21)}}
    for rank, expected in ((10, 0.1), (11, 0.0)):
        values = evaluation.evaluate({"q": {f"d{rank:02}": 1}}, run, level=1, complete=True)
        tidy = evaluation.tidy(values, system="s").set_index("metric")["value"]
        assert tidy["recip_rank_10"] == pytest.approx(expected)


@needs_data
@pytest.mark.parametrize(
    ("expected", "qrels", "options"),
    [("out.test.aq", "qrels.test", []), ("out.test.aql", "qrels.rel_level", ["--level", "2"])],
)
def test_the_command_prints_what_trec_eval_prints(expected, qrels, options):
    folder = DATA / "trec_eval"
    told = subprocess.run(
        ["lionrank", "evaluate", *options, folder / qrels, folder / "results.test"],
        capture_output=True,
        text=True,
        check=True,
    )
    ours = told.stdout.splitlines()
    theirs = (folder / expected).read_text().splitlines()
    assert len(ours) == 3 * 20 + 23
    assert [line for line in theirs if line in set(ours)] == ours


@needs_data
def test_the_published_bm25_run_of_dl19():
    run, _ = trec.read_run(next((DATA / "dl").glob("ielab.run.*")))
    qrels = trec.read_qrels(DATA / "dl" / "qrels.dl19-passage.txt")
    values = evaluation.averages(evaluation.evaluate(qrels, run, level=2, complete=True))
    published = {"map": 0.3013, "ndcg_cut_10": 0.5058, "recall_100": 0.4910, "recall_1000": 0.7501}
    assert {name: round(values[name], 4) for name in published} == published


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
