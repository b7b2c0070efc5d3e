"""The table of everything that is downloaded, such as config/sources.csv, read strictly.

Read at every parse of the workflow, so it imports nothing beyond the standard library.
"""

import csv
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from lionrank.errors import UserError
from lionrank.files import text_lines

OF_PACKAGES = ("ir_datasets", "anserini")
"""Kinds whose address, size and MD5 an installed package has, rather than the table."""
KINDS = ("model", "dataset", "url", *OF_PACKAGES)
UNKNOWN = "unknown"
COLUMNS = (
    "name",
    "kind",
    "id",
    "files",
    "revision",
    "bytes",
    "checksums",
    "licence",
    "cited",
    "used_for",
)
DIGITS = {"sha256": 64, "md5": 32}
"""Length of a checksum in hexadecimal digits."""


@dataclass(frozen=True)
class Source:
    """One row: a model or data set on the Hugging Face hub, or one file on the web.

    `id` is the repository's on the hub, or the file's address, in which `{revision}` may stand. A
    file that an installed package knows has the package's name for it, until
    `lionrank.sources.catalogues` looks up where it is.
    `files` are glob patterns within the repository, where `*` also matches `/`. `revision` is a
    commit, None where it is not known yet. `bytes` is the size of all files together, None where
    it is not known, rounded where `exact` is false. `checksums` maps a file to `sha256:HEX` or
    `md5:HEX`.
    """

    name: str
    kind: str
    id: str
    files: tuple[str, ...]
    revision: str | None
    bytes: int | None
    exact: bool
    checksums: dict[str, str]
    licence: str
    cited: str
    used_for: str
    table: str = field(compare=False)
    """Where the table is that the row stands in, for messages."""
    catalogue: str = field(default="", compare=False)
    """The file of a package that address, size and checksum are from, if any."""

    @property
    def url(self) -> str:
        """The address of the file, or of the repository on the hub, at its revision."""
        revision = self.revision or "main"
        if self.kind == "url":
            return self.id.replace("{revision}", revision)
        prefix = "datasets/" if self.kind == "dataset" else ""
        place = f"blob/{revision}/{self.files[0]}" if self.is_one_file else f"tree/{revision}"
        return f"https://huggingface.co/{prefix}{self.id}/{place}"

    @property
    def pinned(self) -> bool:
        """Whether everybody gets the same bytes: by the commit, or by the checksum of one file."""
        is_checked = self.kind in ("url", *OF_PACKAGES) or bool(self.catalogue)
        return self.revision is not None or is_checked

    @property
    def is_one_file(self) -> bool:
        """Whether it is one file, which is known by its name and checksum."""
        if self.kind == "url":
            return True
        return len(self.files) == 1 and [*self.files] == [*self.checksums]

    @property
    def teller(self) -> str:
        """Where its size and checksums stand, for messages."""
        return self.catalogue or self.table

    @property
    def correction(self) -> str:
        """What to do where these are wrong, for messages."""
        return "take another release of the package" if self.catalogue else "correct the table"

    @property
    def label(self) -> str:
        """How a message names the source."""
        if self.kind in OF_PACKAGES:
            place = f"{self.id} of {self.kind}"
        else:
            place = self.url if self.kind == "url" else f"{self.id}@{self.revision or UNKNOWN}"
        return f"{self.name} ({place})"

    def matching(self, paths: list[str]) -> list[str]:
        """Return those of the paths that the patterns ask for, or a URL's one file, sorted."""
        return sorted(path for path in paths if self._asks_for(path))

    def _asks_for(self, path: str) -> bool:
        if self.kind == "url":
            return path in self.checksums
        return any(fnmatchcase(path, pattern) for pattern in self.files)


class _WrongValue(Exception):
    """A cell that cannot be read; its message says why."""


def read_table(path: str | os.PathLike) -> dict[str, Source]:
    """Read the table, `name -> source`, in the order of the file.

    Raises:
        UserError: as `text_lines`, or a row of another form; names file, line and column.
    """
    sources: dict[str, Source] = {}
    rows = csv.reader((f"{line}\n" for _, line in text_lines(path)), strict=True)
    try:
        header = next(rows, [])
        if tuple(header) != COLUMNS:
            raise UserError(f"{path}:1: expected the columns {','.join(COLUMNS)}")
        for row in rows:
            source = _read_row(row, os.fspath(path), rows.line_num)
            if source.name in sources:
                raise UserError(
                    f"{path}:{rows.line_num}: name: {source.name!r} appears twice; "
                    "rename or remove one"
                )
            sources[source.name] = source
    except csv.Error as error:
        raise UserError(f"{path}:{rows.line_num}: not a line of CSV: {error}") from None
    return sources


