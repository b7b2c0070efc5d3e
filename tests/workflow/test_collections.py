"""Overlays with collections that are described already: beir, deep_learning and documents."""

import json
from collections.abc import Iterator

import pytest

from lionrank.audit.estimates import reranking_work
from lionrank.config import evaluation, formats
from lionrank.config.plan import Plan
from lionrank.java import package
from tests.support.audits import SIZES
from tests.support.configs import ROOT, overlaid
from tests.support.running import jobs, run_overlaid

METADATA = json.loads((package("ir_datasets") / "etc" / "metadata.json").read_bytes())
NAMES = ["beir", "deep_learning", "documents"]
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
        assert {each.collection, f"{each.collection}_index"} <= {*plan.downloads.needed}
    assert not {"msmarco_index", "dl19_topics", "touche_v1"} & {*plan.downloads.needed}
    assert plan.sources["touche"].id == "beir/webis-touche2020/v2"


def test_beirs_queries_that_are_documents_are_left_out():
    config = PLANS["beir"].config
    assert all(formats.removes_query(config, name) for name in ("arguana", "quora"))


def test_deep_learning_has_five_years_on_two_corpora_with_the_same_thresholds():
    plan = PLANS["deep_learning"]
    assert [*plan.test_sets] == ["dl19", "dl20", "dl21", "dl22", "dl23"]
    levels = [evaluation.relevance_levels(plan.config, name) for name in plan.test_sets]
    assert levels == [[1, 2]] * 5
    assert {each.collection for each in plan.test_sets.values()} == {"msmarco", "msmarco_v2"}
    assert {"msmarco_index", "msmarco_v2_index"} <= {*plan.downloads.needed}


def counted(dataset: str, kind: str) -> int:
    """Return how many documents or queries ir_datasets has of a data set."""
    names = [f"{dataset}/test", dataset] if dataset.startswith("beir/") else [dataset]
    known = next(METADATA[name] for name in names if kind in METADATA.get(name, {}))[kind]
    return METADATA[known["_ref"]][kind]["count"] if "_ref" in known else known["count"]


def sizes() -> Iterator[tuple[str, int, int]]:
    """Yield the data set of ir_datasets that a test set is, and its topics and passages here."""
    for plan in PLANS.values():
        audit = plan.config["audit"]
        for name, each in plan.test_sets.items():
            entry = plan.config["collections"][each.collection]
            size = audit["test_sets"][name]["topics"], audit["collections"][each.collection]
            if entry["format"] == "ir_datasets":
                yield entry["ids"][each.topics], size[0], size[1]["passages"]
            elif entry["format"] == "beir":
                yield plan.sources[entry["source"]].id, size[0], size[1]["passages"]


@pytest.mark.parametrize(("dataset", "topics", "passages"), [*sizes()])
def test_their_sizes_are_those_that_ir_datasets_counted(dataset, topics, passages):
    assert topics == counted(dataset, "queries")
    # Those without text are not indexed.
    assert 0 <= counted(dataset, "docs") - passages < 100


@pytest.mark.parametrize("name", NAMES)
def test_the_audit_knows_the_sizes_of_all_its_test_sets(name):
    config = PLANS[name].config
    for test_set in config["grid"]["test_sets"]:
        work = reranking_work(config, SIZES, "test_sets", test_set)
        assert None not in (work["pairs"], work["gpu_hours"])


@pytest.mark.parametrize("name", NAMES)
def test_an_index_of_others_is_no_reason_to_import_a_collection_again(name):
    for entry in PLANS[name].config["collections"].values():
        without = {key: value for key, value in entry.items() if key != "index"}
        assert formats.corpus_settings(entry) == formats.corpus_settings(without)


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
