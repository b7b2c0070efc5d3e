"""Trainings that are killed, stopped, fail, or run out of memory, and resume."""

import json
import random
import re
import signal
import subprocess
import sys
import textwrap
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from lionrank.errors import UserError
from lionrank.training import losses
from lionrank.training import state as training_state
from lionrank.training.batches import GlobalBatches
from lionrank.training.cost import OF_JOBS
from lionrank.training.log import PHASES
from lionrank.training.losses import BinaryCrossEntropy
from tests.support import tiny_training as tiny

QUERIES = 60
STEPS = QUERIES * 2 // 4
"""Of an epoch."""


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return tiny.write_data(tmp_path_factory.mktemp("data"), QUERIES)


@pytest.fixture(scope="module")
def start(tmp_path_factory):
    return tiny.write_start(tmp_path_factory.mktemp("start") / "e0", "bert")


@pytest.mark.slow
@pytest.mark.parametrize("workers", [0, 4])
@pytest.mark.parametrize("optimizer", ["adamw", "lion"])
def test_a_training_killed_at_any_step_ends_with_the_bits_of_one_never_stopped(
    start, data, tmp_path, optimizer, workers
):
    """With dropout on; the log has every step once. Trap 4: what is taken up is really taken up."""
    changes = {"optimizer": tiny.OPTIMIZERS[optimizer], "workers": workers, "log_every": 2}
    whole = tiny.train(start, data, 2, tmp_path / "whole", **changes)
    steps = random.Random(f"{optimizer} {workers}")
    changes |= {"state_every": {"steps": 5}}
    checkpoint = start
    for epoch in (1, 2):
        task = tiny.request(checkpoint, data, epoch, tmp_path / "killed", **changes)
        first = (epoch - 1) * STEPS
        output = tmp_path / f"output_{epoch}"
        begun, lost = time.time(), {}
        for step in sorted(steps.sample(range(first + 1, first + STEPS - 10), 2)):
            tiny.kill_at(tiny.start(task, output), task, step, signal.SIGKILL)
            assert not Path(task["checkpoint"]).exists()
            # The second one may be killed before it has begun: the log is still the first one's.
            attempts = tiny.attempts(task)
            if (made := attempts[-1]["step"]) is not None:
                # The log has every second step.
                assert made - tiny.lines(tiny.state_folder(task) / "log.jsonl")[-1]["step"] in (
                    0,
                    1,
                )
                kept = max([first, *(int(path.name[5:]) for path in states(task))])
                lost[len(attempts)] = made - kept
        last = tiny.start(task, output)
        last.join()
        assert last.exitcode == 0, output.read_text()
        assert "Resuming after step" in output.read_text()
        assert not tiny.state_folder(task).exists()
        checkpoint = Path(task["checkpoint"])
        cost = tiny.jobs_cost(checkpoint)
        assert cost["jobs"] == len(attempts) + 1
        assert cost["repeated_steps"] == sum(lost.values())
        assert 0 <= cost["repeated_seconds"] < cost["job_seconds"] < time.time() - begun
        seconds = sum(
            line[f"seconds_{phase}"] for line in tiny.steps(checkpoint) for phase in PHASES
        )
        assert cost["job_seconds"] > seconds + cost["repeated_seconds"]
        assert cost["device_hours"] == pytest.approx(cost["job_seconds"] / 3600)
        for count in filter(None, lost.values()):
            assert re.search(
                rf"; {count} steps? of the job before (is|are) repeated, \d", output.read_text()
            )
    assert tiny.jobs_cost(whole)["jobs"] == 1
    tiny.assert_same_bits(whole, checkpoint)
    logs = [*tiny.log(checkpoint.with_name(checkpoint.name.replace("e2", "e1")))]
    together = [line for line in logs + tiny.log(checkpoint) if "loss" in line]
    assert tiny.timeless(together) == tiny.timeless(tiny.steps(whole))


