"""Choices made anew come before what hangs on them, and nothing is made twice for that."""

import os
import subprocess
import sys
from collections import Counter

import pytest

from tests.support.running import ROOT

pytestmark = pytest.mark.slow
SNAKEFILE = """
from lionrank.jobs import choices

onstart:
    choices.make_first(workflow)

onsuccess:
    choices.go_on(workflow)

rule score:
    output: "score{trial}"
    shell: "echo {rule} >> made; echo 1 > {output}"

rule choose_settings:
    input: expand("score{trial}", trial=range(config["trials"]))
    output: "choice", "point"
    shell: "echo {rule} >> made; echo {input} > choice; echo same > point"

rule train:
    input: "point"
    output: "checkpoint"
    shell: "echo {rule} >> made; cp {input} {output}"

rule report:
    input: "checkpoint", "choice"
    output: "report"
    shell: "echo {rule} >> made; cat {input} > {output}"
"""
OF_CHOICE = {"choose_settings": 1, "train": 1, "report": 1}
ALL = {"score": 3} | OF_CHOICE


@pytest.fixture
def made(tmp_path):
    """Make what is asked for, and return how often each job ran for it."""
    (tmp_path / "Snakefile").write_text(SNAKEFILE)

    def made(trials: int, *arguments: str) -> dict[str, int]:
        (tmp_path / "made").write_text("")
        command = ["snakemake", f"--config=trials={trials}", "--cores=1", *arguments]
        done = subprocess.run(
            [sys.executable, "-m", *command],
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": str(ROOT / "workflow")},
            text=True,
            capture_output=True,
        )
        assert done.returncode == 0, done.stderr
        return dict(Counter((tmp_path / "made").read_text().split()))

    return made


def test_what_hangs_on_a_choice_waits_for_it_and_stays_where_it_is_the_same(made):
    assert made(2, "--", "report") == ALL | {"score": 2}
    assert made(3, "--", "report") == {"score": 1, "choose_settings": 1, "report": 1}
    assert made(2, "report") == {"choose_settings": 1, "report": 1}
    assert made(2, "report") == {}


def test_what_is_forced_is_made_once(made):
    assert made(3, "report") == ALL
    assert made(3, "report", "--forceall") == ALL
    assert made(3, "report", "--forcerun", "score") == ALL
    assert made(3, "report", "--forcerun", "choose_settings") == OF_CHOICE
    assert made(2, "report", "--forcerun", "report") == {"choose_settings": 1, "report": 1}
