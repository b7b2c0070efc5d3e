"""What is read of a choice: the trials, which of them could be chosen, and damage."""

import pytest

from lionrank.config.settings import training_settings
from lionrank.errors import UserError
from lionrank.search.choice import Choice, read_all, with_choices
from tests.support.configs import CONFIG
from tests.support.searches import choice_file


def test_a_choice_is_read_with_all_its_trials(tmp_path):
    choice = Choice.read(choice_file(tmp_path))
    assert choice.best.settings == {"learning_rate": 1e-06}
    assert (choice.best.score, choice.reference.score) == (0.4, 0.2)
    diverged = choice.by_name["t00000002"]
    assert (diverged.scores, diverged.score, diverged.status) == ((0.2, None), None, "diverged")
    assert choice.dev_sets == ("nano_nq",)


def test_the_untuned_trial_could_be_chosen_only_where_the_space_has_it(tmp_path):
    names = [each.trial for each in Choice.read(choice_file(tmp_path)).of_space]
    assert names == ["t00000001", "t00000002"]
    budget = {"trials": 3, "epochs": 2, "share": 0.5, "keep": 1.0}
    assert len(Choice.read(choice_file(tmp_path, budget=budget)).of_space) == 3


def test_choices_are_told_apart_by_their_trainings(tmp_path):
    files = [choice_file(tmp_path, model=model) for model in ("minilm", "gte")]
    found = read_all(files)
    assert {name: choice.model for name, choice in found.items()} == {
        "minilm_tunedlion": "minilm",
        "gte_tunedlion": "gte",
    }


def test_a_damaged_choice_is_named(tmp_path):
    path = choice_file(tmp_path)
    path.write_text('{"model": "minilm"}')
    with pytest.raises(UserError, match=r"minilm_tunedlion\.chosen\.json is damaged"):
        Choice.read(path)


def test_what_was_chosen_takes_the_place_of_the_settings_of_its_training_alone(tmp_path):
    names = ("minilm_lion", "minilm_tunedlion")
    own = {name: training_settings(CONFIG, "minilm", "lion") for name in names}
    found = with_choices(own, [choice_file(tmp_path)])
    assert found["minilm_lion"] == own["minilm_lion"]
    assert found["minilm_tunedlion"] == own["minilm_tunedlion"] | {"learning_rate": 1e-06}
    assert with_choices(own, []) == own
