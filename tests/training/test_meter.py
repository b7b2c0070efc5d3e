"""The meter of a training, what it carries over a restart, and the warnings it gives rise to."""

import json
import math
import mmap
import time
from itertools import count

import pytest
import torch

from lionrank.training.gpu_usage import Usage
from lionrank.training.log import PHASES, STEP_PHASES
from lionrank.training.meter import Meter, stall_warning, stalled, tensor_bytes

CPU = torch.device("cpu")
FIELDS = [
    *("examples", "tokens", "loss", "lr", "grad_norm", "examples_per_second", "tokens_per_second"),
    *("padding", "memory_bytes", "peak_memory_bytes", "optimizer_state_bytes"),
    *(f"seconds_{phase}" for phase in PHASES),
]


@pytest.fixture
def meter():
    return Meter(CPU, dict)


def train(meter, losses, first_step=1):
    """Add a step a loss, each of 8 examples and 60 tokens in 80 slots."""
    for step, loss in enumerate(losses, start=first_step):
        with meter.phase("forward"):
            time.sleep(0.001)
        loss = torch.tensor(loss)
        meter.add(step, loss, torch.tensor(1.5 * step), examples=8, tokens=60, slots=80)


def random_losses(number):
    return torch.rand(number, generator=torch.Generator().manual_seed(7)).tolist()


# The record


def test_a_line_has_the_fields_of_the_log_as_plain_json_numbers(meter):
    train(meter, [0.5, 0.25])
    line = meter.line(lr=1e-3)
    assert list(line) == FIELDS
    assert json.loads(json.dumps(line, allow_nan=False)) == line
    assert {type(line[name]) for name in ("examples", "tokens", "memory_bytes")} == {int}


def test_a_line_is_about_the_steps_since_the_last_one(meter):
    train(meter, [0.5, 0.25])
    first = meter.line(lr=1e-3)
    train(meter, [0.125], first_step=3)
    second = meter.line(lr=2e-3)
    assert (first["loss"], second["loss"]) == (0.375, 0.125)
    assert (first["grad_norm"], second["grad_norm"]) == (3.0, 4.5)
    assert (first["lr"], second["lr"]) == (1e-3, 2e-3)
    assert (first["padding"], second["padding"]) == (0.25, 0.25)
    assert (first["examples"], second["examples"]) == (16, 24)
    assert (first["tokens"], second["tokens"]) == (120, 180)


def test_the_mean_loss_is_that_of_the_losses_in_double_precision(meter):
    losses = torch.rand(999, generator=torch.Generator().manual_seed(1))
    train(meter, losses.tolist())
    exact = sum(map(float, losses.double().tolist())) / 999
    assert meter.line(1.0)["loss"] == pytest.approx(exact, rel=1e-15)


def test_a_loss_that_is_changed_after_it_was_added_counts_as_it_was(meter):
    loss = torch.tensor(0.5)
    meter.add(1, loss, 1.0, examples=8, tokens=60, slots=80)
    loss.zero_()
    with meter.phase("forward"):
        pass
    assert meter.line(1.0)["loss"] == 0.5


def test_seconds_are_told_by_phase_and_saving_is_no_part_of_the_speed(meter):
    for phase in PHASES:
        with meter.phase(phase):
            time.sleep(0.02)
    with meter.phase("save"):
        time.sleep(0.2)
    meter.add(1, torch.tensor(0.5), 1.0, examples=8, tokens=60, slots=80)
    line = meter.line(1.0)
    for phase in STEP_PHASES:
        assert 0.02 <= line[f"seconds_{phase}"] < 0.2
    assert line["seconds_save"] >= 0.22
    seconds = sum(line[f"seconds_{phase}"] for phase in STEP_PHASES)
    assert line["examples_per_second"] == pytest.approx(8 / seconds)
    assert line["tokens_per_second"] == pytest.approx(60 / seconds)


