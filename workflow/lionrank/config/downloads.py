"""What was downloaded: `sources/NAME.lock.json`, which the first download of a source writes.

Read at the parse of the workflow, so it imports nothing beyond the standard library.
"""

import dataclasses
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lionrank.config.sources import Source
from lionrank.errors import UserError
from lionrank.files import read_json

FOLDER = "sources"
ENDING = ".lock.json"


@dataclass(frozen=True)
class DownloadedFile:
    """A file as it was downloaded; `sha256` is hexadecimal."""

    bytes: int
    sha256: str


@dataclass(frozen=True)
class Download:
    """What a lock holds: `files` by path in the repository.

    `revision` is the commit that was downloaded, None for a file of the web whose address has none
    and where only a local copy of an unknown one was seen so far.
    """

    id: str
    revision: str | None
    files: dict[str, DownloadedFile]

    def as_json(self) -> dict[str, Any]:
        return dataclasses.asdict(self)

    def of(self, source: Source) -> dict[str, DownloadedFile]:
        """Return the files that a row asks for, sorted by path."""
        return {path: self.files[path] for path in source.matching([*self.files])}

    def disagreements(self, source: Source) -> Iterator[tuple[str, str, str]]:
        """Yield (column, value in the table, value recorded) where a row says something else.

        An MD5 of the table cannot be compared: the download compares it with the file. A size is
        that of more files where the row asks for more of them than it did.
        """
        if self.id != source.id:
            yield "id", source.id, self.id
            return
        if source.revision and self.revision and source.revision != self.revision:
            yield "revision", source.revision, self.revision
        for path, file in self.of(source).items():
            checksum = source.checksums.get(path, "")
            if checksum.startswith("sha256:") and checksum != f"sha256:{file.sha256}":
                yield f"checksums, {path}", checksum, f"sha256:{file.sha256}"


def place_of(name: str) -> Path:
    """Return where the record of a source lies in the working directory."""
    return Path(FOLDER, f"{name}{ENDING}")


def read_record(path: str | os.PathLike) -> Download | None:
    """Read the record of a download, None where there is no file.

    Raises:
        UserError: the file is no such record; names it and what is wrong.
    """
    if not Path(path).exists():
        return None
    remedy = "restore it, or delete it and what was downloaded, to download and record it again"
    value = read_json(path, remedy)
    try:
        return _record(value)
    except _WrongRecord as error:
        raise UserError(f"{path} is damaged ({error}): {remedy}.") from None


def record_of(name: str) -> Download:
    """Return the record of a source that was downloaded into the working directory.

    Raises:
        UserError: it is damaged or gone.
    """
    place = place_of(name)
    record = read_record(place)
    if record is None:
        raise UserError(
            f"{place} is gone: restore it, or delete {FOLDER}/{name} to download and record it "
            "again."
        )
    return record


def check_agreement(source: Source, record: Download, path: str | os.PathLike) -> None:
    """Compare a row of the table with what was recorded.

    Raises:
        UserError: they differ; names the row, both values and what to do.
    """
    for column, asked, found in record.disagreements(source):
        raise UserError(
            f"{source.table}: {source.name}: {column}: the table has {asked}, and {path} recorded "
            f"{found} at the first download: undo the change of the table, or delete {path} and "
            f"{FOLDER}/{source.name} to download what the table asks for."
        )


def with_revision(start: str | Mapping[str, str]) -> str | dict[str, str | None]:
    """Return where a model starts with the revision that was downloaded.

    `start` is `pretrained` of `lionrank.config.experiment.model_card_facts`. The revision is None
    where the download was a copy of an unknown one.

    Raises:
        UserError: the record of the download is damaged or gone.
    """
    if isinstance(start, str):
        return start
    return {**start, "revision": record_of(start["source"]).revision}


class _WrongRecord(Exception):
    """A part of a record that is not as it has to be; its message says which."""


def _record(value: dict[str, Any]) -> Download:
    if missing := sorted({"id", "revision", "files"} - value.keys()):
        raise _WrongRecord(f"it lacks {', '.join(missing)}")
    name, revision, files = value["id"], value["revision"], value["files"]
    if not isinstance(name, str):
        raise _WrongRecord(f"id is {name!r}")
    if revision is not None and not _is_hexadecimal(revision, 40):
        raise _WrongRecord(f"revision is {revision!r}, no commit of 40 hexadecimal digits")
    if not isinstance(files, dict) or not files:
        raise _WrongRecord("it names no files")
    return Download(name, revision, {path: _file(path, entry) for path, entry in files.items()})


def _file(path: str, entry: Any) -> DownloadedFile:
    match entry:
        case {"bytes": bool()}:
            pass
        case {"bytes": int(size), "sha256": digest} if _is_hexadecimal(digest, 64) and size >= 0:
            return DownloadedFile(size, digest)
    raise _WrongRecord(f"{path!r} has no bytes and sha256")


def _is_hexadecimal(value: Any, digits: int) -> bool:
    return isinstance(value, str) and bool(re.fullmatch(rf"[0-9a-f]{{{digits}}}", value))
