"""What `lionrank status` says of trainings in every state they can be in."""

import json
import math
import os
import re
import signal
import socket
import time
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lionrank.errors import UserError
from lionrank.files import write_json, write_json_lines
from lionrank.training import attempts, development, status
from lionrank.training.attempts import attempt
from lionrank.training.state import EpochState
from lionrank.training.status import TrainingStatus
from tests.support import tiny_training as tiny

HERE = socket.gethostname()
ME = f"process {os.getpid()} on {HERE}"
STEPS = 40
"""Of an epoch, a line every ten steps of four examples."""
ENVIRONMENT = {"epochs": 3, "devices": "1 x CPU"}
HOUR = 3600


def lines(epoch: int, number: int = 4) -> list[dict]:
    """Return the first log lines of an epoch, each of 40 s: 32 s of steps and 8 s of saving."""
    first = (epoch - 1) * STEPS
    return [
        {
            "step": first + step,
            "epoch": (first + step) / STEPS,
            "loss": 0.7 - 0.001 * (first + step),
            "examples_per_second": 40 / 32,
            "seconds_forward": 24.0,
            "seconds_optimizer": 8.0,
            "seconds_save": 8.0,
        }
        for step in range(10, 10 * number + 1, 10)
    ]


def train(root: Path, *epochs: int, name: str = "minilm_lion", of: int = 3) -> None:
    """Write what finished epochs of half a device hour each leave."""
    for epoch in epochs:
        held_out = {"step": epoch * STEPS, "epoch": float(epoch), "eval_loss": 0.5}
        account = {"step": epoch * STEPS, "epoch": float(epoch), "device_hours": 0.5}
        log = root / "training" / f"{name}_e{epoch}.jsonl"
        write_json_lines(log, [*lines(epoch), held_out, account])
        checkpoint = root / "checkpoints" / f"{name}_e{epoch}"
        write_json(checkpoint / "environment.json", ENVIRONMENT | {"epoch": epoch, "epochs": of})


def leave_out(root: Path, epoch: int) -> None:
    """Write what an epoch leaves before which the training stopped early."""
    write_json_lines(root / "training" / f"minilm_lion_e{epoch}.jsonl", [])
    write_json(root / "checkpoints" / f"minilm_lion_e{epoch}" / "environment.json", ENVIRONMENT)


def state_of(root: Path, epoch: int) -> EpochState:
    return EpochState(root / "training" / f"minilm_lion_e{epoch}.state")


@contextmanager
def job(root: Path, epoch: int, step: int | None = None, logged: int = 0, kept: int | None = None):
    """Have a job train an epoch, which has come to a step, logged some lines, and kept a state."""
    state = state_of(root, epoch)
    with state.locked():
        state.claim({"epoch": epoch})
        with attempt(state.folder, time.time(), 3, 2, "NVIDIA A100") as account:
            write_json_lines(state.folder / "log.jsonl", lines(epoch, logged))
            if kept is not None:
                (state.partial / "checkpoint").mkdir(parents=True)
                state.keep(state.partial / "checkpoint", kept)
            if step is not None:
                account.goes_on((epoch - 1) * STEPS, 0.0)
                account.made(step, 160.0)
            yield account


def only(root: Path) -> TrainingStatus:
    [training] = status.read(root)
    return training


def seen(root: Path) -> tuple[str, str]:
    training = only(root)
    return training.state, training.note


def rewrite(root: Path, epoch: int, **facts) -> None:
    """Change what a job says of itself."""
    folder = state_of(root, epoch).folder
    write_json(folder / "owner.json", json.loads((folder / "owner.json").read_text()) | facts)
    jobs = attempts.read(folder)
    write_json_lines(folder / attempts.FILE, [*jobs[:-1], jobs[-1] | facts])


def let_pass(root: Path, epoch: int, seconds: float) -> None:
    """Make all files of a job so much older."""
    folder = state_of(root, epoch).folder
    for path in (*folder.iterdir(), folder):
        os.utime(path, (time.time() - seconds,) * 2)


# Trainings of which no job is under way


