"""Contrasts that are weighted sums of systems: of ladders, and of those that a config names."""

import json
import re
from dataclasses import replace
from itertools import chain

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.weightstats import ttost_paired

from lionrank.config.contrasts import compared_ladders, contrasts
from lionrank.config.plan import Plan
from lionrank.evaluation import comparisons, per_query
from lionrank.evaluation.contrasts import plan
from lionrank.evaluation.ladders import Ladder
from lionrank.evaluation.significance import Draws
from lionrank.files import read_json
from lionrank.grid import FirstStage, Grid
from lionrank.measures import Measure
from tests.support.configs import ROOT, overlaid
from tests.support.per_query_tables import joined, write_experiment
from tests.support.rankings import run_scripts

SIZES = {"small": 4_000_000, "middle": 12_000_000, "large": 30_000_000}
LADDER = Ladder("ettin", SIZES, 0.05)
GRID = Grid.build(
    {name: {"label": name, "start": "pretrained"} for name in (*SIZES, "bert")},
    {name: name for name in ("adamw", "lion", "infonce")},
    (1, 2),
    recipes={
        "adamw": {"optimizer": "adamw", "objective": "bce", "data": "pairs"},
        "lion": {"optimizer": "lion", "objective": "bce", "data": "pairs"},
        "infonce": {"optimizer": "adamw", "objective": "infonce", "data": "pairs"},
    },
    first_stages={name: {"name": "bm25", "label": "BM25"} for name in ("dl19", "few")},
)
CHOSEN = {training.name: 2 for training in GRID.trainings()}
DRAWS = Draws(permutations=4_000, resamples=500)
ON = {name: Measure(name, "ndcg_cut_10") for name in ("dl19", "few", "both")}
AVERAGES = {"both": {"dl19": 1, "few": 1}}
TOPICS = {"dl19": 40, "few": 16}


def made_up(seed, topics):
    """Return values of every system: InfoNCE gains .1, less by .02 with each size, with noise."""
    random = np.random.default_rng(seed)
    hardness = random.uniform(0.2, 0.6, topics)
    values = {"bm25": hardness}
    for training in GRID.trainings():
        size = list(SIZES).index(training.model.name) if training.model.name in SIZES else 0
        gain = 0.1 - 0.02 * size if training.treatment.name == "infonce" else 0
        for name in training.checkpoints():
            values[name] = hardness + 0.05 * size + gain + random.normal(0, 0.04, topics)
    return values


def experiment(folder, place=1, drop=()):
    """Write per-query values on two test sets, of which the second lacks some systems."""
    parts = []
    for test_set, topics in TOPICS.items():
        values = made_up(place, topics)
        kept = {n: v for n, v in values.items() if test_set == "dl19" or n not in drop}
        table, best = write_experiment(folder, kept, CHOSEN, 11 + place, test_set=test_set)
        parts.append(pd.read_parquet(table))
    pd.concat(parts).to_parquet(table)
    return table, best


def compare(read, families=(), contrasts=None, on=("dl19",)):
    measures = [ON[name] for name in on]
    compared = comparisons.compare_systems(
        read, GRID, measures, families, DRAWS, [LADDER], contrasts
    )
    # What is written is JSON.
    assert json.loads(json.dumps(compared, allow_nan=False)) == compared
    return compared["contrasts"]


@pytest.fixture(scope="module")
def read(tmp_path_factory):
    table, best = experiment(tmp_path_factory.mktemp("experiment"))
    return per_query.read(table, best, GRID, AVERAGES)


@pytest.fixture(scope="module")
def values():
    return made_up(1, TOPICS["dl19"])


def test_scaling_is_the_slope_of_each_difference_over_the_models_of_a_ladder(read, values):
    found = compare(read, ["scaling"])
    doublings = np.log2([*SIZES.values()])
    for (later, earlier), contrast in zip(
        [("lion", "adamw"), ("infonce", "adamw")], found, strict=True
    ):
        differences = [values[f"{m}_{later}_e2"] - values[f"{m}_{earlier}_e2"] for m in SIZES]
        slopes = np.polyfit(doublings, differences, 1)[0]
        assert contrast["name"] == "ettin"
        assert contrast["difference"] == pytest.approx(slopes.mean())
        assert contrast["left_mean"] - contrast["right_mean"] == pytest.approx(slopes.mean())
        assert contrast["p_t"] == pytest.approx(stats.ttest_1samp(slopes, 0).pvalue)
        assert contrast["low"] < slopes.mean() < contrast["high"]
        assert {each["training"] for each in contrast["terms"]} == {
            f"{model}_{treatment}" for model in SIZES for treatment in (later, earlier)
        }
        assert all(each["epochs"] == [2] for each in contrast["terms"])
        assert "left" not in contrast
    # The gain of InfoNCE is made to fall with size.
    assert found[1]["p_holm"] < 0.05
    assert found[1]["difference"] < 0


