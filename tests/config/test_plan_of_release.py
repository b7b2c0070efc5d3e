"""What is archived, and pushed."""

import pytest

from lionrank.config.plan import Plan
from lionrank.errors import UserError
from tests.support.configs import ROOT, changed, overlaid
from tests.support.plans import PLAN
from tests.support.searches import SEARCHED


def test_the_archive_has_other_results_only_where_all_of_a_test_set_exist(
    small, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    reported = [
        *small.results.run_files("dl20"),
        *small.results.run_files("dl20", ".eval"),
        "results/per_query/dl20.parquet",
    ]
    by_depth = ["results/depths.csv"]
    assert small.release.results() == [*reported, *by_depth]
    others = [
        *small.results.run_files("marco_qa_dev"),
        *small.results.run_files("marco_qa_dev", ".eval"),
        "results/per_query/marco_qa_dev.parquet",
    ]
    for path in map(tmp_path.joinpath, others):
        assert small.release.results() == [*reported, *by_depth]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    assert small.release.results() == [*reported, *others, *by_depth]


def test_the_archive_has_the_choice_of_each_search_and_log_and_scores_of_its_trials():
    assert PLAN.release.searches() == []
    plan = Plan.read(overlaid(SEARCHED), ROOT)
    packed = plan.release.searches()
    name = "training/search/gte_tunedlion_" + plan.search.untuned("gte", "tunedlion")
    choice = [f"training/gte_tunedlion.{each}.json" for each in ("chosen", "point")]
    assert {*choice, f"{name}_e1.jsonl", f"{name}_e1.dev.json"} < {*packed}
    assert len(packed) == 4 * (2 + 5 * 2) + len(["results/search.csv"])
    assert not any(path.startswith("checkpoints") for path in packed)


def test_a_push_needs_a_namespace():
    for ask in (PLAN.release.repository, PLAN.release.folder_to_push):
        with pytest.raises(UserError, match=r"hub\.namespace is null"):
            ask("gte_lion_e2")
    plan = Plan.read(changed("hub.namespace", "me"), ROOT)
    assert plan.release.repository("gte_lion_e2") == "me/gte-lion-e2"
    assert plan.release.folder_to_push("gte_lion_best") == "hub/gte_lion_best"
