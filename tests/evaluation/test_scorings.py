"""Test sets that differ in how documents are scored: their contrasts, and what was read."""

import numpy as np
import pandas as pd
import pytest

from lionrank import parquet
from lionrank.evaluation import comparisons, per_query, scorings
from lionrank.evaluation.significance import Draws
from lionrank.grid import Grid
from lionrank.measures import Measure
from tests.support.per_query_tables import write_experiment

SETS = ("docs", "docs_max_p", "docs_full")
CHOSEN = {"minilm_lion": 2, "gte_lion": 1}
DRAWS = Draws(permutations=2_000, resamples=200)
ON = {name: Measure(name, "ndcg_cut_10") for name in (*SETS, "passages")}
GRID = Grid.build(
    {name: {"label": name, "start": "pretrained"} for name in ("minilm", "gte")},
    {"lion": "Lion"},
    (1, 2),
    first_stages={name: {"name": "bm25", "label": "BM25"} for name in ON},
    scorings=[SETS],
)


def made_up(place):
    """Return the values of every system: each scoring is better than the one before by 0.1."""
    noise = np.random.default_rng(place)
    hardness = np.random.default_rng(9).uniform(0.2, 0.5, 30)
    names = ("minilm_lion_e1", "minilm_lion_e2", "gte_lion_e1", "gte_lion_e2")
    trained = {name: hardness + 0.1 * place + noise.normal(0, 0.05, 30) for name in names}
    return {"bm25": hardness, **trained}


@pytest.fixture
def values():
    return {name: made_up(place) for place, name in enumerate(ON)}


@pytest.fixture
def read(tmp_path, values):
    written = [
        write_experiment(tmp_path / name, own, CHOSEN, test_set=name)
        for name, own in values.items()
    ]
    table = tmp_path / "per_query.parquet"
    parquet.write(table, pd.concat([pd.read_parquet(path) for path, _ in written]))
    return per_query.read(table, written[0][1], GRID)


def test_each_scoring_is_compared_with_those_before_it_topic_by_topic(read, values):
    found = comparisons.compare_systems(read, GRID, list(ON.values()), ["scorings"], DRAWS)
    told = [
        (each["left"]["training"], each["test_set"], each["right"]["test_set"])
        for each in found["contrasts"]
    ]
    assert told == [
        (training, left, right)
        for left, earlier in (("docs_max_p", ["docs"]), ("docs_full", ["docs", "docs_max_p"]))
        for right in earlier
        for training in ("minilm_lion", "gte_lion")
    ]
    for contrast in found["contrasts"]:
        training, test_set = contrast["left"]["training"], contrast["right"]["test_set"]
        name = f"{training}_e{CHOSEN[training]}"
        by_topic = values[contrast["test_set"]][name] - values[test_set][name]
        assert contrast["difference"] == pytest.approx(by_topic.mean())
        assert "test_set" not in contrast["left"]
    # No two systems were compared.
    assert comparisons.of_grid(found["contrasts"]) == []


def asked(read, weights):
    entry = {"weights": weights, "claim": "two_sided", "margin": None, "family": "named"}
    found = comparisons.compare_systems(
        read, GRID, list(ON.values()), [], DRAWS, contrasts={"long": entry}
    )
    return found["contrasts"]


def test_a_named_contrast_is_across_test_sets_that_it_names(read, values):
    weights = {"gte_lion@docs_full": 1, "minilm_lion_e1@docs_max_p": -1}
    [contrast] = asked(read, weights)
    by_topic = values["docs_full"]["gte_lion_e1"] - values["docs_max_p"]["minilm_lion_e1"]
    assert contrast["difference"] == pytest.approx(by_topic.mean())
    assert contrast["test_set"] == "docs_full"
    assert contrast["right"] == {"training": "minilm_lion", "epoch": 1, "test_set": "docs_max_p"}


def test_what_names_no_test_set_is_on_each_that_differs_in_its_scoring_alone(read, values):
    found = asked(read, {"gte_lion": 1, "first_stage@docs": -1})
    assert [each["test_set"] for each in found] == [*SETS]
    for contrast in found:
        by_topic = values[contrast["test_set"]]["gte_lion_e1"] - values["docs"]["bm25"]
        assert contrast["difference"] == pytest.approx(by_topic.mean())


def test_what_is_about_no_measures_test_set_is_told(read):
    entry = {"weights": {"gte_lion@docs_full": 1, "minilm_lion": -1}}
    told = comparisons.lacking(read, GRID, [ON["passages"]], {"long": entry})
    assert [*told] == [
        "comparisons.contrasts.long is not tested: comparisons.measures has none on the test sets "
        "of gte_lion@docs_full, minilm_lion"
    ]
    assert [*comparisons.lacking(read, GRID, [ON["docs"]], {"long": entry})] == []


def test_means_stand_beside_what_was_read_for_them(read, values):
    told = {"pairs": 30, "tokens": 900, "cut": 0, "left_out": 0, "read": 1200}

    def counted(measure, run_file):
        return told if (measure.test_set, run_file) == ("docs_max_p", "minilm_lion_e2") else {}

    table = scorings.by_scoring(read, GRID, [ON[name] for name in SETS], counted)
    assert {*table["group"]} == {"docs"}
    assert [*table["system"]] == ["minilm_lion", "gte_lion"] * 3
    for row in table.to_dict("records"):
        name = f"{row['system']}_e{row['epochs']}"
        assert row["mean"] == pytest.approx(values[row["test_set"]][name].mean())
    row = table.set_index(["test_set", "system"]).loc[("docs_max_p", "minilm_lion")]
    assert (row["tokens"], row["read"]) == (900, 1200)
    assert table["read"].isna().sum() == 5
