"""Reading the mean scores that tables and prose show."""

import pytest

from lionrank.errors import UserError
from lionrank.paper.results import Layout, read_results
from tests.support.results import GRID, LAYOUT, RISING, TEST_SETS, experiment, means_in


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"minilm_lion_e2": None}, "pydocs has no ndcg_cut_10 for minilm_lion_e2"),
        ({"bm25": None}, "for bm25"),
        (
            {"gte_lion_e1": float("nan")},
            r"metrics\.csv:\d+: mean of ndcg_cut_10 of gte_lion_e1",
        ),
        ({"gte_lion_e1": 1.5}, "not a number from 0 to 1"),
    ],
)
def test_incomplete_metrics_are_named(tmp_path, change, message):
    experiment(tmp_path, RISING | {"bm25": 0.4})
    path = tmp_path / "metrics.csv"
    means = means_in(tmp_path)
    ((system, value),) = change.items()
    if value is None:
        means = means[means["system"] != system]
    else:
        means.loc[means["system"] == system, "mean"] = value
    means.to_csv(path, index=False)
    with pytest.raises(UserError, match=message):
        read_results(path, LAYOUT, GRID)


def test_metrics_of_other_columns_or_of_different_topics_are_refused(tmp_path):
    experiment(tmp_path, RISING | {"bm25": 0.4})
    path = tmp_path / "metrics.csv"
    means = means_in(tmp_path)
    means.drop(columns=["low", "queries"]).to_csv(path, index=False)
    with pytest.raises(UserError, match=r"metrics\.csv:1: no column low, queries"):
        read_results(path, LAYOUT, GRID)
    means.loc[means["system"] == "bm25", "queries"] = 7
    means.to_csv(path, index=False)
    with pytest.raises(UserError, match=r"different numbers of queries \(7, 24\)"):
        read_results(path, LAYOUT, GRID)


def test_a_paper_needs_a_first_stage_on_its_first_test_set():
    with pytest.raises(UserError, match=r"grid\.test_sets: given is the first one"):
        Layout.build({"given": TEST_SETS["given"], "pydocs": TEST_SETS["pydocs"]}, [])
