"""What the files of an epoch tell of it, whole or damaged, while it is under way and afterwards.

They are only read. No job is asked, and none notices.
"""

import fcntl
import os
import socket
import time
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from lionrank.errors import UserError
from lionrank.files import read_json
from lionrank.training import attempts
from lionrank.training.log import LogLine, read_so_far
from lionrank.training.state import LOCK, LOG, OWNER, EpochState


class EpochFiles:
    """One epoch of a training, by its files; what is damaged of them is left out, and told.

    A trial of a search is a training with its folder in its name, as in search/NAME.
    """

    def __init__(self, root: Path, training: str, number: int) -> None:
        self.number = number
        self.checkpoint = root / "checkpoints" / f"{training}_e{number}"
        self.log = root / "training" / f"{training}_e{number}.jsonl"
        self.state = self.log.with_suffix(".state")
        self.damaged: dict[Path, str] = {}
        """What of its files could not be read so far, in words."""

    @property
    def is_under_way(self) -> bool:
        """Whether a job trains it, or was killed while it did."""
        # A folder is removed when the checkpoint is complete, and its lock may go first.
        complete = self.log.exists() and self.checkpoint.exists()
        return (self.state / LOCK).exists() or (self.state.exists() and not complete)

    @cached_property
    def is_locked(self) -> bool | None:
        """Whether a job holds the lock, None where that cannot be seen from here."""
        try:
            handle = os.open(self.state / LOCK, os.O_RDONLY)
        except FileNotFoundError:
            return False
        try:
            # A shared lock needs no right to write; closing the file lets go of it.
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:  # a file system without locks
            return None
        finally:
            os.close(handle)
        # Some network file systems keep a lock to its host.
        return False if self._owner.get("host") == socket.gethostname() else None

    @cached_property
    def _owner(self) -> dict[str, Any]:
        return self.read_json(self.state / OWNER)

    @cached_property
    def lines(self) -> list[LogLine]:
        """Its log, which is empty where early stopping left it out."""
        return self._read(self.log, _is_whole)

    @cached_property
    def lines_so_far(self) -> list[LogLine]:
        """The log of it while it is under way."""
        return self._read(self.state / LOG, _is_whole)

    @cached_property
    def jobs(self) -> list[LogLine]:
        """What `lionrank.training.attempts` tells of its jobs while it is under way."""
        return self._read(self.state / attempts.FILE, attempts.is_whole)

    @property
    def is_left_out(self) -> bool:
        """Whether the training was stopped before it."""
        return self.log.stat().st_size == 0

    def _read(self, log: Path, is_whole: Callable[[Mapping[str, Any]], bool]) -> list[LogLine]:
        lines, damaged = read_so_far(log, growing=log.parent == self.state)
        whole = list(filter(is_whole, lines))
        if damaged := damaged + len(lines) - len(whole):
            self.damaged[log] = "1 line" if damaged == 1 else f"{damaged:,} lines"
        return whole

    def read_json(self, path: Path) -> dict[str, Any]:
        """Return the object in a file of it, an empty one where there is none to be read."""
        if not path.exists():
            return {}
        try:
            return read_json(path)
        except UserError:
            self.damaged[path] = "all"
            return {}

    @property
    def device_hours(self) -> float:
        if self.is_under_way:
            return attempts.cost(self.jobs)["device_hours"]
        hours = self.lines[-1].get("device_hours") if self.lines else None
        return hours if attempts.is_number(hours) else 0.0

    @property
    def job(self) -> dict[str, Any]:
        """What is known of the job that trains it, or did."""
        newest = self.jobs[-1] if self.jobs else {}
        # A job that has just begun has not yet a line of its own.
        is_owner = all(newest.get(key) == self._owner.get(key) for key in ("host", "process"))
        return newest if is_owner else self._owner

    @property
    def step(self) -> int:
        """The newest step that a job of it made, 0 where none is known to have made one."""
        steps = [job["step"] for job in self.jobs if job["step"] is not None]
        return steps[-1] if steps else 0

    @property
    def kept(self) -> int | None:
        """The step of the newest state."""
        return max(EpochState(self.state).steps(), default=None)

    @property
    def silence(self) -> float:
        """Seconds since its job last wrote anything."""
        return time.time() - max(map(_written, (self.state, *self.state.glob("*"))))


def _is_whole(line: Mapping[str, Any]) -> bool:
    """Return whether a line of a log has all numbers that one that tells of steps is asked for."""
    if "loss" not in line:
        return True
    numbers = [line.get(key) for key in ("step", "epoch", "examples_per_second")]
    is_positive = all(attempts.is_number(value) and value > 0 for value in numbers)
    # That of a training that diverged is none, and is shown.
    has_loss = isinstance(line["loss"], float) or attempts.is_number(line["loss"])
    return is_positive and isinstance(numbers[0], int) and has_loss


def _written(path: Path) -> float:
    """Return when a file was written, in Unix time, 0 where it is not there."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0
