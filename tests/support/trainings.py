"""The files of trainings in every state they can be in, and what `lionrank status` says of them."""

import json
import os
import socket
import time
from contextlib import contextmanager
from pathlib import Path

from lionrank.files import write_json, write_json_lines
from lionrank.training import attempts, status
from lionrank.training.attempts import attempt
from lionrank.training.state import EpochState
from lionrank.training.status import TrainingStatus

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


def state_of(root: Path, epoch: int, name: str = "minilm_lion") -> EpochState:
    return EpochState(root / "training" / f"{name}_e{epoch}.state")


@contextmanager
def job(
    root: Path,
    epoch: int,
    step: int | None = None,
    logged: int = 0,
    kept: int | None = None,
    name: str = "minilm_lion",
):
    """Have a job train an epoch, which has come to a step, logged some lines, and kept a state."""
    state = state_of(root, epoch, name)
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
