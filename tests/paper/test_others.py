"""What the prose says of systems that were not trained here, and where nothing was."""

import re
from pathlib import Path

import pytest

from lionrank.config.plan import Plan
from lionrank.errors import UserError
from lionrank.grid import Grid
from lionrank.measures import PRIMARY
from tests.support.configs import CONFIG
from tests.support.papers import CLAIMS, facts_of, findings_of, prose
from tests.support.published_as_measured import STUDY
from tests.support.results import (
    BESIDE_OTHERS,
    NOTHING_TRAINED,
    OTHERS,
    RANKED,
    TWO_TEST_SETS,
    experiment,
    made_up_scores,
)
from tests.support.said import ORDERS
from tests.support.truths import check
from tests.support.worlds import WITH_OTHERS, build

BESIDE = [name for name, grid in WITH_OTHERS.items() if grid.trainings()]
ALONE = [name for name in WITH_OTHERS if name not in BESIDE]


@pytest.fixture(params=WITH_OTHERS, name="world", scope="module")
def _world(request, tmp_path_factory):
    return build(request.param, tmp_path_factory.mktemp("world"))


def test_every_claim_is_what_the_tables_say_and_its_words_agree(world):
    assert len(world.said) > 15
    for claim in world.said:
        check(claim, world)


def test_the_systems_of_others_are_told_apart_from_ours(world):
    text = prose(facts_of(world.made, world.logged, efficiency=world.costs, **world.others))
    assert "trained here" in text and r"$^\ddagger$" in text
    assert r"MiniLM-L6 v2 and The Authors' GTE \& Lion are checkpoints of others" in text
    assert "SPLADE comes as a run file" in text
    for label in ("tab:between", "fig:systems"):
        assert text.count(rf"\label{{{label}}}") == 1 and rf"\ref{{{label}}}" in text


@pytest.mark.parametrize("name", BESIDE)
def test_beside_ours_the_best_of_others_is_named_and_compared(tmp_path, name):
    said = build(name, tmp_path).said
    for section in ("abstract", "Results", "Conclusion"):
        here = said.find(section=section)
        best = here.one("best", measure="score of systems of others").systems
        assert here.find(*ORDERS, left=best[0])
    results = said.find(subsection="Beside systems of others")
    results.one("count", what="systems of others above bm25", total=3)
    results.one("count", what="systems of others significantly above bm25", total=3)
    results.one("count", what="significant systems", total=4 * 3)
    # Ours are counted alone.
    ours = said.find("count", what="checkpoints above bm25", models=None)
    assert {claim.total for claim in ours} == {12}
    assert said.one("count", what="trainings significantly above bm25").total == 4


@pytest.mark.parametrize("name", ALONE)
def test_where_nothing_is_trained_systems_are_compared_and_no_training_is_told_of(tmp_path, name):
    world = build(name, tmp_path)
    for section in ("abstract", "Results", "Conclusion"):
        here = world.said.find(section=section)
        best = here.one("best", measure=PRIMARY).systems
        assert here.one(*ORDERS, right="bm25").left == best[0]
    world.said.one("count", what="systems above bm25", total=3, section="Results")
    world.said.one("count", what="systems significantly above bm25", total=3)
    world.said.one("count", what="significant systems", total=3)
    ours = [claim for claim in world.said if claim.section != "Published Claims"]
    assert not [claim for claim in ours if claim.left == "lion" or claim.models]
    text = prose(facts_of(world.made, **world.others))
    taken = set(re.findall(r"\\(?:input|includegraphics)\{(\S+)\}", text))
    config = CONFIG | {
        "grid": CONFIG["grid"] | {"models": [], "systems": ["l6", "authors"]},
        "systems": {name: {"label": name, "checkpoint": "a/b"} for name in ("l6", "authors")},
    }
    assert taken == set(Plan(config, Path(), {}, {"lion": STUDY}).paper.parts())
    referred = set(re.findall(r"\\ref\{(\S+?)\}", text))
    assert referred <= set(re.findall(r"\\label\{(\S+?)\}", text))
    for absent in (
        "We train two",
        "checkpoint reaches",
        "chosen epoch",
        "Development Data",
        "seeds",
    ):
        assert absent not in text
    assert "We train nothing" in text


def test_claims_are_told_to_be_about_systems_of_others(tmp_path):
    made = experiment(tmp_path, made_up_scores(1, BESIDE_OTHERS), BESIDE_OTHERS)
    text = prose(facts_of(made, claims=CLAIMS | {"not_trained_here": {"GTE + Lion": "authors"}}))
    said = r"Not trained here are GTE + Lion (here The Authors' GTE \& Lion$^\ddagger$)."
    assert said in text


def test_a_system_without_a_run_file_is_in_no_column_of_its_test_set(tmp_path):
    scores = made_up_scores(1, NOTHING_TRAINED) | {"splade": 0.9}
    made = experiment(tmp_path, scores, NOTHING_TRAINED, TWO_TEST_SETS)
    on_other = next(each for each in made.results.scores if each.test_set == "given")
    assert "splade" not in made.results.scores[on_other]
    assert findings_of(made).best == ["splade"]
    facts = facts_of(made)
    assert facts["best"]("recip_rank_10", "given") != "SPLADE"
    with pytest.raises(UserError, match="no system on given is named 'splade'"):
        facts["value"]("splade", "recip_rank_10", "given")


def test_without_any_run_file_on_the_first_test_set_there_is_no_paper(tmp_path):
    given = Grid.build({}, {}, (), systems={"splade": OTHERS["splade"]}, first_stages=RANKED)
    made = experiment(tmp_path, {"bm25": 0.4}, given)
    with pytest.raises(UserError, match="none of splade has a run file on pydocs, the first"):
        findings_of(made)
