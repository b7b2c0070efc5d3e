"""The comparisons that the config names: their plan, their families, and what choosing costs."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from lionrank.errors import UserError
from lionrank.evaluation import comparisons, contrasts, per_query
from lionrank.evaluation.means import means
from lionrank.evaluation.per_query import System
from lionrank.evaluation.significance import Draws
from lionrank.grid import VARIOUS, FirstStage, Grid
from lionrank.measures import Measure
from lionrank.paper.tables import comparisons as tables
from tests.support.papers import tex
from tests.support.per_query_tables import joined, write_experiment
from tests.support.results import TUNED

GRID = Grid.build(
    {name: {"label": name, "start": "pretrained"} for name in ("minilm", "gte", "modernbert")},
    {"adamw": "AdamW", "lion": "Lion"},
    (1, 2, 3),
    first_stages={"dl19": {"name": "bm25", "label": "BM25"}},
)
FAMILIES = ("optimizers", "optimizers_by_epoch", "models", "first_stage", "systems")
OTHERS = Grid.build(
    {},
    {},
    (),
    systems={
        name: {"label": name, "kind": kind}
        for name, kind in (("l6", "checkpoint"), ("l12", "checkpoint"), ("splade", "run file"))
    },
).systems
NDCG = Measure("dl19", "ndcg_cut_10")
DRAWS = Draws(permutations=4_000, resamples=2_000)
CHOSEN = {training.name: 2 for training in GRID.trainings()}


def made_up(seed):
    """Return values of every system on 40 queries; Lion is .03 better than AdamW with noise."""
    random = np.random.default_rng(seed)
    hardness = random.uniform(0.2, 0.7, 40)
    gain = {"adamw": 0.1, "lion": 0.13}
    values = {
        name: hardness + gain[name.split("_")[1]] + random.normal(0, 0.05, 40)
        for name in GRID.checkpoints()
    }
    return {"bm25": hardness} | values


@pytest.fixture(scope="module")
def experiment(tmp_path_factory):
    return write_experiment(tmp_path_factory.mktemp("experiment"), made_up(1), CHOSEN)


@pytest.fixture(scope="module")
def compared(experiment):
    table, best = experiment
    return comparisons.compare_systems(per_query.read(table, best), GRID, [NDCG], FAMILIES, DRAWS)


def of_family(compared, family):
    return [each for each in compared["contrasts"] if each["family"] == family]


def planned(family, grid=GRID):
    return [each.pair for each in contrasts.plan(family, grid, "dl19")]


def test_every_family_has_its_contrasts():
    assert {family: len(planned(family, GRID)) for family in FAMILIES} == {
        "optimizers": 3,
        "optimizers_by_epoch": 9,
        "models": 6,
        "first_stage": 6,
        "systems": 0,
    }
    first = planned("optimizers", GRID)[0]
    assert first == (System("minilm_lion"), System("minilm_adamw"))
    first = planned("models", GRID)[0]
    assert first == (System("gte_adamw"), System("minilm_adamw"))
    assert {right for _, right in planned("first_stage", GRID)} == {System("bm25")}


def test_models_and_epochs_are_planned_where_no_epoch_was_chosen():
    models = planned("models_by_epoch", GRID)
    assert len(models) == 3 * 2 * 3
    assert models[0] == (System("gte_adamw", 1), System("minilm_adamw", 1))
    ragged = replace(GRID, last={"gte_lion": 2, "minilm_adamw": 1})
    epochs = planned("epochs", ragged)
    assert len(epochs) == 4 * 3 + 1 + 0
    assert all(left.training == right.training for left, right in epochs)
    assert all(left.epoch > right.epoch for left, right in epochs)


def sides(family, grid):
    return [(left.training, right.training) for left, right in planned(family, grid)]


def test_systems_of_others_are_compared_with_the_first_stage_and_every_training():
    beside = replace(GRID, systems=OTHERS)
    against = sides("first_stage", beside)
    assert against[6:] == [("l6", "bm25"), ("l12", "bm25"), ("splade", "bm25")]
    between = sides("systems", beside)
    assert between == [(t.name, each.name) for t in GRID.trainings() for each in OTHERS]
    for family in ("optimizers", "optimizers_by_epoch", "models"):
        assert planned(family, beside) == planned(family, GRID)


def test_where_nothing_is_trained_systems_of_others_are_compared_with_each_other():
    alone = replace(GRID, models=(), optimizers={}, epochs=(), systems=OTHERS)
    assert sides("systems", alone) == [
        ("l12", "l6"),
        ("splade", "l6"),
        ("splade", "l12"),
    ]
    assert len(planned("first_stage", alone)) == 3
    assert not planned("optimizers", alone) + planned("models", alone)


def test_a_system_without_a_run_file_on_a_test_set_has_no_contrasts_there(tmp_path):
    values = {name: of for name, of in made_up(1).items() if not name.startswith("modernbert")}
    values |= {"l6": made_up(2)["gte_lion_e1"], "l12": made_up(3)["gte_lion_e1"]}
    chosen = {name: epoch for name, epoch in CHOSEN.items() if not name.startswith("modernbert")}
    others = dict.fromkeys(("l6", "l12"))
    table, best = write_experiment(tmp_path, values, chosen, others=others)
    grid = replace(GRID, models=GRID.models[:2], systems=OTHERS)
    read = per_query.read(table, best, grid)
    compared = comparisons.compare_systems(read, grid, [NDCG], FAMILIES, DRAWS)
    assert len(of_family(compared, "systems")) == 4 * 2
    against = {each["left"]["training"]: each for each in of_family(compared, "first_stage")}
    assert against.keys() == {*chosen, "l6", "l12"}
    difference = (values["l12"] - values["bm25"]).mean()
    assert against["l12"]["difference"] == pytest.approx(difference)
    assert against["l12"]["left_epochs"] == []


def test_a_contrast_is_what_scipy_says_of_it(compared):
    values = made_up(1)
    for contrast in of_family(compared, "optimizers"):
        left = values[contrast["left"]["training"] + "_e2"]
        right = values[contrast["right"]["training"] + "_e2"]
        assert contrast["queries"] == 40
        assert contrast["difference"] == pytest.approx((left - right).mean())
        assert contrast["p_t"] == pytest.approx(stats.ttest_rel(left, right).pvalue)
        assert contrast["low"] < contrast["difference"] < contrast["high"]
        assert contrast["left_epochs"] == contrast["right_epochs"] == [2]
        assert contrast["spread"] is None


@pytest.mark.parametrize("family", FAMILIES[:-1])
def test_holms_correction_is_over_the_family(compared, family):
    contrasts = of_family(compared, family)
    raw = [each["p_randomization"] for each in contrasts]
    running = 0.0
    for rank, place in enumerate(np.argsort(raw, kind="stable")):
        running = max(running, min(1.0, (len(raw) - rank) * raw[place]))
        assert contrasts[place]["p_holm"] == pytest.approx(running)


def test_the_epochs_of_a_family_are_the_chosen_ones_or_each(compared):
    by_epoch = of_family(compared, "optimizers_by_epoch")
    assert [each["left"]["epoch"] for each in by_epoch] == [1, 2, 3] * 3
    chosen = of_family(compared, "optimizers")
    same = [each for each in by_epoch if each["left"]["epoch"] == 2]
    assert [each["difference"] for each in chosen] == [each["difference"] for each in same]


def test_where_the_chosen_epochs_alone_were_evaluated_nothing_is_tested_by_epoch(
    tmp_path, compared
):
    of_all = made_up(1)
    values = {f"{name}_best": of_all[f"{name}_e{epoch}"] for name, epoch in CHOSEN.items()}
    table, best = write_experiment(tmp_path, values | {"bm25": of_all["bm25"]}, CHOSEN)
    at_best = comparisons.compare_systems(
        per_query.read(table, best), GRID, [NDCG], FAMILIES, DRAWS
    )
    assert at_best["contrasts"] == [
        each for each in compared["contrasts"] if each["family"] != "optimizers_by_epoch"
    ]
    assert at_best["selection"] == []


def test_equal_epochs_are_those_that_both_trainings_had(tmp_path):
    values = {n: v for n, v in made_up(1).items() if n not in ("minilm_lion_e3", "gte_lion_e3")}
    table, best = write_experiment(tmp_path, values, CHOSEN)
    compared = comparisons.compare_systems(
        per_query.read(table, best), GRID, [NDCG], FAMILIES, DRAWS
    )
    by_epoch = of_family(compared, "optimizers_by_epoch")
    epochs = [(each["left"]["training"], each["left"]["epoch"]) for each in by_epoch]
    assert ("minilm_lion", 2) in epochs and ("minilm_lion", 3) not in epochs
    assert len(epochs) == 3 + 2 + 2
    selection = {each["training"]: each for each in compared["selection"]}
    assert selection["minilm_lion"]["best"] == max(
        values[f"minilm_lion_e{epoch}"].mean() for epoch in (1, 2)
    )


def test_a_test_set_without_a_first_stage_has_no_contrasts_with_it(tmp_path):
    values = {name: of for name, of in made_up(1).items() if name != "bm25"}
    table, best = write_experiment(tmp_path, values, CHOSEN)
    compared = comparisons.compare_systems(
        per_query.read(table, best), replace(GRID, first_stages={}), [NDCG], FAMILIES, DRAWS
    )
    assert of_family(compared, "first_stage") == []
    assert len(compared["contrasts"]) == 3 + 9 + 6


def test_choosing_on_the_test_set_flatters_by_the_best_minus_the_chosen(compared):
    values = made_up(1)
    assert len(compared["selection"]) == 6
    for each in compared["selection"]:
        by_epoch = [values[f"{each['training']}_e{epoch}"].mean() for epoch in (1, 2, 3)]
        assert each["chosen"] == pytest.approx(by_epoch[1])
        assert each["best"] == pytest.approx(max(by_epoch))
        assert each["best_epochs"] == [1 + int(np.argmax(by_epoch))]
        assert each["selection_bias"] == pytest.approx(max(by_epoch) - by_epoch[1])
    assert any(each["selection_bias"] > 0 for each in compared["selection"])


def test_with_several_seeds_each_query_has_its_mean_and_the_spread_is_told(tmp_path):
    tables, bests = [], []
    for place in (1, 2, 3):
        chosen, seed = CHOSEN | {"minilm_lion": place}, 11 + place
        table, best = write_experiment(tmp_path / str(place), made_up(place), chosen, seed=seed)
        tables.append(table)
        bests += best
    compared = comparisons.compare_systems(
        per_query.read(joined(*tables), bests), GRID, [NDCG], FAMILIES, DRAWS
    )
    assert compared["seeds"] == 3
    contrast = compared["contrasts"][0]
    assert contrast["left_epochs"] == [1, 2, 3]
    differences = [
        made_up(place)[f"minilm_lion_e{place}"] - made_up(place)["minilm_adamw_e2"]
        for place in (1, 2, 3)
    ]
    over_queries = np.mean(differences, axis=0)
    assert contrast["difference"] == pytest.approx(over_queries.mean())
    assert contrast["p_t"] == pytest.approx(stats.ttest_1samp(over_queries, 0).pvalue)
    assert contrast["spread"] == pytest.approx(np.std(np.mean(differences, axis=1), ddof=1))
    selection = compared["selection"][1]
    assert selection["training"] == "minilm_lion"
    assert selection["chosen_epochs"] == [1, 2, 3]
    assert selection["selection_bias"] >= 0


def test_without_a_chosen_epoch_the_remedy_is_told(experiment):
    table, _ = experiment
    read = per_query.read(table)
    assert len(planned("optimizers_by_epoch", GRID)) == 9
    with pytest.raises(UserError, match=r"no epoch of minilm_adamw was chosen .*: name dev sets"):
        comparisons.compare_systems(read, GRID, [NDCG], ["optimizers_by_epoch"], DRAWS)


def test_an_effect_without_spread_is_null_in_json_and_infinite_in_the_table(tmp_path):
    values = {"bm25": [0.25] * 5} | dict.fromkeys(GRID.checkpoints(), [0.5] * 5)
    table, best = write_experiment(tmp_path, values, CHOSEN)
    read = per_query.read(table, best)
    compared = comparisons.compare_systems(read, GRID, [NDCG], ["first_stage"], DRAWS)
    assert [each["effect_size"] for each in compared["contrasts"]] == [None] * 6
    assert json.loads(json.dumps(compared, allow_nan=False)) == compared
    printed = tex("comparisons", tables.chosen(compared, {"dl19": "TREC DL 2019"}, "dl19", GRID))
    assert printed.count(r"$\infty$") == 6


def test_means_have_the_interval_of_their_topics(experiment):
    table = pd.read_parquet(experiment[0])
    averaged = means(table, DRAWS).set_index("system")
    assert list(averaged.index) == ["bm25", *GRID.checkpoints()]
    values = made_up(1)
    for system, row in averaged.iterrows():
        assert row["mean"] == pytest.approx(values[system].mean())
        assert row["queries"] == 40
        standard_error = values[system].std(ddof=1) / np.sqrt(40)
        assert row["mean"] - row["low"] == pytest.approx(1.96 * standard_error, rel=0.15)
        assert row["high"] - row["mean"] == pytest.approx(1.96 * standard_error, rel=0.15)


AVERAGES = {"both": {"dl19": 1, "small": 1}}


@pytest.fixture(scope="module")
def on_two(tmp_path_factory):
    """Per-query values on dl19, and on small with 20 topics of the same qids."""
    folder = tmp_path_factory.mktemp("on_two")
    parts = []
    for test_set, seed, topics in (("dl19", 1, 40), ("small", 2, 20)):
        values = {name: of[:topics] for name, of in made_up(seed).items()}
        table, best = write_experiment(folder, values, CHOSEN, test_set=test_set)
        parts.append(pd.read_parquet(table))
    pd.concat(parts).to_parquet(table)
    return per_query.read(table, best, averages=AVERAGES)


def test_systems_are_compared_by_an_average_and_on_each_of_its_sets(on_two):
    measures = [NDCG, Measure("small", "ndcg_cut_10"), Measure("both", "ndcg_cut_10")]
    compared = comparisons.compare_systems(on_two, GRID, measures, ["optimizers"], DRAWS)
    alone = {name: [] for name in ("dl19", "small", "both")}
    for each in compared["contrasts"]:
        alone[each["test_set"]].append(each)
    for dl19, small, both in zip(*alone.values(), strict=True):
        assert both["queries"] == 60
        assert both["difference"] == pytest.approx((dl19["difference"] + small["difference"]) / 2)
        assert both["low"] < both["difference"] < both["high"]
        # The t-test of the mean of two sets is Welch's of one and the other with its sign changed.
        left, right = (
            [on_two.values(each, System(**both[side]))[0] for each in measures]
            for side in ("left", "right")
        )
        welch = stats.ttest_ind(left[0] - right[0], right[1] - left[1], equal_var=False)
        assert both["p_t"] == pytest.approx(welch.pvalue)
        assert "sets" not in dl19
        for there, own in zip(both["sets"], (dl19, small), strict=True):
            corrected = ("test_set", "level", "p_holm")
            assert there["test_set"] == own["test_set"]
            assert {k: v for k, v in there.items() if k not in corrected} == {
                k: own[k] for k in there if k not in corrected
            }
    # Holm's correction is over the three contrasts on both sets.
    p_values = [each["p_randomization"] for both in alone["both"] for each in both["sets"]]
    adjusted = [each["p_holm"] for both in alone["both"] for each in both["sets"]]
    assert adjusted == pytest.approx(multipletests(p_values, method="holm")[1])
    # The epoch that is best on both sets together need be best on neither.
    chosen = {
        each["training"]: each for each in compared["selection"] if each["test_set"] == "both"
    }
    for training, selected in chosen.items():
        by_epoch = on_two.by_epoch(measures[2], training)[0]
        assert selected["chosen"] == by_epoch[2]
        assert selected["best"] == max(by_epoch.values())


def test_a_contrast_by_an_average_needs_both_systems_on_all_of_its_sets(tmp_path):
    values = made_up(1)
    table, best = write_experiment(tmp_path, values, CHOSEN)
    on_dl19 = pd.read_parquet(table)
    without = {name: of for name, of in values.items() if name != "bm25"}
    table, best = write_experiment(tmp_path, without, CHOSEN, test_set="small")
    pd.concat([on_dl19, pd.read_parquet(table)]).to_parquet(table)
    read = per_query.read(table, best, averages=AVERAGES)
    measures = [NDCG, Measure("both", "ndcg_cut_10")]
    compared = comparisons.compare_systems(read, GRID, measures, FAMILIES, DRAWS)
    against = [each["test_set"] for each in of_family(compared, "first_stage")]
    assert against == ["dl19"] * 6
    assert len(of_family(compared, "optimizers")) == 2 * 3


def test_an_average_of_several_first_stages_is_compared_with_each_test_sets_own(tmp_path):
    parts = []
    for test_set, seed, first in (("dl19", 1, "bm25"), ("small", 2, "dense")):
        values = {first if name == "bm25" else name: of for name, of in made_up(seed).items()}
        table, best = write_experiment(
            tmp_path, values, CHOSEN, test_set=test_set, others={first: None}
        )
        parts.append(pd.read_parquet(table))
    pd.concat(parts).to_parquet(table)
    ranked = {"dl19": FirstStage("bm25", ""), "small": FirstStage("dense", ""), "both": VARIOUS}
    grid = replace(GRID, first_stages=ranked)
    read = per_query.read(table, best, grid, AVERAGES)
    measures = [Measure(name, "ndcg_cut_10") for name in ranked]
    compared = comparisons.compare_systems(read, grid, measures, ["first_stage"], DRAWS)
    by_set = {name: [] for name in ranked}
    for each in compared["contrasts"]:
        by_set[each["test_set"]].append(each)
    assert {each["right"]["training"] for each in by_set["both"]} == {"first_stage"}
    for dl19, small, both in zip(*by_set.values(), strict=True):
        assert both["left"] == dl19["left"] == small["left"]
        assert both["right_mean"] == pytest.approx((dl19["right_mean"] + small["right_mean"]) / 2)
        assert [each["difference"] for each in both["sets"]] == [
            each["difference"] for each in (dl19, small)
        ]


def test_tuned_is_compared_with_untuned_within_each_model_at_the_chosen_epochs():
    expected = [
        (f"{model.name}_tuned{optimizer}", f"{model.name}_{optimizer}")
        for model in TUNED.models
        for optimizer in ("adamw", "lion")
    ]
    assert sides("tuning", TUNED) == expected
    assert {each.epoch for pair in planned("tuning", TUNED) for each in pair} == {None}
    by_epoch = sides("optimizers_by_epoch", TUNED)
    assert {*by_epoch} == {*sides("optimizers", TUNED)} and len(by_epoch) == 3 * 4
