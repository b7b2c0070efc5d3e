"""Run files by test set, and how tables name them."""

import pytest

from lionrank.config.plan import Plan
from tests.support.configs import ROOT, overlaid
from tests.support.plans import BEST_ON_SECOND, PLAN, SMALL


def test_a_test_set_after_the_first_has_a_folder_of_its_own(small):
    assert small.first_test_set.name == "dl20"
    for test_set, folder in (("dl20", ""), ("marco_qa_dev", "marco_qa_dev/")):
        assert small.results.folder(test_set) == folder
        assert small.results.test_set_in(folder) == small.test_sets[test_set]
    assert small.results.run_files("dl20") == [
        "results/bm25.trec",
        "results/gte_lion_e1.trec",
        "results/gte_lion_e2.trec",
        "results/minilm_lion_e1.trec",
        "results/minilm_lion_e2.trec",
    ]


def test_without_a_first_stage_there_is_no_run_file_of_bm25(small):
    assert small.results.run_files("marco_qa_dev", ".eval") == [
        f"results/marco_qa_dev/{checkpoint}.eval" for checkpoint in small.checkpoints
    ]
    assert "bm25" not in {label["system"] for label in small.results.labels("marco_qa_dev")}


def test_topics_are_left_out_only_where_there_are_dev_sets_and_the_config_says_so():
    overlap = ["results/overlap.json"]
    assert (PLAN.results.overlap, PLAN.results.dropped) == (overlap, [])
    dropping = "evaluation: {drop_development_queries: true}\n"
    assert Plan.read(overlaid(dropping), ROOT).results.dropped == overlap
    without = Plan.read(overlaid(dropping + "grid: {dev_sets: []}"), ROOT)
    assert (without.results.overlap, without.results.dropped) == ([], [])


def test_results_are_of_all_test_sets_or_of_those_that_are_named(small):
    both = [
        *small.results.run_files("dl20", ".eval"),
        *small.results.run_files("marco_qa_dev", ".eval"),
    ]
    assert small.results.of(".eval") == both
    assert small.results.of(".trec", ["marco_qa_dev"]) == small.results.run_files("marco_qa_dev")
    assert small.results.of(".trec", []) == []


@pytest.mark.parametrize("test_set", ["dl20", "marco_qa_dev"])
def test_labels_are_in_the_order_of_the_run_files(small, test_set):
    labels = small.results.labels(test_set)
    assert [
        f"results/{small.results.folder(test_set)}{label['system']}.trec" for label in labels
    ] == (small.results.run_files(test_set))
    assert {(label["test_set"], label["protocol"]) for label in labels} == {(test_set, "small")}


def test_labels_say_model_optimizer_epoch_and_seed_of_checkpoints_only(small):
    bm25, *trained = small.results.labels("dl20")
    columns = ["test_set", "system", "model", "optimizer", "epoch", "seed", "protocol"]
    assert [*bm25] == [*trained[0]] == columns
    assert [bm25[key] for key in columns[2:6]] == [None] * 4
    assert [tuple(label[key] for key in columns[2:6]) for label in trained] == [
        ("gte", "lion", 1, 7),
        ("gte", "lion", 2, 7),
        ("minilm", "lion", 1, 7),
        ("minilm", "lion", 2, 7),
    ]


def test_a_test_set_without_every_epoch_has_the_best_of_each_training():
    plan = Plan.read(overlaid(BEST_ON_SECOND), ROOT)
    assert plan.results.run_files("dl20") == Plan.read(overlaid(SMALL), ROOT).results.run_files(
        "dl20"
    )
    assert plan.results.run_files("marco_qa_dev") == [
        "results/marco_qa_dev/gte_lion_best.trec",
        "results/marco_qa_dev/minilm_lion_best.trec",
    ]
    assert [each["system"] for each in plan.results.labels("marco_qa_dev")] == [
        "gte_lion_best",
        "minilm_lion_best",
    ]
    # Which one it is, these tell.
    assert {each["epoch"] for each in plan.results.labels("marco_qa_dev")} == {None}
    assert plan.results.chosen_on("marco_qa_dev") == plan.best_epochs()
    assert plan.results.chosen_on("dl20") == []
    assert (plan.audit.jobs()["rerank"], plan.audit.jobs()["best_checkpoint"]) == (4 + 2, 2)


def test_the_first_test_set_has_every_epoch_and_so_have_all_of_the_published_experiment(small):
    for plan in (PLAN, small):
        assert not any(map(plan.results.chosen_on, plan.test_sets))
        assert "best_checkpoint" not in plan.audit.jobs()
    # An overlay with test sets of its own.
    plan = Plan.read(overlaid("grid: {test_sets: [pydocs, dl19]}"), ROOT)
    assert [name for name in plan.test_sets if plan.results.chosen_on(name)] == []
    plan = Plan.read(overlaid("grid: {test_sets: [dl19, pydocs]}"), ROOT)
    assert [name for name in plan.test_sets if plan.results.chosen_on(name)] == ["pydocs"]