def test_a_finished_training_has_its_newest_line_and_its_best_epoch(tmp_path):
    train(tmp_path, 1, 2, 3)
    best = development.scores(2, 0.5, {"nq": 0.4821, "nfcorpus": 0.5021})
    write_json(tmp_path / "training" / "minilm_lion.best.json", best)
    assert only(tmp_path) == TrainingStatus(
        name="minilm_lion",
        state=status.FINISHED,
        note="finished, best epoch 2 (nDCG@10 0.4921)",
        epoch=3,
        epochs=3,
        step=120,
        steps=120,
        loss=pytest.approx(0.58),
        examples_per_second=pytest.approx(1.25),
        ends=None,
        device_hours=1.5,
    )


def test_a_best_epoch_by_the_loss_on_held_out_pairs_says_so(tmp_path):
    train(tmp_path, 1, 2, 3)
    best = tmp_path / "training" / "minilm_lion.best.json"
    write_json(best, development.scores(1, 0.51234, {}))
    note = "finished, best epoch 1 (loss on held-out pairs 0.5123)"
    assert seen(tmp_path) == (status.FINISHED, note)


def test_a_training_without_its_best_epoch_yet_is_finished(tmp_path):
    train(tmp_path, 1, 2, 3)
    assert seen(tmp_path) == (status.FINISHED, "finished")


@pytest.mark.parametrize("left_out", [[3], [3, 4]])
def test_early_stopping_is_told_as_soon_as_an_epoch_is_left_out(tmp_path, left_out):
    train(tmp_path, 1, 2, of=4)
    for epoch in left_out:
        leave_out(tmp_path, epoch)
    training = only(tmp_path)
    assert (training.state, training.note) == (status.FINISHED, "finished early, after epoch 2")
    assert (training.epoch, training.epochs, training.step, training.steps) == (2, 4, 80, 160)


def test_a_training_with_epochs_to_come_says_which_is_next(tmp_path):
    train(tmp_path, 1)
    assert seen(tmp_path) == (status.BETWEEN, "epoch 1 finished, epoch 2 not begun")


def test_a_training_that_is_only_prepared_is_not_begun(tmp_path):
    (tmp_path / "checkpoints" / "minilm_lion_e0").mkdir(parents=True)
    assert only(tmp_path) == TrainingStatus("minilm_lion", status.NOT_BEGUN, "not begun")


def test_an_archive_has_no_checkpoints_and_its_trainings_are_finished(tmp_path):
    train(tmp_path, 1, 2, 3)
    (tmp_path / "checkpoints").rename(tmp_path / "elsewhere")
    assert seen(tmp_path) == (status.FINISHED, "finished")
    assert only(tmp_path).steps == 120


def test_epochs_after_one_that_is_to_be_trained_again_do_not_count(tmp_path):
    train(tmp_path, 1, 2, 3)
    (tmp_path / "training" / "minilm_lion_e2.jsonl").unlink()
    assert seen(tmp_path) == (status.BETWEEN, "epoch 1 finished, epoch 2 not begun")


# Trainings with a job


def test_a_running_training_ends_when_its_steps_will_be_made_by_the_newest_lines(tmp_path):
    train(tmp_path, 1)
    with job(tmp_path, 2, step=63, logged=2):
        training = only(tmp_path)
        alive = attempts.read(state_of(tmp_path, 2).folder)[-1]["alive"]
    assert (training.state, training.note) == (status.RUNNING, f"running, {ME}")
    assert (training.epoch, training.epochs) == (2, 3)
    assert (training.step, training.steps) == (63, 120)
    assert training.loss == pytest.approx(0.64)
    assert training.examples_per_second == pytest.approx(1.25)
    # 57 steps of 4 seconds, saving included.
    assert training.ends.timestamp() == pytest.approx(alive + 228, abs=0.01)


def test_only_the_newest_ten_lines_tell_the_speed(tmp_path):
    train(tmp_path, 1, 2)
    first, *others = lines(1)
    slow = first | {"seconds_forward": 1000.0, "examples_per_second": 0.04}
    write_json_lines(tmp_path / "training" / "minilm_lion_e1.jsonl", [slow, *others])
    with job(tmp_path, 3, step=83, logged=3):
        assert only(tmp_path).ends.timestamp() == pytest.approx(time.time() + 37 * 4, abs=5)
        assert only(tmp_path).examples_per_second == pytest.approx(1.25)


