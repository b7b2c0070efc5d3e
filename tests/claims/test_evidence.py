"""What a published training is among ours: by its name, its recipe, a system of others, or none."""

from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from lionrank.claims import decide as claims
from lionrank.claims import file as claim_file
from lionrank.claims.evidence import Ours, Untestable
from lionrank.evaluation import per_query
from lionrank.evaluation.per_query import System
from lionrank.grid import Grid
from tests.support import published_as_measured as lion
from tests.support.studied import DRAWS, claim, decide, measured, published

RECIPES = published("objectives").study.recipes


def made(optimizer: str, objective: str, **also: bool) -> dict[str, Any]:
    return {"optimizer": optimizer, "objective": objective, "data": "pairs", **also}


def experiment(tmp_path, **treatments) -> Ours:
    means = {"dl19": {f"minilm_{name}": 0.5 for name in treatments}}
    return measured(tmp_path, means, made=treatments, recipes=RECIPES)


def test_a_treatment_of_another_name_is_found_by_its_optimizer_and_objective(tmp_path):
    ours = experiment(tmp_path, adamw=made("adamw", "bce"), lion=made("lion", "bce"))
    assert ours.system(System("minilm_bce")) == System("minilm_adamw")


def test_of_several_that_are_so_made_the_one_of_the_name_is_meant(tmp_path):
    ours = experiment(tmp_path, adamw=made("adamw", "bce"), bce=made("adamw", "bce"))
    assert ours.system(System("minilm_bce")) == System("minilm_bce")


def decide_all(ours: Ours) -> dict[str, Any]:
    """Return what becomes of one claim of the study of objectives, with all that is said of it."""
    found = {"paper": published("objectives")}
    return claims.decide([claim("objectives", "d2")], found, ours, DRAWS)


@pytest.mark.parametrize(
    ("treatments", "reason"),
    [
        (
            {"adamw": made("adamw", "bce"), "plain": made("adamw", "bce")},
            "it was not said which of adamw and plain is bce",
        ),
        ({"bce": made("lion", "bce")}, "bce is another treatment here, lion and bce"),
        ({"lion": made("lion", "bce")}, "minilm_bce is not in the grid"),
        # A published treatment too, by its name.
        ({"bcecolbert": made("adamw", "bce")}, "minilm_bce is not in the grid"),
    ],
)
def test_what_is_made_otherwise_is_not_taken_for_it(tmp_path, treatments, reason):
    with pytest.raises(Untestable, match=reason):
        experiment(tmp_path, **treatments).system(System("minilm_bce"))


def test_a_control_is_known_by_its_name_alone(tmp_path):
    ours = experiment(tmp_path, adamw=made("adamw", "bce"), bcecolbert=made("adamw", "bce"))
    assert ours.system(System("minilm_bcecolbert")) == System("minilm_bcecolbert")
    ours = experiment(tmp_path / "without", adamw=made("adamw", "bce"))
    with pytest.raises(Untestable, match="minilm_bcecolbert is not in the grid"):
        ours.system(System("minilm_bcecolbert"))


def test_a_claim_is_about_the_treatment_that_is_made_so(tmp_path):
    means = {"dl19": {"minilm_adamw": 0.5, "minilm_hinge": 0.6}}
    treatments = {"adamw": made("adamw", "bce"), "hinge": made("adamw", "hinge")}
    ours = measured(tmp_path, means, made=treatments, recipes=RECIPES)
    assert decide("objectives", "d2", ours)["parts"] == {"replicated": 1, "not testable": 53}


def test_settings_that_were_given_stand_for_published_ones_before_those_of_a_search(tmp_path):
    tuned = made("adamw", "bce", searched=True)
    ours = experiment(tmp_path, tunedadamw=tuned, adamw=made("adamw", "bce"))
    assert ours.system(System("minilm_bce")) == System("minilm_adamw")
    assert decide_all(ours)["searched"] == {}


def test_where_all_were_searched_for_it_is_said_which_stand_for_published_ones(tmp_path):
    treatments = {
        "tunedadamw": made("adamw", "bce", searched=True),
        "tunedhinge": made("adamw", "hinge", searched=True),
        "infonce": made("adamw", "infonce"),
    }
    ours = experiment(tmp_path, **treatments)
    assert ours.system(System("minilm_bce")) == System("minilm_tunedadamw")
    assert decide_all(ours)["searched"] == {"BCE": "tunedadamw", "Hinge": "tunedhinge"}


