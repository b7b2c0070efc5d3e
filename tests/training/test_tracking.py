"""Trackers: what reaches TensorBoard and W&B, what goes on over restarts, and what never does."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from wandb.proto import wandb_internal_pb2
from wandb.sdk.internal.datastore import DataStore

from lionrank.errors import UserError
from lionrank.training.tracking import report_to

SECRET = "0123456789abcdef0123456789abcdef01234567"

# A training of 5 steps with a linear schedule, by the maintained trainer; a second process goes on
# from the first one's last state.
PROGRAM = """
import sys
import torch
from transformers import BertConfig, BertForSequenceClassification, Trainer, TrainingArguments
from lionrank.training.tracking import report_to

class StopAfter(Trainer):
    def training_step(self, *arguments):
        if self.state.global_step + 1 >= stop:
            self.control.should_training_stop = True
        return super().training_step(*arguments)

stop, resume = int(sys.argv[1]), sys.argv[2] == "resume"
trackers = [name for each in sys.argv[3:] for name in report_to(each, "minilm_lion", "runs/demo")]
sizes = dict(hidden_size=4, num_hidden_layers=1, num_attention_heads=1, intermediate_size=4)
args = TrainingArguments(
    output_dir="runs/demo/training", per_device_train_batch_size=2, max_steps=5, logging_steps=1,
    learning_rate=1e-3, use_cpu=True, save_strategy="steps", save_steps=1, report_to=trackers,
)
StopAfter(
    model=BertForSequenceClassification(BertConfig(vocab_size=10, num_labels=1, **sizes)),
    args=args,
    train_dataset=[{"input_ids": torch.tensor([1, 2]), "labels": torch.tensor([1.0])}] * 10,
).train(resume_from_checkpoint=resume or None)
"""
RATES = [1e-3, 0.8e-3, 0.6e-3, 0.4e-3, 0.2e-3]


def environment(home, **variables):
    """This process' environment without its settings of W&B, in a home without its credentials."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WANDB")}
    return kept | {"HOME": str(home), "NETRC": str(home / "netrc"), **variables}


def train(folder, *arguments, **variables):
    (folder / "train.py").write_text(PROGRAM)
    return subprocess.run(
        [sys.executable, "train.py", *arguments],
        cwd=folder,
        env=environment(folder, **variables),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
    )


@pytest.fixture(scope="module")
def tracked(tmp_path_factory):
    """A training with both trackers, stopped after 3 of 5 steps and finished by a second process.

    Returns its folder and all that it printed.
    """
    folder = tmp_path_factory.mktemp("tracked")
    told = ""
    for arguments in (["3", "begin"], ["5", "resume"]):
        done = train(
            *(folder, *arguments, "tensorboard", "wandb"),
            WANDB_MODE="offline",
            WANDB_API_KEY=SECRET,
            WANDB_LOG_MODEL="end",
        )
        assert done.returncode == 0, done.stdout[-3000:]
        told += done.stdout
    return folder, told


def offline_runs(folder):
    """Read the records of the runs that W&B would upload, oldest first."""
    for path in sorted(folder.glob("runs/demo/wandb/offline-run-*/*.wandb")):
        store, records = DataStore(), []
        store.open_for_scan(str(path))
        while (data := store.scan_data()) is not None:
            records.append(wandb_internal_pb2.Record.FromString(data))
        yield records


def history(records):
    """Return each logged step and learning rate."""
    for record in records:
        values = {
            "/".join(item.nested_key) or item.key: json.loads(item.value_json)
            for item in record.history.item
        }
        if "train/learning_rate" in values:
            yield values["train/global_step"], values["train/learning_rate"]


# Trainings with a tracker


@pytest.mark.slow
def test_tensorboard_shows_one_run_over_restarts(tracked):
    folder, _ = tracked
    (run,) = (folder / "runs/demo/tensorboard").iterdir()
    assert run.name == "minilm_lion"
    assert len(list(run.glob("events.out.tfevents.*"))) == 2  # one a process
    events = EventAccumulator(str(run)).Reload().Scalars("train/learning_rate")
    assert [event.step for event in events] == [1, 2, 3, 4, 5]
    assert [event.value for event in events] == pytest.approx(RATES)


@pytest.mark.slow
def test_wandb_goes_on_in_the_same_run_over_restarts(tracked):
    folder, _ = tracked
    runs = list(offline_runs(folder))
    starts = [record.run for records in runs for record in records if record.HasField("run")]
    assert len(starts) == len(runs) == 2
    assert {(run.project, run.display_name) for run in starts} == {("lion-rerank", "minilm_lion")}
    (identifier,) = {run.run_id for run in starts}
    assert identifier.startswith("minilm_lion-")
    logged = [entry for records in runs for entry in history(records)]
    assert [step for step, _ in logged] == [1, 2, 3, 4, 5]
    assert [rate for _, rate in logged] == pytest.approx(RATES)