def test_the_time_of_a_phase_that_fails_counts(meter):
    with pytest.raises(MemoryError), meter.phase("forward"):
        time.sleep(0.02)
        raise MemoryError
    train(meter, [0.5])
    assert meter.line(1.0)["seconds_forward"] >= 0.02


def test_an_unknown_phase_is_an_error(meter):
    with pytest.raises(KeyError), meter.phase("lunch"):
        pass


def test_the_memory_is_the_process_resident_set(meter):
    train(meter, [0.5])
    before = meter.line(1.0)
    # Of the kernel's own, as freed memory may stay with the process.
    block = mmap.mmap(-1, 64 * 2**20)
    block.write(b"1" * len(block))
    train(meter, [0.5])
    during = meter.line(1.0)
    block.close()
    train(meter, [0.5])
    after = meter.line(1.0)
    assert 60 * 2**20 < during["memory_bytes"] - before["memory_bytes"] < 80 * 2**20
    assert after["memory_bytes"] < during["memory_bytes"] - 60 * 2**20
    # The kernel's two counters differ by some pages.
    assert after["peak_memory_bytes"] > during["memory_bytes"] - 2**20


@pytest.mark.parametrize(
    ("build", "floats_a_weight"),
    [
        (torch.optim.AdamW, 2),  # first and second moment
        (lambda weights: torch.optim.SGD(weights, momentum=0.9), 1),
        (torch.optim.SGD, 0),
    ],
)
def test_the_bytes_of_the_optimizers_state_are_counted(build, floats_a_weight):
    layer = torch.nn.Linear(100, 50)
    optimizer = build(layer.parameters())
    meter = Meter(CPU, lambda: optimizer.state)
    layer(torch.ones(1, 100)).sum().backward()
    optimizer.step()
    train(meter, [0.5])
    steps = 4 * 2 if build is torch.optim.AdamW else 0  # a count a parameter
    assert meter.line(1.0)["optimizer_state_bytes"] == 4 * 5050 * floats_a_weight + steps


def test_a_tensor_that_is_held_twice_is_counted_once():
    values = torch.zeros(100)
    state = {"a": {"moment": values, "step": 3}, "b": [values.view(10, 10), (torch.zeros(2),)]}
    assert tensor_bytes(state) == 400 + 8


# Restarts


@pytest.mark.parametrize("restart_after", [0, 1, 7, 49, 50])
def test_a_restart_between_two_lines_leaves_the_next_line_as_it_was(restart_after):
    losses = random_losses(50)
    whole = Meter(CPU, dict)
    train(whole, losses)
    killed = Meter(CPU, dict)
    train(killed, losses[:restart_after])
    state = json.loads(json.dumps(killed.state_dict(), allow_nan=False))
    restarted = Meter(CPU, dict)
    restarted.load_state_dict(state)
    train(restarted, losses[restart_after:], first_step=restart_after + 1)
    expected, found = whole.line(1e-3), restarted.line(1e-3)
    for name in ("examples", "tokens", "loss", "lr", "grad_norm", "padding"):
        assert found[name] == expected[name]  # not approximately


def test_seconds_add_up_over_restarts(meter):
    with meter.phase("backward"):
        time.sleep(0.05)
    restarted = Meter(CPU, dict)
    restarted.load_state_dict(meter.state_dict())
    with restarted.phase("backward"):
        time.sleep(0.05)
    train(restarted, [0.5])
    assert 0.1 <= restarted.line(1.0)["seconds_backward"] < 0.2


def test_taking_a_state_changes_neither_the_next_line_nor_an_earlier_state(meter):
    train(meter, [0.5])
    state = meter.state_dict()
    text = json.dumps(state)
    train(meter, [0.25], first_step=2)
    assert json.dumps(state) == text
    assert meter.line(1.0)["loss"] == 0.375


def test_a_state_after_a_line_keeps_the_counts_and_nothing_of_the_lines_steps(meter):
    train(meter, [0.5, 0.5])
    meter.line(1.0)
    restarted = Meter(CPU, dict)
    restarted.load_state_dict(meter.state_dict())
    train(restarted, [0.125], first_step=3)
    line = restarted.line(1.0)
    assert (line["loss"], line["examples"], line["tokens"]) == (0.125, 24, 180)