def test_on_a_gpu_the_time_is_the_devices_own(tmp_path):
    with job(tmp_path, 1, step=20, logged=2):
        on_gpu = [line | {"device_seconds_forward": 400.0} for line in lines(1, 2)]
        write_json_lines(state_of(tmp_path, 1).folder / "log.jsonl", on_gpu)
        assert only(tmp_path).ends.timestamp() == pytest.approx(time.time() + 100 * 40, abs=5)


def test_a_job_of_slurm_is_named_by_its_number(tmp_path, monkeypatch):
    monkeypatch.setenv("SLURM_JOB_ID", "4711")
    with job(tmp_path, 1, step=20, logged=2):
        assert seen(tmp_path) == (status.RUNNING, f"running, Slurm job 4711 on {HERE}")


def test_a_line_that_is_half_written_is_not_there_yet(tmp_path):
    with job(tmp_path, 1, step=20, logged=2):
        whole = only(tmp_path)
        with open(state_of(tmp_path, 1).folder / "log.jsonl", "a") as handle:
            handle.write(json.dumps(lines(1)[2])[:-9])
        assert only(tmp_path) == whole


def test_a_job_before_its_first_line_has_no_end_yet(tmp_path):
    with job(tmp_path, 1, step=3):
        training = only(tmp_path)
    assert (training.state, training.note) == (status.RUNNING, f"running, {ME}")
    assert (training.step, training.steps, training.loss, training.ends) == (3, None, None, None)


def test_a_job_that_loads_the_model_is_starting(tmp_path):
    train(tmp_path, 1)
    with job(tmp_path, 2):
        assert seen(tmp_path) == (status.RUNNING, f"starting, {ME}")
        assert only(tmp_path).step == 40


def test_a_job_that_has_just_locked_what_another_left_is_starting(tmp_path):
    with job(tmp_path, 1, step=27, logged=2):
        pass
    rewrite(tmp_path, 1, process=1)
    with state_of(tmp_path, 1).locked():
        assert seen(tmp_path) == (status.RUNNING, f"starting, {ME}")


def test_a_job_that_holds_its_lock_but_writes_nothing_is_told(tmp_path):
    with job(tmp_path, 1, step=27, logged=2):
        let_pass(tmp_path, 1, 9 * 60)
        assert seen(tmp_path) == (status.RUNNING, f"running, {ME}")
        let_pass(tmp_path, 1, 3 * HOUR)
        note = f"running, but no sign of life for 3 h, {ME}"
        assert seen(tmp_path) == (status.RUNNING, note)
        assert only(tmp_path).ends is None


def test_a_job_with_slow_lines_is_given_the_time_of_five(tmp_path):
    with job(tmp_path, 1, step=27, logged=2):
        slow = [line | {"seconds_forward": 1.0 * HOUR} for line in lines(1, 2)]
        write_json_lines(state_of(tmp_path, 1).folder / "log.jsonl", slow)
        let_pass(tmp_path, 1, 4 * HOUR)
        assert seen(tmp_path) == (status.RUNNING, f"running, {ME}")
        let_pass(tmp_path, 1, 6 * HOUR)
        assert "no sign of life for 6 h" in only(tmp_path).note


@pytest.mark.parametrize(
    ("kept", "then"),
    [
        (20, "resumes from 20 when run again"),
        (27, "resumes there when run again"),
        (None, "starts epoch 1 over when run again"),
    ],
)
def test_a_job_that_has_gone_is_stopped_and_says_where_the_next_one_goes_on(tmp_path, kept, then):
    with job(tmp_path, 1, step=27, logged=2, kept=kept):
        pass
    training = only(tmp_path)
    assert (training.state, training.note) == (status.STOPPED, f"stopped after step 27; {then}")
    assert (training.step, training.steps, training.ends) == (27, 120, None)


def test_a_stopped_job_before_its_first_step_goes_on_from_the_epoch_before(tmp_path):
    train(tmp_path, 1)
    with job(tmp_path, 2):
        pass
    note = "stopped after step 40; starts epoch 2 over when run again"
    assert seen(tmp_path) == (status.STOPPED, note)


