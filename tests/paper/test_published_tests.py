"""What the prose says of the tests of the published differences, whatever they come to."""

from dataclasses import replace

import pytest

from lionrank.evaluation.published import FAMILIES
from tests.support.logs_and_costs import efficiency_of, logged_of
from tests.support.papers import facts_of, prose
from tests.support.published_topics import TOPICS, compared_as_published, compared_of, made_up
from tests.support.results import GRID, RISING, experiment
from tests.support.truths import check
from tests.support.worlds import World

SECTION = "What the published results could have shown"


def few():
    """Return values in which one training is better than all else in one measure."""
    return [
        row
        if (row.model, row.optimizer) != ("gte", "lion")
        else replace(row, values={**row.values, "bpref": 0.99})
        for row in made_up(0.0)
    ]


VALUES = {
    "as published": lambda: TOPICS,
    "all apart": lambda: made_up(0.01),
    "none apart": lambda: made_up(0.0),
    "few apart": few,
    "without noise": lambda: made_up(0.0, noise=0.0),
}


@pytest.fixture(params=VALUES, name="compared", scope="module")
def _compared(request):
    return compared_of(VALUES[request.param]())


@pytest.fixture(name="world", scope="module")
def _world(compared, tmp_path_factory):
    made = experiment(tmp_path_factory.mktemp("results"), RISING | {"bm25": 0.4})
    others = {"published": compared}
    return World(made, logged_of(GRID), efficiency_of(GRID), others)


@pytest.fixture(name="said", scope="module")
def _said(world):
    return world.said.find(section="Published Claims", subsection=SECTION)


def test_every_claim_is_what_the_tests_say_and_its_words_agree(world, said):
    for claim in said:
        check(claim, world)


def test_every_family_is_counted_and_power_is_told(said):
    for family in FAMILIES:
        said.one("count", what=f"significant published {family}")
    for what in (
        *("published topics", "published tests"),
        *("least published detectable", "greatest published detectable"),
    ):
        said.one("value", what=what)
    said.one("count", what="differences below the detectable one as published")


def test_few_significant_differences_are_told_one_by_one_with_what_they_are(compared, said):
    told = [claim.of for claim in said.find("value", what="published difference")]
    assert told == [claim.of for claim in said.find("value", what="published p")]
    expected = []
    for family in FAMILIES:
        significant = [
            [f"{each[side]['training']}_e{each[side]['epoch']}" for side in ("left", "right")]
            for each in compared["contrasts"]
            if each["family"] == family and each["p_holm"] < 0.05
        ]
        expected += significant if len(significant) <= 4 else []
    assert sorted(told) == sorted(expected)


def test_lion_is_above_or_below_adamw_so_often_on_each_backbone(said):
    for word in ("above", "below"):
        found = said.find("count", what=f"lion significantly {word} adamw as published")
        assert [claim.models for claim in found] == [["minilm"], ["gte"]]


def test_what_is_not_significant_is_not_said_to_be_equal(compared, said):
    tests = [each for each in compared["contrasts"] if each["family"] == "optimizers_by_epoch"]
    silent = not any(each["p_holm"] < 0.05 for each in tests)
    assert len(said.find("none", what="significant published optimizers_by_epoch")) == silent
    assert len(said.find("value", what="furthest published bound")) == silent


def test_what_the_table_prints_is_told_beside_a_significant_difference(compared, said):
    told = {(*claim.of, claim.measure) for claim in said.find("value", what="published difference")}
    printed = said.find("value", what="printed published difference")
    of_table = {each for each in told if each[2] in ("MAP", "R-Prec", "P@10")}
    assert {(*claim.of, claim.measure) for claim in printed} == of_table


def test_what_was_published_without_values_of_topics_is_told(tmp_path):
    made = experiment(tmp_path, RISING | {"bm25": 0.4})
    text = prose(facts_of(made, published=compared_as_published()))
    assert "ModernBERT, nDCG@10, Recall@10 and MRR@10 have no published values" in text
