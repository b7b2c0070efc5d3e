"""What is evaluated and chosen by, as a config has it."""

import pytest

from lionrank.config.check import check
from lionrank.errors import UserError
from tests.support.configs import SCHEMA, SOURCES, overlaid

LISTS = """
grid: {{dev_sets: [], optimizers: [{}]}}
training_pairs: {{held_out: {{pairs: {}}}}}
training_data:
  lists:
    collection: msmarco
    format: lists
    file: data/lists.jsonl
    passages: 8
    examples: 100
    held_out: {{passages: {}, by: query, seed: 12}}
treatments:
  distilled: {{label: Distilled, optimizer: adamw, objective: bce, data: lists}}
"""


@pytest.mark.parametrize(
    ("optimizers", "pairs", "passages", "lacking"),
    [
        ("adamw, distilled", 100, 0, r"training_data\.lists\.held_out\.passages"),
        ("adamw, distilled", 0, 80, r"training_pairs\.held_out\.pairs"),
        ("distilled", 100, 0, r"training_data\.lists\.held_out\.passages"),
    ],
)
def test_without_dev_sets_some_of_all_that_is_learnt_from_is_held_out(
    optimizers, pairs, passages, lacking
):
    with pytest.raises(UserError, match=rf"grid\.dev_sets: without any, and without {lacking}"):
        check(overlaid(LISTS.format(optimizers, pairs, passages)), SCHEMA, SOURCES)


@pytest.mark.parametrize(
    ("optimizers", "pairs", "passages"),
    [("adamw, distilled", 100, 80), ("distilled", 0, 80), ("adamw", 100, 0)],
)
def test_of_what_nothing_learns_from_nothing_need_be_held_out(optimizers, pairs, passages):
    check(overlaid(LISTS.format(optimizers, pairs, passages)), SCHEMA, SOURCES)
