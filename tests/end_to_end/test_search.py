"""Searches by the workflow's own jobs: killed, with a trial that diverges, and of one point."""

import json
import os
import shutil
import signal
import time

import pytest

from tests.support import tiny_training as tiny
from tests.support.running import run_snakemake, start_snakemake

pytestmark = pytest.mark.slow
ENDINGS = """
grid: {models: [gte], optimizers: [lion], epochs: 1}
search:
  sampler: grid
  epochs: 2
  share: 0.5
  keep: 0.4
  spaces: {lion: {learning_rate: [1.0e+30, 6.0e-5, 1.0e-12]}}
training: {defaults: {global_batch_size: 2, schedule: none}}
hardware: {state_every: {minutes: null, steps: 4}}
"""
OWN_POINT = """
grid: {models: [gte], optimizers: [adamw, lion], epochs: 2}
search:
  trials: 1
  epochs: 2
  spaces:
    adamw: {learning_rate: {low: 1.0e-3, high: 1.001e-3}, weight_decay: [0.01]}
    lion: {learning_rate: {low: 6.0e-5, high: 6.001e-5, log: true}}
"""
CHOICE = "training/gte_lion.chosen.json"


@pytest.fixture
def copy(built_demo, tmp_path):
    """Copy what the built demo has before it trains GTE, to a folder of this name."""
    later = ("minilm*", "modernbert*", "gte_*_e[12]*", "results", "paper", "report", "hub")

    def copy(name):
        return shutil.copytree(built_demo, tmp_path / name, ignore=shutil.ignore_patterns(*later))

    return copy


def finish(run):
    told, _ = run.communicate()
    assert run.returncode == 0, told[-5000:]


def kill_in_a_trial(run, directory, step):
    """Kill Snakemake and all its jobs once a trial has made a step, and return which it was."""
    made = []
    while not made:
        assert run.poll() is None, run.stdout.read()
        logs = directory.glob("training/search/*.state/log.jsonl")
        made = [log.parent for log in logs if len(tiny.lines(log)) >= step]
        time.sleep(0.002)
    os.killpg(run.pid, signal.SIGKILL)
    run.communicate()
    return made[0].stem


def test_a_search_that_is_killed_ends_with_the_choice_of_one_beside_it_that_was_not(copy):
    killed, whole = copy("killed"), copy("whole")
    directories = (killed, whole)
    runs = [start_snakemake(each, CHOICE, "--cores=1", overlay=ENDINGS) for each in directories]
    stopped = kill_in_a_trial(runs[0], killed, 8)
    assert run_snakemake(killed, CHOICE, "--unlock", overlay=ENDINGS).returncode == 0
    runs[0] = start_snakemake(killed, CHOICE, "--cores=1", overlay=ENDINGS)
    for run in runs:
        finish(run)

    assert tiny.lines(killed / f"training/search/{stopped}.jsonl")[-1]["jobs"] == 2
    choices = [(each / CHOICE).read_bytes() for each in directories]
    assert choices[0] == choices[1]
    choice = json.loads(choices[0])
    by_rate = {each["settings"]["learning_rate"]: each for each in choice["trials"]}
    assert (by_rate[1e30]["status"], by_rate[1e30]["scores"]) == ("diverged", [None, None])
    others = [by_rate[6e-5], by_rate[1e-12]]
    assert sorted(each["status"] for each in others) == ["complete", "stopped"]
    assert choice["chosen"] == next(
        each["trial"] for each in others if each["status"] == "complete"
    )
    assert not (killed / "checkpoints/search").exists()
    told = {path.name for path in killed.glob("training/search/*")}
    assert told == {"gte_lion_e2.stop.json"} | {
        f"gte_lion_{each['trial']}_{name}"
        for each in choice["trials"]
        for name in ("e1.jsonl", "e1.dev.json", "e2.jsonl", "e2.dev.json")
    }

    finish(start_snakemake(killed, "checkpoints/gte_lion_e1", overlay=ENDINGS))
    settings = json.loads((killed / "checkpoints/gte_lion_e1/settings.json").read_text())
    assert by_rate[settings["learning_rate"]]["trial"] == choice["chosen"]
    of_trial, final = (
        len([line for line in tiny.lines(killed / f"training/{name}.jsonl") if "loss" in line])
        for name in (f"search/gte_lion_{choice['chosen']}_e1", "gte_lion_e1")
    )
    assert final == 2 * of_trial


def test_searches_side_by_side_of_the_one_point_that_the_config_has_train_what_it_trains(
    copy, built_demo
):
    """Ranges that come to a single value when it is rounded are spaces of one point."""
    directory = copy("demo")
    trainings = ("gte_adamw", "gte_lion")
    told = run_snakemake(directory, "searches", "--notemp", "--cores=2", overlay=OWN_POINT)
    assert told.returncode == 0, told.stdout[-5000:]
    for name in trainings:
        choice = json.loads((directory / f"training/{name}.chosen.json").read_text())
        (trial,) = choice["trials"]
        assert choice["chosen"] == choice["untuned"] == trial["trial"]
        for epoch in (1, 2):
            tiny.assert_same_bits(
                directory / f"checkpoints/search/{name}_{trial['trial']}_e{epoch}",
                built_demo / f"checkpoints/{name}_e{epoch}",
            )
