"""What the paper says of contrasts of ladders, and of those that a config names."""

import re
from dataclasses import replace

import pytest

from lionrank.paper.asked import find_asked
from tests.support.papers import facts_of, prose
from tests.support.results import (
    CONTRASTS,
    GRID,
    LABELS_OF_CONTRASTS,
    LADDER,
    LEARNING,
    NOTHING_TRAINED,
    THREE_SIZES,
    experiment,
    made_up_scores,
)
from tests.support.truths import check
from tests.support.worlds import ASKING, build

SECTION = "Contrasts"


@pytest.fixture(params=ASKING, name="world", scope="module")
def _world(request, tmp_path_factory):
    return build(request.param, tmp_path_factory.mktemp("world"))


def test_every_claim_is_what_the_tests_say_and_its_words_agree(world):
    for claim in world.said:
        check(claim, world)
    told = world.said.find("value", what="contrast difference", subsection=SECTION)
    named = [each for each in world.contrasts if each["name"] is not None]
    steps = [each for each in named if each["family"] == "ladder"]
    assert len(told) == len(named) - len(steps) > len(CONTRASTS)
    assert len(world.said.find("count", what="steps of ladders shown")) == bool(steps)


def text_of(folder, grid, spread, **asked):
    made = experiment(folder, made_up_scores(1, grid), grid, spread=spread)
    made = replace(made, **asked)
    found = {each.label: each for each in find_asked(made.compared, grid, LABELS_OF_CONTRASTS)}
    return found, prose(facts_of(made))


@pytest.mark.parametrize("spread", [0.0001, 0.3])
def test_equivalence_is_said_as_such_and_only_where_it_is_shown(tmp_path, spread):
    alike = {"alike": CONTRASTS["alike"] | {"margin": 0.9 if spread < 0.1 else 0.001}}
    found, text = text_of(tmp_path, GRID, spread, contrasts=alike)
    assert found["Lion beside AdamW"].tested.significant == (spread < 0.1)
    words = (
        "its sides are no more than" if spread < 0.1 else "its sides are not shown to be no more"
    )
    assert words in text
    assert "significantly above" not in text[text.index("Lion beside AdamW is") :][:300]
    assert "schuirmann1987comparison" in text


def test_a_slope_of_two_models_is_said_to_be_a_difference_of_differences(tmp_path):
    for ladder, models in ((LADDER, "MiniLM and GTE"), (THREE_SIZES, "MiniLM, GTE and ModernBERT")):
        folder = tmp_path / ladder.name
        _, text = text_of(folder, GRID, 0.1, ladders=[ladder])
        label = {"bert": r"BERT \& Co.", "three": "All 3"}[ladder.name]
        assert re.search(
            rf"{re.escape(label)}: Lion .* AdamW has a slope of .* over {models} ", text
        )
        assert ("a difference of differences" in text) == (ladder is LADDER)


def test_a_step_of_a_ladder_names_both_models_with_what_they_learn(tmp_path):
    found, text = text_of(tmp_path, LEARNING, 0.1, ladders=[LADDER])
    steps = [each for each in found.values() if each.record["family"] == "ladder"]
    assert steps
    for each in steps:
        assert each.label.startswith("MiniLM with ") and " GTE with " in each.label
        assert (each.claim, each.margin) == ("not_below", LADDER.margin)
    assert r"no more than \num{0.05} below the next larger one with binary cross-entropy" in text
    assert "schuirmann1987comparison" not in text


def test_systems_of_others_may_be_asked_about_where_nothing_was_trained(tmp_path):
    alike = {"alike": CONTRASTS["alike"] | {"weights": {"l6": 1, "authors": -1}}}
    found, text = text_of(tmp_path, NOTHING_TRAINED, 0.1, contrasts=alike)
    assert found["Lion beside AdamW"].of == ["l6"]
    assert r"Lion beside AdamW is \num{" in text
    assert "Development Data Where None" not in text


def test_where_nothing_is_asked_there_is_no_trace_of_it(tmp_path):
    found, text = text_of(tmp_path, GRID, 0.1)
    assert not found
    assert "contrasts.tex" not in text and r"\subsection{Contrasts}" not in text
    assert "one-sided" not in text
