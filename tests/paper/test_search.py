"""What the paper says of the search for settings, however it ended."""

from dataclasses import replace

import pytest

from lionrank.grid import Model
from tests.support.choices import search_of
from tests.support.papers import facts_of, prose, source_of
from tests.support.results import TUNED, experiment, made_up_scores
from tests.support.said import Said
from tests.support.truths import Truths
from tests.support.worlds import SEARCHED, build

RATES_AND_DECAYS = {"learning_rate": [1e-6, 1e-5], "weight_decay": [0.01, 0.1, 1.0]}
SUMMARIES = ("abstract", "Results", "Threats to Validity")


@pytest.fixture(params=SEARCHED, name="world", scope="module")
def _world(request, tmp_path_factory):
    return build(request.param, tmp_path_factory.mktemp("world"))


@pytest.fixture(name="truths", scope="module")
def _truths(world):
    return Truths(world)


@pytest.mark.parametrize("section", SUMMARIES)
def test_choices_on_the_edge_are_counted_wherever_the_search_is_told_of(world, truths, section):
    at_edge = any(truths.items("choices on the edge").values())
    here = world.said.find(section=section, what="choices on the edge")
    assert len(here.find("count")) == at_edge
    assert len(here.find("none")) == (section == "Results" and not at_edge)


def test_the_results_name_each_choice_on_the_edge_with_its_setting(world, truths):
    edges = {
        f"{side} edge of {key}"
        for choice in truths.choices().values()
        for key, side in choice.edges.items()
    }
    here = world.said.find("best", subsection="What the search chose")
    assert {each.measure for each in here if "edge" in each.measure} == edges


@pytest.mark.parametrize("section", ["abstract", "Threats to Validity"])
def test_a_search_that_found_nothing_better_than_the_untuned_settings_is_said(
    world, truths, section
):
    in_vain = any(truths.tuned("below").values())
    here = world.said.find(section=section, what="choices below the untuned settings")
    assert len(here) == in_vain
    named = world.said.find("best", measure="choices below the untuned settings")
    assert len(named) == in_vain


def test_trials_that_diverged_are_counted(world, truths):
    claim = world.said.one(what="trials diverged")
    assert claim.total == sum(choice.budget["trials"] for choice in truths.choices().values())
    halved = any(choice.budget["keep"] < 1 for choice in truths.choices().values())
    assert len(world.said.find(what="trials stopped")) == halved


def told(folder, grid, **how):
    """Return the prose of a paper of a grid in which settings were searched so."""
    made = experiment(folder, made_up_scores(1, grid), grid)
    return prose(facts_of(made, search=search_of(folder, grid, **how)))


def test_no_settings_are_called_given_where_all_were_searched(tmp_path):
    alone = {name: TUNED.optimizers[name] for name in ("tunedadamw", "tunedlion")}
    text = told(tmp_path, replace(TUNED, optimizers=alone))
    assert "The settings of all trainings were searched" in text
    assert r"\emph{Settings.}" not in text and "A better setting may exist" not in text


def test_the_budget_is_told_as_it_was(tmp_path):
    budget = {"trials": 12, "epochs": 3, "share": 0.25, "keep": 0.5}
    text = told(tmp_path, TUNED, budget=budget)
    assert "A search has twelve trials" in text
    assert r"for three epochs on the same \qty{25}{\percent} of the training" in text
    assert r"the best \qty{50}{\percent} of the trials go on" in text
    whole = told(tmp_path, TUNED, budget=budget | {"share": 1.0, "keep": 1.0})
    assert "for three epochs on all training" in whole and "go on" not in whole


def test_comparisons_that_hang_on_the_number_of_trials_are_counted_and_the_others_decided(
    world, truths
):
    ahead = truths.always_ahead()
    here = world.said.find(what="comparisons that hang on the number of trials")
    assert len(here) == bool(ahead)
    named = world.said.find("best", measure="expected best score with any number of trials")
    assert len(named) == any(ahead.values())


def test_a_search_may_be_of_other_settings_than_another(tmp_path):
    text = told(tmp_path, TUNED, spaces={"gte_tunedlion": {"warmup": [0, 0.1, 500]}})
    assert "Fig.~\\ref{fig:search}" in text


def test_many_choices_on_the_edge_are_counted_by_setting(tmp_path):
    models = tuple(Model(f"m{place}", f"Model-{place}") for place in range(6))
    grid = replace(TUNED, models=models)
    search = search_of(tmp_path, grid, space=RATES_AND_DECAYS, seed=5)
    made = experiment(tmp_path, made_up_scores(1, grid), grid)
    said = Said.read(source_of(facts_of(made, search=search)))
    for side in ("low", "high"):
        claim = said.one("count", what=f"{side} edge of weight_decay")
        at_edge = [each for each in search.searched if each.choice.edges == {"weight_decay": side}]
        assert (claim.count, claim.total) == (len(at_edge), 12)
