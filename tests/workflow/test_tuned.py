"""The overlays that search: what they train, and that both optimizers are searched alike."""

import pytest

from lionrank.config.plan import Plan
from lionrank.config.settings import training_settings
from tests.support.configs import ROOT, overlaid
from tests.support.running import jobs, run_overlaid

OVERLAYS = {
    "experiment": ["tuned.yaml"],
    "demo": ["demo.yaml", "demo_tuned.yaml"],
    "rates": ["demo.yaml", "demo_rates.yaml"],
}
FILES = {name: [ROOT / "config" / file for file in files] for name, files in OVERLAYS.items()}
PLANS = {
    name: Plan.read(overlaid(*(file.read_text() for file in files)), ROOT)
    for name, files in FILES.items()
}
PAIRS = {
    "experiment": ("tunedadamw", "tunedlion"),
    "demo": ("tunedadamw", "tunedlion"),
    "rates": ("adamw", "lion"),
}


@pytest.fixture
def told(tmp_path):
    def run(name, *targets):
        finished = run_overlaid(tmp_path, *targets, overlays=FILES[name])
        assert finished.returncode == 0, finished.stderr
        return finished.stdout + finished.stderr

    return run


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
def test_each_plans_its_trials_and_what_is_trained_by_their_choice(told, name, target, expected):
    planned = jobs(told(name, "-n", target))
    assert {rule: planned.get(rule, 0) for rule in expected} == expected


@pytest.mark.slow
@pytest.mark.parametrize("name", OVERLAYS)
def test_each_is_audited(told, tmp_path, name):
    told(name, "audit")
    page = (tmp_path / "audit.md").read_text()
    for training in PLANS[name].settings():
        assert f"| {training} | " in page


@pytest.mark.parametrize("name", ["experiment", "demo"])
def test_a_tuned_training_has_the_settings_of_the_untuned_one_but_for_what_is_searched(name):
    config = PLANS[name].config
    for model in config["grid"]["models"]:
        for optimizer in ("adamw", "lion"):
            untuned, tuned = (
                training_settings(config, model, f"{each}{optimizer}") for each in ("", "tuned")
            )
            assert tuned == untuned


@pytest.mark.parametrize("name", OVERLAYS)
def test_both_optimizers_look_as_far_around_what_they_are_told_to_have(name):
    plan = PLANS[name]
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
