"""The checkpoint of the chosen epoch: which one it is, and whose files it has."""

import os
import shutil

import pytest

from lionrank.files import write_json
from lionrank.jobs import records
from tests.support.rule_scripts import Finished, run_script

BEST, CHECKPOINT = "training/a_b.best.json", "checkpoints/a_b_best"


@pytest.fixture
def name(tmp_path, monkeypatch):
    """Name the best of three checkpoints, of which development data chose this one."""
    monkeypatch.chdir(tmp_path)
    checkpoints = [f"checkpoints/a_b_e{epoch}" for epoch in (1, 2, 3)]
    for each in checkpoints:
        os.makedirs(each)
        for file in ("model.safetensors", "optimizer.pt"):
            with open(f"{each}/{file}", "w") as handle:
                handle.write(f"{file} of {each}")

    def run(epoch: int) -> Finished:
        write_json(BEST, {"epoch": epoch})
        shutil.rmtree(CHECKPOINT, ignore_errors=True)  # as Snakemake does
        inputs = {"best": BEST, "checkpoints": checkpoints}
        job = {"input": inputs, "output": [CHECKPOINT], "rule": "best_checkpoint"}
        return run_script("training/best_checkpoint.py", job, tmp_path, dict(os.environ))

    return run


def test_it_has_the_files_of_the_chosen_epoch(name):
    done = name(2)
    assert done.status == 0, done.log
    chosen, best = (
        {file.name: file for file in os.scandir(folder)}
        for folder in ("checkpoints/a_b_e2", CHECKPOINT)
    )
    assert best.keys() - {records.SUMS} == chosen.keys() - {records.SUMS}
    # Weights are large.
    for file in chosen.keys() - {records.SUMS}:
        assert os.path.samefile(best[file], chosen[file])
    assert "checkpoints/a_b_e2" in done.log
    # Whoever clears up takes nothing from the epoch.
    shutil.rmtree(CHECKPOINT)
    assert sorted(os.listdir("checkpoints/a_b_e2"))[-1] == "optimizer.pt"


def test_another_choice_changes_it_and_the_same_one_does_not(name):
    digests = []
    for epoch in (2, 2, 3):
        assert name(epoch).status == 0
        digests.append(records.digest(records.read(CHECKPOINT)["files"]))
    assert digests[0] == digests[1] != digests[2]
