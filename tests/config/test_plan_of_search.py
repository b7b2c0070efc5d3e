"""What is searched, by which trials, and where their files lie."""

import pytest

from lionrank.config.plan import Plan
from lionrank.config.settings import epoch_settings, training_settings, with_point
from lionrank.errors import UserError
from lionrank.files import write_json
from lionrank.grid import Grid
from tests.support.configs import ROOT, overlaid
from tests.support.plans import PLAN
from tests.support.searches import SEARCHED


@pytest.fixture(scope="module")
def plan() -> Plan:
    return Plan.read(overlaid(SEARCHED), ROOT)


def test_without_spaces_nothing_is_searched_and_results_do_not_know_of_it():
    search = PLAN.search
    assert (search.searched, search.choices(), search.choice("gte", "lion")) == ([], {}, [])
    assert search.results() == []
    assert not search.trained("gte", "lion")
    assert not any("searched" in recipe for recipe in PLAN.grid()["recipes"].values())


def test_each_search_of_the_grid_has_a_choice(plan):
    names = [f"{model}_tuned{each}" for model in ("minilm", "gte") for each in ("adamw", "lion")]
    files = {name: f"training/{name}.chosen.json" for name in names}
    assert plan.search.choices() == files
    assert plan.search.results() == ["results/search.csv"]
    assert plan.search.choice("gte", "tunedlion") == files["gte_tunedlion"]
    assert plan.search.choice("gte", "lion") == []
    treatments = Grid.build(**plan.grid()).treatments
    assert [each.searched for each in treatments] == [False, False, True, True]
    outside = Plan.read(overlaid(SEARCHED, "grid: {optimizers: [lion, tunedlion]}"), ROOT)
    assert [*outside.search.choices()] == ["minilm_tunedlion", "gte_tunedlion"]


def test_a_training_outside_the_grid_is_searched_where_it_is_asked_for(plan):
    small = Plan.read(overlaid(SEARCHED, "grid: {models: [gte], optimizers: [lion]}"), ROOT)
    assert small.search.searched == []
    assert small.search.trained("minilm", "tunedlion") == plan.search.trained("minilm", "tunedlion")
    assert small.search.choice("minilm", "tunedlion") == "training/minilm_tunedlion.chosen.json"


def test_the_untuned_settings_are_one_trial_more_unless_the_space_has_them(plan):
    search = plan.search
    untuned = search.untuned("gte", "tunedlion")
    assert untuned not in search.trials("gte", "tunedlion")
    assert (
        len(search.trials("gte", "tunedlion")) == 4 == search.budget("gte", "tunedlion")["trials"]
    )
    assert [*search.trained("gte", "tunedlion")] == [*search.trials("gte", "tunedlion"), untuned]
    assert search.point("gte", "tunedlion", untuned) == {
        "learning_rate": 2e-5,
        "weight_decay": 0.01,
    }
    grid = "search: {sampler: grid, spaces: {lion: {weight_decay: [1.0, 0.01]}}}"
    lion = Plan.read(overlaid("grid: {optimizers: [lion]}", grid), ROOT).search
    assert lion.untuned("gte", "lion") in lion.trials("gte", "lion")
    assert len(lion.trained("gte", "lion")) == 2


def test_a_trial_is_a_training_with_its_point_epochs_and_share():
    overlay = "search: {epochs: 2, share: 0.5, spaces: {tunedadamw: {schedule: [linear]}}}"
    config = overlaid(SEARCHED, overlay)
    search = Plan.read(config, ROOT).search
    trial = next(iter(search.trials("gte", "tunedadamw")))
    point = search.point("gte", "tunedadamw", trial)
    own = training_settings(config, "gte", "tunedadamw") | {"epochs": 2, "share": 0.5}
    assert search.settings("gte", "tunedadamw", trial) == epoch_settings(own | point)
    assert search.settings("gte", "tunedadamw", trial)["epochs"] == 2
    assert search.scores("gte", "tunedadamw", trial) == [
        f"training/search/gte_tunedadamw_{trial}_e{epoch}.dev.json" for epoch in (1, 2)
    ]


@pytest.mark.parametrize("restarts", ["null", "each_epoch"])
@pytest.mark.parametrize("steps", ["null", "900"])
def test_a_training_of_a_chosen_point_has_the_settings_that_it_would_have_of_its_own(
    restarts, steps, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    config = overlaid(
        "grid: {models: [gte], optimizers: [lion]}",
        f"training: {{defaults: {{restarts: {restarts}, schedule_steps: {steps}}}}}",
        "search: {sampler: grid, spaces: {lion: {"
        "schedule: [none, linear], warmup: [0, 0.1, 100], betas: [[0.9, 0.99]]}}}",
    )
    search = Plan.read(config, ROOT).search
    given = search.given_settings("gte", "lion", "")
    for point in search.trials("gte", "lion").values():
        write_json(tmp_path / search.chosen_point("gte", "lion"), point)
        own = epoch_settings(with_point(training_settings(config, "gte", "lion"), point))
        assert search.final_settings("gte", "lion", "") == own
        # As the job has it, which knows the point alone.
        assert epoch_settings(with_point(given, point)) == own


def test_the_score_is_of_the_grids_dev_sets_or_of_those_that_are_named(plan):
    assert plan.search.dev_sets == [*plan.dev_sets]
    named = Plan.read(overlaid(SEARCHED, "search: {dev_sets: [nano_nq]}"), ROOT)
    assert named.search.dev_sets == ["nano_nq"]


def test_a_trial_that_there_is_not_is_a_mistake_of_the_user(plan):
    known = ", ".join(plan.search.trained("gte", "tunedlion"))
    with pytest.raises(UserError, match=f"gte_tunedlion has no trial 't00000000'; known: {known}"):
        plan.search.point("gte", "tunedlion", "t00000000")
    with pytest.raises(UserError, match="gte_lion is not searched"):
        plan.search.settings("gte", "lion", "t00000000")
