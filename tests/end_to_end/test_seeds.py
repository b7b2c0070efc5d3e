"""Trainings with several seeds in one working directory, by the workflow's own jobs."""

import json

import numpy as np
import pandas as pd
import pytest

from lionrank import trec
from lionrank.training import status
from tests.support.running import ROOT, jobs, run_snakemake

pytestmark = pytest.mark.slow
GRID = f"""
grid:
  models: [gte]
  optimizers: [lion]
  seeds: SEEDS
  test_sets: [pydocs, repairs]
collections: {{repairs: {{format: beir, folder: {ROOT / "tests" / "data" / "graded"}}}}}
test_sets: {{repairs: {{label: Repairs, collection: repairs, topics: test}}}}
retrieval: {{depth: 20}}
training: {{models_and_optimizers: {{gte_lion: {{early_stopping: 1}}}}}}
comparisons:
  measures:
    - {{test_set: pydocs, metric: ndcg_cut_10}}
    - {{test_set: repairs, metric: ndcg_cut_10}}
"""
TARGETS = (
    *("best_epochs", "results/comparisons.json", "results/claims/lion.json"),
    *("results/efficiency.json", "results/depths.csv"),
)
CARDS = [f"hub/gte_lion{seed}_e1" for seed in ("", "_s13")]


def run(directory, seeds: list[int], *targets: str) -> str:
    overlay = GRID.replace("SEEDS", str(seeds))
    told = run_snakemake(directory, *(targets or TARGETS), overlay=overlay)
    assert told.returncode == 0, told.stdout[-6000:]
    return told.stdout


def chosen(directory) -> dict[str, int]:
    """Return the best epochs by training."""
    return {
        path.name.removesuffix(".best.json"): json.loads(path.read_text())["epoch"]
        for path in (directory / "training").glob("*.best.json")
    }


@pytest.fixture(scope="module", name="one")
def _one(tmp_path_factory):
    """The working directory of an experiment with one seed, and when each file was written."""
    directory = tmp_path_factory.mktemp("seeds")
    run(directory, [12], *TARGETS, *CARDS[:1])
    paths = [*directory.glob("*/**/*")]
    return directory, {path: path.stat().st_mtime_ns for path in paths if path.is_file()}


@pytest.fixture(scope="module", name="two")
def _two(one):
    """The working directory once it has a second seed, and what was told of that."""
    directory, _ = one
    return directory, run(directory, [12, 13], *TARGETS, *CARDS)


def test_a_seed_that_is_added_is_trained_and_scored_alone(one, two):
    _, written = one
    directory, told = two
    counts = jobs(told)
    assert (counts["initialise"], counts["train_epoch"], counts["dev_scores"]) == (1, 2, 2)
    assert counts["rerank"] == 3
    again = {
        str(path.relative_to(directory))
        for path, time in written.items()
        if path.stat().st_mtime_ns != time and path.relative_to(directory).parts[0] != ".snakemake"
    }
    of_results = {path for path in again if not path.startswith(("logs/", "timings/", "records/"))}
    assert of_results == {
        *(f"results/{name}.json" for name in ("comparisons", "claims/lion", "efficiency")),
        *("results/metrics.csv", "results/per_query.parquet"),
        *("results/per_query/pydocs.parquet", "results/per_query/repairs.parquet"),
    }
    compared = json.loads((directory / "results" / "comparisons.json").read_text())
    assert compared["seeds"] == 2


def test_two_seeds_are_trained_evaluated_and_compared(two):
    directory, _ = two
    assert chosen(directory).keys() == {"gte_lion", "gte_lion_s13"}
    # Other seeds have other weights from the start on.
    for epoch in (0, 1):
        one, other = (
            (directory / f"checkpoints/gte_lion{seed}_e{epoch}/model.safetensors").read_bytes()
            for seed in ("", "_s13")
        )
        assert one != other
    for name, seed in (("gte_lion", 12), ("gte_lion_s13", 13)):
        settings = json.loads((directory / f"checkpoints/{name}_e1/settings.json").read_text())
        assert settings["seed"] == seed
        assert f"| `seed` | {seed} |" in (directory / f"hub/{name}_e1/README.md").read_text()
        _, tag = trec.read_run(directory / f"results/repairs/{name}_best.trec")
        assert tag == f"{name}_best"
    table = pd.read_parquet(directory / "results" / "per_query.parquet")
    named = {seed: {*own["system"]} for seed, own in table.groupby("seed", dropna=False)}
    assert named[13] == {"gte_lion_s13_e1", "gte_lion_s13_e2", "gte_lion_s13_best"}
    assert named[12] == {"gte_lion_e1", "gte_lion_e2", "gte_lion_best"}
    assert sum(map(len, named.values())) == 7  # and BM25


def test_comparisons_are_of_means_over_the_seeds_each_with_its_own_epoch(two):
    directory, _ = two
    compared = json.loads((directory / "results" / "comparisons.json").read_text())
    assert compared["seeds"] == 2
    contrast = compared["contrasts"][0]
    assert contrast["left"] == {"training": "gte_lion", "epoch": None}
    assert contrast["right"]["training"] == "bm25"
    best = chosen(directory)
    assert contrast["left_epochs"] == [best["gte_lion"], best["gte_lion_s13"]]
    means = pd.read_csv(directory / "results" / "metrics.csv").query(
        "test_set == 'pydocs' and metric == 'ndcg_cut_10'"
    )
    of = means.set_index("system")["mean"]
    differences = [
        of[f"{training}_e{epoch}"] - of["bm25"] for training, epoch in sorted(best.items())
    ]
    assert contrast["difference"] == pytest.approx(np.mean(differences))
    assert contrast["spread"] == pytest.approx(np.std(differences, ddof=1))


def test_status_tells_of_each_seed_beside_the_others_of_its_training(two):
    directory, _ = two
    trainings = status.read(directory)
    assert [each.name for each in trainings] == ["gte_lion", "gte_lion_s13"]
    assert {each.state for each in trainings} == {status.FINISHED}
