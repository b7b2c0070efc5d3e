"""Trainings on a real Slurm that are cancelled, killed, out of time, or lose node or Snakemake."""

import json
import shutil
from pathlib import Path

import pytest
import yaml

from tests.support.cluster import Cluster
from tests.support.running import run_snakemake, wait_for

pytestmark = [pytest.mark.slow, pytest.mark.cluster]

EVERY = 8
"""Steps between two states."""
TRAININGS = ("minilm_adamw", "minilm_lion")
CHECKPOINTS = [f"checkpoints/{training}_e1" for training in TRAININGS]
OVERLAY = yaml.safe_dump(
    {
        "collections": {"pydocs": {"topics": {"train": 150}}},
        "training_pairs": {"triplets": 102},
        # Steps enough to be interrupted in their midst on a fast machine, too.
        "training": {"defaults": {"global_batch_size": 8}},
        "hardware": {"state_every": {"minutes": None, "steps": EVERY}},
    }
)


def weights(directory: Path) -> list[bytes]:
    return [(directory / path / "model.safetensors").read_bytes() for path in CHECKPOINTS]


@pytest.fixture(scope="module")
def undisturbed(cluster):
    """A working directory in which two trainings ran without Slurm, and their weights."""
    directory = cluster.folder / "failures"
    done = run_snakemake(directory, *CHECKPOINTS, overlay=OVERLAY)
    assert done.returncode == 0, done.stdout[-6000:]
    return directory, weights(directory)


@pytest.fixture
def directory(undisturbed):
    """The working directory before the trainings; after the test it has the same weights."""
    directory, expected = undisturbed
    for path in CHECKPOINTS:
        shutil.rmtree(directory / path)
    for path in directory.glob("training/*.jsonl"):
        path.unlink()
    yield directory
    assert weights(directory) == expected


class Training:
    """A training of the test's, as seen from outside."""

    def __init__(self, cluster: Cluster, directory: Path, name: str) -> None:
        self.cluster, self.name = cluster, name
        self.log = directory / "training" / f"{name}_e1.jsonl"
        self.said = directory / "logs" / "training" / f"{name}_e1.log"
        self.state = self.log.with_suffix(".state")
        # Model, optimizer, seed (the first one has no place in names) and epoch.
        self.comment = f"rule_train_epoch_wildcards_{name}__1"
        self.jobs_before = len(self._all_jobs())

    def _all_jobs(self) -> list[dict[str, str]]:
        return [job for job in self.cluster.jobs() if job["Comment"] == self.comment]

    def jobs(self) -> list[dict[str, str]]:
        """Return what Slurm says of its jobs in this test."""
        return self._all_jobs()[self.jobs_before :]

    def job(self) -> str:
        """Return the number of its last job."""
        return self.jobs()[-1]["JobId"]

    def ends(self) -> list[str]:
        """Return how each of its jobs ended."""
        return [job["JobState"] for job in self.jobs()]

    def wait_for_step(self, step: int) -> None:
        """Wait until a step is in the log, of which the training is to be interrupted."""

        def reached() -> bool:
            path = self.state / "log.jsonl"
            lines = path.read_text().splitlines() if path.exists() else []
            return bool(lines) and f'"step": {step}' in "".join(lines)

        wait_for(reached, 300)

    def process(self) -> int:
        """The training's process."""
        owner = json.loads((self.state / "owner.json").read_text())
        found = self.cluster.run("cat", f"/proc/{owner['process']}/cmdline").stdout
        assert "train_epoch" in found
        return owner["process"]

    def end(self) -> dict:
        """What its log says of jobs and repeated work."""
        lines = [json.loads(line) for line in self.log.read_text().splitlines()]
        steps = [line["step"] for line in lines if "loss" in line]
        assert steps == list(range(1, len(steps) + 1))
        return next(line for line in lines if "jobs" in line)


@pytest.fixture
def trainings(cluster, directory):
    return [Training(cluster, directory, name) for name in TRAININGS]


def start(cluster, directory):
    return cluster.start_snakemake(directory, *CHECKPOINTS, overlay=OVERLAY)


def wait_for_all(trainings):
    """Wait until each is in the midst of its epoch, past the first state."""
    for training in trainings:
        training.wait_for_step(EVERY + 2)