def test_a_state_without_the_account_of_its_jobs_is_told_by_log_and_states(tmp_path):
    with job(tmp_path, 1, step=27, logged=2, kept=25):
        pass
    (state_of(tmp_path, 1).folder / attempts.FILE).unlink()
    note = "stopped after step 25; resumes there when run again"
    assert seen(tmp_path) == (status.STOPPED, note)


def test_a_job_on_another_host_is_told_by_its_signs_of_life(tmp_path):
    """Where network file systems keep a lock to its host, a free one says nothing."""
    with job(tmp_path, 1, step=27, logged=2):
        pass
    rewrite(tmp_path, 1, host="node07", slurm_job_id="4711")
    training = only(tmp_path)
    note = "seems to be running, Slurm job 4711 on node07"
    assert (training.state, training.note) == (status.RUNNING, note)
    assert training.ends is not None
    let_pass(tmp_path, 1, 3 * 24 * HOUR)
    note = "no sign of life for 3 days, Slurm job 4711 on node07"
    assert seen(tmp_path) == (status.SILENT, note)


def test_a_lock_that_is_held_from_another_host_means_running(tmp_path):
    with job(tmp_path, 1, step=27, logged=2):
        rewrite(tmp_path, 1, host="node07")
        note = f"running, process {os.getpid()} on node07"
        assert seen(tmp_path) == (status.RUNNING, note)


def test_an_epoch_that_is_trained_again_hides_the_later_ones_of_before(tmp_path):
    train(tmp_path, 1, 2, 3)
    with ExitStack() as jobs:
        with job(tmp_path, 2, step=63, logged=2):
            pass
        jobs.enter_context(job(tmp_path, 3, step=101, logged=2))
        assert only(tmp_path).step == 101
        jobs.enter_context(job(tmp_path, 1, step=27, logged=2))
        training = only(tmp_path)
    assert (training.state, training.epoch, training.step) == (status.RUNNING, 1, 27)
    assert training.ends.timestamp() == pytest.approx(time.time() + 93 * 4, abs=5)
    assert only(tmp_path).epoch == 1


def test_an_epoch_whose_state_is_being_removed_is_finished(tmp_path):
    with job(tmp_path, 1, step=40, logged=4):
        pass
    folder = state_of(tmp_path, 1).folder
    (folder / "lock").unlink()
    assert only(tmp_path).state == status.STOPPED
    train(tmp_path, 1, of=1)
    assert seen(tmp_path) == (status.FINISHED, "finished")


def test_looking_leaves_no_trace_and_keeps_no_job_out(tmp_path):
    def files() -> dict[Path, int]:
        return {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}

    with job(tmp_path, 1, step=27, logged=2):
        before = files()
        assert only(tmp_path).state == only(tmp_path).state == status.RUNNING
        assert files() == before
    before = files()
    assert only(tmp_path).state == status.STOPPED
    assert files() == before
    with job(tmp_path, 1, step=27, logged=2):
        assert only(tmp_path).state == status.RUNNING
    (state_of(tmp_path, 1).folder / "lock").unlink()
    before = files()
    assert only(tmp_path).state == status.STOPPED
    assert files() == before


def test_device_hours_are_those_of_finished_epochs_and_of_all_jobs_of_this_one(tmp_path):
    train(tmp_path, 1)
    for begun in (HOUR, 2 * HOUR):
        with job(tmp_path, 2, step=63, logged=2):
            pass
        rewrite(tmp_path, 2, begun=10 * HOUR, alive=10 * HOUR + begun)
    # 0.5, and on two devices 1 and 2 hours.
    assert only(tmp_path).device_hours == pytest.approx(6.5)


# Damage

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


# Folders


def test_names_that_no_epoch_has_are_passed_over(tmp_path):
    train(tmp_path, 1)
    for name in ("minilm_lion_e99999999999", "minilm_lion_e01", "minilm_lion_e", "notes_e1.txt"):
        (tmp_path / "training" / name).mkdir()
    assert (only(tmp_path).name, only(tmp_path).epoch) == ("minilm_lion", 1)


