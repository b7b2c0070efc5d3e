"""Trainings that are trials of a search: of a share of the examples, and how they may end."""

import json
import math
import shutil
from pathlib import Path

import pytest

from lionrank.errors import Diverged, UserError
from lionrank.training import checkpoints, launch
from lionrank.training.log import held_out_loss
from tests.support import tiny_training as tiny

PAIRS = 40
DIVERGING = {
    "learning_rate": 1e30,
    "max_grad_norm": 1e9,
    "schedule": "none",
    "warmup": 0,
    "state_every": {"steps": 1},
}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return tiny.write_data(tmp_path_factory.mktemp("data"), PAIRS // 2)


@pytest.fixture(scope="module")
def start(tmp_path_factory):
    return tiny.write_start(tmp_path_factory.mktemp("start") / "e0", "bert_without_dropout")


def test_a_share_makes_as_many_steps_and_lays_its_schedule_over_them(start, data, tmp_path, capsys):
    changes = {"share": 0.3, "trial": True, "epochs": 2}
    whole = tiny.train(start, data, 2, tmp_path / "whole", **changes)
    assert f"12 of {PAIRS} examples" in capsys.readouterr().out
    last = tiny.chain(start, data, folder=tmp_path / "chain", **changes)
    tiny.assert_same_bits(whole, last)
    records = tiny.steps(whole)
    assert [record["step"] for record in records] == list(range(1, 2 * 3 + 1))
    assert records[-1]["lr"] == pytest.approx(tiny.SETTINGS["learning_rate"] / 4)
    assert json.loads((last / checkpoints.SETTINGS).read_text())["share"] == 0.3


def test_a_trial_of_all_examples_has_the_bits_of_a_training(start, data, tmp_path, capsys):
    training = tiny.train(start, data, 1, tmp_path / "training")
    trial = tiny.train(start, data, 1, tmp_path / "trial", share=1.0, trial=True)
    tiny.assert_same_bits(training, trial)
    assert "examples" not in capsys.readouterr().out


def assert_diverged(task):
    """Check what the epoch of a trial wrote that diverged in it."""
    checkpoint = Path(task["checkpoint"])
    assert checkpoints.ending(checkpoint) == "diverged"
    assert [path.name for path in checkpoint.iterdir()] == [checkpoints.ENDING]
    *before, said, cost = tiny.lines(Path(task["log"]))
    assert said["diverged"].startswith("the loss is nan at step")
    assert all(math.isfinite(line["loss"]) for line in before)
    assert (cost["step"], cost["jobs"]) == (said["step"], 1)
    assert said["step"] > len(before)
    assert held_out_loss(task["log"]) is None
    assert not tiny.state_folder(task).exists()


def test_a_loss_that_is_no_number_is_the_outcome_of_a_trial_alone(start, data, tmp_path, capsys):
    task = tiny.request(start, data, 1, tmp_path, trial=True, **DIVERGING)
    launch.train(**task)
    assert "The trial diverged, which is its outcome: the loss is nan" in capsys.readouterr().out
    assert_diverged(task)
    with pytest.raises(Diverged, match="the loss is nan"):
        launch.train(**{**task, "trial": False})


def test_a_trial_that_diverges_in_its_last_step_is_known_by_held_out_data(start, tmp_path):
    data = tiny.write_data(tmp_path, queries=2)
    task = tiny.request(start, data, 1, tmp_path, trial=True, **DIVERGING)
    launch.train(**task)
    first, said, _ = tiny.lines(Path(task["log"]))
    assert math.isfinite(first["loss"])
    assert "loss on held-out data is nan" in said["diverged"]
    assert checkpoints.ending(task["checkpoint"]) == "diverged"


@pytest.mark.slow
def test_a_trial_of_several_processes_diverges_as_one_does(start, data, tmp_path):
    task = tiny.request(start, data, 1, tmp_path, trial=True, **DIVERGING)
    launch.train_with_processes(2, **task)
    assert_diverged(task)


def test_what_else_goes_wrong_in_a_trial_is_no_outcome(start, data, tmp_path):
    broken = tmp_path / "broken"
    shutil.copytree(start, broken)
    (broken / "model.safetensors").unlink()
    with pytest.raises(UserError, match="no whole checkpoint"):
        tiny.train(broken, data, 1, tmp_path, trial=True)
    assert not (tmp_path / "checkpoints").exists()


@pytest.mark.parametrize("stopped", [True, False])
def test_a_trial_that_has_diverged_does_not_go_on(data, tmp_path, stopped):
    assert ending_after("diverged", data, tmp_path, stopped) == "diverged"


def test_a_trial_that_stops_has_no_checkpoint_and_stays_stopped(data, tmp_path):
    assert ending_after(None, data, tmp_path, stopped=True) == "stopped"
    assert ending_after("stopped", data, tmp_path, stopped=False) == "stopped"


def ending_after(before, data, tmp_path, stopped):
    """Return how an epoch of a trial ends that has ended before or is stopped by a decision."""
    previous = tmp_path / f"{before}_e1"
    previous.mkdir()
    if before:
        checkpoints.leave_out(previous, before)
    task = tiny.request(previous, data, 2, tmp_path, trial=True, stopped=stopped)
    launch.train(**task)
    assert Path(task["log"]).read_bytes() == b""
    return checkpoints.ending(task["checkpoint"])