@pytest.mark.slow
def test_an_epoch_that_restarts_and_is_killed_goes_on_within_it(start, data, tmp_path):
    changes = {"restarts": "each_epoch", "state_every": {"steps": 4}}
    whole = tiny.chain(start, data, 2, tmp_path / "whole", **changes)
    first = whole.with_name(whole.name.replace("e2", "e1"))
    task = tiny.request(first, data, 2, tmp_path / "killed", **changes)
    output = tmp_path / "output"
    # Before any state of the epoch is kept, and after.
    for step in (STEPS + 2, STEPS + 14):
        tiny.kill_at(tiny.start(task, output), task, step, signal.SIGKILL)
    last = tiny.start(task, output)
    last.join()
    assert last.exitcode == 0, output.read_text()
    assert output.read_text().count("start again in this epoch") == 2
    tiny.assert_same_bits(whole, Path(task["checkpoint"]))
    logs = [tiny.timeless(tiny.log(each)) for each in (whole, Path(task["checkpoint"]))]
    assert logs[0] == logs[1]


def states(task):
    return sorted(tiny.state_folder(task).glob("step-*"), key=lambda path: int(path.name[5:]))


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_a_training_after_a_whole_step_that_is_kept(start, data, tmp_path, number):
    whole = tiny.train(start, data, 1, tmp_path / "whole")
    task = tiny.request(start, data, 1, tmp_path / "stopped")
    output = tmp_path / "output"
    tiny.kill_at(tiny.start(task, output), task, 3, number)
    assert f"stopped by {number.name} after step" in output.read_text()
    (state,) = tiny.state_folder(task).glob("step-*")
    assert int(state.name.removeprefix("step-")) >= 3
    last = tiny.start(task, output)
    last.join()
    step = state.name.removeprefix("step-")
    assert f"Resuming after step {step}, from {state}.\n" in output.read_text()
    cost = tiny.jobs_cost(Path(task["checkpoint"]))
    assert cost["jobs"] == 2
    assert cost["repeated_steps"] == cost["repeated_seconds"] == 0
    tiny.assert_same_bits(whole, Path(task["checkpoint"]))


@pytest.fixture
def stopped(start, data, tmp_path):
    """A training that was killed with two states kept."""
    task = tiny.request(start, data, 1, tmp_path / "stopped", state_every={"steps": 4})
    tiny.kill_at(tiny.start(task, tmp_path / "output"), task, 14, signal.SIGKILL)
    return task


def test_a_truncated_state_falls_back_to_the_one_before(start, data, tmp_path, stopped, capsys):
    before, newest = states(stopped)
    lost = tiny.attempts(stopped)[-1]["step"] - int(before.name[5:])
    weights = newest / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    checkpoint = tiny.train(start, data, 1, tmp_path / "stopped")
    told = capsys.readouterr().out
    assert f"{newest} is damaged (model.safetensors has 1,000 bytes of" in told
    assert f"Resuming after step {before.name[5:]}, from {before}; {lost} steps of the job" in told
    assert tiny.jobs_cost(checkpoint)["repeated_steps"] == lost > 4
    tiny.assert_same_bits(tiny.train(start, data, 1, tmp_path / "whole"), checkpoint)


def test_a_state_of_another_learning_rate_or_of_other_data_is_refused(
    start, data, tmp_path, stopped
):
    before = states(stopped)
    with pytest.raises(UserError, match=r"settings.learning_rate: 0.001, now 0.002\)"):
        tiny.train(start, data, 1, tmp_path / "stopped", learning_rate=2e-3)
    other = tmp_path / "pairs.parquet"
    pd.read_parquet(data["pairs"]).sample(frac=1, random_state=1).to_parquet(other)
    with pytest.raises(UserError, match=r"another training \(pairs: "):
        tiny.train(start, {**data, "pairs": str(other)}, 1, tmp_path / "stopped")
    with pytest.raises(UserError, match=r"code: train_epoch.py 1, now train_epoch.py 2"):
        tiny.train(start, data, 1, tmp_path / "stopped", code="train_epoch.py 2")
    assert states(stopped) == before


def test_a_state_goes_on_when_more_epochs_are_to_follow_or_another_patience_is(
    start, data, tmp_path, capsys
):
    changes = {"schedule": "none", "warmup": 0, "state_every": {"steps": 3}}
    task = tiny.request(start, data, 1, tmp_path / "killed", epochs=3, **changes)
    tiny.kill_at(tiny.start(task, tmp_path / "output"), task, 14, signal.SIGKILL)
    more = changes | {"epochs": 4, "early_stopping": 1}
    last = tiny.train(start, data, 1, tmp_path / "killed", **more)
    assert "Resuming after step" in capsys.readouterr().out
    tiny.assert_same_bits(last, tiny.train(start, data, 1, tmp_path / "whole", **changes))


