"""What the paper says of contrasts of ladders, and of those that a config names."""

import re
from dataclasses import replace

import pytest

from lionrank.config.contrasts import OF_LADDERS
from lionrank.evaluation import comparisons
from lionrank.paper.asked import find_asked
from tests.support.papers import facts_of, prose, source_of
from tests.support.results import (
    CONTRASTS,
    GRID,
    LABELS_OF_CONTRASTS,
    LADDER,
    LEARNING,
    NOTHING_TRAINED,
    THREE_SIZES,
    TWO_TEST_SETS,
    experiment,
    made_up_scores,
)
from tests.support.said import Said
from tests.support.scored import scored_experiment, told_of, with_scorings
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


def test_abstract_and_conclusion_say_which_of_the_planned_contrasts_are_shown(world):
    planned = [
        each
        for each in comparisons.of_names(world.contrasts)
        if each["family"] not in OF_LADDERS and each["p_holm"] < world.alpha
    ]
    for section in ("abstract", "Conclusion"):
        assert world.said.one("count", what="planned contrasts", section=section)
        shown = world.said.find("count", what="contrasts shown", section=section)
        assert len(shown) == len(planned)


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


def test_a_contrast_of_two_scorings_is_told_once_and_without_a_test_set(tmp_path):
    weights = {"gte_lion@docs_full": 1, "minilm_lion@docs_max": -1}
    asked = {"interaction": CONTRASTS["interaction"] | {"weights": weights}}
    made = scored_experiment(tmp_path, with_scorings(), seed=1)
    made = replace(made, contrasts=asked | {"alike": CONTRASTS["alike"]})
    found = list(find_asked(made.compared, made.grid, LABELS_OF_CONTRASTS))
    (between,) = [each for each in found if each.between_test_sets]
    assert (between.of, between.against) == (["gte_lion"], ["minilm_lion@docs_max"])
    facts = facts_of(made, by_depth=[], **told_of(made))
    text = prose(facts)
    told = rf"Interaction of 100\% is \num{{{between.tested.difference:.4f}}} in nDCG@10 (interval"
    assert text.count("Interaction of") == text.count(told) == 1
    # The other is tested on every test set, and told of the first.
    assert text.count("Lion beside AdamW is") == 1
    said = Said.read(source_of(facts)).find("value", what="contrast difference")
    assert sorted(claim.of for claim in said) == [["gte_lion"], ["minilm_lion"]]


def test_a_contrast_that_is_not_tested_by_the_primary_measure_says_where_it_is(tmp_path):
    made = experiment(tmp_path, made_up_scores(1), GRID, TWO_TEST_SETS)
    made = replace(made, contrasts={"alike": CONTRASTS["alike"]})
    asked = list(find_asked(made.compared, GRID, LABELS_OF_CONTRASTS))
    elsewhere = [each for each in asked if each.record["test_set"] == "given"]
    assert elsewhere and len(asked) > len(elsewhere)
    text = prose(facts_of(made, asked=elsewhere))
    assert re.search(r"Lion beside AdamW is \S+ in MRR@10 on Given \(interval", text)


def test_where_nothing_is_asked_there_is_no_trace_of_it(tmp_path):
    found, text = text_of(tmp_path, GRID, 0.1)
    assert not found
    assert "contrasts.tex" not in text and r"\subsection{Contrasts}" not in text
    assert "one-sided" not in text
