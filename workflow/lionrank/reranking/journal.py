"""The scores of pairs so far, in a file from which a scoring that was killed goes on."""

import fcntl
import json
import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import torch
from torch import Tensor

from lionrank.errors import UserError
from lionrank.wording import listed

SECONDS = 5.0
"""Between two times that scores are written down: what is lost at most."""


class Journal:
    """A file of JSON lines: what the scores belong to, then the rows and scores of some batches.

    Batches are written whole, so that what goes on computes the others as if nothing had happened.
    """

    def __init__(self, path: Path, handle: IO[bytes]) -> None:
        self.path, self._handle = path, handle
        self._written = time.monotonic()
        self.scores = torch.empty(0)
        """Of all pairs, float32, NaN where there is none yet."""

    def begin(self, belongs_to: Mapping[str, str | int], pairs: int) -> None:
        """Take over the scores of earlier; none, which is told, where they are of something else.

        Raises:
            UserError: the file is not of this kind.
        """
        self.scores = torch.full((pairs,), torch.nan)
        if not self._handle.seek(0, os.SEEK_END):
            self._write(dict(belongs_to))
            return
        lines = _whole_lines(self._handle)
        before, end = next(lines, ({}, 0))
        if before.keys() != belongs_to.keys():
            raise UserError(
                f"{self.path} is no file of scores that a command was stopped at: remove it, or "
                "name another output"
            )
        if changed := [key for key, value in belongs_to.items() if value != before[key]]:
            self._tell(f"its scores are of another {listed(changed)}: begun anew")
            self._handle.truncate(0)
            self._write(dict(belongs_to))
            return
        for batch, place in lines:
            self.scores[torch.tensor(batch["rows"])] = torch.tensor(batch["scores"])
            end = place
        self._handle.truncate(end)
        self.tell_how_far()

    def tell_how_far(self) -> None:
        """Print how many pairs have a score, which the same command goes on from."""
        done = len(self.scores) - int(self.scores.isnan().sum())
        self._tell(f"{done:,} of {len(self.scores):,} pairs are scored")

    def is_due(self) -> bool:
        """Say whether the last time that scores were written down is long ago."""
        return time.monotonic() - self._written > SECONDS

    def add(self, rows: Tensor, scores: Tensor) -> None:
        """Write down the scores of whole batches, which may be on a GPU."""
        self.scores[rows] = scores.cpu()
        self._write({"rows": rows.tolist(), "scores": self.scores[rows].tolist()})
        self._written = time.monotonic()

    def _tell(self, what: str) -> None:
        print(f"{self.path}: {what}.", file=sys.stderr)

    def _write(self, record: dict) -> None:
        self._handle.write(json.dumps(record).encode() + b"\n")
        self._handle.flush()
        os.fsync(self._handle.fileno())


@contextmanager
def opened(path: Path) -> Iterator[Journal]:
    """Open the journal of a file that is being made, which goes once it is made.

    Raises:
        UserError: another process has it open.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "a+b") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UserError(
                f"{path} is being written by another process: wait for it, or name another output"
            ) from None
        journal = Journal(path, handle)
        try:
            yield journal
        except KeyboardInterrupt:
            if len(journal.scores):
                journal.tell_how_far()
            raise
        finally:
            if not handle.seek(0, os.SEEK_END):
                path.unlink(missing_ok=True)
        path.unlink(missing_ok=True)


def _whole_lines(handle: IO[bytes]) -> Iterator[tuple[dict, int]]:
    """Yield the objects of the lines, and where each ends, up to what was half written."""
    handle.seek(0)
    end = 0
    for line in handle:
        end += len(line)
        try:
            record = json.loads(line)
        except ValueError:
            return
        if not (isinstance(record, dict) and line.endswith(b"\n")):
            return
        yield record, end