@pytest.mark.parametrize("content", ["nothing", "no experiment"])
def test_a_folder_without_trainings_is_refused(tmp_path, content):
    if content == "no experiment":
        (tmp_path / "checkpoints").mkdir()
        (tmp_path / "training").mkdir()
        (tmp_path / "training" / "notes.txt").write_text("")
    with pytest.raises(UserError, match=f"^no trainings in {re.escape(str(tmp_path))}: name the"):
        status.read(tmp_path)


def test_trainings_are_told_apart_and_come_by_name(tmp_path):
    train(tmp_path, 1, 2, name="minilm_lion")
    train(tmp_path, 1, name="gte_lion")
    (tmp_path / "checkpoints" / "minilm_adamw_e0").mkdir()
    with job(tmp_path, 3, step=90, logged=1):
        found = [(training.name, training.epoch) for training in status.read(tmp_path)]
    assert found == [("gte_lion", 1), ("minilm_adamw", None), ("minilm_lion", 3)]


@pytest.mark.slow
def test_a_real_training_is_running_then_stopped_then_finished(tmp_path):
    root = tmp_path / "run"
    data = tiny.write_data(tmp_path, queries=200)
    start = tiny.write_start(root / "checkpoints" / "tiny_run_e0", "bert")
    assert seen(root) == (status.NOT_BEGUN, "not begun")
    task = tiny.request(start, data, 1, root, epochs=1, state_every={"steps": 20})
    output = tmp_path / "output"
    process = tiny.start(task, output)
    deadline = time.monotonic() + 120
    while (training := only(root)).ends is None or training.step < 25:
        assert process.is_alive(), output.read_text()
        assert time.monotonic() < deadline
        time.sleep(0.01)
    note = f"running, process {process.pid} on {HERE}"
    assert (training.state, training.note) == (status.RUNNING, note)
    assert (training.epoch, training.epochs, training.steps) == (1, 1, 100)
    assert training.loss > 0 and training.examples_per_second > 0
    assert 0 < training.ends.timestamp() - time.time() < 120
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    training = only(root)
    told = re.fullmatch(r"stopped after step (\d+); resumes (?:from )?(\w+) .*", training.note)
    assert training.state == status.STOPPED
    assert 25 <= int(told[1]) == training.step < 100
    kept = told[1] if told[2] == "there" else told[2]
    again = tiny.start(task, output)
    again.join()
    assert f"Resuming after step {kept}, from" in output.read_text()
    training = only(root)
    assert (training.state, training.note) == (status.FINISHED, "finished")
    assert (training.epoch, training.step, training.steps) == (1, 100, 100)
    assert training.device_hours > 0


def test_the_table_has_a_row_a_training_in_columns_and_then_the_totals():
    running = TrainingStatus(
        name="minilm_adamw",
        state=status.RUNNING,
        note="running, Slurm job 4711 on node07",
        epoch=2,
        epochs=3,
        step=43_494,
        steps=93_282,
        loss=0.21344,
        examples_per_second=1812.4,
        ends=datetime(2025, 3, 1, 18, 42, 10),
        device_hours=4.1,
    )
    stopped = TrainingStatus(
        name="gte_lion",
        state=status.STOPPED,
        note="stopped after step 3; starts epoch 1 over when run again",
        epoch=1,
        step=3,
        examples_per_second=20.26,
        device_hours=0.016,
    )
    trainings = [stopped, running, TrainingStatus("gte_adamw", status.NOT_BEGUN, "not begun")]
    assert (
        status.to_text(trainings, datetime(2025, 3, 1, 9))
        == """\
training      epoch             step    loss    examples/s  ends         state
gte_lion      1                    3       -          20.3  -            stopped after step 3; \
starts epoch 1 over when run again
minilm_adamw  2/3      43,494/93,282  0.2134         1,812  today 18:42  running, Slurm job 4711 \
on node07
gte_adamw     -                    -       -             -  -            not begun

1 running, 1 stopped, 1 not begun; 4.12 device hours so far
"""
    )
    assert "  2025-03-01 18:42  " in status.to_text(trainings, datetime(2025, 2, 28, 20))


def test_without_device_hours_none_are_told():
    text = status.to_text(
        [TrainingStatus("gte_adamw", status.NOT_BEGUN, "not begun")], datetime.now()
    )
    assert text.endswith("\n\n1 not begun\n")
