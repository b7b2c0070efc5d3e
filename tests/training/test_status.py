"""What `lionrank status` says of trainings in every state they can be in."""

import json
import math
import os
import re
import shutil
import signal
import time
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path

import pytest

from lionrank.errors import UserError
from lionrank.files import write_json, write_json_lines
from lionrank.training import attempts, development, status
from lionrank.training.status import TrainingStatus
from tests.support import tiny_training as tiny
from tests.support.trainings import (
    HERE,
    HOUR,
    ME,
    job,
    leave_out,
    let_pass,
    lines,
    only,
    rewrite,
    seen,
    state_of,
    train,
)

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


# Trials of a search


def try_out(root: Path, trial: str, score: float | None, training: str = "minilm_lion") -> None:
    """Write what a trial of one epoch leaves once its checkpoint is gone."""
    name = f"search/{training}_{trial}"
    train(root, 1, name=name, of=1)
    shutil.rmtree(root / "checkpoints" / f"{name}_e1")
    scores = development.scores(1, 0.5, {} if score is None else {"nq": score})
    write_json(root / "training" / f"{name}_e1.dev.json", scores)


def test_a_trial_has_its_search_and_its_score_and_comes_after_all_trainings(tmp_path):
    train(tmp_path, 1, name="minilm_zlion", of=1)
    try_out(tmp_path, "t0000000a", 0.41)
    found, trial = status.read(tmp_path)
    assert (found.name, found.search, found.score) == ("minilm_zlion", None, None)
    assert (trial.name, trial.search) == ("minilm_lion_t0000000a", "minilm_lion")
    assert (trial.score, trial.is_chosen, trial.state) == (0.41, False, status.FINISHED)
    write_json(tmp_path / "training" / "minilm_lion.chosen.json", {"chosen": "t0000000a"})
    assert status.read(tmp_path)[1].is_chosen


def test_the_best_score_of_a_trial_is_that_of_its_best_epoch(tmp_path):
    name = "search/minilm_lion_t0000000a"
    train(tmp_path, 1, 2, name=name)
    for epoch, score in ((1, 0.4), (2, 0.3)):
        path = tmp_path / "training" / f"{name}_e{epoch}.dev.json"
        write_json(path, development.scores(epoch, 0.5, {"nq": score}))
    assert only(tmp_path).score == 0.4
    assert only(tmp_path).state == status.BETWEEN


def test_a_trial_that_diverged_says_in_which_epoch_and_has_no_score(tmp_path):
    name = "search/minilm_lion_t0000000a"
    train(tmp_path, 1, 2, name=name, of=2)
    for epoch, scores in ((1, {"nq": 0.4}), (2, {})):
        found = development.scores(epoch, None, scores)
        ending = {} if scores else {"ending": "diverged"}
        write_json(tmp_path / "training" / f"{name}_e{epoch}.dev.json", found | ending)
    assert seen(tmp_path) == (status.DIVERGED, "diverged in epoch 2")
    assert only(tmp_path).score is None


def test_a_trial_that_successive_halving_dropped_is_finished(tmp_path):
    name = "search/minilm_lion_t0000000a"
    train(tmp_path, 1, name=name, of=2)
    write_json_lines(tmp_path / "training" / f"{name}_e2.jsonl", [])
    assert seen(tmp_path) == (status.FINISHED, "finished early, after epoch 1")


def test_a_search_is_one_row_and_only_trials_with_a_job_have_rows_of_their_own(tmp_path):
    for trial, score in (("t0000000a", 0.41), ("t0000000b", 0.43), ("t0000000c", None)):
        try_out(tmp_path, trial, score)
    try_out(tmp_path, "t0000000d", 0.2, "gte_lion")
    write_json(tmp_path / "training" / "gte_lion.chosen.json", {"chosen": "t0000000d"})
    with job(tmp_path, 1, step=27, logged=2, name="search/minilm_lion_t0000000e"):
        found = status.read(tmp_path)
        text = status.to_text(found, datetime.now())
    rows = [line.split() for line in text.splitlines()]
    named = [row[0] for row in rows if row]
    assert named[:2] == ["training", "minilm_lion_t0000000e"]
    assert ["gte_lion", "1", "finished", "t0000000d", "0.2000", "t0000000d"] in rows
    assert ["minilm_lion", "3", "finished,", "1", "running", "t0000000b", "0.4300", "-"] in rows
    hours = math.fsum(each.device_hours for each in found)
    assert text.endswith(f"\n\n{hours:,.2f} device hours so far\n") and hours >= 2


def test_a_damaged_choice_is_named_once(tmp_path):
    for trial in ("t0000000a", "t0000000b"):
        try_out(tmp_path, trial, 0.4)
    (tmp_path / "training" / "minilm_lion.chosen.json").write_text("{")
    text = status.to_text(status.read(tmp_path), datetime.now())
    assert text.count("damaged, and left out: all of training/minilm_lion.chosen.json") == 1


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


def test_the_seeds_of_a_training_stand_beside_each_other_the_first_one_first(tmp_path):
    for seed in ("_s13", "", "_s2", "_s101"):
        train(tmp_path, 1, name=f"minilm_sgd{seed}")
    train(tmp_path, 1, name="minilm_adamw_s13")
    assert [each.name for each in status.read(tmp_path)] == [
        "minilm_adamw_s13",
        *(f"minilm_sgd{seed}" for seed in ("", "_s2", "_s13", "_s101")),
    ]


def test_without_device_hours_none_are_told():
    text = status.to_text(
        [TrainingStatus("gte_adamw", status.NOT_BEGUN, "not begun")], datetime.now()
    )
    assert text.endswith("\n\n1 not begun\n")
