"""Reading the mean scores that tables and prose show."""

import pytest

from lionrank.errors import UserError
from lionrank.measures import Measure
from lionrank.paper.results import Layout, read_results
from tests.support.results import (
    AT_BEST,
    AVERAGED,
    AVERAGED_SETS,
    GRID,
    LAYOUT,
    RISING,
    experiment,
    means_in,
)


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


def test_an_average_is_read_with_the_measures_of_its_sets(tmp_path):
    made = experiment(tmp_path, RISING | {"bm25": 0.4}, layout=AVERAGED)
    results = made.results
    assert results.queries["ranked"] == results.queries["pydocs"] + results.queries["more"]
    for average, sets in AVERAGED.by_set.items():
        levels = {"ndcg_cut_10": [None] * 3, "map": [1, 2]}[average.metric]
        assert [each.level for each in sets] == levels[: len(sets)]
        for system, score in results.scores[average].items():
            means = [results.mean(each, system) for each in sets]
            assert score.mean == pytest.approx(sum(means) / len(means), abs=1e-4)
            assert score.low <= score.mean <= score.high
    # A test set without a first stage takes it from its averages.
    assert "bm25" in results.scores[Measure("ranked", "map")]
    assert "bm25" not in results.scores[Measure("whole", "ndcg_cut_10")]


def test_an_average_without_columns_is_shown_set_by_set_in_the_primary_metric():
    layout = Layout.build(AVERAGED_SETS, [{"test_set": "pydocs", "metrics": ["map"]}])
    assert [(each.test_set, each.metric) for each in layout.by_set] == [
        ("ranked", "ndcg_cut_10"),
        ("whole", "ndcg_cut_10"),
    ]


def test_a_threshold_is_said_of_an_average_where_its_sets_share_it_and_else_of_each():
    assert AVERAGED.levels_of(Measure("ranked", "map")) == [(1, "pydocs"), (2, "More")]
    assert AVERAGED.levels_of(Measure("ranked", "ndcg_cut_10")) == []
    same = AVERAGED_SETS | {"more": AVERAGED_SETS["more"] | {"level": 1, "levels": [1]}}
    layout = Layout.build(same, [{"test_set": "ranked", "metrics": ["map"]}])
    assert layout.levels_of(Measure("ranked", "map")) == [(1, "Ranked & Averaged")]


def test_a_chosen_epoch_has_its_name_where_it_alone_was_evaluated(tmp_path):
    made = experiment(tmp_path, RISING | {"bm25": 0.4}, layout=AT_BEST)
    assert {*means_in(tmp_path).query("test_set == 'given'")["system"]} == {
        f"{name}_best" for name in made.chosen
    }
    at_best = made.results.scores[Measure("given", "recip_rank_10", 1)]
    assert [*at_best] == [f"{name}_e{epoch}" for name, epoch in made.chosen.items()]
    assert len(made.results.scores[AT_BEST.primary]) == 1 + 18


def test_an_average_is_of_the_chosen_epochs_where_one_of_its_sets_has_no_others(tmp_path):
    alone = {"every_epoch": False}
    sets = AVERAGED_SETS | {name: AVERAGED_SETS[name] | alone for name in ("given", "whole")}
    layout = Layout.build(sets, [{"test_set": "whole", "metrics": ["ndcg_cut_10"]}])
    made = experiment(tmp_path, RISING | {"bm25": 0.4}, layout=layout)
    whole = Measure("whole", "ndcg_cut_10")
    assert [*made.results.scores[whole]] == [f"{n}_e{epoch}" for n, epoch in made.chosen.items()]
    for system, score in made.results.scores[whole].items():
        means = [made.results.mean(each, system) for each in layout.by_set[whole]]
        assert score.mean == pytest.approx(sum(means) / len(means), abs=1e-4)
    assert {each["test_set"] for each in made.compared["contrasts"]} == {"whole"}
    families = {each["family"] for each in made.compared["contrasts"]}
    assert families == {"optimizers", "models"} and made.compared["selection"] == []


def test_a_training_without_a_chosen_epoch_on_a_test_set_is_named(tmp_path):
    experiment(tmp_path, RISING | {"bm25": 0.4}, layout=AT_BEST)
    means = means_in(tmp_path)
    means[means["system"] != "gte_lion_best"].to_csv(tmp_path / "metrics.csv", index=False)
    with pytest.raises(UserError, match=r"test set given has no .* for gte_lion_best; evaluate"):
        read_results(tmp_path / "metrics.csv", AT_BEST, GRID)
