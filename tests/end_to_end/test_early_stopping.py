"""A training that stops early, by the workflow's own jobs, and goes on once it may."""

import json

import pandas as pd
import pytest

from tests.support.running import run_snakemake

pytestmark = pytest.mark.slow
# At this learning rate rankings stay as they are, and level is not better.
GRID = """
grid: {models: [gte], optimizers: [lion], epochs: 3}
training:
  defaults: {schedule: none, warmup: 0.0, early_stopping: PATIENCE}
  models_and_optimizers: {gte_lion: {learning_rate: 1.0e-12}}
"""
TARGETS = ("results/metrics.csv", "results/efficiency.json", "hub/gte_lion_e3")


def test_a_training_stops_and_goes_on_when_it_may(tmp_path):
    def run(patience: str) -> set[tuple[int, ...]]:
        """Return the epochs that results have, once where all have the same."""
        told = run_snakemake(tmp_path, *TARGETS, overlay=GRID.replace("PATIENCE", patience))
        assert told.returncode == 0, told.stdout[-3000:]
        best = json.loads((tmp_path / "training/gte_lion.best.json").read_text())
        costs = json.loads((tmp_path / "results/efficiency.json").read_text())
        means = pd.read_csv(tmp_path / "results/metrics.csv")
        return {
            tuple(each["epoch"] for each in best["epochs"]),
            tuple(each["epoch"] for each in costs["trainings"]["gte_lion"]["by_epoch"]),
            tuple(sorted(means["epoch"].dropna().astype(int).unique())),
        }

    assert run("1") == {(1, 2)}
    weights = [
        (tmp_path / f"checkpoints/gte_lion_e{epoch}/model.safetensors") for epoch in (1, 2, 3)
    ]
    first, second, copy = (path.read_bytes() for path in weights)
    assert copy == second != first
    assert "This is a copy" in (tmp_path / "hub/gte_lion_e3/README.md").read_text()
    written = [path.stat().st_mtime_ns for path in weights[:2]]
    assert run("null") == {(1, 2, 3)}
    assert [path.stat().st_mtime_ns for path in weights[:2]] == written
    third = weights[2].read_bytes()
    assert third != second
    assert "This is a copy" not in (tmp_path / "hub/gte_lion_e3/README.md").read_text()
    # What was trained to the end stays, and is no part of a training that stops.
    assert run("1") == {(1, 2)}
    assert weights[2].read_bytes() == third