def test_a_ladder_asks_whether_the_objective_is_worth_the_next_size(read, values):
    found = compare(read, ["ladder"])
    assert [(each["left"]["training"], each["right"]["training"]) for each in found] == [
        ("small_infonce", "middle_adamw"),
        ("middle_infonce", "large_adamw"),
    ]
    for contrast in found:
        left, right = (values[contrast[side]["training"] + "_e2"] for side in ("left", "right"))
        _, (_, p_low, _), _ = ttost_paired(left, right, -LADDER.margin, LADDER.margin)
        assert contrast["p_t"] == pytest.approx(p_low)
        assert (contrast["claim"], contrast["margin"]) == ("not_below", LADDER.margin)
        assert contrast["p_holm"] < 0.05
    p_values = [each["p_randomization"] for each in found]
    assert [each["p_holm"] for each in found] == pytest.approx(
        multipletests(p_values, method="holm")[1]
    )


def test_a_model_beside_the_ladder_has_no_part_in_it():
    for family in ("scaling", "ladder"):
        planned = plan(family, GRID, "dl19", [LADDER])
        systems = [system.training for each in planned for system, _ in each.terms]
        assert systems
        assert not any(each.startswith("bert") for each in systems)
        assert plan(family, GRID, "dl19") == []


def entry(weights, claim="two_sided", margin=None, family="named"):
    return {"weights": weights, "claim": claim, "margin": margin, "family": family}


NAMED = {
    "interaction": entry({"large_lion": 1, "large_adamw": -1, "small_lion": -1, "small_adamw": 1}),
    "mean_gain": entry({"small_infonce": 0.5, "large_infonce_e1": 0.5, "first_stage": -1}),
    "same": entry({"small_lion": 1, "small_adamw": -1}, "equivalent", 0.05, "alike"),
}


def test_a_named_contrast_is_the_sum_of_its_systems_topic_by_topic(read, values):
    interaction, gain, same = compare(read, contrasts=NAMED)
    at = {name.removesuffix("_e2"): of for name, of in values.items()}
    by_topic = at["large_lion"] - at["large_adamw"] - (at["small_lion"] - at["small_adamw"])
    assert interaction["difference"] == pytest.approx(by_topic.mean())
    assert interaction["p_t"] == pytest.approx(stats.ttest_1samp(by_topic, 0).pvalue)
    assert interaction["wins"] == (by_topic > 0).sum()
    by_topic = (at["small_infonce"] + at["large_infonce_e1"]) / 2 - at["bm25"]
    assert gain["difference"] == pytest.approx(by_topic.mean())
    assert gain["terms"][1:] == [
        {"training": "large_infonce", "epoch": 1, "weight": 0.5, "epochs": [1]},
        {"training": "bm25", "epoch": None, "weight": -1, "epochs": []},
    ]
    p_value, *_ = ttost_paired(at["small_lion"], at["small_adamw"], -0.05, 0.05)
    assert same["p_t"] == pytest.approx(p_value)
    # A difference of two systems has its sides.
    assert (same["left"]["training"], same["right_epochs"]) == ("small_lion", [2])
    assert [each["name"] for each in (interaction, gain, same)] == [*NAMED]


def test_holms_correction_is_over_the_contrasts_that_share_the_name_of_a_family(read):
    interaction, gain, same = compare(read, contrasts=NAMED)
    p_values = [each["p_randomization"] for each in (interaction, gain)]
    adjusted = multipletests(p_values, method="holm")[1]
    assert [interaction["p_holm"], gain["p_holm"]] == pytest.approx(adjusted)
    assert same["p_holm"] == same["p_randomization"]