def test_cancelled_and_killed_trainings_go_on_from_their_states(cluster, directory, trainings):
    cancelled, killed = trainings
    snakemake = start(cluster, directory)
    wait_for_all(trainings)
    cluster.run("scancel", cancelled.job())
    cluster.run("scancel", "--signal=KILL", f"{killed.job()}.0")
    told = snakemake.finish()
    assert told.returncode == 0, told.stdout[-6000:]
    assert cancelled.ends() == ["CANCELLED", "COMPLETED"]
    assert killed.ends() == ["FAILED", "COMPLETED"]
    # Slurm asks before it kills, and then nothing has to be done again.
    assert cancelled.end()["repeated_steps"] == 0
    assert 0 < killed.end()["repeated_steps"] <= EVERY
    for training in trainings:
        assert training.end()["jobs"] == 2
        assert "Resuming after step" in training.said.read_text()
    # What was wrong is shown where the user looks, with the log of the job itself.
    assert "stopped by SIGTERM after step" in told.stdout


def test_out_of_time_or_without_its_node_a_training_is_queued_again(cluster, directory, trainings):
    late, homeless = trainings
    snakemake = start(cluster, directory)
    wait_for_all(trainings)
    # A training that hangs: Slurm ends it a minute after its start.
    cluster.run("kill", "-STOP", str(late.process()))
    cluster.run("scontrol", "update", f"JobId={late.job()}", "TimeLimit=1")
    node = homeless.jobs()[-1]["NodeList"]
    cluster.run("scontrol", "update", f"NodeName={node}", "State=DOWN", "Reason=test")
    wait_for(lambda: homeless.jobs()[-1]["Restarts"] == "1", 120)
    cluster.run("scontrol", "update", f"NodeName={node}", "State=RESUME")
    told = snakemake.finish()
    assert told.returncode == 0, told.stdout[-6000:]
    assert late.ends() == ["TIMEOUT", "COMPLETED"]
    assert late.end()["repeated_steps"] == 0
    # Slurm has queued it again by itself, without Snakemake.
    assert homeless.ends() == ["COMPLETED"]
    assert homeless.end()["jobs"] == 2


def test_a_killed_snakemake_is_started_again_and_trains_nothing_twice(
    cluster, directory, trainings
):
    snakemake = start(cluster, directory)
    wait_for_all(trainings)
    snakemake.kill()
    locked = start(cluster, directory).finish()
    assert locked.returncode != 0
    assert "--unlock" in locked.stdout
    cluster.run_snakemake(directory, *CHECKPOINTS, "--unlock", overlay=OVERLAY)
    told = start(cluster, directory).finish()
    assert told.returncode == 0, told.stdout[-6000:]
    for training in trainings:
        assert f"{training.job()}: train_epoch {training.name}_1" in told.stdout
        assert training.ends() == ["COMPLETED"]
        assert training.end()["jobs"] == 1
    assert "Training minilm" not in told.stdout


def test_of_two_snakemakes_one_works_on_a_node_that_is_not_drained_and_with_a_full_tmp(
    cluster, directory, trainings
):
    """A drained node finishes its training, and gets no other."""
    filled = cluster.run_on_nodes("dd", "if=/dev/zero", "of=/tmp/full", "bs=1M")
    assert "No space left" in filled.stderr
    cluster.run("scontrol", "update", "NodeName=node2", "State=DRAIN", "Reason=test")
    both = [start(cluster, directory) for _ in range(2)]
    wait_for(lambda: any((training.state / "log.jsonl").exists() for training in trainings), 300)
    cluster.run("scontrol", "update", "NodeName=node1", "State=DRAIN", "Reason=test")
    cluster.run("scontrol", "update", "NodeName=node2", "State=RESUME")
    told = [snakemake.finish() for snakemake in both]
    cluster.run("scontrol", "update", "NodeName=node1", "State=RESUME")
    cluster.run_on_nodes("rm", "/tmp/full")
    refused, worked = sorted(told, key=lambda one: one.returncode == 0)
    assert worked.returncode == 0, worked.stdout[-6000:]
    assert "Directory cannot be locked" in refused.stdout
    (one,), (other,) = (training.jobs() for training in trainings)
    assert {one["NodeList"], other["NodeList"]} == {"node1", "node2"}
    assert [training.ends() for training in trainings] == [["COMPLETED"], ["COMPLETED"]]
    assert [training.end()["repeated_steps"] for training in trainings] == [0, 0]
