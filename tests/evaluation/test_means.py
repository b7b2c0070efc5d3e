"""The means of systems over topics and over test sets."""

import pandas as pd
import pytest

from lionrank.errors import UserError
from lionrank.evaluation.means import means
from lionrank.evaluation.significance import Draws
from tests.support.per_query_tables import BOTH, mixed, ranked_apart, write_two

DRAWS = Draws(permutations=1_000, resamples=1_000)


def test_the_rows_of_an_average_stand_beside_those_of_its_sets(tmp_path):
    table, _ = write_two(tmp_path)
    whole = pd.read_parquet(table)
    averaged = means(whole, DRAWS, BOTH)
    alone = means(whole, DRAWS)
    rows = len(alone)
    pd.testing.assert_frame_equal(averaged[:rows], alone)
    assert list(averaged["test_set"][rows:].unique()) == ["both"]
    of_both = averaged[rows:].set_index(["system", "metric"])
    bm25 = of_both.loc["bm25", "ndcg_cut_10"]
    assert bm25["mean"] == pytest.approx((0.2 + 0.5) / 2)
    assert bm25["queries"] == 5
    # Resampled within the sets: no mean is further out than those of the extreme topics.
    assert (0.1 + 0.4) / 2 <= bm25["low"] < bm25["mean"] < bm25["high"] <= (0.3 + 0.6) / 2
    assert of_both.loc["bm25", "map"]["mean"] == pytest.approx((0.2 + 0.25) / 2)
    adamw = of_both.loc["minilm_adamw_e2", "ndcg_cut_10"]
    assert (adamw["model"], adamw["epoch"], adamw["seed"]) == ("minilm", 2, 12)
    # As a CSV file has them: whole numbers of levels, and none of an average.
    written = averaged.to_csv(index=False).splitlines()
    assert any(line.startswith("dl19,bm25,,,,,as_written,map,1,") for line in written)
    assert any(line.startswith("both,bm25,,,,,as_written,map,,") for line in written)


def test_an_average_is_of_the_systems_that_are_on_all_of_its_sets(tmp_path):
    table, _ = write_two(tmp_path, without=[("small", "bm25"), ("small", "minilm_adamw_e1")])
    averaged = means(pd.read_parquet(table), DRAWS, BOTH)
    of_both = averaged[averaged["test_set"] == "both"]
    assert set(of_both["system"]) == {"minilm_adamw_e2"}


def test_first_stages_that_differ_are_one_by_an_average(tmp_path):
    table, _ = ranked_apart(tmp_path)
    averaged = means(pd.read_parquet(table), DRAWS, BOTH, mixed().first_stages)
    rows = averaged.set_index(["test_set", "system", "metric"])["mean"]
    assert rows["both", "first_stage", "ndcg_cut_10"] == pytest.approx((0.2 + 0.5) / 2)
    assert rows["both", "first_stage", "map"] == pytest.approx((0.2 + 0.25) / 2)
    # Each test set has its own by its name.
    assert {system for name, system, _ in rows.index if name == "small"} >= {"dense"}
    assert {name for name, system, _ in rows.index if system == "first_stage"} == {"both"}


def test_an_average_that_no_system_has_all_test_sets_of_is_named(tmp_path):
    table, _ = write_two(tmp_path)
    on_first = pd.read_parquet(table).query("test_set == 'dl19'")
    with pytest.raises(UserError, match=r"averages\.both: no system has results on all of dl19, "):
        means(on_first, DRAWS, BOTH)


def test_an_average_that_no_system_has_is_named_with_its_test_sets(tmp_path):
    table, _ = ranked_apart(tmp_path)
    whole = pd.read_parquet(table)
    untrained = whole[whole["epoch"].isna()]
    with pytest.raises(UserError, match=r"averages\.both: no system .* dl19, small"):
        means(untrained, DRAWS, BOTH)
