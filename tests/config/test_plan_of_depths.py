"""On which test sets, and of which systems, the paper looks at depths."""

from lionrank.config.plan import Plan
from tests.support.configs import ROOT, overlaid
from tests.support.plans import PLAN, SMALL


def test_depths_are_looked_at_where_a_ranking_is_deep_and_something_reranks_it(small):
    assert [each.name for each in PLAN.depths.test_sets] == ["dl19", "dl20"]
    labelled = PLAN.depths.systems()
    assert [path for path, _ in labelled] == [
        *PLAN.results.run_files("dl19"),
        *PLAN.results.run_files("dl20"),
    ]
    assert {labels["test_set"] for _, labels in labelled} == {"dl19", "dl20"}
    assert small.depths.levels() == {"dl20": 1}
    assert small.depths.result() == ["results/depths.csv"]
    assert "figures/depths.pdf" in small.paper.parts()
    shallow = Plan.read(overlaid(SMALL, "retrieval: {depth: 19}"), ROOT)
    given = "{label: Given, run_files: {dl19: given.trec}}"
    alone = f"{{grid: {{models: [], systems: [given]}}, systems: {{given: {given}}}}}"
    for plan in (shallow, Plan.read(overlaid(alone), ROOT)):
        assert not plan.depths.test_sets and not plan.depths.result()
        assert "figures/depths.pdf" not in plan.paper.parts()
