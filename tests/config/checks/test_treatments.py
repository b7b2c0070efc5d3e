"""Mistakes about treatments: each stops with one line that names the key."""

import pytest

from lionrank.config.check import check
from lionrank.errors import UserError
from tests.support.configs import SCHEMA, SOURCES, overlaid, refusal
from tests.support.treated import TREATED


@pytest.mark.parametrize(
    ("overlay", "message"),
    [
        ("grid: {optimizers: [infonec]}", "grid.optimizers: unknown 'infonec'; did you mean 'inf"),
        (
            "treatments: {infonce: {data: list}}",
            "treatments.infonce.data: unknown 'list'; did you mean 'lists'?",
        ),
        ("treatments: {infonce: {objective: infonec}}", "did you mean 'infonce'?"),
        ("treatments: {infonce: {optimizer: adam}}", "infonce.optimizer: unknown 'adam'; did you"),
        ("treatments: {infonce: {optimizer: ranknet}}", "infonce.optimizer: unknown 'ranknet'"),
        ("treatments: {infonce: {label: AdamW}}", "'AdamW' is the label of optimizers.adamw"),
        (
            "treatments: {infonce: {data: pairs}}",
            "treatments.infonce.data: infonce learns from several passages of a topic",
        ),
        ("treatments: {ranknet: {objective: mse, data: pairs}}", "mse learns from scores, and"),
        (
            "treatments: {gte: {label: A, optimizer: adamw, objective: bce, data: pairs}}",
            "treatments.gte: 'gte' is the name of a model",
        ),
        (
            "treatments: {lion: {label: A, optimizer: adamw, objective: bce, data: pairs}}",
            "treatments.lion: 'lion' is the name of an optimizer",
        ),
        (
            "treatments: {a_b: {label: A, optimizer: adamw, objective: bce, data: pairs}}",
            "treatments: 'a_b' is not a name of",
        ),
        ("objectives: {bce: {loss: hinge}}", "objectives.bce.loss: optimizers are trained with"),
        ("objectives: {infonce: {loss: info_nce}}", "did you mean 'infonce'?"),
        (
            "objectives: {infonce: {arguments: {temprature: 0.1}}}",
            "infonce.arguments: unknown key 'temprature'; did you mean 'temperature'?",
        ),
        (
            "objectives: {infonce: {arguments: {temperature: 0}}}",
            "infonce.arguments.temperature: 0 is less than or equal",
        ),
        (
            "objectives: {infonce: {arguments: {temperature: 1e-1}}}",
            "infonce.arguments.temperature: expected a number, found the text '1e-1'",
        ),
        ("objectives: {infonce: {loss: ranknet}}", "objectives.infonce.arguments: ranknet has no"),
        ("training: {treatments: {infonec: {}}}", "training.treatments: unknown 'infonec'; did"),
        ("training: {optimizers: {infonce: {}}}", "training.optimizers: unknown 'infonce'"),
        ("training: {models_and_optimizers: {gte_infonec: {}}}", "did you mean 'gte_infonce'?"),
        ("training_data: {lists: {collection: pydoc}}", "lists.collection: unknown 'pydoc'; did"),
        ("training_data: {lists: {ranking: bm52}}", "unknown 'bm52'; did you mean 'bm25'?"),
        ("training_data: {lists: {collection: nano_nq}}", "nano_nq has no topics named train"),
        ("training_data: {lists: {ranks: [9, 2]}}", "training_data.lists.ranks: 9 > 2"),
        ("training_data: {lists: {ranks: [0, 2]}}", "training_data.lists.ranks.0: 0 is less than"),
        ("training_data: {lists: {passages: 1}}", "training_data.lists.passages: 1 is less than"),
        ("training_data: {lists: {negatives: all}}", "lists.negatives: unknown value 'all'"),
        ("training_data: {lists: {seeds: 1}}", "training_data.lists: unknown key 'seeds'; did you"),
    ],
)
def test_a_mistake_about_treatments_is_named_in_one_line(overlay, message):
    config = overlaid(TREATED, overlay)
    assert message in refusal(config)


@pytest.mark.parametrize("name", ["pairs", "corpus", "index", "statistics", "triplets"])
def test_no_training_data_have_the_name_of_something_else(name):
    config = overlaid(TREATED)
    config["training_data"][name] = config["training_data"]["lists"]
    with pytest.raises(UserError, match=f"config: training_data.{name}: '{name}' is the name of"):
        check(config, SCHEMA, SOURCES)
