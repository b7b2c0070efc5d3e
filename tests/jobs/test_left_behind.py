"""What is asked of Slurm, and when; with a real one in tests/cluster/test_failures.py."""

import os
import subprocess
import sys

import pytest

from lionrank.errors import UserError
from lionrank.jobs import left_behind as slurm


@pytest.fixture
def experiment(tmp_path, monkeypatch):
    """A working directory from which jobs were submitted, on a host whose Slurm does not answer."""
    (tmp_path / "squeue").write_text("#!/bin/sh\necho Unable to contact controller >&2\nexit 1\n")
    (tmp_path / "squeue").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / slurm.LOGS).mkdir(parents=True)
    return tmp_path


def test_a_controller_that_does_not_answer_is_an_error_with_its_words(experiment):
    with pytest.raises(UserError, match=r"slurm_logs is .* \(Unable to contact controller\): run"):
        slurm.running(experiment)


def test_nothing_is_asked_where_no_job_was_submitted(experiment):
    (experiment / slurm.LOGS).rmdir()
    assert slurm.running(experiment) == {}


def test_nothing_is_asked_on_a_host_without_slurm(experiment):
    (experiment / "squeue").unlink()
    assert slurm.running(experiment) == {}


COMMAND = """
import os, pathlib, types
from lionrank.jobs import left_behind

found = left_behind.running(pathlib.Path())
print("planned", found, flush=True)
unlock = types.SimpleNamespace(unlock=lambda: print("unlocked", flush=True))
workflow = types.SimpleNamespace(rundir=os.getcwd(), persistence=unlock)
left_behind.wait_and_begin_again(found, workflow)
print("made", flush=True)
"""


def test_the_same_command_begins_again_when_the_jobs_have_ended(experiment):
    log = experiment / slurm.LOGS / "rule_train_epoch" / "gte_lion_1" / "17.log"
    # A job that is there when it is first asked for, and never again.
    (experiment / "squeue").write_text(
        f"#!/bin/sh\ncd {experiment}\n"
        f"[ -e asked ] || echo '17  {log}  rule_train_epoch_wildcards_gte_lion__1'\n: > asked\n"
    )
    told = subprocess.run(
        [sys.executable, "-c", COMMAND],
        cwd=experiment,
        env=os.environ | {"PATH": str(experiment)},
        capture_output=True,
        text=True,
    )
    assert told.stdout.splitlines() == [
        "planned {'17': 'train_epoch gte_lion_1'}",
        "unlocked",
        "planned {}",
        "made",
    ]
    assert "17: train_epoch gte_lion_1\nWaiting for them." in told.stderr
    assert told.returncode == 0
