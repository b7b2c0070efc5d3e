"""The overlays that search: what they train, and that both optimizers are searched alike."""

import pytest

from lionrank.config.settings import training_settings
from tests.support.overlays import Overlays

OVERLAYS = {
    "experiment": Overlays("tuned.yaml"),
    "demo": Overlays("demo.yaml", "demo_tuned.yaml"),
    "rates": Overlays("demo.yaml", "demo_rates.yaml"),
}
PAIRS = {
    "experiment": ("tunedadamw", "tunedlion"),
    "demo": ("tunedadamw", "tunedlion"),
    "rates": ("adamw", "lion"),
}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "target", "expected"),
    [
        # 6 searches of 16 trials and the untuned one; 3 backbones x 4 treatments x 5 seeds.
        ("experiment", "paper/main.pdf", {"train_trial": 6 * 17, "train_epoch": 60 * 3}),
        ("demo", "paper/main.pdf", {"train_trial": 6 * 5, "train_epoch": 12 * 2}),
        # The untuned one is of the grid; each may be trained for as many epochs as the demo has.
        ("rates", "searches", {"train_trial": (2 * 4 + 4 * 3) * 3, "train_epoch": 0}),
    ],
)
def test_each_plans_its_trials_and_what_is_trained_by_their_choice(
    tmp_path, name, target, expected
):
    planned = OVERLAYS[name].jobs(tmp_path, target)
    assert {rule: planned.get(rule, 0) for rule in expected} == expected


@pytest.mark.slow
@pytest.mark.parametrize("name", OVERLAYS)
def test_each_is_audited(tmp_path, name):
    OVERLAYS[name].audit(tmp_path)


@pytest.mark.parametrize("name", ["experiment", "demo"])
def test_a_tuned_training_has_the_settings_of_the_untuned_one_but_for_what_is_searched(name):
    config = OVERLAYS[name].plan.config
    for model in config["grid"]["models"]:
        for optimizer in ("adamw", "lion"):
            untuned, tuned = (
                training_settings(config, model, f"{each}{optimizer}") for each in ("", "tuned")
            )
            assert tuned == untuned


@pytest.mark.parametrize("name", OVERLAYS)
def test_both_optimizers_look_as_far_around_what_they_are_told_to_have(name):
    plan = OVERLAYS[name].plan
    for model in plan.models:
        spaces = [plan.search.space(model, optimizer) for optimizer in PAIRS[name]]
        assert spaces[0].keys() == spaces[1].keys()
        for key in spaces[0]:
            wide = [_ends(each[key]) for each in spaces]
            assert wide[0][1] / wide[0][0] == pytest.approx(wide[1][1] / wide[1][0], rel=0.1)
            # As Lion's authors advise: lower rates, and higher decays.
            assert (wide[0][0] > wide[1][0]) == (key == "learning_rate")
            for optimizer, (low, high) in zip(PAIRS[name], wide, strict=True):
                own = training_settings(plan.config, model, optimizer)[key]
                assert low <= own <= high, (model, optimizer, key)


def _ends(tried):
    return (min(tried), max(tried)) if isinstance(tried, list) else (tried["low"], tried["high"])