def _read_row(row: list[str], table: str, line: int) -> Source:
    place = f"{table}:{line}"
    if len(row) != len(COLUMNS):
        raise UserError(f"{place}: expected {len(COLUMNS)} columns, found {len(row)}")
    values: dict = {}
    for column, cell in zip(COLUMNS, map(str.strip, row), strict=True):
        try:
            values |= READERS[column](cell) if column in READERS else {column: cell}
        except _WrongValue as error:
            raise UserError(f"{place}: {column}: {error}") from None
    source = Source(**values, table=table)
    for column, complaint in _contradictions(source):
        raise UserError(f"{place}: {column}: {complaint}")
    return source


def _name(text: str) -> dict:
    if not re.fullmatch(r"[a-z][a-z0-9_]*", text):
        raise _WrongValue(f"{text!r} is not of lower-case letters, digits and _")
    return {"name": text}


def _kind(text: str) -> dict:
    if text not in KINDS:
        raise _WrongValue(f"{text!r} is none of {', '.join(KINDS)}")
    return {"kind": text}


def _files(text: str) -> dict:
    return {"files": tuple(text.split())}


def _revision(text: str) -> dict:
    if text != UNKNOWN and not re.fullmatch(r"[0-9a-f]{40}", text):
        raise _WrongValue(f"{text!r} is neither a commit of 40 hexadecimal digits nor {UNKNOWN!r}")
    return {"revision": None if text == UNKNOWN else text}


def _bytes(text: str) -> dict:
    if not re.fullmatch(r"(~?[0-9]{1,18})?", text):
        raise _WrongValue(f"{text!r} is neither a number nor ~ and a rounded number nor empty")
    number = text.removeprefix("~")
    return {"bytes": int(number) if number else None, "exact": text.isdigit()}


def _checksums(text: str) -> dict:
    checksums = {}
    for item in text.split():
        path, _, checksum = item.partition("=")
        algorithm, _, digest = checksum.partition(":")
        if len(digest) != DIGITS.get(algorithm) or not re.fullmatch(r"[0-9a-f]+", digest):
            raise _WrongValue(f"{item!r} is neither path=sha256:HEX nor path=md5:HEX")
        if path in checksums:
            raise _WrongValue(f"{path!r} appears twice")
        checksums[path] = checksum
    return {"checksums": checksums}


READERS = {
    "name": _name,
    "kind": _kind,
    "files": _files,
    "revision": _revision,
    "bytes": _bytes,
    "checksums": _checksums,
}


def _contradictions(source: Source) -> Iterator[tuple[str, str]]:
    """Yield (column, what is wrong) for cells that do not fit those beside them."""
    if source.kind in OF_PACKAGES:
        if not re.fullmatch(r"[!-~]+", source.id):
            yield "id", f"{source.id!r} is no name that {source.kind} has of a file"
        for column in ("files", "revision", "bytes", "checksums"):
            if getattr(source, column):
                yield column, f"{source.kind} tells it: leave the column empty, revision {UNKNOWN}"
    elif source.kind == "url":
        file = file_of(source.id)
        if not re.fullmatch(r"https?://[!-~]+", source.id) or not file:
            yield "id", f"{source.id!r} is not an http(s) URL of a file"
        if source.files:
            yield "files", "a URL is one file: leave the column empty"
        if "{revision}" in source.id and source.revision is None:
            yield "revision", "the id asks for one: name the commit"
        if list(source.checksums) != [file]:
            yield "checksums", f"a URL needs exactly one, {file}=sha256:HEX"
    else:
        if not re.fullmatch(r"[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+", source.id):
            yield "id", f"{source.id!r} is not of the form owner/name"
        if not source.files:
            yield "files", "name the files that are wanted, as glob patterns"
        for path in source.checksums:
            if not source.matching([path]):
                yield "checksums", f"no pattern in files matches {path!r}"


def file_of(url: str) -> str:
    """Return the name of the file that a URL is of, or nothing."""
    try:
        return PurePosixPath(urlsplit(url).path).name
    except ValueError:  # half of an address in brackets
        return ""
