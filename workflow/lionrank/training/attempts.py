"""The jobs that an epoch takes: one, or more where jobs are killed, stopped or fail.

Each is a line of `attempts.jsonl` in the folder of the epoch's state, from the moment at which it
has that folder. The line is written over after every step, without waiting for the disk: a job
that is killed with -9 loses nothing but the step it was in, or the phase (loading, saving, the loss
on held-out pairs); if its whole machine goes down, also what the operating system had not yet
written, about half a minute. On a GPU, a step has been made when it was launched, which may be a
step ahead of the device. A line has

- begun and alive: when the job began and its last sign of life, in seconds since 1970;
- host and process, slurm_job_id (null outside of Slurm), devices (their number) and device;
- epochs: how many the training is to have;
- from_step, after which it went on, and step, the newest that it made; null until it is known;
- seconds: wall time in training up to that step, since the training's start and as if no job had
  ever been interrupted;
- repeated_steps and repeated_seconds: what earlier jobs had done after from_step, to the step.
"""

import json
import math
import os
import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeGuard

from lionrank.files import atomic_write

FILE = "attempts.jsonl"

_WIDTH = 1000
"""Characters of a line: room for the longest host name and for all numbers to grow."""


class Attempt:
    """A job of an epoch, and those before it."""

    def __init__(self, folder: Path, begun: float, epochs: int, devices: int, device: str) -> None:
        self.earlier = read(folder)
        self.line: dict[str, Any] = {
            "begun": begun,
            "alive": time.time(),
            "host": socket.gethostname(),
            "process": os.getpid(),
            "slurm_job_id": os.environ.get("SLURM_JOB_ID"),
            "devices": devices,
            "device": device,
            "epochs": epochs,
            "from_step": None,
            "step": None,
            "seconds": None,
            "repeated_steps": 0,
            "repeated_seconds": 0.0,
        }
        with atomic_write(folder / FILE, "wb") as handle:
            handle.writelines(map(_padded, [*self.earlier, self.line]))
        self._file = os.open(folder / FILE, os.O_WRONLY)

    def goes_on(self, step: int, seconds: float) -> str:
        """Say after which step it resumes, and return in words what it repeats, "" for nothing.

        `seconds` are those of the training up to that step.
        """
        self.line |= {"from_step": step, "step": step, "seconds": seconds}
        before = next((line for line in reversed(self.earlier) if line["step"] is not None), None)
        lost = before["step"] - step if before else 0
        if before and lost:
            self.line["repeated_steps"] = lost
            self.line["repeated_seconds"] = before["seconds"] - seconds
        self.lives()
        if not lost:
            return ""
        steps = (
            "1 step of the job before is" if lost == 1 else f"{lost:,} steps of the job before are"
        )
        return f"; {steps} repeated, {self.line['repeated_seconds']:,.1f} s of work"

    def made(self, step: int, seconds: float) -> None:
        """Say that it has made a step, and what time in training that took up to there."""
        self.line |= {"step": step, "seconds": seconds}
        self.lives()

    def lives(self) -> None:
        """Give a sign of life."""
        self.line["alive"] = time.time()
        # No training is to fail for it.
        with suppress(OSError):
            os.pwrite(self._file, _padded(self.line), len(self.earlier) * (_WIDTH + 1))

    def cost(self) -> dict[str, Any]:
        """Return what the epoch cost so far, this job included."""
        self.lives()
        return cost([*self.earlier, self.line])

    def close(self) -> None:
        """Give the last sign of life."""
        self.lives()
        os.close(self._file)


@contextmanager
def attempt(
    folder: Path, begun: float, epochs: int, devices: int, device: str
) -> Iterator[Attempt]:
    """Keep account of a job in the folder of an epoch's state, which it has for its own."""
    job = Attempt(folder, begun, epochs, devices, device)
    try:
        yield job
    finally:
        job.close()


def read(folder: Path) -> list[dict[str, Any]]:
    """Return the lines of a state's folder; one that a power loss has damaged is left out."""
    try:
        lines = (folder / FILE).read_bytes().splitlines()
    except FileNotFoundError:
        return []
    found = []
    for number, line in enumerate(lines, start=1):
        job = _parsed(line)
        if is_whole(job):
            found.append(job)
        else:
            print(f"{folder / FILE}:{number} is damaged: what that job took is not counted.")
    return found


def _parsed(line: bytes) -> dict[str, Any]:
    """Return the object in a line, an empty one where there is none."""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def is_whole(line: Mapping[str, Any]) -> bool:
    """Return whether a line has all that `cost` and the next job ask of it."""
    numbers = ("begun", "alive", "devices", "repeated_steps", "repeated_seconds")
    known = (line[key] for key in ("step", "seconds") if line.get(key) is not None)
    return (
        all(is_number(value) for value in (*map(line.get, numbers), *known))
        and {"step", "seconds", "device"} <= line.keys()
    )


def is_number(value: Any) -> TypeGuard[float]:
    """Return whether a value is a number of a size that those of steps and seconds have."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e15


def cost(lines: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what jobs cost together, as the last line of the training log.

    It has jobs (their number), job_seconds (wall time from a job's begin to its last sign of
    life), device_hours (that times its devices), devices, such as "2 x NVIDIA A100" (those of
    different jobs with an "and"), repeated_steps and repeated_seconds. No host is named.
    """
    seconds = [line["alive"] - line["begun"] for line in lines]
    devices = (f"{line['devices']} x {line['device']}" for line in lines)
    occupied = (each * line["devices"] for each, line in zip(seconds, lines, strict=True))
    return {
        "jobs": len(lines),
        "job_seconds": math.fsum(seconds),
        "device_hours": math.fsum(occupied) / 3600,
        "devices": " and ".join(dict.fromkeys(devices)),
        "repeated_steps": sum(line["repeated_steps"] for line in lines),
        "repeated_seconds": math.fsum(line["repeated_seconds"] for line in lines),
    }


def _padded(line: Mapping[str, Any]) -> bytes:
    """Return a line as JSON of one width, so that it can be written over."""
    return json.dumps(line).ljust(_WIDTH).encode() + b"\n"
