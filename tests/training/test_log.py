"""Training logs as they are read: curves, what is said of their end, and lines that are damaged."""

import json

import pytest

from lionrank.errors import UserError
from lionrank.training.log import (
    SMOOTHING,
    held_out_loss,
    read,
    read_curves,
    read_logged,
    read_so_far,
    smoothed,
)


def lines_of(epoch):
    """Return the log of an epoch of ten steps with the loss on held-out pairs at its end."""
    steps = range(10 * (epoch - 1) + 1, 10 * epoch + 1)
    lines = [
        {"step": s, "epoch": s / 10, "loss": 1 / s, "lr": s * 1e-6, "grad_norm": 2.0 * s}
        for s in steps
    ]
    return [*lines, {"step": 10 * epoch, "epoch": float(epoch), "eval_loss": 0.1 * epoch}]


@pytest.fixture(name="logs")
def _logs(tmp_path):
    """The logs of a training that stopped after the second of three epochs."""
    logs = [tmp_path / f"gte_lion_e{epoch}.jsonl" for epoch in (1, 2, 3)]
    for epoch, path in enumerate(logs, start=1):
        lines = lines_of(epoch) if epoch < 3 else []
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return logs


def test_curves_are_read_as_they_were_logged_without_epochs_that_were_not_run(logs):
    curves = read_curves(logs)
    assert list(curves.steps["step"]) == list(range(1, 21))
    assert list(curves.steps["loss"]) == [1 / step for step in range(1, 21)]
    assert list(curves.steps["lr"]) == [step * 1e-6 for step in range(1, 21)]
    assert list(curves.steps["grad_norm"]) == [2.0 * step for step in range(1, 21)]
    assert curves.held_out.to_dict("list") == {
        "step": [10, 20],
        "epoch": [1.0, 2.0],
        "eval_loss": [0.1, 0.2],
    }


def test_a_running_mean_covers_its_part_of_an_epoch(logs):
    logged = read_curves(logs).steps
    assert list(smoothed(logged, "lr")) == list(logged["lr"])  # a tenth of ten lines
    halves = logged.assign(epoch=logged["epoch"] / 2)  # one epoch, of twenty lines
    assert SMOOTHING * 20 == 2
    expected = [1e-6, *((step - 0.5) * 1e-6 for step in range(2, 21))]
    assert list(smoothed(halves, "lr")) == pytest.approx(expected)


def test_what_is_said_of_a_training_is_of_its_last_epoch_and_of_held_out_pairs_after_each(logs):
    said = read_logged({"gte_lion": logs})["gte_lion"]
    assert said.loss == pytest.approx(sum(1 / step for step in range(11, 21)) / 10)
    assert said.grad_norm == pytest.approx(31)
    assert said.held_out == {1: 0.1, 2: 0.2}


def test_the_loss_on_held_out_pairs_is_that_at_the_end_of_the_log(tmp_path):
    log = tmp_path / "minilm_lion_e1.jsonl"
    log.write_text('{"step": 1, "loss": 0.7}\n{"step": 1, "eval_loss": 0.5}\n')
    assert held_out_loss(log) == 0.5
    log.write_text('{"step": 1, "loss": 0.7}\n')
    assert held_out_loss(log) is None


def test_a_damaged_line_is_named_but_left_out_while_the_log_is_written(tmp_path):
    log = tmp_path / "minilm_lion_e1.jsonl"
    assert read_so_far(log, growing=True) == ([], 0)
    log.write_text('{"step": 1, "loss": 0.7}\n{"step": 2, "lo')
    assert read_so_far(log, growing=True) == ([{"step": 1, "loss": 0.7}], 0)
    assert read_so_far(log, growing=False) == ([{"step": 1, "loss": 0.7}], 1)
    with pytest.raises(UserError, match=r"minilm_lion_e1\.jsonl:2: expected one JSON object"):
        read(log)


@pytest.mark.parametrize("line", ["3", "null", "[]", '"loss"', "", "\0", "[" * 100_000, "9" * 5000])
def test_a_line_that_is_no_object_is_counted_and_left_out(tmp_path, line):
    log = tmp_path / "minilm_lion_e1.jsonl"
    log.write_text(f'{{"step": 1}}\n{line}\n{{"step": 2}}\n')
    assert read_so_far(log, growing=True) == ([{"step": 1}, {"step": 2}], 1)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            '{"step": 1, "epoch": 0.1, "loss": NaN, "lr": 1e-5, "grad_norm": 1}',
            "loss at step 1 is nan: the training diverged",
        ),
        (
            '{"step": 7, "epoch": 0.1, "loss": 0.1, "lr": 1e-5, "grad_norm": Infinity}',
            "grad_norm at step 7 is inf: the training diverged",
        ),
        ('{"step": 1, "loss": 0.1}', "no number for epoch; delete .* train this again"),
        ('{"step": 1, "epoch": 0.1, "loss": 0.5, "lr": 1e-5}', "no number for grad_norm; delete"),
        ('{"step": 1, "epoch": 1.0, "eval_loss": 0.5}', "no loss was logged"),
        ("", "no loss was logged"),
    ],
)
def test_a_bad_training_log_is_named(tmp_path, line, message):
    path = tmp_path / "gte_lion_e1.jsonl"
    path.write_text(line and line + "\n")
    with pytest.raises(UserError, match=rf"gte_lion_e1\.jsonl.*{message}"):
        read_curves([path])
