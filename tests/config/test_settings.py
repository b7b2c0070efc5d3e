"""The settings of a training: which layer has the last word; and the digest of a config."""

import copy
import json
import pickle

import pytest

from lionrank.config.settings import brief, canonical, digest, epoch_settings, training_settings
from tests.support.configs import CONFIG, ROOT, overlaid


def test_later_layers_override_earlier_ones():
    config = copy.deepcopy(CONFIG)
    config["training"]["defaults"]["max_length"] = 1
    config["training"]["models"]["gte"] = {"max_length": 2, "weight_decay": 0.2}
    config["training"]["optimizers"]["lion"] = {"max_length": 3}
    config["training"]["models_and_optimizers"]["gte_adamw"] = {"max_length": 4}
    found = {
        (model, optimizer): training_settings(config, model, optimizer)["max_length"]
        for model in ("minilm", "gte")
        for optimizer in ("adamw", "lion")
    }
    assert found == {
        ("minilm", "adamw"): 1,
        ("minilm", "lion"): 3,
        ("gte", "adamw"): 4,
        ("gte", "lion"): 3,
    }
    assert training_settings(config, "gte", "lion")["weight_decay"] == 0.2


def test_a_training_knows_its_optimizer_and_its_number_of_epochs():
    settings = training_settings(CONFIG, "gte", "lion")
    assert settings["epochs"] == 3
    assert settings["optimizer"] == {
        "class": "lionrank.training.optimizers.ForeachLion",
        "arguments": {"betas": [0.9, 0.99]},
    }


@pytest.mark.parametrize(
    ("schedule", "known"),
    [
        ({}, set()),
        ({"warmup": 100}, set()),
        ({"schedule_steps": 900}, set()),
        ({"warmup": 0.1}, {"epochs", "schedule_steps"}),
        ({"warmup": 0.1, "schedule_steps": 900}, {"schedule_steps"}),
        ({"schedule": "linear"}, {"epochs", "schedule_steps"}),
        ({"schedule": "cosine", "warmup": 100, "schedule_steps": 900}, {"schedule_steps"}),
        ({"restarts": "each_epoch"}, set()),
        ({"restarts": "each_epoch", "schedule": "linear", "warmup": 0.1}, {"schedule_steps"}),
    ],
)
def test_an_epoch_knows_how_many_there_are_only_where_a_share_of_them_is_asked_for(schedule, known):
    constant = training_settings(CONFIG, "gte", "lion")
    assert (constant["schedule"], constant["warmup"]) == ("none", 0)
    found = epoch_settings(constant | schedule)
    assert found.keys() & {"epochs", "schedule_steps"} == known


def test_an_epoch_that_restarts_is_the_same_however_many_there_are():
    settings = training_settings(CONFIG, "gte", "lion") | {"schedule": "linear", "warmup": 0.1}
    for restarts, same in (("each_epoch", True), (None, False)):
        three, four = (
            epoch_settings(settings | {"restarts": restarts, "epochs": epochs}) for epochs in (3, 4)
        )
        assert (three == four) is same
        assert three["restarts"] == restarts


def test_the_trainings_of_as_run_have_the_batches_and_runs_of_the_published_checkpoints():
    """As the published checkpoints' step numbers and scripts tell of them."""
    config = overlaid((ROOT / "config" / "as_run.yaml").read_text())
    linear = {"schedule": "linear", "schedule_steps": None, "warmup": 0.1, "learning_rate": 2e-5}
    cosine = {"schedule": "cosine", "schedule_steps": 93_750, "warmup": 0, "learning_rate": 2e-6}
    constant = {"schedule": "none", "schedule_steps": None, "warmup": 0, "learning_rate": 2e-5}
    again = {"restarts": "each_epoch"}
    expected = {
        "minilm_adamw": {"global_batch_size": 512, "restarts": None, **linear},
        "minilm_lion": {"global_batch_size": 256, **again, **linear},
        "gte_adamw": {"global_batch_size": 128, "restarts": None, **linear},
        # Not known; that of minilm_lion is taken.
        "gte_lion": {"global_batch_size": 256, **again, **linear},
        "modernbert_adamw": {"global_batch_size": 192, "restarts": None, **constant},
        "modernbert_lion": {"global_batch_size": 192, "restarts": None, **cosine},
    }
    for name, own in expected.items():
        settings = training_settings(config, *name.split("_"))
        assert {key: settings[key] for key in own} == own, name
        assert settings["epochs"] == 3


def test_an_epoch_does_not_know_when_its_training_stops_and_in_which_order_keys_are():
    settings = training_settings(CONFIG, "gte", "adamw")
    arguments = dict(reversed(settings["optimizer"]["arguments"].items()))
    other = settings | {
        "early_stopping": 1,
        "optimizer": settings["optimizer"] | {"arguments": arguments},
    }
    assert repr(epoch_settings(other)) == repr(epoch_settings(settings))


def test_the_digest_is_of_what_a_config_says_and_not_of_its_order():
    config = {"a": 1, "b": {"c": 2, "d": [1, 2]}}
    same = {"b": {"d": [1, 2], "c": 2}, "a": 1}
    assert digest(config) == digest(same)
    assert canonical(config) == canonical(same) == b'{"a":1,"b":{"c":2,"d":[1,2]}}'
    assert digest(config | {"a": 2}) != digest(config)


@pytest.mark.parametrize("value", [CONFIG, [CONFIG, CONFIG], {}, []])
def test_a_large_param_is_what_it_was_and_has_a_short_text_that_changes_with_it(value):
    param = brief(value)
    sent = pickle.loads(pickle.dumps(param))
    assert sent == param == value
    assert json.dumps(sent) == json.dumps(value)
    assert repr(sent) == repr(param) and len(repr(param)) < 100
    other = [*value, 1] if isinstance(value, list) else value | {"a": 1}
    assert repr(brief(other)) != repr(param)