@pytest.mark.slow
def test_the_key_of_wandb_is_in_no_file_and_in_nothing_that_is_printed(tracked):
    folder, told = tracked
    assert SECRET not in told
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert len([path for path in files if path.suffix == ".wandb"]) == 2
    assert [path for path in files if SECRET.encode() in path.read_bytes()] == []


@pytest.mark.slow
def test_neither_paths_nor_names_of_the_machine_nor_code_nor_weights_reach_a_tracker(tracked):
    folder, _ = tracked
    tracks = [
        path
        for tracker in ("tensorboard", "wandb")
        for path in (folder / "runs/demo" / tracker).rglob("*")
        if path.is_file() and "logs" not in path.parts  # W&B's own, which stay here
    ]
    private = [str(folder), sys.executable, sys.prefix, "train.py"]
    for path in tracks:
        content = path.read_bytes()
        assert [name for name in private if name.encode() in content] == [], path
    for records in offline_runs(folder):
        for record in records:
            assert record.run.host == ""
            assert not record.HasField("artifact")
            assert not record.run.HasField("git")
    assert not list(folder.rglob("wandb-metadata.json"))


@pytest.mark.slow
def test_a_server_that_cannot_be_reached_does_not_bring_the_key_to_light(tmp_path):
    done = train(
        *(tmp_path, "3", "begin", "wandb"),
        WANDB_API_KEY=SECRET,
        WANDB_BASE_URL="http://127.0.0.1:9",
        WANDB_INIT_TIMEOUT="3",
    )
    assert done.returncode != 0
    assert "http://127.0.0.1:9" in done.stdout.splitlines()[-1]
    assert SECRET not in done.stdout
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert any(path.suffix == ".wandb" for path in files)
    assert [path for path in files if SECRET.encode() in path.read_bytes()] == []


# What the trainer is told


@pytest.fixture
def variables(tmp_path):
    """Changeable environment variables without settings of W&B; the true ones come back."""
    before = os.environ.copy()
    os.environ.clear()
    os.environ.update(environment(tmp_path))
    yield os.environ
    os.environ.clear()
    os.environ.update(before)


def test_no_tracker_is_the_default_and_changes_nothing(variables, tmp_path):
    before = dict(variables)
    assert report_to(None, "minilm_lion", tmp_path) == []
    assert dict(variables) == before
    assert list(tmp_path.iterdir()) == []


def test_an_online_start_without_a_key_is_refused_with_the_three_remedies(variables, tmp_path):
    with pytest.raises(UserError) as refused:
        report_to("wandb", "minilm_lion", tmp_path)
    for remedy in ("WANDB_API_KEY", "`wandb login`", "WANDB_MODE=offline"):
        assert remedy in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_key_from_the_environment_or_from_wandb_login_is_enough(variables, tmp_path):
    variables["WANDB_API_KEY"] = SECRET
    assert report_to("wandb", "minilm_lion", tmp_path) == ["wandb"]
    del variables["WANDB_API_KEY"]
    netrc = Path(variables["NETRC"])
    netrc.write_text(f"machine api.wandb.ai\n  login user\n  password {SECRET}\n")
    netrc.chmod(0o600)
    assert report_to("wandb", "minilm_lion", tmp_path) == ["wandb"]


def test_a_tracker_that_is_not_installed_is_refused_with_the_remedy(
    variables, tmp_path, monkeypatch
):
    elsewhere = [path for path in sys.path if "site-packages" not in path]
    monkeypatch.setattr(sys, "path", elsewhere)
    for name in ("wandb", "tensorboard"):
        monkeypatch.delitem(sys.modules, name)
        with pytest.raises(UserError, match=rf"{name}, which is not installed.*make install.*null"):
            report_to(name, "minilm_lion", tmp_path)


def test_the_users_project_and_mode_are_kept(variables, tmp_path):
    variables.update({"WANDB_PROJECT": "mine", "WANDB_MODE": "disabled"})
    assert report_to("wandb", "minilm_lion", tmp_path) == ["wandb"]
    assert (variables["WANDB_PROJECT"], variables["WANDB_MODE"]) == ("mine", "disabled")


def test_trainings_and_experiments_are_runs_of_their_own(variables, tmp_path):
    variables["WANDB_MODE"] = "offline"
    identifiers = []
    for experiment in ("demo", "full", "demo"):
        for training in ("minilm_lion", "gte_lion"):
            report_to("wandb", training, tmp_path / experiment)
            identifiers.append(variables["WANDB_RUN_ID"])
    assert identifiers[:2] == identifiers[4:]
    assert len(set(identifiers)) == 4


def test_of_several_processes_only_the_first_reports(variables, tmp_path):
    variables.update({"WANDB_MODE": "offline", "RANK": "1"})
    assert report_to("wandb", "minilm_lion", tmp_path) == []
    variables["RANK"] = "0"
    assert report_to("wandb", "minilm_lion", tmp_path) == ["wandb"]
