"""Experiments that differ in their seed, each in a working directory of its own."""

import json

import pytest
import yaml

from tests.support.running import jobs, run_snakemake

TRAINING = {"grid": {"models": ["gte"], "optimizers": ["lion"]}}


@pytest.mark.slow
def test_the_trainings_of_another_seed_are_taken_together_with_ours(demo, tmp_path):
    overlay = yaml.safe_dump(TRAINING | {"training": {"defaults": {"seed": 13}}})
    other = run_snakemake(
        tmp_path / "other", "results/per_query.parquet", "best_epochs", overlay=overlay
    )
    assert other.returncode == 0, other.stdout[-6000:]
    overlay = yaml.safe_dump(TRAINING | {"comparisons": {"other_seeds": [str(tmp_path / "other")]}})
    told = run_snakemake(demo, "results/comparisons.json", overlay=overlay)
    assert told.returncode == 0, told.stdout[-6000:]
    assert jobs(told.stdout).keys() == {"per_query", "metrics", "comparisons"}
    compared = json.loads((demo / "results" / "comparisons.json").read_text())
    assert compared["seeds"] == 2
    chosen = [
        json.loads((folder / "training" / "gte_lion.best.json").read_text())["epoch"]
        for folder in (demo, tmp_path / "other")
    ]
    contrast = compared["contrasts"][0]
    assert contrast["left"] == {"training": "gte_lion", "epoch": None}
    assert contrast["left_epochs"] == chosen
    assert all(each["spread"] > 0 for each in compared["contrasts"])