def test_a_second_job_is_refused_while_the_first_one_trains(start, data, tmp_path, monkeypatch):
    monkeypatch.setattr(training_state, "PATIENCE", 0.1)
    task = tiny.request(start, data, 1, tmp_path / "both", global_batch_size=1)
    first = tiny.start(task, tmp_path / "output")
    log = tiny.state_folder(task) / "log.jsonl"
    while not log.exists():
        assert first.is_alive()
    with pytest.raises(UserError, match=f"in use by process {first.pid} on"):
        tiny.train(start, data, 1, tmp_path / "both", global_batch_size=1)
    first.join()
    assert first.exitcode == 0
    assert Path(task["checkpoint"]).exists()


class Fails(BinaryCrossEntropy):
    """Ends a job while it makes the step `at`, of which each takes `seconds`, if `at` comes."""

    at: int | None
    seconds = 0.02
    step = 0

    def forward(self, logits, targets):
        if torch.is_grad_enabled():
            Fails.step += 1
            time.sleep(self.seconds)
            if self.step == self.at:
                raise RuntimeError("as it were")
        return super().forward(logits, targets)


def fail_at(monkeypatch, step):
    monkeypatch.setitem(losses.LOSSES, "bce", Fails)
    monkeypatch.setattr(Fails, "at", step, raising=False)
    monkeypatch.setattr(Fails, "step", 0)


def test_the_steps_after_the_last_state_are_repeated_and_counted_exactly(
    start, data, tmp_path, monkeypatch, capsys
):
    """Also from job to job: the second one fails before it has kept a state, the third resumes."""
    changes = {"state_every": {"steps": 8}, "log_every": 5}
    for step in (15, 5):  # 14 steps made, 8 kept; 4 more made, none kept
        fail_at(monkeypatch, step)
        with pytest.raises(RuntimeError, match="as it were"):
            tiny.train(start, data, 1, tmp_path, **changes)
    fail_at(monkeypatch, None)
    checkpoint = tiny.train(start, data, 1, tmp_path, **changes)
    told = re.findall(r"after step 8, .*; (\d) steps .* repeated, (\S+) s", capsys.readouterr().out)
    cost = tiny.jobs_cost(checkpoint)
    assert [int(steps) for steps, _ in told] == [6, 4]
    assert (cost["jobs"], cost["repeated_steps"]) == (3, 10)
    assert cost["repeated_seconds"] == pytest.approx(sum(float(s) for _, s in told), abs=0.1)
    assert cost["repeated_seconds"] >= 10 * Fails.seconds


def test_an_epoch_that_starts_over_says_what_is_repeated(
    start, data, tmp_path, monkeypatch, capsys
):
    """In the first epoch from the start, in the second from the first one's checkpoint."""
    for epoch, begins in ((1, "Starting the training over"), (2, f"Resuming after step {STEPS}")):
        fail_at(monkeypatch, 3)
        with pytest.raises(RuntimeError, match="as it were"):
            tiny.train(start, data, epoch, tmp_path)
        fail_at(monkeypatch, None)
        capsys.readouterr()
        start = tiny.train(start, data, epoch, tmp_path)
        said = capsys.readouterr().out
        assert re.search(rf"{begins}.*; 2 steps of the job before are repeated, 0\.\d s of", said)
        assert tiny.jobs_cost(start)["repeated_steps"] == 2


def test_a_job_begins_when_it_has_its_devices(start, data, tmp_path):
    ago = time.time() - 1000
    checkpoint = tiny.train(start, data, 1, tmp_path, begun=ago)
    cost = tiny.jobs_cost(checkpoint)
    assert 1000 < cost["job_seconds"] < time.time() - ago
    assert cost["devices"] == "1 x CPU"


def test_what_is_kept_for_good_names_no_host(start, data, tmp_path):
    checkpoint = tiny.train(start, data, 1, tmp_path)
    assert tiny.jobs_cost(checkpoint).keys() == {*OF_JOBS, "devices", "step", "epoch"}
    assert not list(checkpoint.rglob("attempts*"))


