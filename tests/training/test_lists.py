"""Trainings on lists of passages: interrupted, shared by processes, out of memory, diverging."""

import random
import signal
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from lionrank.cross_encoder import unpadded
from lionrank.cross_encoder.model import CrossEncoder
from lionrank.errors import UserError
from lionrank.training import launch
from lionrank.training.batches import GlobalBatches
from tests.support import tiny_training as tiny

LENGTHS = random.Random(12).choices(range(2, 7), k=45)
SIZE = 8
"""Passages of a step, which has one long list, or several short ones."""
CHANGES = {"loss": "infonce", "global_batch_size": SIZE}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return tiny.write_lists(tmp_path_factory.mktemp("data") / "lists.parquet", LENGTHS)


@pytest.fixture(scope="module")
def few(tmp_path_factory):
    return tiny.write_lists(tmp_path_factory.mktemp("few") / "lists.parquet", LENGTHS[:14])


@pytest.fixture(scope="module")
def starts(tmp_path_factory):
    folder = tmp_path_factory.mktemp("starts")
    for name in ("bert", "bert_without_dropout"):
        tiny.write_start(folder / name, name)
    return folder


def assert_same_curves(left, right):
    for name, closeness in (
        *((name, 0) for name in ("step", "lr", "examples", "tokens")),
        *((name, 1e-4) for name in ("loss", "grad_norm")),
    ):
        expected = [line[name] for line in tiny.steps(left)]
        assert [line[name] for line in tiny.steps(right)] == pytest.approx(expected, closeness)
    losses = [tiny.log(each)[-1]["eval_loss"] for each in (left, right)]
    assert losses[0] == pytest.approx(losses[1], 1e-4)


@pytest.mark.slow
def test_a_training_on_lists_killed_in_an_epoch_ends_with_the_bits_of_one_never_stopped(
    starts, data, tmp_path
):
    """With dropout, and lists that are computed in parts."""
    changes = CHANGES | {"state_every": {"steps": 4}, "per_device_batch": 3}
    whole = tiny.train(starts / "bert", data, 2, tmp_path / "whole", **changes)
    task = tiny.request(starts / "bert", data, 2, tmp_path / "killed", **changes)
    output = tmp_path / "output"
    for step in (6, 31):
        tiny.kill_at(tiny.start(task, output), task, step, signal.SIGKILL)
    last = tiny.start(task, output)
    last.join()
    assert last.exitcode == 0, output.read_text()
    assert output.read_text().count("Resuming after step") == 2
    killed = Path(task["checkpoint"])
    tiny.assert_same_bits(whole, killed)
    assert tiny.timeless(tiny.log(whole)) == tiny.timeless(tiny.log(killed))


@pytest.mark.slow
def test_two_processes_learn_from_lists_as_one_does(starts, data, tmp_path):
    """Also where a step is a single list, so that one of them has nothing to do."""
    order = GlobalBatches(np.array(LENGTHS), SIZE, seed=12)
    assert 1 in {order.examples_at(step) for step in range(len(order))}
    start = starts / "bert_without_dropout"
    one = tiny.train(start, data, 1, tmp_path / "one", **CHANGES)
    task = tiny.request(start, data, 1, tmp_path / "two", per_device_batch=3, **CHANGES)
    launch.train_with_processes(2, **task)
    assert_same_curves(one, Path(task["checkpoint"]))


@pytest.mark.slow
def test_when_memory_runs_out_a_list_is_computed_in_parts(starts, few, tmp_path, capsys):
    """Down to two passages at once, which is less than most lists have."""
    start = starts / "bert_without_dropout"
    whole = tiny.train(start, few, 1, tmp_path / "whole", **CHANGES)

    def refuse_more_than_two(module, inputs):
        trains = isinstance(module, CrossEncoder) and module.body.training
        if trains and len(inputs[0]["attention_mask"]) > 2:
            torch.empty(2**60)

    hook = torch.nn.modules.module.register_module_forward_pre_hook(refuse_more_than_two)
    try:
        little = tiny.train(start, few, 1, tmp_path / "little", **CHANGES)
    finally:
        hook.remove()
    told = capsys.readouterr().out
    for passages in (3, 2):
        assert f"step 1: doing it again with {passages} passages at once on a device" in told
    assert told.count("Memory ran out") == 2
    assert_same_curves(whole, little)


def test_a_diverging_training_names_the_step_and_the_lists_of_its_batch(starts, tmp_path, capsys):
    lengths = [5] * 24
    data = tiny.write_lists(tmp_path / "lists.parquet", lengths)
    changes = CHANGES | {"learning_rate": 1e30, "max_grad_norm": 1e9, "schedule": "none"}
    changes |= {"warmup": 0, "global_batch_size": 20}
    with pytest.raises(UserError) as error:
        tiny.train(starts / "bert", data, 1, tmp_path, **changes)
    message = str(error.value)
    step = int(message.split("at step ")[1].split(",")[0])
    rows = GlobalBatches(np.array(lengths), 20, seed=12).rows(step - 1)
    told = [line for line in capsys.readouterr().out.splitlines() if line.startswith("row ")]
    assert told == [f"row {i}: q{i} d{i}.0 d{i}.1 d{i}.2 d{i}.3 d{i}.4" for i in rows]
    first = ", ".join(f"q{i} d{i}.0 d{i}.1 d{i}.2 ..." for i in rows[:3])
    assert f"in the batch of {first} and 1 more, all above" in message


@pytest.mark.slow
def test_lists_train_without_padding_as_with_it(starts, few, tmp_path, monkeypatch):
    changes = CHANGES | {"optimizer": tiny.OPTIMIZERS["sgd"], "per_device_batch": 4}
    start = starts / "bert_without_dropout"
    without = tiny.train(start, few, 1, tmp_path / "without", **changes)
    monkeypatch.setattr(unpadded, "prepare", lambda body: False)
    padded = tiny.train(start, few, 1, tmp_path / "padded", **changes)
    assert tiny.steps(padded)[-1]["padding"] > tiny.steps(without)[-1]["padding"] == 0
    assert_same_curves(without, padded)
    weights = [load_file(each / "model.safetensors") for each in (without, padded)]
    for name in weights[0]:
        torch.testing.assert_close(weights[0][name], weights[1][name], rtol=1e-3, atol=1e-5)
