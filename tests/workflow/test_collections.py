"""config/beir.yaml and config/deep_learning.yaml: collections that are described already."""

import pytest

from lionrank.audit.estimates import reranking_work
from lionrank.config import experiment
from lionrank.config.plan import Plan
from tests.support.configs import ROOT, overlaid
from tests.support.running import jobs, run_overlaid

NAMES = ["beir", "deep_learning"]
PLANS = {
    name: Plan.read(overlaid((ROOT / "config" / f"{name}.yaml").read_text()), ROOT)
    for name in NAMES
}


def test_beir_has_thirteen_sets_with_their_archives_and_indexes():
    plan = PLANS["beir"]
    assert len(plan.test_sets) == 13
    assert {each.depth for each in plan.test_sets.values()} == {100}
    assert plan.config["averages"]["beir13"]["test_sets"] == [*plan.test_sets]
    for each in plan.test_sets.values():
        assert {each.collection, f"{each.collection}_index"} <= {*plan.needed_sources}
    assert not {"msmarco_index", "dl19_topics", "touche_v1"} & {*plan.needed_sources}
    assert plan.sources["touche"].id == "beir/webis-touche2020/v2"


def test_beirs_queries_that_are_documents_are_left_out():
    config = PLANS["beir"].config
    assert all(experiment.removes_query(config, name) for name in ("arguana", "quora"))


def test_deep_learning_has_five_years_on_two_corpora_with_the_same_thresholds():
    plan = PLANS["deep_learning"]
    assert [*plan.test_sets] == ["dl19", "dl20", "dl21", "dl22", "dl23"]
    levels = [experiment.relevance_levels(plan.config, name) for name in plan.test_sets]
    assert levels == [[1, 2]] * 5
    assert {each.collection for each in plan.test_sets.values()} == {"msmarco", "msmarco_v2"}
    assert {"msmarco_index", "msmarco_v2_index"} <= {*plan.needed_sources}


@pytest.mark.parametrize("name", NAMES)
def test_the_audit_knows_the_sizes_of_all_its_test_sets(name):
    config = PLANS[name].config
    for test_set in config["grid"]["test_sets"]:
        work = reranking_work(config, "test_sets", test_set)
        assert None not in work.values()


@pytest.mark.parametrize("name", NAMES)
def test_an_index_of_others_is_no_reason_to_import_a_collection_again(name):
    for entry in PLANS[name].config["collections"].values():
        without = {key: value for key, value in entry.items() if key != "index"}
        assert experiment.corpus_settings(entry) == experiment.corpus_settings(without)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "planned"),
    [
        ("beir", {"prebuilt_index": 13, "import_corpus": 13, "bm25": 13, "candidates": 13}),
        ("deep_learning", {"prebuilt_index": 2, "import_corpus": 1, "bm25": 5, "candidates": 5}),
    ],
)
def test_a_dry_run_plans_their_papers_without_an_index_of_our_own(name, planned, tmp_path):
    overlays = [ROOT / "config" / f"{name}.yaml"]
    told = run_overlaid(tmp_path, "-n", "paper/main.pdf", overlays=overlays)
    assert told.returncode == 0, told.stderr
    counted = jobs(told.stdout + told.stderr)
    assert {rule: counted[rule] for rule in planned} == planned
    assert counted["index"] == 0