def test_a_job_killed_while_it_evaluates_does_not_train_again(start, data, tmp_path, capsys):
    """What is left to do is found in the state of the epoch's end."""
    with pytest.raises(UserError, match="does not exist"):
        tiny.train(start, {**data, "held_out": str(tmp_path / "no")}, 1, tmp_path / "evaluated")
    checkpoint = tiny.train(start, data, 1, tmp_path / "evaluated")
    assert f"Resuming after step {STEPS}, from" in capsys.readouterr().out
    cost = tiny.jobs_cost(checkpoint)
    assert (cost["jobs"], cost["repeated_steps"], cost["repeated_seconds"]) == (2, 0, 0)
    whole = tiny.train(start, data, 1, tmp_path / "whole")
    tiny.assert_same_bits(whole, checkpoint)
    assert tiny.timeless(tiny.log(whole)) == tiny.timeless(tiny.log(checkpoint))


def test_a_diverging_training_names_the_step_and_the_pairs_of_its_batch(
    start, data, tmp_path, capsys
):
    changes = {"learning_rate": 1e30, "max_grad_norm": 1e9, "schedule": "none", "warmup": 0}
    changes |= {"log_every": 5}
    with pytest.raises(UserError) as error:
        tiny.train(start, data, 1, tmp_path, **changes)
    message = str(error.value)
    step = int(message.split("at step ")[1].split(",")[0])
    assert message.startswith(f"the loss is nan at step {step}, learning rate 1e+30, in the batch")
    assert "and 1 more, all above: lower training's learning_rate" in message
    told = [line for line in capsys.readouterr().out.splitlines() if line.startswith("row ")]
    rows = GlobalBatches(np.ones(2 * QUERIES, int), 4, seed=12).rows(step - 1)
    ids = pd.read_parquet(data["pairs"])[["query_id", "passage_id"]].iloc[rows]
    expected = [f"row {row}: {query} {passage}" for row, query, passage in ids.itertuples()]
    assert told == expected
    assert not (tmp_path / "checkpoints").exists()


def test_a_loss_that_does_not_move_is_warned_of_once(start, data, tmp_path, capsys):
    tiny.train(start, data, 1, tmp_path / "still", learning_rate=1e-12)
    assert capsys.readouterr().out.count("Warning: the loss has not fallen by step 20") == 1


@pytest.mark.parametrize("missing", ["optimizer.pt", "model-00002-of-00002.safetensors"])
def test_a_checkpoint_that_lacks_a_file_is_named_before_anything_is_trained(
    start, data, tmp_path, missing
):
    checkpoint = tiny.train(start, data, 1, tmp_path)
    if missing.startswith("model-"):
        index = {"weight_map": {"a": "model-00001-of-00002.safetensors", "b": missing}}
        (checkpoint / "model.safetensors.index.json").write_text(json.dumps(index))
        (checkpoint / "model.safetensors").rename(checkpoint / "model-00001-of-00002.safetensors")
    else:
        (checkpoint / missing).unlink()
    with pytest.raises(UserError, match=f"no whole checkpoint: {missing} is missing, empty or"):
        tiny.train(checkpoint, data, 2, tmp_path)


