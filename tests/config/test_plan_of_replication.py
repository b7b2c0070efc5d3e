"""What is made of others' checkpoints whose values were published."""

from lionrank.config.plan import Plan
from tests.support.configs import ROOT, overlaid
from tests.support.plans import OTHERS, PLAN

REPLICATED = """
grid: {models: [], systems: [theirs, mine], test_sets: [dl19, dl20, marco_qa_dev]}
systems:
  theirs: {label: Theirs, checkpoint: minilm, model: minilm, published: lion, precision: fp32}
  mine: {label: Mine, checkpoint: gte, model: gte, optimizer: lion, published: lion}
"""


def test_published_checkpoints_score_in_both_precisions_where_values_were_published():
    plan = Plan.read(overlaid(REPLICATED), ROOT)
    assert plan.replication.passes() == [
        *("results/theirs.trec", "results/theirs.bf16.trec"),
        *("results/marco_qa_dev/theirs.trec", "results/marco_qa_dev/theirs.bf16.trec"),
        *("results/mine.trec", "results/mine.fp32.trec"),
        *("results/marco_qa_dev/mine.trec", "results/marco_qa_dev/mine.fp32.trec"),
    ]
    assert plan.replication.first_stages() == ["results/bm25.trec"]
    assert plan.replication.depth() == 1000
    overlay = """
    first_stages: {splade: {label: SPLADE++, run_files: {dl19: dl19.trec}}}
    test_sets: {dl19: {first_stage: splade, depth: 100}}
    """
    plan = Plan.read(overlaid(REPLICATED, overlay), ROOT)
    assert plan.replication.first_stages() == ["results/splade.trec"]
    assert plan.replication.depth() == 100
    assert plan.audit.jobs()["rerank_again"] == 4
    assert "results/mine.fp32.trec" in plan.release.results()
    assert "tables/replication.tex" in plan.paper.parts()
    assert plan.replication.replicated()["mine"]["optimizer"] == "lion"


def test_a_test_set_may_stand_in_for_those_of_published_values():
    overlay = REPLICATED.replace("dl19, dl20, marco_qa_dev", "dl20")
    plan = Plan.read(overlaid(overlay + "paper: {claims_on: {dl19: dl20}}"), ROOT)
    assert {name: each.name for name, each in plan.replication.test_sets.items()} == {
        "dl19": "dl20"
    }
    assert plan.replication.passes()[:2] == ["results/theirs.trec", "results/theirs.bf16.trec"]


def test_without_published_checkpoints_nothing_is_compared_with_their_values():
    for plan in (PLAN, Plan.read(overlaid(OTHERS), ROOT)):
        assert (plan.replication.passes(), plan.replication.result()) == ([], [])
        assert not [part for part in plan.paper.parts() if "replication" in part]
        assert "rerank_again" not in plan.audit.jobs()
