"""Checkpoints as folders: whether one is whole, and how a new one comes to be."""

import os
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from lionrank.cross_encoder.weights import weight_files
from lionrank.errors import UserError
from lionrank.files import read_json, scratch_folder, write_json
from lionrank.training.state import KEPT, MANIFEST

TRAINER_STATE = "trainer_state.json"
PROGRESS = "progress.json"
"""What the trainer writes besides transformers' own files."""

SETTINGS, ENVIRONMENT = "settings.json", "environment.json"
"""What every checkpoint has but e0, which is no training's."""

Ending = Literal["stopped", "diverged"]
"""Why a trial of a search has no checkpoint of an epoch: successive halving dropped it before, or
a loss was not finite."""
ENDING = "ending.json"
"""All that a trial's folder then has."""

OF_MODEL = ("config.json", "tokenizer_config.json")
OF_TRAINING = ("optimizer.pt", "scheduler.pt", TRAINER_STATE, PROGRESS)
"""What the next epoch needs besides the model."""

ROOM_OF_A_FULL_DISK = 50_000_000
"""Bytes: what is left when a file does not fit may be anything below the file's size."""

MOST_STATES = 2
"""Numbers that the usual optimizers keep of each weight, at most."""


def steps_before(checkpoint: str | os.PathLike) -> int:
    """Return the optimizer steps that were made before a checkpoint, which is checked: 0 for e0.

    Raises:
        UserError: a file is missing, empty or cut short; names it and says what to do.
    """
    folder = Path(checkpoint)
    trained = (folder / SETTINGS).exists()
    names = (*OF_MODEL, *(OF_TRAINING if trained else ()))
    for path in (*(folder / name for name in names), *weight_files(folder)):
        # What torch saves is a zip archive, which has lost its list of members if it was cut short.
        whole = zipfile.is_zipfile(path) if path.suffix == ".pt" else _holds_something(path)
        if not whole:
            raise UserError(
                f"{folder} is no whole checkpoint: {path.name} is missing, empty or cut short. "
                "Delete the folder and run again; only its own epoch is trained again."
            )
    if not trained:
        return 0
    return read_json(folder / TRAINER_STATE, f"delete {folder} and run again")["global_step"]


def _holds_something(path: Path) -> bool:
    return path.is_file() and path.stat().st_size > 0


def check_room(previous: str | os.PathLike, place: Path) -> None:
    """Check that the states of an epoch after `previous` fit on the disk of `place`.

    Raises:
        UserError: they do not; says what is needed and what is free.
    """
    folder = Path(previous)
    state = sum(path.stat().st_size for path in folder.iterdir() if path.is_file())
    if not (folder / "optimizer.pt").exists():
        state += MOST_STATES * sum(path.stat().st_size for path in weight_files(folder))
    needed, free = (KEPT + 1) * state, shutil.disk_usage(place).free
    if free < needed:
        raise UserError(
            f"{place}: the states of this epoch need {needed / 1e9:.2f} GB and {free / 1e9:.2f} GB "
            "are free: make room, or take another working directory (--directory)."
        )


def explain_if_full(place: Path, error: Exception) -> None:
    """Say what to do if the reason of an error may be that the disk of `place` is full.

    Raises:
        UserError: it is full.
    """
    free = shutil.disk_usage(place).free
    if free < ROOM_OF_A_FULL_DISK:
        raise UserError(
            f"{place} is on a full disk ({free / 1e6:.0f} MB free). The last state that was kept "
            "is whole: make room, and the same command resumes there."
        ) from error


def complete(state: Path, facts: dict[str, dict], checkpoint: str | os.PathLike) -> None:
    """Make the state at an epoch's end its checkpoint, with each of the facts as a JSON file."""
    # Linked where the file system can: weights are large, and the state goes.
    with folder_from(state, checkpoint, link=True) as folder:
        (folder / MANIFEST).unlink()
        for name, content in facts.items():
            write_json(folder / name, content)


def carry_over(previous: str | os.PathLike, checkpoint: str | os.PathLike) -> None:
    """Make the checkpoint of the epoch before also that of this one: the training has stopped."""
    with folder_from(Path(previous), checkpoint):
        print(f"Stopped early: {checkpoint} holds the weights of {previous}.")


def leave_out(checkpoint: str | os.PathLike, ending: Ending) -> None:
    """Say in the folder of a trial's checkpoint why it is none."""
    folder = Path(checkpoint)
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / ENDING, {"ending": ending})


def ending(checkpoint: str | os.PathLike) -> Ending | None:
    """Return why a folder has no checkpoint, None where it has one.

    Raises:
        UserError: what says so is damaged.
    """
    path = Path(checkpoint) / ENDING
    if not path.exists():
        return None
    found: Ending = read_json(path, f"delete {checkpoint} and run again")["ending"]
    return found


@contextmanager
def folder_from(source: Path, target: str | os.PathLike, link: bool = False) -> Iterator[Path]:
    """Make a folder of another's files, in the sight of others once it is complete.

    They are copies, so that an edit of one leaves the other alone, or the same files with `link`.
    """
    target = Path(target)
    with scratch_folder(target) as scratch:
        partial = scratch / target.name
        # Hidden files are Snakemake's, one that tells when it made the folder among them.
        hidden = shutil.ignore_patterns(".*")
        shutil.copytree(
            source, partial, ignore=hidden, copy_function=_link if link else shutil.copy2
        )
        yield partial
        shutil.rmtree(target, ignore_errors=True)
        os.replace(partial, target)


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # another disk, or a file system without links
        shutil.copy2(source, target)
