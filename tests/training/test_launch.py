"""Two processes on the CPU (torchrun, gloo) share each global batch as two GPUs would."""

import json
import signal
from pathlib import Path

import pandas as pd
import pytest

from lionrank.errors import UserError
from lionrank.training import launch
from tests.support import tiny_training as tiny

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """14 pairs: batches of 4, 4, 4 and 2, or of 5, 5 and 4."""
    return tiny.write_data(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def start(tmp_path_factory):
    return tiny.write_start(tmp_path_factory.mktemp("start") / "e0", "bert_without_dropout")


def train_with_two(start, data, epoch, folder, **changes):
    task = tiny.request(start, data, epoch, folder, **changes)
    launch.train_with_processes(2, **task)
    return Path(task["checkpoint"])


@pytest.mark.parametrize("size", [5, 13])
def test_two_processes_see_the_batches_and_losses_of_one(start, data, tmp_path, size):
    """Also where a batch, or the epoch's last one of a single pair, cannot be halved."""
    changes = {"global_batch_size": size, "state_every": {"steps": 1}}
    one = tiny.train(start, data, 2, tmp_path / "one", **changes)
    two = train_with_two(start, data, 2, tmp_path / "two", per_device_batch=2, **changes)
    for name, closeness in (
        *((name, 0) for name in ("step", "lr", "examples", "tokens")),
        *((name, 1e-4) for name in ("loss", "grad_norm")),
    ):
        expected = [line[name] for line in tiny.steps(one)]
        assert [line[name] for line in tiny.steps(two)] == pytest.approx(expected, closeness)
    assert tiny.log(two)[-1]["eval_loss"] == pytest.approx(tiny.log(one)[-1]["eval_loss"], 1e-4)
    assert (two / "rng_state_1.pth").exists()
    assert json.loads((two / "environment.json").read_text())["devices"] == "2 x CPU"


def test_an_epoch_may_go_on_with_another_number_of_processes(start, data, tmp_path):
    two = train_with_two(start, data, 1, tmp_path / "moved")
    assert json.loads((two / "progress.json").read_text())["micro_batch"] == 2
    moved = tiny.train(two, data, 2, tmp_path / "moved")
    assert json.loads((moved / "progress.json").read_text())["micro_batch"] == 4
    stayed = tiny.chain(start, data, 2, tmp_path / "stayed")
    losses = [[line["loss"] for line in tiny.steps(each)] for each in (moved, stayed)]
    assert losses[0] == pytest.approx(losses[1], 1e-4)


def test_a_signal_to_the_job_stops_all_its_processes_after_the_same_step(tmp_path, start):
    data = tiny.write_data(tmp_path, queries=200)
    task = tiny.request(start, data, 1, tmp_path / "stopped")
    output = tmp_path / "output"
    tiny.kill_at(tiny.start(task, output, processes=2), task, 3, signal.SIGTERM)
    told = output.read_text()
    assert "UserError: stopped by SIGTERM after step" in told
    (state,) = tiny.state_folder(task).glob("step-*")
    again = tiny.start(task, output, processes=2)
    again.join()
    assert f"Resuming after step {state.name.removeprefix('step-')}" in output.read_text()
    losses = [line["loss"] for line in tiny.steps(Path(task["checkpoint"]))]
    whole = tiny.steps(tiny.train(start, data, 1, tmp_path / "whole"))
    assert losses == pytest.approx([line["loss"] for line in whole], 1e-4)


def test_a_job_of_two_processes_leaves_nothing_but_its_results(start, data, tmp_path, monkeypatch):
    temporary, beside = tmp_path / "tmp", tmp_path / "run"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setattr("tempfile.tempdir", None)
    checkpoint = train_with_two(start, data, 1, beside)
    assert [*temporary.iterdir()] == []
    assert [path.name for path in checkpoint.parent.iterdir() if path.name[0] == "."] == []


def test_what_one_process_finds_wrong_is_told_by_the_job(start, data, tmp_path):
    bad = tmp_path / "pairs.parquet"
    pd.read_parquet(data["pairs"]).drop(columns="label").to_parquet(bad)
    with pytest.raises(
        UserError, match=r"missing columns: label; .*: BinaryCrossEntropy learns from"
    ):
        train_with_two(start, {**data, "pairs": str(bad)}, 1, tmp_path)