def test_a_sum_by_an_average_weighs_its_test_sets_alike_and_is_tested_on_each(read):
    found = compare(read, ["scaling", "ladder"], NAMED, on=ON)
    by_set = {name: [e for e in found if e["test_set"] == name] for name in ON}
    for dl19, few, both in zip(*by_set.values(), strict=True):
        assert both["name"] == dl19["name"] == few["name"]
        assert both["queries"] == sum(TOPICS.values())
        assert both["difference"] == pytest.approx((dl19["difference"] + few["difference"]) / 2)
        assert [each["difference"] for each in both["sets"]] == [
            dl19["difference"],
            few["difference"],
        ]
        assert [each["p_randomization"] for each in both["sets"]] == [
            dl19["p_randomization"],
            few["p_randomization"],
        ]


def test_with_several_seeds_a_sum_is_of_the_means_over_them_and_its_spread_is_told(tmp_path):
    written = [experiment(tmp_path / str(place), place) for place in (1, 2, 3)]
    tables, best = zip(*written, strict=True)
    read = per_query.read(joined(*tables), chain(*best), GRID, AVERAGES)
    contrast, *_ = compare(read, contrasts=NAMED)
    by_seed = [
        sum(
            weight * made_up(place, TOPICS["dl19"])[f"{system}_e2"].mean()
            for system, weight in NAMED["interaction"]["weights"].items()
        )
        for place in (1, 2, 3)
    ]
    assert contrast["difference"] == pytest.approx(np.mean(by_seed))
    assert contrast["spread"] == pytest.approx(np.std(by_seed, ddof=1))


def test_what_a_test_set_lacks_of_a_named_contrast_is_told(tmp_path):
    grid = replace(GRID, first_stages={"dl19": FirstStage("bm25", "BM25")})
    table, best = experiment(tmp_path, drop={"bm25"})
    read = per_query.read(table, best, grid)
    measures = [ON["dl19"], ON["few"]]
    told = list(comparisons.lacking(read, grid, measures, {"gain": NAMED["mean_gain"]}))
    assert told == [
        "comparisons.contrasts.gain is not tested in ndcg_cut_10 on few, which has no results of "
        "first_stage"
    ]
    found = comparisons.compare_systems(
        read, grid, measures, [], DRAWS, contrasts={"gain": NAMED["mean_gain"]}
    )
    assert [each["test_set"] for each in found["contrasts"]] == ["dl19"]


def test_the_example_of_the_docs_is_checked_planned_and_tested_as_it_stands(tmp_path):
    page = (ROOT / "docs" / "results.md").read_text()
    _, _, section = page.partition("\n### Contrasts of your own\n")
    example, ladder = re.findall(r"```yaml\n(.+?)```", section, re.DOTALL)[:2]
    on_dl19 = "grid: {test_sets: [dl19]}\ncomparisons: {measures: []}"
    plan = Plan.read(overlaid(on_dl19, ladder, example), ROOT)
    grid = Grid.build(**plan.grid())
    random = np.random.default_rng(2)
    values = {name: random.uniform(size=43) for name in ["bm25", *grid.checkpoints()]}
    chosen = {training.name: 1 for training in grid.trainings()}
    table, best = write_experiment(tmp_path, values, chosen)
    params = {
        "grid": plan.grid(),
        "measures": plan.compared_measures,
        "averages": plan.averages,
        "families": plan.config["comparisons"]["families"],
        "ladders": compared_ladders(plan.config),
        "margin": plan.config["comparisons"]["margin"],
        "contrasts": contrasts(plan.config),
        "draws": {"permutations": 1_000, "resamples": 100},
    }
    files = {"per_query": str(table), "best": list(map(str, best)), "parameters": []}
    output = {"comparisons": "results/comparisons.json"}
    run_scripts(tmp_path, [("comparisons", files, output, params)])
    tested = read_json(tmp_path / "results" / "comparisons.json")["contrasts"]
    named = {each["name"]: each for each in tested if each["name"]}
    assert list(named) == ["gap", "mean_gain", "no_difference", "small_is_enough"]
    gap = [
        values[f"{model}_lion_e1"] - values[f"{model}_adamw_e1"]
        for model in ("minilm", "modernbert")
    ]
    assert named["gap"]["difference"] == pytest.approx((gap[1] - gap[0]).mean())
    left, right = (values[f"gte_{optimizer}_e1"] for optimizer in ("lion", "adamw"))
    p_value, *_ = ttost_paired(left, right, -0.01, 0.01)
    assert named["no_difference"]["p_t"] == pytest.approx(p_value)
    assert named["small_is_enough"]["left"] == {"training": "minilm_adamw", "epoch": 3}
