"""Nothing is made again for a date: not what is as recorded, nor temporary files before it."""

import os
import shutil
import subprocess
import sys

import pytest

from tests.support.running import ROOT

SNAKEFILE = """
from lionrank.jobs import unchanged

onstart:
    unchanged.settle(workflow)

rule train:
    input: "data.txt"
    output: temp(directory("checkpoints/tiny"))
    log: "train.log"
    script: "make.py"

rule score:
    input: "checkpoints/tiny"
    output: "training/tiny.json"
    log: "score.log"
    script: "make.py"
"""
SCRIPT = """
from lionrank.jobs.script import begin, end

begin(snakemake)
from pathlib import Path

with open(f"{snakemake.rule}.made", "a") as made:
    made.write("x")
output = Path(snakemake.output[0])
if snakemake.rule == "train":
    output.mkdir()
    output /= "weights"
output.write_text("made of data")
end(snakemake)
"""


@pytest.fixture
def snakemake(tmp_path):
    """Make the scores in a folder, and return how often each of the two jobs has run so far."""
    (tmp_path / "Snakefile").write_text(SNAKEFILE)
    (tmp_path / "make.py").write_text(SCRIPT)

    def run() -> dict[str, int]:
        done = subprocess.run(
            [sys.executable, "-m", "snakemake", "--cores", "1", "training/tiny.json"],
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": str(ROOT / "workflow")},
            text=True,
            capture_output=True,
        )
        assert done.returncode == 0, done.stderr
        return {rule: len((tmp_path / f"{rule}.made").read_text()) for rule in ("train", "score")}

    return run


@pytest.mark.slow
def test_weights_that_went_are_not_trained_again_for_a_date(tmp_path, snakemake):
    data = tmp_path / "data.txt"
    data.write_text("some")
    assert snakemake() == {"train": 1, "score": 1}
    assert not (tmp_path / "checkpoints" / "tiny").exists()
    # As in a copy of the experiment.
    shutil.rmtree(tmp_path / ".snakemake")
    data.touch()
    assert snakemake() == {"train": 1, "score": 1}
    data.write_text("other")
    assert snakemake() == {"train": 2, "score": 2}
