"""Files of the repository that rules name to their scripts, wherever the clone lies.

Snakemake runs a job again when the text of its inputs or params has changed. With the clone's path
among them, another clone, or the same one by another path, would make a finished experiment anew.
So a rule has as a param what a file of the repository is: its name in there, and its content.
"""

import hashlib
from pathlib import Path
from typing import Any

from lionrank.errors import UserError


def named(root: Path, name: str) -> str:
    """Return the param that stands for a file: its name in the repository, a space, a digest.

    Raises:
        UserError: the file cannot be read.
    """
    try:
        content = (root / name).read_bytes()
    except OSError as error:
        raise UserError(f"{root / name}: {error.strerror}; restore it") from None
    return f"{name} {hashlib.sha256(content).hexdigest()[:16]}"


def root(snakemake: Any) -> Path:
    """Return the folder of the repository that a rule's script lies in.

    The script's own place tells, and not that of this package, which Snakemake mounts elsewhere
    in a container.

    Args:
        snakemake: the object of this name that Snakemake gives a script.
    """
    folder = Path(snakemake.scriptdir)
    while folder.name != "scripts":
        folder = folder.parent
    return folder.parents[1]


def located(snakemake: Any, param: str) -> Path:
    """Return where the file lies that a param of `named` stands for."""
    name, _, _ = param.rpartition(" ")
    return root(snakemake) / name
