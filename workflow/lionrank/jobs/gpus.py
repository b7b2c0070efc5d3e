"""Which GPUs of a machine a job computes on: some that no other job has.

Snakemake counts GPUs and does not say which of them a job may use. So a job locks those it takes,
by UUID, where all experiments of this user on the machine see it. The locks end with the job,
however it ends. Under a scheduler that gives each job GPUs of its own, all that it sees are free.
Other users, who could hold a common lock for ever, and programs that do not lock are not noticed;
CUDA_VISIBLE_DEVICES keeps off the GPUs that they use.
"""

import fcntl
import os
import stat
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import pynvml

from lionrank.errors import UserError

LOCKS = Path("/tmp")
"""Where each user has a folder. Not TMPDIR, which may differ between two jobs of a machine. A
container has to share it."""

MUTEX = "choosing.lock"

INTERVAL = 1.0
"""Seconds between two attempts of a job that waits."""

VISIBLE = "CUDA_VISIBLE_DEVICES"


def reserve(hardware: Mapping, allocated: int, job: str) -> int:
    """Lock GPUs for this process and those it starts, and return how many they are.

    They are as many as Snakemake has allocated, or none where `hardware.gpus` of the config is 0:
    that computes on the CPU, whatever a profile asks for. Waits until they are free; `job` is what
    those who wait for this job are told. Call it before torch is imported, since CUDA reads once
    which GPUs it may see.

    Raises:
        UserError: there are fewer, none is allocated, or a lock cannot be opened.
    """
    if hardware["gpus"] == 0:
        return 0
    if allocated == 0:
        raise UserError(
            f"hardware.gpus is {hardware['gpus']} and the job was given no GPU: let `gpu` in the "
            "profile or --resources be 1 or more, or set hardware.gpus to 0 to compute on the CPU."
        )
    usable, told_by = _usable()
    if len(usable) < allocated:
        raise UserError(
            f"the job needs {_count(allocated)} (hardware.gpus, or `gpu` in the profile) and may "
            f"use {len(usable) or 'none'}, says {told_by}: run where there are as many, or lower "
            "hardware.gpus; 0 computes on the CPU. Where NVML does not know the GPUs, name them in "
            f"{VISIBLE}."
        )
    told: dict[str, str] = {}
    taken, holders = _take(usable, allocated, job)
    while not taken:
        if holders != told:
            uses = (f"{gpu} is used by {holder}" for gpu, holder in holders.items())
            print(f"Waiting for {_count(allocated)}: {', '.join(uses)}.")
            told = holders
        time.sleep(INTERVAL)
        taken, holders = _take(usable, allocated, job)
    os.environ[VISIBLE] = ",".join(taken)
    return allocated


def uuid_of(name: str, present: list[str]) -> str:
    """Return the UUID of a GPU as CUDA_VISIBLE_DEVICES names it: by number, UUID or its beginning.

    Numbers are those of `present`, in the order of nvidia-smi. What is not there, such as a part
    of a GPU (MIG), keeps its name.
    """
    if name.isdecimal():
        return present[int(name)] if int(name) < len(present) else name
    return next((uuid for uuid in present if uuid.startswith(name)), name)


def _usable() -> tuple[list[str], str]:
    """Return the GPUs that this process may use, and who says so."""
    try:
        present, told_by = _present(), "NVML"
    except pynvml.NVMLError as error:
        present, told_by = [], f"NVML ({error})"
    if VISIBLE not in os.environ:
        return present, told_by
    names = []
    for name in os.environ[VISIBLE].split(","):
        if name.strip() in ("", "-1"):  # ends the list for CUDA, too
            break
        names.append(uuid_of(name.strip(), present))
    told_by = f"{VISIBLE}={os.environ[VISIBLE]}"
    return list(dict.fromkeys(names)), told_by if names else f"{told_by}, which hides all"


def _present() -> list[str]:
    """Return the UUIDs of this machine's GPUs.

    Raises:
        pynvml.NVMLError: there is no driver, or it cannot tell.
    """
    pynvml.nvmlInit()
    try:
        handles = map(pynvml.nvmlDeviceGetHandleByIndex, range(pynvml.nvmlDeviceGetCount()))
        return [pynvml.nvmlDeviceGetUUID(handle) for handle in handles]
    finally:
        pynvml.nvmlShutdown()


def _take(usable: list[str], number: int, job: str) -> tuple[list[str], dict[str, str]]:
    """Lock so many GPUs, or none, and return them and who uses those that are not free.

    One job at a time chooses, so that no two that need several hold what the other one waits for.
    """
    free: dict[str, int] = {}
    holders: dict[str, str] = {}
    folder = _folder()
    mutex = _open(folder / MUTEX)
    try:
        fcntl.flock(mutex, fcntl.LOCK_EX)
        for gpu in usable:
            lock = _open(folder / f"{gpu.replace('/', '-')}.lock")
            if _locked(lock):
                free[gpu] = lock
            else:
                holders[gpu] = _holder(lock)
                os.close(lock)
        taken = list(free)[:number] if len(free) >= number else []
        for gpu, lock in free.items():
            if gpu in taken:
                _sign(lock, job)
            else:
                os.close(lock)
    finally:
        os.close(mutex)
    return taken, holders


def _sign(lock: int, job: str) -> None:
    """Write into a lock who has it, and let it last until the last process of the job has ended."""
    os.truncate(lock, 0)
    with suppress(OSError):  # on a full disk it holds without
        os.pwrite(lock, f"process {os.getpid()} ({job})".encode(), 0)
    os.set_inheritable(lock, True)


def _locked(lock: int) -> bool:
    """Lock an open file if nobody has, and say whether it worked."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _holder(lock: int) -> str:
    """Return what the job that has a lock wrote there, on one line and without control codes."""
    text = os.pread(lock, 1000, 0).decode(errors="replace")
    return "".join(each if each.isprintable() else "?" for each in text) or "another job"


def _folder() -> Path:
    """Make this user's folder of locks where there is none yet, and return it.

    Raises:
        UserError: it cannot be made, or is not this user's alone, so that others might hold or
            replace what is in it.
    """
    folder = LOCKS / f"lionrank-{os.getuid()}"
    try:
        with suppress(FileExistsError):
            folder.mkdir(mode=0o700)
        found = folder.lstat()
    except OSError as error:
        raise _unusable(folder, f"could not be made ({error.strerror})") from error
    if not stat.S_ISDIR(found.st_mode):
        raise _unusable(folder, "is no folder")
    if found.st_uid != os.getuid():
        raise _unusable(folder, f"belongs to another user (number {found.st_uid})")
    if stat.S_IMODE(found.st_mode) & 0o077:
        raise _unusable(folder, "is open to other users")
    return folder


def _open(path: Path) -> int:
    """Open a lock in this user's folder.

    Raises:
        UserError: it is not to be opened.
    """
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise _unusable(path, f"could not be opened ({error.strerror})") from error


def _unusable(path: Path, why: str) -> UserError:
    return UserError(
        f"{path}, which keeps two jobs off one GPU, {why}: {LOCKS} must be writable, and what lies "
        "there is for its owner or root to delete while no job runs."
    )


def _count(gpus: int) -> str:
    return "a GPU" if gpus == 1 else f"{gpus} GPUs"
