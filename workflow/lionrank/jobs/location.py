"""Where a clone and its Python may lie, for Snakemake does not take every path."""

import re
from pathlib import Path

from lionrank.errors import UserError

# With the path separator, by which lists of folders of PATH and Java are divided.
_SPOILT_BY_SHELLS = re.compile(r"""[\s"'$`\\&;|<>():]""")
_SPOILT_BY_APPTAINER = re.compile(r"""[\s"'$`\\&;|<>():,*?\[]""")


def check(clone: Path, python: str, in_image: bool) -> None:
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
