"""The state of an epoch that is being trained: what a killed job leaves for the next one.

It lies outside the job's declared outputs, which Snakemake deletes when a job fails. Every state is
written whole and then renamed, the one before is kept beside it, and all of them belong to the
settings, data and code that the folder's stamp names.
"""

import json
import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from lionrank.errors import UserError
from lionrank.files import read_json, sha256, write_json
from lionrank.training import attempts
from lionrank.wording import differences

KEPT = 2
"""States on disk: should the newest turn out damaged, there is the one before."""

PATIENCE = 10
"""Seconds: the processes that tokenised for a killed job hold its lock until they notice, for five.
"""

STAMP, MANIFEST, LOCK, OWNER = "stamp.json", "manifest.json", "lock", "owner.json"
LOG = "log.jsonl"


class EpochState:
    """The folder of one epoch's states, `step-N` after the N-th step of the training."""

    def __init__(self, folder: str | os.PathLike) -> None:
        self.folder = Path(folder)
        self.partial = self.folder / "partial"
        """Where a state is written before it is kept."""

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep every other job out; the operating system lets go of it when this process ends.

        The folder goes with the lock if nothing else is in it.

        Raises:
            UserError: another job is training this epoch.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self.folder / LOCK)
        try:
            lock.acquire(timeout=PATIENCE)
        except Timeout:
            raise UserError(
                f"{self.folder} is in use by {self._owner()}: another job trains this epoch. Wait "
                "for it or stop it, then run the same command again."
            ) from None
        try:
            owner = {"host": socket.gethostname(), "process": os.getpid()}
            write_json(self.folder / OWNER, owner)
            yield
        finally:
            lock.release()
            with suppress(OSError):
                self.folder.rmdir()

    def _owner(self) -> str:
        try:
            owner = read_json(self.folder / OWNER)
            return f"process {owner['process']} on {owner['host']}"
        except UserError:  # its job has only just begun
            return "another process"

    def claim(self, stamp: dict) -> None:
        """Make the folder that of a training with this stamp, a JSON object.

        Where another one left no state, what it took is forgotten.

        Raises:
            UserError: it holds states of another; names what differs, and both values.
        """
        path = self.folder / STAMP
        try:
            found = read_json(path)
        except UserError:
            found = {}
        changed = list(differences(found, json.loads(json.dumps(stamp))))
        if changed and self.steps():
            raise UserError(
                f"{self.folder} holds the state of another training ({'; '.join(changed)}): "
                f"undo that change to resume from step {self.steps()[-1]}, or delete the folder "
                "to start the epoch over."
            )
        if changed:
            (self.folder / attempts.FILE).unlink(missing_ok=True)
        write_json(path, stamp)

    def steps(self) -> list[int]:
        """Return the steps after which states were kept, whole or not, the newest last."""
        names = (path.name.removeprefix("step-") for path in self.folder.glob("step-*"))
        return sorted(int(name) for name in names if name.isdecimal())

    def newest(self) -> Path | None:
        """Return the newest state that is whole, and delete newer ones that are not."""
        shutil.rmtree(self.partial, ignore_errors=True)
        for step in reversed(self.steps()):
            state = self._state(step)
            damage = _damage(state)
            if damage is None:
                return state
            print(f"{state} is damaged ({damage}): falling back to the state before it.")
            shutil.rmtree(state)
        return None

    def keep(self, written: Path, step: int) -> None:
        """Make a folder that was written below `partial` the state after `step`, and drop old ones.

        It counts from the moment of its rename; by then all its bytes are on the disk.
        """
        files = sorted(path for path in written.rglob("*") if path.is_file())
        for path in files:
            _sync(path)
        write_json(
            written / MANIFEST,
            {
                str(path.relative_to(written)): {
                    "bytes": path.stat().st_size,
                    "sha256": sha256(path),
                }
                for path in files
            },
        )
        _sync(written)
        os.replace(written, self._state(step))
        _sync(self.folder)
        for old in self.steps()[:-KEPT]:
            shutil.rmtree(self._state(old))

    def remove(self) -> None:
        """Delete what is in the folder, when the epoch's checkpoint is complete.

        On NFS the open lock stays under another name, and with it the folder, until its release.
        """
        shutil.rmtree(self.folder, ignore_errors=True)

    def _state(self, step: int) -> Path:
        return self.folder / f"step-{step}"


def _damage(state: Path) -> str | None:
    """Say what is wrong with a state's files, None where nothing is."""
    try:
        stated = read_json(state / MANIFEST)
        files = {name: (each["bytes"], each["sha256"]) for name, each in stated.items()}
    except (TypeError, UserError):
        files = {}
    if not files:
        return f"{MANIFEST} cannot be read"
    for name, (size, content) in files.items():
        path = state / name
        if not path.is_file():
            return f"{name} is missing"
        if path.stat().st_size != size:
            return f"{name} has {path.stat().st_size:,} bytes of {size:,}"
        if sha256(path) != content:
            return f"the content of {name} has changed"
    return None


def _sync(path: Path) -> None:
    """Wait until a file or a folder's entries are on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
