"""Test sets and dev sets whose long documents are scored in windows, or in full."""

import pytest

from tests.support.running import jobs

TEST_SETS = """
  mean: {label: Means, collection: pydocs, topics: test, scoring: mean_p}
  whole: {label: Whole texts, collection: pydocs, topics: test, scoring: full}
  own: {label: As ever, collection: pydocs, topics: test}
"""
OVERLAY = f"""
scorings:
  max_p: {{label: MaxP, aggregation: max_p, window: 24, stride: 12}}
  mean_p: {{label: MeanP, aggregation: mean_p, window: 24, stride: 12}}
  full: {{label: Full text, aggregation: full, max_length: 500}}
test_sets:
  pydocs: {{scoring: max_p}}
{TEST_SETS}
dev_sets: {{pydocs_dev: {{scoring: max_p}}}}
grid:
  models: [minilm]
  optimizers: [lion]
  epochs: 1
  test_sets: [pydocs, mean, whole, own]
  every_epoch_on: [pydocs, mean, whole, own]
"""
CHECKPOINT = "minilm_lion_e1"


def test_windows_are_scored_once_for_all_that_aggregate_them(snakemake):
    told = snakemake("-n", "run_files", overlay=OVERLAY)
    assert told.returncode == 0, told.stdout
    counts = jobs(told.stdout)
    assert (counts["score_windows"], counts["aggregate"], counts["rerank"]) == (1, 2, 2)
    assert (counts["candidates"], counts["evaluate"]) == (1, 4 * 2)
    for name in ("", "mean/"):
        assert f"Aggregating windows to results/{name}{CHECKPOINT}.trec" in told.stdout


def test_windows_have_shards_too_and_the_audit_counts_them(snakemake, tmp_path):
    overlay = f"{OVERLAY}reranking: {{shards: 3}}\n"
    counts = jobs(snakemake("-n", "run_files", overlay=overlay).stdout)
    expected = {"score_windows_shard": 3, "join_windows": 1, "aggregate": 2}
    expected |= {"rerank_shard": 3 * 2, "join_shards": 2}
    assert counts.items() >= expected.items()
    assert not counts.keys() & {"score_windows", "rerank"}
    assert snakemake("audit", overlay=overlay).returncode == 0
    page = (tmp_path / "audit.md").read_text()
    for rule, number in expected.items():
        assert f"| {rule} | {number} |" in page


@pytest.mark.parametrize("everywhere", [True, False])
def test_any_set_may_be_the_first_and_all_may_have_windows(snakemake, everywhere):
    order = "[mean, pydocs]" if everywhere else "[own, pydocs]"
    overlay = OVERLAY.replace("[pydocs, mean, whole, own]", order)
    counts = jobs(snakemake("-n", "run_files", overlay=overlay).stdout)
    assert counts["score_windows"] == 1
    assert (counts["aggregate"], counts.get("rerank")) == ((2, None) if everywhere else (1, 1))


def test_results_by_scoring_are_made_where_the_paper_reports_several(snakemake):
    reported = f"{OVERLAY}paper: {{columns: [{{test_set: mean, metrics: [map]}}]}}\n"
    told = snakemake("-n", "results/scorings.csv", overlay=reported)
    assert told.returncode == 0, told.stdout
    assert jobs(told.stdout)["scorings"] == 1


def test_windows_that_won_are_looked_for_in_what_is_scored_anyway(snakemake):
    reported = f"{OVERLAY}paper: {{columns: [{{test_set: mean, metrics: [map]}}]}}\n"
    told = snakemake("-n", "paper/main.tex", overlay=reported)
    assert told.returncode == 0, told.stdout
    counts = jobs(told.stdout)
    names = ("scorings", "winning_windows", "score_windows", "scorings_figure", "scorings_table")
    assert [counts[name] for name in names] == [1] * 5
