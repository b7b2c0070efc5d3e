"""Starting a training: in this process, or in one process a GPU as torchrun starts them."""

import json
import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from lionrank.errors import UserError
from lionrank.files import read_json, scratch_folder, write_json_lines
from lionrank.training import checkpoints

REFUSAL = "refusal.txt"


def train(
    gpus: int,
    threads: int,
    stopped: bool = False,
    trial: bool = False,
    **request: Any,
) -> None:
    """Call `train_epoch` with the request, on so many GPUs, or on the CPU where it is none.

    Where the training has `stopped` before this epoch, the checkpoint is that of the epoch before,
    and the log is empty. Of a `trial` of a search that has stopped or diverged, the checkpoint is
    left out.

    Raises:
        UserError: as `train_epoch`.
    """
    # Decided here, for all processes, and before one of them asks for a device.
    ending = checkpoints.ending(request["previous"]) or ("stopped" if stopped else None)
    if ending:
        if trial:
            checkpoints.leave_out(request["checkpoint"], ending)
        else:
            checkpoints.carry_over(request["previous"], request["checkpoint"])
        write_json_lines(request["log"], [])
    elif gpus > 1:
        train_with_processes(gpus, gpus, threads, trial=trial, **request)
    else:
        _train_here(gpus, threads, trial=trial, **request)


def _train_here(gpus: int, threads: int, **request: Any) -> None:
    # Not at the top: an epoch that is left out needs no torch.
    from lionrank.cross_encoder.device import prepare
    from lionrank.training.epoch import train_epoch

    train_epoch(device=prepare(threads, gpus), **request)


def train_with_processes(processes: int, gpus: int, threads: int, **request: Any) -> None:
    """Call `train_epoch` in several processes that share each global batch.

    Raises:
        UserError: as `train_epoch`, or a process ended otherwise; its log has the reason.
    """
    with scratch_folder(request["checkpoint"]) as folder:
        task = folder / "task.json"
        own = {"gpus": gpus, "threads": max(1, threads // processes), "job": os.getpid()}
        task.write_text(json.dumps(own | {"request": request}, default=str), encoding="utf-8")
        failed = _run(
            [
                *(sys.executable, "-m", "torch.distributed.run", "--standalone"),
                # Left out, it is a folder in /tmp that nobody removes.
                f"--log-dir={folder}",
                *(f"--nproc-per-node={processes}", "-m", "lionrank.training.launch", str(task)),
            ]
        )
        if failed:
            refusal = folder / REFUSAL
            raise UserError(
                refusal.read_text(encoding="utf-8")
                if refusal.exists()
                else f"one of {processes} training processes ended; what it said stands above."
            )


def _run(command: list[str]) -> int:
    """Run a command to its end and return its status; it is told to stop when this process is."""
    # In conda or a container this package is on the path of the job's own process alone.
    folders = [str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH")]
    paths = os.pathsep.join(filter(None, folders))
    # It inherits the locks on the job's GPUs, so they last until the last process is off them.
    process = subprocess.Popen(command, close_fds=False, env=os.environ | {"PYTHONPATH": paths})
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [
        signal.signal(number, lambda number, _: process.send_signal(number)) for number in numbers
    ]
    try:
        return process.wait()
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def _work(task: Path) -> None:
    """Do one process' part of a task."""
    own = read_json(task)
    threading.Thread(target=_stop_after, args=(own["job"],), daemon=True).start()
    try:
        _train_here(own["gpus"], own["threads"], **own["request"])
    except UserError as error:
        (task.parent / REFUSAL).write_text(str(error), encoding="utf-8")
        sys.exit(1)


def _stop_after(job: int) -> None:
    """Stop this process once that of its job is gone, which `kill -9` leaves no time to do it."""
    with suppress(psutil.NoSuchProcess):
        psutil.Process(job).wait()
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    _work(Path(sys.argv[1]))
