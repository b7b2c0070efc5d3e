"""What a published training is among ours: by its name, its recipe, or not at all."""

from typing import Any

import pytest

from lionrank.claims import decide as claims
from lionrank.claims.evidence import Ours, Untestable
from lionrank.evaluation.per_query import System
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
