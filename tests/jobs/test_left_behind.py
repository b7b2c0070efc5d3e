"""What is asked of Slurm, and when; with a real one in tests/cluster/test_failures.py."""

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
