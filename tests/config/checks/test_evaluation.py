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


AVERAGES = """
grid: {test_sets: [dl19, dl20, marco_qa_dev]}
averages: {deep: {label: Deep Learning, test_sets: [dl19, dl20]}}
paper: {columns: [{test_set: deep, metrics: [ndcg_cut_10, map]}]}
comparisons: {measures: [{test_set: deep, metric: map}]}
"""


def test_columns_and_measures_may_be_of_averages():
    check(overlaid(AVERAGES), SCHEMA, SOURCES)


@pytest.mark.parametrize(
    ("overlay", "message"),
    [
        (
            "averages: {deep: {test_sets: [dl19, dl21]}}",
            "averages.deep.test_sets: unknown 'dl21'; did you mean 'dl20'?",
        ),
        (
            "averages: {dl20: {label: Both, test_sets: [dl19, dl20]}}",
            "'dl20' is the name of a test",
        ),
        ("averages: {deep: {test_sets: [dl19]}}", "averages.deep.test_sets"),
        ("averages: {deep: {test_sets: [dl19, dl19]}}", "averages.deep.test_sets"),
        (
            "averages: {deep: {label: TREC DL 2019}}",
            "averages.deep.label: 'TREC DL 2019' is the label of test_sets.dl19 as well",
        ),
        (
            "comparisons: {measures: [{test_set: deeep, metric: map}]}",
            "comparisons.measures: unknown 'deeep'; did you mean 'deep'?",
        ),
        ("paper: {claims_on: {dl19: deep}}", "paper.claims_on.dl19: unknown 'deep'"),
        ("grid: {test_sets: [dl19, deep]}", "grid.test_sets: unknown 'deep'"),
    ],
)
def test_an_average_is_of_two_known_test_sets_or_more_and_none_itself(overlay, message):
    with pytest.raises(UserError) as refused:
        check(overlaid(AVERAGES, overlay), SCHEMA, SOURCES)
    assert message in str(refused.value)