def test_a_checkpoint_whose_optimizer_was_cut_short_is_named(start, data, tmp_path):
    checkpoint = tiny.train(start, data, 1, tmp_path)
    content = (checkpoint / "optimizer.pt").read_bytes()
    (checkpoint / "optimizer.pt").write_bytes(content[: len(content) // 2])
    with pytest.raises(UserError, match=r"no whole checkpoint: optimizer\.pt is .* cut short"):
        tiny.train(checkpoint, data, 2, tmp_path)


def test_a_disk_without_room_for_the_states_is_found_out_before_the_epoch(start, data, tmp_path):
    checkpoint = tiny.train(start, data, 1, tmp_path)
    with open(checkpoint / "more.bin", "wb") as file:
        file.truncate(2**43)  # a hole, which takes no room here
    with pytest.raises(UserError, match=r"need 26388.* GB and .* GB are free: make room"):
        tiny.train(checkpoint, data, 2, tmp_path)


class Greedy(BinaryCrossEntropy):
    """Asks, while it trains, for more memory than there is to see more examples than fit."""

    fit: int

    def forward(self, logits, targets):
        if torch.is_grad_enabled() and len(logits) > self.fit:
            torch.empty(2**60)
        return super().forward(logits, targets)


@pytest.mark.slow
def test_when_memory_runs_out_smaller_parts_do_the_same_step_again(
    data, tmp_path, monkeypatch, capsys
):
    """The allocator itself refuses; the global batch, its order and its rates stay the same."""
    start = tiny.write_start(tmp_path / "e0", "bert_without_dropout")
    changes = {"global_batch_size": 24, "max_length": 32}
    whole = tiny.train(start, data, 1, tmp_path / "whole", **changes)
    monkeypatch.setitem(losses.LOSSES, "bce", Greedy)
    monkeypatch.setattr(Greedy, "fit", 7, raising=False)
    little = tiny.train(start, data, 1, tmp_path / "little", **changes)
    told = capsys.readouterr().out
    assert "Memory ran out in step 1: doing it again with 12 passages at once" in told
    assert "Memory ran out in step 1: doing it again with 6 passages at once" in told
    assert told.count("Memory ran out") == 2
    for name, closeness in (("lr", 0), ("examples", 0), ("tokens", 0), ("loss", 1e-5)):
        expected = [line[name] for line in tiny.steps(whole)]
        assert [line[name] for line in tiny.steps(little)] == pytest.approx(expected, closeness)
    tiny.train(little, data, 2, tmp_path / "little", **changes)
    assert "Memory ran out" not in capsys.readouterr().out


@pytest.mark.slow
def test_running_out_of_memory_gives_the_bits_of_having_begun_smaller(
    start, data, tmp_path, monkeypatch
):
    """With dropout on: the step is done again with the random numbers that it began with."""
    small = tiny.train(start, data, 1, tmp_path / "small", per_device_batch=2)
    monkeypatch.setitem(losses.LOSSES, "bce", Greedy)
    monkeypatch.setattr(Greedy, "fit", 2, raising=False)
    ran_out = tiny.train(start, data, 1, tmp_path / "ran_out")
    tiny.assert_same_bits(small, ran_out)


@pytest.mark.parametrize("limit", [{}, {"tokens_at_once": 1}])
def test_where_not_even_one_pair_fits_it_says_so(start, data, tmp_path, monkeypatch, capsys, limit):
    monkeypatch.setitem(losses.LOSSES, "bce", Greedy)
    monkeypatch.setattr(Greedy, "fit", 0, raising=False)
    with pytest.raises(UserError, match="one passage alone does not fit into the memory"):
        tiny.train(start, data, 1, tmp_path, **limit)
    # A pair that was alone to begin with is not tried again.
    assert ("Memory ran out" in capsys.readouterr().out) == (not limit)


class FillsTheDisk(BinaryCrossEntropy):
    """Leaves no room on the disk in the midst of the epoch."""

    folder: Path
    calls = 0

    def forward(self, logits, targets):
        FillsTheDisk.calls += 1
        if FillsTheDisk.calls == 12:
            with open(self.folder / "filler", "wb", buffering=0) as file, suppress(OSError):
                while True:
                    file.write(bytes(100_000))
        return super().forward(logits, targets)


FULL_DISK = """
    import json, os, sys
    from pathlib import Path
    sys.path.insert(0, sys.argv[1])
    from tests.training import test_interrupted as own
    from lionrank.training import launch
    from lionrank.training import losses

    own.FillsTheDisk.folder = Path(sys.argv[2])
    losses.LOSSES["bce"] = own.FillsTheDisk
    launch.train(**json.loads((Path(sys.argv[2]) / "task.json").read_text()))
"""


@pytest.mark.slow
def test_a_disk_that_fills_up_in_mid_epoch_leaves_the_last_state_whole(start, data, tmp_path):
    """On a disk of its own, of 60 MB, which the process alone sees."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["unshare", "-rm", "mount", "-t", "tmpfs", "tmpfs", disk]).returncode:
        pytest.skip("this user may not mount anything, not even in a namespace of their own")
    task = tiny.request(start, data, 1, disk, state_every={"steps": 5})
    (tmp_path / "task.json").write_text(json.dumps(task))
    own = Path(__file__).parents[2]
    told = subprocess.run(
        [
            *("unshare", "-rm", "sh", "-c"),
            'mount -t tmpfs -o size=60m tmpfs "$1" && cp "$2" "$1" && "$3" -c "$4" "$5" "$1"; '
            'ls "$1"/training/*.state',
            *("sh", disk, tmp_path / "task.json", sys.executable),
            *(textwrap.dedent(FULL_DISK), own),
        ],
        capture_output=True,
        text=True,
    )
    assert "is on a full disk (0 MB free). The last state that was kept is whole" in told.stderr
    assert "step-10" in told.stdout.split()
    assert "step-15" not in told.stdout.split()
