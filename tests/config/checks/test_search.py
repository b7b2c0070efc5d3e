"""Mistakes about searches: each stops with one line that names the key."""

import pytest

from lionrank.config.check import check
from lionrank.errors import UserError
from tests.support.configs import CONFIG, SCHEMA, SOURCES, overlaid, refusal
from tests.support.searches import SEARCHED


def _space(entry: str) -> str:
    return f"search: {{spaces: {{tunedlion: {{{entry}}}}}}}"


@pytest.mark.parametrize(
    ("overlay", "message"),
    [
        (
            "search: {sampler: tpe}",
            "search.sampler: unknown value 'tpe'; known: quasi_random, grid",
        ),
        ("search: {trials: 0}", "search.trials: 0 is less than"),
        ("search: {share: 0}", "search.share: 0 is less than or equal"),
        ("search: {keep: 1.5}", "search.keep: 1.5 is greater than"),
        ("search: {keep: 0.5}", "search.keep: 0.5 of the trials would go on after their first"),
        ("search: {trails: 3}", "search: unknown key 'trails'; did you mean 'trials'?"),
        ("search: {spaces: {tunedlino: {weight_decay: [0]}}}", "did you mean 'tunedlion'?"),
        (_space("lerning_rate: [1]"), "unknown key 'lerning_rate'; did you mean 'learning_rate'?"),
        (_space("max_length: [8]"), "spaces.tunedlion: unknown key 'max_length'"),
        ("search: {spaces: {lion: {}}}", "search.spaces.lion: {} should be non-empty"),
        (_space("weight_decay: []"), "tunedlion.weight_decay: [] should be non-empty"),
        (_space("weight_decay: [1, 1.0]"), "tunedlion.weight_decay: [1, 1.0] has non-unique"),
        (_space("weight_decay: 1"), "weight_decay: expected a list or keys with values, found"),
        (_space("learning_rate: [0]"), "tunedlion.learning_rate.0: 0 is less than or equal"),
        (_space("weight_decay: [1e-3]"), "expected a number, found the text '1e-3'; YAML reads"),
        (_space("warmup: {low: 0}"), "tunedlion.warmup: the key 'high' is missing"),
        (_space("warmup: {low: 0, high: 1}"), "tunedlion.warmup.high: a range is one of shares"),
        (_space("warmup: [0, 1.5]"), "tunedlion.warmup: 1.5 is neither a share below 1 nor"),
        (_space("weight_decay: {low: 1, high: 1}"), "weight_decay: low (1) is not below high (1)"),
        (_space("weight_decay: {low: 0, high: 1, log: true}"), "low: 0 has no logarithm"),
        (_space("max_grad_norm: {low: 0, high: 1}"), "max_grad_norm.low: 0 is no max_grad_norm"),
        (_space("global_batch_size: {low: 1.5, high: 9}"), "1.5 to 9 is no range of whole numbers"),
        (_space("schedule: [none, linaer]"), "schedule.1: unknown value 'linaer'; did you mean"),
        (_space("betas: [[0.9, 1.0]]"), "betas.0.1: 1.0 is greater than or equal"),
        ("search: {dev_sets: []}", "search.dev_sets: [] should be non-empty"),
        ("search: {dev_sets: [dl19]}", "search.dev_sets: 'dl19' is a test set, and settings must"),
        (
            "search: {dev_sets: [nano_nqq]}",
            "'nano_nqq' is not in grid.dev_sets; did you mean 'nano",
        ),
        ("search: {dev_sets: [pydocs_dev]}", "'pydocs_dev' is not in grid.dev_sets; known: nano"),
        ("grid: {dev_sets: []}", "grid.dev_sets: without any there is nothing to choose settings"),
        (
            "search: {sampler: grid}",
            "learning_rate of minilm and tunedadamw: a grid has no ranges: list its values",
        ),
        (
            "search: {spaces: {minilm_lion: {warmup: [0]}}}",
            "lion is searched with other models and not with gte: add gte_lion, or lion for",
        ),
        (
            "search: {spaces: {lion: {schedule: [none, linear, cosine]}}}",
            "search.trials: 4, and the space of minilm and lion has 3 points that differ",
        ),
        (
            "search: {spaces: {lion: {weight_decay: {low: 1.0, high: 1.0001}}}}",
            "search.trials: 4, and the space of minilm and lion has one point",
        ),
        (
            "optimizers: {lion: {class: torch.optim.Rprop}}\n"
            "training: {optimizers: {lion: {weight_decay: 0}}}",
            "weight_decay of minilm and tunedlion: torch.optim.Rprop has none",
        ),
        (
            "optimizers: {sgd: {label: SGD, class: torch.optim.SGD, arguments: {}}}\n"
            "grid: {optimizers: [sgd]}\n"
            "search: {spaces: {sgd: {betas: [[0.9, 0.99], [0.9, 0.9]]}}}",
            "betas of minilm and sgd: optimizers.sgd.arguments has no betas to take the place of",
        ),
    ],
)
def test_a_mistake_is_named(overlay, message):
    assert message in refusal(overlaid(SEARCHED, overlay))


def test_a_batch_holds_an_example_of_the_data():
    lists = """
training_data:
  lists: {collection: msmarco, format: lists, file: ./lists.jsonl, examples: 9, passages: 8,
    held_out: {passages: 0, by: query, seed: 1}}
"""
    overlay = "treatments: {tunedlion: {data: lists}}\n" + _space("global_batch_size: [4, 64]")
    with pytest.raises(UserError, match=r"4 passages are tried, and an example of training_data\."):
        check(overlaid(SEARCHED, lists, overlay), SCHEMA, SOURCES)


def test_grids_have_as_many_points_for_each_treatment_of_a_model():
    grid = "search: {sampler: grid, spaces: {tunedadamw: {learning_rate: [0.1, 0.2, 0.3]}, "
    unequal = grid + "tunedlion: {learning_rate: [0.1, 0.2]}}}"
    with pytest.raises(UserError, match="grids have 3 of tunedadamw and 6 of tunedlion, and bud"):
        check(overlaid(SEARCHED, unequal), SCHEMA, SOURCES)
    equal = grid + "tunedlion: {learning_rate: [0.1]}}}"
    check(overlaid(SEARCHED, equal), SCHEMA, SOURCES)


@pytest.mark.parametrize(
    "overlay",
    [
        "grid: {optimizers: [adamw]}",
        "grid: {models: [], systems: [theirs]}\nsystems: {theirs: {label: T, checkpoint: minilm}}",
        "search: {trials: 1, spaces: {tunedlion: {learning_rate: [0.1], weight_decay: [0.0]}}}",
        "search: {epochs: 3, keep: 0.5, share: 0.1, dev_sets: [nano_nq]}",
        "search: {spaces: {minilm_tunedlion: {schedule: [linear]}}}",
        "search: {spaces: {minilm_lion: {weight_decay: [0.0, 1.0, 2.0, 3.0]},"
        " gte_lion: {weight_decay: [4.0, 1.0, 2.0, 3.0]}}}",
    ],
)
def test_what_is_no_mistake_passes(overlay):
    check(overlaid(SEARCHED, overlay), SCHEMA, SOURCES)


def test_nothing_is_searched_unless_it_is_asked_for():
    assert CONFIG["search"]["spaces"] == {}