# Losses that say that something is wrong


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_the_first_loss_that_is_not_finite_is_found_with_its_step(meter, bad):
    train(meter, [0.5, bad, 0.5, math.nan], first_step=11)
    step, loss = meter.first_not_finite()
    assert step == 12
    assert str(loss) == str(bad)


def test_finite_losses_are_not_complained_of(meter):
    train(meter, [0.5, 1e30])
    assert meter.first_not_finite() is None


def test_a_loss_that_is_not_finite_is_found_after_a_restart(meter):
    train(meter, [0.5, math.inf])
    restarted = Meter(CPU, dict)
    restarted.load_state_dict(json.loads(json.dumps(meter.state_dict())))
    assert restarted.first_not_finite() == (2, math.inf)


def test_a_loss_has_not_moved_if_twenty_lines_did_not_lower_it_by_a_hundredth():
    assert not stalled([0.7] * 19)
    assert stalled([0.7] * 20)
    assert stalled([0.7] * 10 + [0.699] * 10)
    assert not stalled([0.7] * 10 + [0.69] * 10)
    assert stalled([0.7] * 10 + [0.9] * 10)


def test_a_training_that_reached_the_bottom_has_moved():
    losses = [0.7 - 0.01 * i for i in range(20)] + [0.5] * 500
    assert all(stall_warning(losses[:n], step=n) is None for n in range(len(losses) + 1))


def test_a_loss_that_does_not_move_is_warned_of_once():
    losses = [0.6931] * 60
    told = [n for n in range(61) if stall_warning(losses[:n], step=n)]
    assert told == [20]


def test_a_loss_that_rises_again_is_warned_of_when_it_does_and_never_again():
    losses = [0.7] * 10 + [0.6] * 20 + [0.8] * 30 + [0.6] * 20 + [0.8] * 20
    told = [n for n in range(len(losses) + 1) if stall_warning(losses[:n], step=n)]
    assert len(told) == 1
    assert 30 < told[0] <= 40


def test_the_warning_is_a_line_that_says_what_was_seen_and_what_to_try():
    warning = stall_warning([0.7] * 10 + [0.699] * 10, step=1000)
    assert "\n" not in warning
    for part in ("step 1000", "0.7 ", "0.699", "learning_rate", "labels"):
        assert part in warning


# Graphics cards


def test_the_usage_of_gpus_survives_a_restart():
    meter = Meter(CPU, dict)
    meter._gpu_usage = Usage(10.0, 9.0, 4000.0)
    restarted = Meter(CPU, dict)
    restarted.load_state_dict(json.loads(json.dumps(meter.state_dict())))
    assert restarted._gpu_usage == Usage(10.0, 9.0, 4000.0)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_gpus_time_power_and_energy_are_in_the_line(capsys):
    device = torch.device("cuda", torch.cuda.current_device())
    meter = Meter(device, dict)
    values = torch.rand(4096, 4096, device=device)
    end = time.monotonic() + 3
    for step in count(1):
        for phase in STEP_PHASES:
            with meter.phase(phase):
                product = values @ values
        meter.add(step, product.mean(), 1.0, examples=8, tokens=60, slots=80)
        torch.cuda.synchronize(device)
        if time.monotonic() > end:
            break
    with meter.phase("save"):
        pass
    line = meter.line(1.0)
    meter.close()
    assert capsys.readouterr().err == ""
    seconds = sum(line[f"device_seconds_{phase}"] for phase in STEP_PHASES)
    assert 1.5 < seconds < 4
    assert line["gpu_utilisation"] > 30
    assert 30 < line["gpu_power_watts"] < 2000
    assert line["gpu_energy_joules"] == pytest.approx(3 * line["gpu_power_watts"], rel=0.3)
    assert line["peak_memory_bytes"] >= line["memory_bytes"] >= values.nbytes
