"""What is damaged in the files of trainings is left out of their status, and told."""

import json
import math
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lionrank.files import write_json, write_json_lines
from lionrank.training import status
from tests.support.trainings import job, only, seen, state_of, train

NO_OBJECTS = ["3", "null", "[]", '"loss"', "true", "\0\x80", "{", "[" * 100_000, "9" * 5000]


@pytest.mark.parametrize("line", NO_OBJECTS)
def test_lines_that_are_no_object_are_left_out_and_told(tmp_path, line):
    train(tmp_path, 1, 2, 3)
    log = tmp_path / "training" / "minilm_lion_e2.jsonl"
    log.write_text(f"{log.read_text()}{line}\n{line}\n")
    training = only(tmp_path)
    assert (training.state, training.note, training.step) == (status.FINISHED, "finished", 120)
    assert training.damaged == ("2 lines of training/minilm_lion_e2.jsonl",)
    told = status.to_text([training], datetime.now())
    assert told.endswith("\ndamaged, and left out: 2 lines of training/minilm_lion_e2.jsonl\n")


@pytest.mark.parametrize(
    "change",
    [
        *({"step": None}, {"step": "3"}, {"step": 0}, {"step": 2.5}, {"step": True}, {"epoch": 0}),
        *({"epoch": float("nan")}, {"loss": "low"}, {"loss": None}, {"loss": 10**400}),
        *({"examples_per_second": -1}, {"examples_per_second": []}, {"step": 10**400}),
    ],
)
def test_lines_of_steps_without_their_numbers_are_left_out_and_told(tmp_path, change):
    train(tmp_path, 1, 2, 3)
    log = tmp_path / "training" / "minilm_lion_e3.jsonl"
    *before, last, held_out, account = map(json.loads, log.read_text().splitlines())
    write_json_lines(log, [*before, last | change, held_out, account])
    training = only(tmp_path)
    assert (training.state, training.step) == (status.FINISHED, 110)
    assert training.damaged == ("1 line of training/minilm_lion_e3.jsonl",)


def test_a_training_that_diverged_shows_its_loss(tmp_path):
    train(tmp_path, 1, 2, 3)
    log = tmp_path / "training" / "minilm_lion_e3.jsonl"
    log.write_text(log.read_text().replace('"loss": 0.58', '"loss": NaN'))
    assert math.isnan(only(tmp_path).loss)
    assert "nan" in status.to_text([only(tmp_path)], datetime.now())


def test_a_log_that_is_cut_off_has_a_damaged_line(tmp_path):
    train(tmp_path, 1)
    log = tmp_path / "training" / "minilm_lion_e1.jsonl"
    log.write_bytes(log.read_bytes()[:-9])
    assert only(tmp_path).damaged == ("1 line of training/minilm_lion_e1.jsonl",)
    assert only(tmp_path).device_hours == 0


def test_a_log_of_damaged_lines_only_is_not_one_that_was_left_out(tmp_path):
    train(tmp_path, 1, 2, 3)
    log = tmp_path / "training" / "minilm_lion_e3.jsonl"
    log.write_bytes(bytes(range(256)) * 10)
    training = only(tmp_path)
    assert (training.state, training.epoch) == (status.FINISHED, 3)
    assert training.note == "epoch 3 finished, but nothing of its log can be read"
    [told] = training.damaged
    assert told.endswith("lines of training/minilm_lion_e3.jsonl")


@pytest.mark.parametrize("content", ["[]", "{", "", "3", '{"epochs": "many"}', '{"epochs": -1}'])
def test_an_environment_that_cannot_be_read_leaves_the_epochs_that_there_are(tmp_path, content):
    train(tmp_path, 1, 2)
    (tmp_path / "checkpoints" / "minilm_lion_e2" / "environment.json").write_text(content)
    training = only(tmp_path)
    assert (training.state, training.epochs) == (status.FINISHED, 2)


def test_the_best_epoch_of_a_damaged_file_is_unknown(tmp_path):
    train(tmp_path, 1, 2, 3)
    write_json(tmp_path / "training" / "minilm_lion.best.json", {"epoch": "x"})
    assert seen(tmp_path) == (status.FINISHED, "finished, best epoch unknown")
    (tmp_path / "training" / "minilm_lion.best.json").write_text("[]")
    assert only(tmp_path).damaged == ("all of training/minilm_lion.best.json",)


@pytest.mark.parametrize("name", ["owner.json", "attempts.jsonl", "log.jsonl"])
@pytest.mark.parametrize(
    "content", ["", "[]\n", "{", '{"host": 3}\n', '{"settings": []}\n', "\0\n"]
)
def test_files_of_a_job_that_cannot_be_read_are_no_reason_to_fail(tmp_path, name, content):
    with job(tmp_path, 1, step=27, logged=2):
        (state_of(tmp_path, 1).folder / name).write_text(content)
        assert only(tmp_path).state == status.RUNNING
        assert "minilm_lion" in status.to_text([only(tmp_path)], datetime.now())


KEYS = [
    *("step", "epoch", "loss", "examples_per_second", "seconds_save", "device_hours", "settings"),
    *("begun", "alive", "host", "process", "devices", "device", "seconds", "slurm_job_id"),
    *("repeated_steps", "repeated_seconds", "epochs"),
]
VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
OBJECTS = st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=12)
LINES = st.lists(OBJECTS | VALUES | st.dictionaries(st.just("settings"), OBJECTS), max_size=3)


def test_whatever_is_in_the_files_there_is_a_table(tmp_path):
    train(tmp_path, 1)
    state = state_of(tmp_path, 2).folder
    paths = [state / name for name in ("owner.json", "attempts.jsonl", "log.jsonl")]
    paths += [tmp_path / "training" / f"minilm_lion_{name}.jsonl" for name in ("e1", "e3")]

    @settings(max_examples=8 * settings.default.max_examples)
    @given(contents=st.tuples(*[st.binary(max_size=20) | LINES] * len(paths)))
    def look(contents):
        for path, content in zip(paths, contents, strict=True):
            text = content if isinstance(content, bytes) else "\n".join(map(json.dumps, content))
            path.write_bytes(text if isinstance(text, bytes) else text.encode())
        assert "minilm_lion" in status.to_text(status.read(tmp_path), datetime.now())

    with job(tmp_path, 2, step=63, logged=2):
        look()
