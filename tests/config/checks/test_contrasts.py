"""Ladders, and contrasts that a config names."""

import pytest

from lionrank.config.check import check
from lionrank.config.contrasts import contrasts, ladders
from lionrank.errors import UserError
from tests.support.configs import SCHEMA, SOURCES, overlaid

GRID = "grid: {models: [minilm, gte]}"
SYSTEMS = """
systems: {l6: {label: L6, checkpoint: l6/of/others}, l12: {label: L12, checkpoint: l12/of/others}}
grid: {systems: [l6]}
"""


SCORINGS = """
scorings:
  max_p: {label: MaxP, aggregation: max_p, window: 64, stride: 32}
  full: {label: Full text, aggregation: full}
test_sets:
  dl19_max_p: {label: MaxP, collection: msmarco, topics: dl19, scoring: max_p}
  dl19_full: {label: Full text, collection: msmarco, topics: dl19, scoring: full}
  unreported: {label: Of none, collection: msmarco, topics: dl19, scoring: full}
grid: {test_sets: [dl19, dl20, dl19_max_p, dl19_full, unreported]}
paper: {columns: [{test_set: dl19_max_p, metrics: [map]}, {test_set: dl19_full, metrics: [map]}]}
"""


def contrast(weights, **more):
    entry = {"label": "What is asked", "weights": weights, **more}
    return f"comparisons: {{contrasts: {{asked: {entry}}}}}".replace("'", "")


GAIN = {"gte_lion": 1, "gte_adamw": -1, "minilm_lion": -1, "minilm_adamw": 1}


@pytest.mark.parametrize(
    "overlay",
    [
        contrast(GAIN),
        contrast({"minilm_lion": 0.5, "gte_lion": 0.5, "first_stage": -1}),
        contrast({"minilm_lion_e1": 1, "minilm_lion": -1}, family="epochs_of_lion"),
        contrast({"l6": 1, "minilm_lion": -1}, claim="not_below", margin=0.01),
        contrast({"minilm_lion": 1, "minilm_adamw": -1}, claim="equivalent", margin=0.005),
        contrast({"minilm_lion@dl19_full": 1, "gte_lion@dl19_max_p": -1}),
        contrast({"minilm_lion": 1, "gte_lion_e2@dl19_full": -1}),
        # Thirds.
        contrast({"l6": 0.3333333333, "gte_lion": 0.6666666667, "gte_adamw": -1}),
    ],
)
def test_a_contrast_is_a_weighted_sum_of_what_the_grid_has(overlay):
    check(overlaid(GRID, SYSTEMS, SCORINGS, overlay), SCHEMA, SOURCES)


PAIR = {"minilm_lion": 1, "minilm_adamw": -1}


@pytest.mark.parametrize(
    ("overlay", "message"),
    [
        (
            contrast({"minilm_lino": 1, "minilm_adamw": -1}),
            "asked.weights: unknown 'minilm_lino'; did you mean 'minilm_lion'?",
        ),
        (
            contrast({"minilm_lion_e4": 1, "minilm_adamw": -1}),
            "asked.weights: unknown 'minilm_lion_e4'; did you mean 'minilm_lion_e3'?",
        ),
        (
            contrast({"modernbert_lion": 1, "minilm_adamw": -1}),
            "asked.weights: modernbert_lion is not in the grid: add it there",
        ),
        (contrast({"l12": 1, "minilm_adamw": -1}), "asked.weights: l12 is not in the grid"),
        (
            contrast({"minilm_lion": 1, "minilm_adamw": -0.5}),
            "asked.weights: they sum to 0.5, and those of a contrast to 0",
        ),
        (
            contrast({"minilm_lion": 1, "minilm_adamw": -1, "l6": 0}),
            "asked.weights.l6: a weight of 0 compares nothing",
        ),
        (contrast({"minilm_lion": 0}), "asked.weights"),
        (
            contrast({"minilm_lion@dl19_fulll": 1, "minilm_lion": -1}),
            "asked.weights.minilm_lion@dl19_fulll: unknown 'dl19_fulll'; did you mean 'dl19_full'?",
        ),
        (
            contrast({"minilm_lion@unreported": 1, "minilm_lion": -1}),
            "minilm_lion@unreported: unreported is in no column of the paper",
        ),
        (
            contrast({"minilm_lion@dl19_full": 1, "minilm_lion@dl20": -1}),
            "asked.weights: dl19_full and dl20 differ in more than their scoring",
        ),
        (contrast(PAIR, margin=0.01), "asked.margin: a difference of any size is tested for"),
        (contrast(PAIR, claim="equivalent"), "asked.margin: equivalent is within which margin?"),
        (
            contrast(PAIR, claim="not_below", margin="null"),
            "asked.margin: not_below is within which margin?",
        ),
        (contrast(PAIR, claim="not_below", margin=0), "asked.margin"),
        (contrast(PAIR, claim="not_above", margin=0.01), "asked.claim"),
        (contrast(PAIR, family="models"), "asked.family: 'models' is the name of a family"),
        (
            "comparisons: {contrasts: {a: {label: Gain, weights: {minilm_lion: 1, l6: -1}}, "
            "b: {label: Gain, weights: {gte_lion: 1, l6: -1}}}}",
            "contrasts.b.label: 'Gain' is the label of comparisons.contrasts.a as well",
        ),
        (
            "ladders: {bert: {label: BERT, models: [minilm, minlim]}}",
            "ladders.bert.models: unknown 'minlim'; did you mean 'minilm'?",
        ),
        ("ladders: {bert: {label: BERT, models: [minilm]}}", "ladders.bert.models"),
        ("ladders: {bert: {label: BERT, models: [gte, gte]}}", "ladders.bert.models"),
        (
            "systems: {first_stage: {label: L6, checkpoint: l6/of/others}}",
            "systems.first_stage: 'first_stage' is what the first stages of all test sets",
        ),
    ],
)
def test_a_mistake_is_named_with_its_key(overlay, message):
    with pytest.raises(UserError) as refused:
        check(overlaid(GRID, SYSTEMS, SCORINGS, overlay), SCHEMA, SOURCES)
    assert message in str(refused.value)


def test_a_contrast_claims_a_difference_in_the_family_of_those_that_are_named():
    [asked] = contrasts(overlaid(contrast(PAIR))).values()
    assert asked == {"weights": PAIR, "claim": "two_sided", "margin": None, "family": "named"}


def test_a_ladder_has_the_models_of_the_grid_if_they_are_two_or_more():
    config = overlaid(
        GRID,
        "ladders: {all: {label: All, models: [minilm, modernbert, gte]}, "
        "two: {label: Two, models: [minilm, modernbert]}}",
    )
    check(config, SCHEMA, SOURCES)
    assert ladders(config) == {"all": ["minilm", "gte"]}
