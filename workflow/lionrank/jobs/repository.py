"""Files of the repository that rules name to their scripts, wherever the clone lies or may lie.

Snakemake runs a job again when the text of its inputs or params has changed. With the clone's path
among them, another clone, or the same one by another path, would make a finished experiment anew.
So a rule has as a param what a file of the repository is: its name in there, and its content.
"""

import hashlib
import re
from pathlib import Path
from typing import Any

from lionrank.errors import UserError

# With the path separator, by which lists of folders of PATH and Java are divided.
_SPOILT_BY_SHELLS = re.compile(r"""[\s"'$`\\&;|<>():]""")
_SPOILT_BY_APPTAINER = re.compile(r"""[\s"'$`\\&;|<>():,*?\[]""")


def check_place(clone: Path, python: str, in_image: bool) -> None:
    """Refuse a clone or a Python at a path that Snakemake cannot take.

    It formats the paths of scripts, and gives those of Python and of the image to a shell as they
    are.

    Args:
        clone: folder of the workflow's source.
        python: path of the Python that runs Snakemake.
        in_image: whether jobs run in Apptainer.

    Raises:
        UserError: a character in a path would end every job; names both.
    """
    if "{" in str(clone) or "}" in str(clone):
        raise UserError(
            f"{clone}: Snakemake takes braces for wildcards: move the clone to a path without."
        )
    if spoilt := _SPOILT_BY_SHELLS.search(python):
        raise UserError(
            f"{python}: Snakemake runs scripts by this path without quoting it, which "
            f"{spoilt[0]!r} does not survive: have Python elsewhere; for that of .venv move the "
            "clone, delete .venv and run `make install`."
        )
    if in_image and (spoilt := _SPOILT_BY_APPTAINER.search(str(clone))):
        raise UserError(
            f"{clone}: Snakemake gives the image in there to Apptainer without quoting its path, "
            f"which {spoilt[0]!r} does not survive: move the clone, or run without Apptainer."
        )


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
