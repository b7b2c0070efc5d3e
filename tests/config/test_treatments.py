"""Treatments: an optimizer, an objective and training data by one name."""

from itertools import product

import pytest

from lionrank.config.check import check
from lionrank.config.plan import Plan
from lionrank.config.settings import epoch_settings, training_settings
from lionrank.config.treatments import (
    FROM_RELEVANCE,
    FROM_SCORES,
    LOSSES,
    Recipe,
    treatment,
    treatments,
)
from lionrank.training import losses
from tests.support.configs import CONFIG, ROOT, SCHEMA, SOURCES, overlaid
from tests.support.treated import TREATED

CHANGED = overlaid(TREATED)


def test_an_optimizer_is_a_treatment_with_bce_on_the_training_pairs():
    assert treatments(CONFIG) == {
        "adamw": Recipe("AdamW", "adamw", "bce", "pairs"),
        "lion": Recipe("Lion", "lion", "bce", "pairs"),
    }
    assert [*treatments(CHANGED)] == ["adamw", "lion", "infonce", "ranknet"]
    assert treatment(CHANGED, "ranknet") == Recipe("RankNet", "lion", "ranknet", "given")
    assert {name: treatment(CHANGED, name) for name in treatments(CHANGED)} == treatments(CHANGED)


@pytest.mark.parametrize("optimizer", ["adamw", "lion"])
@pytest.mark.parametrize("model", ["minilm", "gte", "modernbert"])
def test_an_optimizers_settings_are_those_that_it_has_without_treatments(model, optimizer):
    settings = training_settings(CHANGED, model, optimizer)
    assert settings == training_settings(CONFIG, model, optimizer)
    assert settings["loss"] == "bce"
    assert "loss_arguments" not in epoch_settings(settings)


def test_a_treatment_has_the_loss_of_its_objective_and_its_optimizers_settings():
    infonce, ranknet = (
        training_settings(CHANGED, "minilm", name) for name in ("infonce", "ranknet")
    )
    assert infonce == training_settings(CONFIG, "minilm", "adamw") | {
        "loss": "infonce",
        "loss_arguments": {"temperature": 0.5},
    }
    assert ranknet == training_settings(CONFIG, "minilm", "lion") | {"loss": "ranknet"}
    assert epoch_settings(infonce)["loss_arguments"] == {"temperature": 0.5}


def test_a_treatments_layer_is_between_its_optimizers_and_that_of_a_single_training():
    config = overlaid(
        TREATED,
        """
training:
  optimizers: {adamw: {log_every: 1, weight_decay: 0.1, warmup: 10}}
  treatments: {infonce: {log_every: 2, weight_decay: 0.2}}
  models_and_optimizers: {minilm_infonce: {log_every: 3}}
""",
    )
    check(config, SCHEMA, SOURCES)
    settings = training_settings(config, "minilm", "infonce")
    assert [settings[key] for key in ("log_every", "weight_decay", "warmup")] == [3, 0.2, 10]
    assert training_settings(config, "gte", "infonce")["log_every"] == 2
    assert training_settings(config, "minilm", "adamw")["log_every"] == 1


def test_what_a_model_has_with_an_optimizer_holds_for_each_of_its_treatments_that_says_no_other():
    config = overlaid(
        TREATED,
        """
training:
  optimizers: {adamw: {log_every: 1, weight_decay: 0.1, warmup: 10}}
  treatments: {infonce: {log_every: 3}}
  models_and_optimizers: {minilm_adamw: {log_every: 2, weight_decay: 0.2, warmup: 20}}
""",
    )
    check(config, SCHEMA, SOURCES)
    keys = ("log_every", "weight_decay", "warmup")
    found = {
        each: [training_settings(config, *each)[key] for key in keys]
        for each in product(("minilm", "gte"), ("adamw", "infonce"))
    }
    assert found == {
        ("minilm", "adamw"): [2, 0.2, 20],
        ("minilm", "infonce"): [3, 0.2, 20],
        ("gte", "adamw"): [1, 0.1, 10],
        ("gte", "infonce"): [3, 0.1, 10],
    }
    assert training_settings(config, "minilm", "ranknet")["weight_decay"] != 0.2


def test_a_plan_has_trainings_and_data_of_treatments():
    plan = Plan.read(CHANGED, ROOT)
    assert plan.trainings == [("minilm", name, "") for name in ("adamw", "infonce", "ranknet")]
    assert plan.checkpoints[-1] == "minilm_ranknet_e3"
    assert plan.data == ["pairs", "lists", "given"]
    assert plan.training_data.file("adamw", ".parquet") == "collections/msmarco/pairs.parquet"
    assert plan.training_data.file("infonce", ".held_out.parquet") == (
        "collections/pydocs/lists.held_out.parquet"
    )
    assert plan.trained_on == ["msmarco", "pydocs"]
    assert [plan.training_data.ranking(name) for name in ("lists", "given")] == [
        "retrieval/pydocs/train.trec",
        "theirs.trec",
    ]
    assert plan.training_data.excluded("given") == []
    assert plan.training_data.excluded("lists") == [
        "collections/pydocs/qrels.dev.txt",
        "collections/pydocs/qrels.test.txt",
    ]
    assert plan.paper.grid()["optimizers"] == {
        "adamw": "AdamW",
        "infonce": "InfoNCE",
        "ranknet": "RankNet",
    }


def test_bm25_ranks_training_topics_as_deep_as_examples_are_drawn_from():
    plan = Plan.read(overlaid(TREATED, "training_pairs: {collection: pydocs}"), ROOT)
    pairs = CONFIG["training_pairs"]["negative_depth"]
    assert plan.depth("pydocs", "train") == pairs > 30
    deeper = "training_pairs: {collection: pydocs}\ntraining_data: {lists: {ranks: [1, 500]}}"
    plan = Plan.read(overlaid(TREATED, deeper), ROOT)
    assert plan.depth("pydocs", "train") == 500
    assert plan.depth("pydocs", "test") == CONFIG["retrieval"]["depth"]
    published = "training_data: {lists: {collection: msmarco, ranks: [1, 50]}}"
    plan = Plan.read(overlaid(TREATED, published), ROOT)
    assert plan.depth("msmarco", "train") == 50 < pairs


def test_an_experiment_of_treatments_alone_needs_no_training_pairs():
    plan = Plan.read(overlaid(TREATED, "grid: {optimizers: [infonce]}"), ROOT)
    assert plan.data == ["lists"] and plan.trained_on == ["pydocs"]
    assert plan.training_data.files(".json") == ["collections/pydocs/lists.json"]


def test_the_config_knows_the_losses_as_they_are():
    assert {*LOSSES} == losses.LOSSES.keys()
    assert {*FROM_RELEVANCE} == {n for n, loss in losses.LOSSES.items() if loss.needs_relevant}
    assert {*FROM_SCORES} == {
        name for name, loss in losses.LOSSES.items() if losses.LABELS not in loss.learns_from
    }
