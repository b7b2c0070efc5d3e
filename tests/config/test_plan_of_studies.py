"""What the claims of a published study are decided by."""

from lionrank.config.plan import Plan
from tests.support.configs import ROOT, overlaid

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
