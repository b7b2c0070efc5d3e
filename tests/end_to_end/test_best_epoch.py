"""Test sets with the chosen epoch of each training alone, by the workflow's own jobs."""

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
test_sets: {{repairs: {{label: Repairs, collection: repairs, topics: test}}}}
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
TARGETS = ("results/comparisons.json", "paper/tables/results.csv")


def test_the_best_epoch_is_evaluated_alone_and_stays_while_the_choice_does(tmp_path):
    def run(*arguments: str) -> str:
        told = run_snakemake(tmp_path, *arguments, overlay=GRID)
        assert told.returncode == 0, told.stdout[-3000:]
        return told.stdout

    run(*TARGETS, f"results/{TRAINING}_best.trec")
    chosen = json.loads((tmp_path / f"training/{TRAINING}.best.json").read_text())["epoch"]
    assert sorted(path.name for path in (tmp_path / "results/repairs").glob("*.trec")) == [
        "bm25.trec",
        f"{TRAINING}_best.trec",
    ]
    # Asked for by hand where every epoch has a run file, too.
    best, epoch = (
        trec.read_run(tmp_path / f"results/{TRAINING}_{name}.trec")[0]
        for name in ("best", f"e{chosen}")
    )
    assert best == epoch

    means = pd.read_csv(tmp_path / "results/metrics.csv").query("test_set == 'repairs'")
    named = means.dropna(subset="epoch")[["system", "epoch"]].drop_duplicates()
    assert dict(named.itertuples(index=False)) == {f"{TRAINING}_best": chosen}
    compared = json.loads((tmp_path / "results/comparisons.json").read_text())
    families = {each["family"] for each in compared["contrasts"] if each["test_set"] == "repairs"}
    assert families == {"first_stage"}
    assert {each["test_set"] for each in compared["selection"]} == {"pydocs"}
    table = pd.read_csv(io.StringIO((tmp_path / "paper/tables/results.csv").read_text()))
    rows = table[table["model"] == "gte"]
    assert rows["repairs_map"].notna().tolist() == (rows["chosen"].map(str) == "True").tolist()

    log = tmp_path / f"logs/reranking/repairs/{TRAINING}_best.log"
    scored = log.stat().st_mtime_ns
    run(f"checkpoints/{TRAINING}_best", "--forcerun", "best_epoch")
    assert (tmp_path / f"training/{TRAINING}.best.json").stat().st_mtime_ns > scored
    run(*TARGETS)
    assert log.stat().st_mtime_ns == scored
