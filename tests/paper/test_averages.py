"""What the paper says of averages over test sets."""

from dataclasses import replace
from itertools import product

import pytest

from lionrank.grid import FirstStage
from lionrank.paper.results import Layout
from tests.support.papers import facts_of, prose, source_of
from tests.support.results import (
    AVERAGED,
    AVERAGED_AT_BEST,
    AVERAGED_SETS,
    BESIDE_OTHERS,
    GRID,
    LAYOUT,
    LEARNING,
    MIXED,
    NOTHING_TRAINED,
    RISING,
    TUNED,
    experiment,
    made_up_scores,
)
from tests.support.said import Said
from tests.support.truths import check
from tests.support.worlds import WITH_AVERAGES, build

SCORES = RISING | {"bm25": 0.4}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return experiment(tmp_path_factory.mktemp("averaged"), SCORES, layout=AVERAGED)


@pytest.fixture(scope="module")
def text(made):
    return prose(facts_of(made))


def test_the_paper_says_what_an_average_is_of_and_its_weights(text):
    assert r"Ranked \& Averaged (Mean over \num{2} Test Sets, Each with the Same Weight," in text
    assert (
        r"Whole (Mean over \num{3} Test Sets, Each with the Same Weight, \num{56} Topics)" in text
    )
    assert r"Ranked \& Averaged is the mean of the scores on pydocs and More, each of which" in text
    assert "Whole is the mean of the scores on pydocs, Given and More, each of which" in text


def test_the_thresholds_of_an_averages_sets_are_said_where_they_differ(text):
    assert r"Count Grades of at Least \num{1} on pydocs and \num{2} on More" in text


def test_the_paper_says_how_averages_are_tested(text):
    for cited in ("davison1997bootstrap", "welch1947generalization", "dror2017replicability"):
        assert cited in text


def test_a_paper_without_averages_tells_of_none(tmp_path):
    plain = prose(facts_of(experiment(tmp_path, SCORES, layout=LAYOUT)))
    assert "Same Weight" not in plain and "davison1997bootstrap" not in plain


def test_authors_may_name_an_average(made):
    facts = facts_of(made)
    for test_set, metric in (("ranked", "map"), ("whole", "ndcg_cut_10")):
        said = facts["value"]("minilm_lion_e1", metric, test_set)
        (measure,) = [c for c in AVERAGED.columns if (c.test_set, c.metric) == (test_set, metric)]
        assert said == f"{made.results.mean(measure, 'minilm_lion_e1'):.4f}"


@pytest.fixture(params=WITH_AVERAGES, name="world", scope="module")
def _world(request, tmp_path_factory):
    return build(request.param, tmp_path_factory.mktemp("world"))


def test_every_claim_is_what_the_tables_say_and_its_words_agree(world):
    assert len(world.said.find(test_set="ranked")) > 10
    for claim in world.said:
        check(claim, world)


def test_each_average_has_its_best_checkpoint_and_its_significant_comparisons_counted(world):
    here = world.said.find(subsection="Averages over test sets")
    for average in ("ranked", "whole"):
        here.one("best", test_set=average)
        here.one("count", what="significant by an average", test_set=average)


def test_each_difference_of_optimizers_by_an_average_is_told_with_the_test_sets_it_wins(world):
    here = world.said.find(subsection="Averages over test sets", test_set="whole")
    pairs = [("lion", "adamw")]
    if "tunedlion" in world.grid.optimizers:
        pairs += [("tunedlion", "tunedadamw"), ("tunedlion", "lion"), ("tunedadamw", "adamw")]
    for model, treatments in product(world.grid.models, pairs):
        pair = [f"{model.name}_{treatment}" for treatment in treatments]
        for what in ("difference", "low", "high", "p"):
            here.one("value", what=f"tested {what}", of=pair)
        for how in ("above", "below", "with a significant difference"):
            won = here.one(what=f"test sets {how}", left=pair[0], right=pair[1])
            assert won.total == 3


def test_an_average_that_nothing_was_compared_by_is_in_the_appendix_only(tmp_path):
    made = experiment(tmp_path, SCORES, GRID, AVERAGED)
    contrasts = [each for each in made.compared["contrasts"] if each["test_set"] == "pydocs"]
    made.__dict__["compared"] = made.compared | {"contrasts": contrasts}
    text = prose(facts_of(made))
    assert "Averages over test sets" not in text and "tables/wins.tex" not in text
    assert "tables/sets.tex" in text


@pytest.mark.parametrize("grid", [GRID, BESIDE_OTHERS, LEARNING, NOTHING_TRAINED, TUNED])
def test_a_paper_that_shows_and_compares_by_averages_alone_claims_what_is_so(tmp_path, grid):
    layout = Layout.build(AVERAGED_SETS, [{"test_set": "ranked", "metrics": ["ndcg_cut_10"]}])
    made = experiment(tmp_path, made_up_scores(2, grid), grid, layout)
    said = Said.read(source_of(facts_of(made)))
    here = said.find(subsection="Averages over test sets")
    assert here.one("best", test_set="ranked")
    assert here.one("count", what="significant by an average").total > 0
    assert not said.find(what="significant optimizers")


def test_chosen_epochs_alone_are_told_by_an_average_of_which_a_test_set_has_no_others(tmp_path):
    made = experiment(tmp_path, made_up_scores(6), GRID, AVERAGED_AT_BEST)
    said = Said.read(source_of(facts_of(made)))
    chosen = {each.checkpoint(made.chosen[each.name]) for each in GRID.trainings()}
    for average in ("ranked", "whole"):
        best = said.one("best", test_set=average, measure="ndcg_cut_10")
        assert {*best.systems} <= chosen


def test_the_table_of_test_sets_says_which_has_which_first_stage_where_they_differ(tmp_path):
    ranked = {"pydocs": FirstStage("bm25", "BM25"), "more": FirstStage("dense", "Dense")}
    grid = replace(GRID, first_stages=ranked)
    made = experiment(tmp_path, made_up_scores(5) | {"dense": 0.25}, grid, AVERAGED)
    sets = prose(facts_of(made)).partition(r"\section{Test Sets}")[2]
    assert "The First Stage Is BM25 on pydocs; Dense on More." in sets


def test_captions_say_which_set_of_an_average_has_which_first_stage(tmp_path):
    grid = replace(GRID, first_stages=MIXED)
    made = experiment(tmp_path, made_up_scores(5, grid), grid, AVERAGED)
    text = prose(facts_of(made))
    # In the table of results, whose columns are averages as well, and in that of test sets.
    where = r"The First Stage Is SPLADE++ on pydocs; All-MiniLM\_L6 on More and Given."
    assert text.count(where) == 2
