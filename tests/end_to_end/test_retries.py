"""A training job that is killed under Snakemake, which starts it again."""

import json
import os
import shutil
import signal
import time

import psutil
import pytest

from tests.support import tiny_training as tiny
from tests.support.running import run_snakemake, start_snakemake

CHECKPOINT = "checkpoints/gte_lion_e1"
EVERY = 10
MANY_STEPS = f"""
training:
  defaults: {{global_batch_size: 1}}
hardware:
  state_every: {{minutes: null, steps: {EVERY}}}
"""


def job_of(snakemake: psutil.Process) -> psutil.Process | None:
    """Return the process of the training, if there is one."""
    for process in snakemake.children(recursive=True):
        try:
            if process.cmdline()[-1].endswith("train_epoch.py"):
                return process
        except (psutil.NoSuchProcess, IndexError):
            continue
    return None


@pytest.mark.slow
def test_a_killed_job_that_is_retried_ends_with_the_bits_of_one_never_killed(demo):
    undisturbed = run_snakemake(demo, CHECKPOINT, overlay=MANY_STEPS)
    assert undisturbed.returncode == 0, undisturbed.stdout
    shutil.move(demo / CHECKPOINT, demo / "undisturbed")
    log = demo / "training" / "gte_lion_e1.jsonl"
    lines = log.read_text()
    log.unlink()

    run = start_snakemake(demo, CHECKPOINT, "--retries", "1", overlay=MANY_STEPS)
    live = demo / "training" / "gte_lion_e1.state" / "log.jsonl"
    while not (live.exists() and len(tiny.lines(live)) >= 25):
        assert run.poll() is None, run.stdout.read()
        time.sleep(0.002)
    os.kill(job_of(psutil.Process(run.pid)).pid, signal.SIGKILL)
    told, _ = run.communicate()
    assert run.returncode == 0, told
    assert "Trying to restart job" in told
    job_log = (demo / "logs" / "training" / "gte_lion_e1.log").read_text()
    assert "Resuming after step" in job_log

    tiny.assert_same_bits(demo / "undisturbed", demo / CHECKPOINT)
    before = [json.loads(line) for line in lines.splitlines()]
    *again, account = tiny.lines(log)
    assert tiny.timeless(again) == tiny.timeless(before[:-1])
    assert (account["jobs"], before[-1]["jobs"]) == (2, 1)
    lost = account["repeated_steps"]
    # A step is logged before its state is written, so all the steps of an interval can be lost.
    assert 0 <= lost <= EVERY and before[-1]["repeated_steps"] == 0
    assert (f"; {lost} step" in job_log) == bool(lost)
    assert not live.parent.exists()