OF_OTHERS = {"model": "minilm", "kind": "checkpoint", "label": "theirs"}


def beside_others(tmp_path, epochs, test_sets=lion.TEST_SETS):
    """Return results of GTE and ModernBERT, and systems of others for MiniLM by their epochs."""
    systems = {
        f"{optimizer}{epoch}": {**OF_OTHERS, "optimizer": optimizer, "epoch": epoch}
        for optimizer, epochs_of in epochs.items()
        for epoch in epochs_of
    }
    measured = lion.ours(
        tmp_path, grid=lion.grid_of("minilm", "gte", "modernbert"), test_sets=test_sets
    )
    (replicate,) = measured.per_query.replicates
    table = pd.read_parquet(replicate.path)
    names = {
        f"minilm_{entry['optimizer']}_e{entry['epoch'] or 1}": name
        for name, entry in systems.items()
    }
    table = table[(table["model"] != "minilm") | table["system"].isin(names)]
    table["system"] = table["system"].replace(names)
    table["seed"] = table["seed"].mask(table["system"].isin(systems))
    table.to_parquet(replicate.path)
    grid = Grid.build(
        {name: {"label": name, "start": "pretrained"} for name in ("gte", "modernbert")},
        {"adamw": "AdamW", "lion": "Lion"},
        (1, 2, 3),
        systems=systems,
    )
    best = lion.write_best(
        tmp_path, {n: e for n, e in lion.CHOSEN.items() if not n.startswith("minilm")}
    )
    read = per_query.read(replicate.path, best, grid)
    trained = {each.name for each in grid.trainings()}
    settings = {name: of for name, of in measured.settings.items() if name in trained}
    return replace(measured, per_query=read, grid=grid, settings=settings)


def test_a_claim_about_a_training_that_is_not_ours_is_about_the_system_that_was_trained_so(
    tmp_path,
):
    measured = beside_others(tmp_path, {"adamw": [None], "lion": [1]})
    found = claims.decide(
        claim_file.read(lion.CLAIMS, lion.PRINTED), lion.BOTH, measured, lion.DRAWS
    )
    decided = {claim["id"]: claim["ours"] for claim in found["claims"]}
    there = lion.MEANS["ndcg_cut_10"]
    difference = there["minilm_adamw_e1"] - there["minilm_lion_e1"]
    assert decided["c1"]["verdict"] == "contradicted"
    assert decided["c1"]["difference"] == pytest.approx(difference)
    assert decided["c1"]["reason"] == "nDCG@10: MiniLM + AdamW minus MiniLM + Lion"
    # Whose epoch is not known, and of one of whose epochs there is nothing.
    assert decided["c2"]["reason"] == "minilm_adamw_e3 is not in the grid"
    # What no run file tells.
    assert decided["c13"]["reason"] == "minilm_adamw is not in the grid"
    assert found["not_trained_here"] == {"MiniLM + AdamW": "adamwNone", "MiniLM + Lion": "lion1"}


def test_of_several_epochs_of_others_none_is_taken_for_the_chosen_one(tmp_path):
    decided = lion.decide(beside_others(tmp_path, {"adamw": [1, 2, 3], "lion": [1, 2, 3]}))
    assert decided["c1"]["ours"]["verdict"] == "not testable"
    assert decided["c1"]["ours"]["reason"] == (
        "minilm_adamw was not trained here, and it was not said which of adamw1, adamw2 and adamw3 "
        "it is reported by"
    )
    assert decided["c2"]["ours"]["verdict"] == "replicated"


def test_a_system_of_others_without_a_run_file_there_decides_nothing(tmp_path):
    measured = beside_others(tmp_path, {"lion": [1, 2, 3]})
    (replicate,) = measured.per_query.replicates
    table = pd.read_parquet(replicate.path)
    on_mrr = (table["test_set"] == "marco_qa_dev") & (table["system"] == "lion2")
    table[~on_mrr].to_parquet(replicate.path)
    best = lion.write_best(tmp_path, replicate.chosen)
    read = per_query.read(replicate.path, best, measured.grid)
    c3 = lion.decide(replace(measured, per_query=read))["c3"]["tests"][1]["ours"]
    assert c3["verdict"] == "not testable"
    assert c3["reason"] == "lion2 has no run file on marco_qa_dev"
