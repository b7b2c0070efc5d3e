"""The jobs of an epoch: their lines, what is left of them, and what they cost together."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import time

import pytest

from lionrank.training import attempts
from lionrank.training.attempts import attempt, cost, read
from lionrank.training.state import EpochState

A100 = (2, "NVIDIA A100")


def test_a_job_is_a_line_from_its_begin_on(tmp_path, monkeypatch):
    monkeypatch.setenv("SLURM_JOB_ID", "4711")
    begun = time.time() - 60
    with attempt(tmp_path, begun, 3, *A100):
        (line,) = read(tmp_path)
        assert line["begun"] == begun
        assert line["alive"] == pytest.approx(time.time(), abs=30)
        assert (line["process"], line["slurm_job_id"]) == (os.getpid(), "4711")
        assert (line["devices"], line["device"]) == A100
        assert line["from_step"] is line["step"] is line["seconds"] is None
    monkeypatch.delenv("SLURM_JOB_ID")
    with attempt(tmp_path, begun, 3, *A100):
        assert [line["slurm_job_id"] for line in read(tmp_path)] == ["4711", None]


def test_what_was_done_after_the_state_that_a_job_goes_on_from_is_repeated(tmp_path):
    with attempt(tmp_path, time.time(), 3, *A100) as first:
        assert first.goes_on(30, 100.0) == ""
        first.made(50, 140.5)
    with attempt(tmp_path, time.time(), 3, *A100) as second:
        said = second.goes_on(40, 121.0)
        assert said == "; 10 steps of the job before are repeated, 19.5 s of work"
        second.made(41, 123.0)
    with attempt(tmp_path, time.time(), 3, *A100):
        pass  # it ended while it was loading
    with attempt(tmp_path, time.time(), 3, *A100) as last:
        # The newest state was damaged: what the first job had made up to it is lost, too.
        assert last.goes_on(35, 110.0).startswith("; 6 steps")
        last.made(60, 160.0)
        told = last.cost()
    lines = read(tmp_path)
    assert [line["from_step"] for line in lines] == [30, 40, None, 35]
    assert (told["jobs"], told["repeated_steps"]) == (4, 16)
    assert told["repeated_seconds"] == pytest.approx(19.5 + 13.0)
    made = sum(line["step"] - line["from_step"] for line in lines if line["step"])
    assert made - told["repeated_steps"] == 60 - 30


def test_a_job_that_goes_on_from_the_last_step_repeats_nothing(tmp_path):
    with attempt(tmp_path, time.time(), 3, *A100) as first:
        first.goes_on(0, 0.0)
        first.made(10, 20.0)
    with attempt(tmp_path, time.time(), 3, *A100) as second:
        # The state was written after the step, which took a moment.
        assert second.goes_on(10, 20.5) == ""
        assert second.cost()["repeated_seconds"] == 0


def line(begun, alive, devices=1, device="CPU"):
    lost = {"repeated_steps": 3, "repeated_seconds": 1.5}
    return {"begun": begun, "alive": alive, "devices": devices, "device": device, **lost}


def test_device_hours_are_those_of_the_devices_that_each_job_had():
    told = cost([line(1000, 1600, *A100), line(2000, 2300, 4, "NVIDIA A100")])
    assert told == {
        "jobs": 2,
        "job_seconds": 900,
        "device_hours": pytest.approx((2 * 600 + 4 * 300) / 3600),
        "devices": "2 x NVIDIA A100 and 4 x NVIDIA A100",
        "repeated_steps": 6,
        "repeated_seconds": 3.0,
    }
    assert cost([line(0, 1), line(2, 3)])["devices"] == "1 x CPU"


JOB = """
    import sys, time
    from pathlib import Path
    from lionrank.training.attempts import attempt
    with attempt(Path(sys.argv[1]), time.time(), 3, 1, "CPU") as job:
        job.goes_on(0, 0.0)
        for step in range(1, 8):
            job.made(step, 0.5 * step)
        print("made", flush=True)
        time.sleep(60)
"""


def test_a_job_that_is_killed_has_told_its_last_step(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(JOB), tmp_path], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout.readline() == "made\n"
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    (found,) = read(tmp_path)
    assert (found["process"], found["step"], found["seconds"]) == (process.pid, 7, 3.5)


def test_a_failed_job_is_counted_to_its_end(tmp_path):
    with pytest.raises(KeyError), attempt(tmp_path, time.time(), 3, *A100) as job:
        job.made(1, 0.1)
        before = read(tmp_path)[0]["alive"]
        raise KeyError
    assert read(tmp_path)[0]["alive"] > before


def test_a_line_that_a_power_loss_damaged_is_left_out_and_said(tmp_path, capsys):
    for _ in range(2):
        with attempt(tmp_path, time.time(), 3, *A100) as job:
            job.goes_on(0, 0.0)
    path = tmp_path / attempts.FILE
    damaged = path.read_bytes()[:-500] + b"\0" * 500
    path.write_bytes(damaged)
    with attempt(tmp_path, time.time(), 3, *A100) as job:
        job.goes_on(0, 0.0)
        job.made(5, 1.0)
        assert job.cost()["jobs"] == 2
    assert "attempts.jsonl:2 is damaged" in capsys.readouterr().out
    assert [line["step"] for line in read(tmp_path)] == [0, 5]


def test_every_line_stays_one_json_object_however_long_its_names_are(tmp_path, monkeypatch):
    monkeypatch.setattr("socket.gethostname", lambda: "n" * 255)
    monkeypatch.setenv("SLURM_JOB_ID", "1" * 20)
    for _ in range(2):
        with attempt(tmp_path, time.time(), 3, 8, "NVIDIA A100-SXM4-80GB" * 3) as job:
            job.goes_on(10**9, 1e9 / 7)
            job.made(2 * 10**9, 1e10 / 7)
    first, second = (tmp_path / attempts.FILE).read_text().splitlines()
    assert len(first) == len(second)
    assert json.loads(second)["repeated_steps"] == 10**9


def test_what_a_training_with_other_settings_took_is_forgotten_with_them(tmp_path):
    state = EpochState(tmp_path / "minilm_lion_e1.state")
    for learning_rate, jobs in ((1e-5, 1), (1e-5, 2), (2e-5, 1)):
        with state.locked():
            state.claim({"settings": {"learning_rate": learning_rate}})
            with attempt(state.folder, time.time(), 3, *A100) as job:
                assert job.cost()["jobs"] == jobs
