"""What the claims of a published study are decided by."""

from dataclasses import replace

from lionrank.config.plan import Plan
from tests.support.configs import ROOT, overlaid
from tests.support.plans import PLAN
from tests.support.searches import SEARCHED

GIVEN = ("adamw", "lion")
NOTHING = {"parameters": [], "data": [], "overlap": []}


def test_claims_are_decided_by_the_records_of_what_their_study_tells_of():
    plan = Plan.read(overlaid("paper: {studies: [lion, objectives, sizes]}"), ROOT).published
    assert plan.records("lion") == NOTHING
    assert plan.records("sizes") == NOTHING | {"parameters": ["results/parameters.json"]}
    assert plan.records("objectives") == {
        "parameters": ["results/parameters.json"],
        "data": ["collections/msmarco/pairs.json"],
        "overlap": ["results/overlap.json"],
    }


def test_without_trainings_there_are_no_records_of_data():
    given = "{label: Given, run_files: {dl19: given.trec}}"
    alone = f"{{grid: {{models: [], systems: [given]}}, systems: {{given: {given}}}}}"
    plan = Plan.read(overlaid(alone, "paper: {studies: [objectives]}"), ROOT).published
    assert plan.records("objectives")["data"] == []


def test_searched_settings_are_set_beside_published_ones_only_where_none_were_given():
    lion = {f"{model}_{name}": f"{model}_{name}" for model in PLAN.models for name in GIVEN}
    assert PLAN.published.alike("lion") == lion
    both = Plan.read(overlaid(SEARCHED, "grid: {optimizers: [adamw, lion, tunedlion]}"), ROOT)
    named = {f"{model}_{name}": f"{model}_{name}" for model in both.models for name in GIVEN}
    assert both.published.alike("lion") == named
    alone = Plan.read(overlaid(SEARCHED, "grid: {optimizers: [adamw, tunedlion]}"), ROOT)
    assert alone.published.alike("lion")["gte_tunedlion"] == "gte_lion"


def test_where_a_study_does_not_say_from_which_grade_on_it_counts_that_is_said():
    plan = Plan.read(overlaid("{}"), ROOT)
    lion = plan.studies["lion"]
    silent = {name: replace(each, level=None) for name, each in lion.test_sets.items()}
    of_silent = replace(plan, studies={"lion": replace(lion, test_sets=silent)}).published
    compared = of_silent.compared()["lion"]
    assert [each["metric"] for each in compared["measures"]] == ["ndcg_cut_10"]
    assert compared["apart"][0] == (
        "MAP on TREC DL 2019 does not say from which grade on it counts there"
    )


def test_no_published_value_stands_beside_one_of_documents_with_a_scoring():
    scored = """
    scorings: {best: {label: MaxP, aggregation: max_p, window: 128, stride: 64}}
    test_sets: {dl19: {scoring: best}}
    """
    compared = Plan.read(overlaid(scored), ROOT).published.compared()["lion"]
    assert {each["test_set"] for each in compared["measures"]} <= {"marco_qa_dev"}
    assert "nDCG@10 on TREC DL 2019 is of documents scored by MaxP here" in compared["apart"]
