"""The paper's source as arXiv takes it: what LaTeX reads, in a tar file that compiles on its own.

arXiv runs pdflatex only, so the references go in as BibTeX's output, under the main file's name
and without the database; it has the class itself (arXiv, "Submit TeX/LaTeX").
"""

import gzip
import io
import os
import re
import tarfile
from collections.abc import Iterator
from pathlib import Path

from lionrank.errors import UserError
from lionrank.files import atomic_write
from lionrank.paper.latex_errors import COMMENT, INPUT, included

_GRAPHICS = re.compile(r"\\includegraphics\*?(?:\[[^]]*\])?\{([^}]+)\}")


def used_files(source: str | os.PathLike) -> list[Path]:
    """Return what LaTeX reads of the folder of `source`: it, its references, tables and figures.

    Raises:
        UserError: one of them is missing, or lies elsewhere; names it, and file and line that use
            it.
    """
    main = Path(source)
    found = {main: None, main.with_suffix(".bbl"): None}
    for path in included(main):
        for number, name in _named(path):
            used = main.parent / name
            if Path(name).is_absolute() or ".." in Path(name).parts:
                raise UserError(
                    f"{path}, line {number}: {name} lies outside {main.parent}: what goes to "
                    "arXiv must be in that folder, and named relative to it."
                )
            if not used.is_file():
                raise UserError(
                    f"{path}, line {number}: {used} is missing; name it with its ending, and "
                    "build it with: snakemake paper/main.pdf"
                )
            found[used] = None
    for path in found:
        if not path.is_file():
            raise UserError(f"{path} is missing; build it with: snakemake paper/main.pdf")
    return list(found)


def _named(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the line (from 1) and name of each file that a LaTeX file takes in."""
    if not path.is_file():
        return
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        code = COMMENT.sub("", line)
        for name in [*INPUT.findall(code), *_GRAPHICS.findall(code)]:
            yield number, name


def pack(source: str | os.PathLike, target: str | os.PathLike, time: int | None) -> list[str]:
    """Write `source` and all that it needs to the tar file `target`; return their names in it.

    The bytes depend on the files' content and `time` alone, seconds since 1970 that all files bear:
    names are sorted, and owners left out.

    Raises:
        UserError: a file is missing, or `target` cannot be written.
    """
    folder = Path(source).parent
    contents = {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in used_files(source)
    }
    with (
        atomic_write(target, "wb") as raw,
        gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=time or 0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as tar,
    ):
        for name in sorted(contents):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mtime = len(contents[name]), time or 0
            tar.addfile(entry, io.BytesIO(contents[name]))
    return sorted(contents)
