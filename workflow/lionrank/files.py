"""Writing files so that no reader ever sees half of one, and reading them with clear errors."""

import gzip
import hashlib
import json
import os
import re
import sys
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from io import BufferedReader
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from lionrank.errors import UserError

if TYPE_CHECKING:
    import pandas

# Bytes that are decoded at a time: line by line, reading takes half as long again.
_BLOCK = 1 << 20
_ESCAPED_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_SURROGATE = re.compile("[\ud800-\udfff]")


@contextmanager
def atomic_write(path: str | os.PathLike, mode: str = "w") -> Iterator[IO]:
    """Open a temporary neighbour of `path` and rename it to `path` once it is on disk.

    On any exception, a full disk and Ctrl-C among them, `path` is left as it was.

    Raises:
        UserError: the file cannot be written; names the file and the system's reason.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    encoding = None if "b" in mode else "utf-8"
    try:
        with open(partial, mode, encoding=encoding) as handle:
            yield handle
            handle.flush()
            os.fsync(handle.fileno())
        os.replace(partial, path)
    except OSError as error:
        raise UserError(
            f"{path} could not be written ({error.strerror}). Nothing was left of it: "
            "make room or fix the permissions, then run the same command again."
        ) from error
    finally:
        partial.unlink(missing_ok=True)


def write_json(path: str | os.PathLike, value: Any) -> None:
    """Write `value` as indented JSON with a stable key order."""
    with atomic_write(path) as handle:
        json.dump(value, handle, indent=2, sort_keys=True, ensure_ascii=False)
        handle.write("\n")


def read_json(path: str | os.PathLike, remedy: str = "delete it and run again") -> dict[str, Any]:
    """Return the object in a JSON file.

    Raises:
        UserError: there is something else in it; names the file and `remedy`.
    """
    try:
        value = json.loads(Path(path).read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path} is damaged ({error}): {remedy}.") from None
    if not isinstance(value, dict):
        raise UserError(f"{path} is damaged (it holds no JSON object): {remedy}.")
    return value


def write_json_lines(path: str | os.PathLike, records: Iterable[dict]) -> None:
    """Write one JSON object a line."""
    with atomic_write(path) as handle:
        for record in records:
            handle.write(json.dumps(record, ensure_ascii=False) + "\n")


def text_lines(path: str | os.PathLike) -> Iterator[tuple[int, str]]:
    """Yield (number, line) of a text file, the numbers from 1, the lines without their ends.

    A line ends in `\\n` or, as on Windows, in `\\r\\n`. A file that gzip packed is unpacked, and
    `-` is standard input.

    Raises:
        UserError: the file begins with a byte-order mark, is not UTF-8, holds a NUL, or is a
            damaged gzip file; names file and line.
    """
    number = 1
    with _unpacked(path) as handle:
        while block := handle.read(_BLOCK) + handle.readline():
            text = _decoded(path, number, block)
            # The last line of a file may end in neither, or in half of what Windows writes.
            lines = text.replace("\r\n", "\n").removesuffix("\n").removesuffix("\r").split("\n")
            yield from enumerate(lines, number)
            number += len(lines)


@contextmanager
def _unpacked(path: str | os.PathLike) -> Iterator[IO[bytes] | gzip.GzipFile]:
    """Open a file, or standard input for `-`; one that gzip packed is read as what is in it."""
    named = os.fspath(path) != "-"
    with open(path, "rb") if named else nullcontext(sys.stdin.buffer) as handle:
        if not isinstance(handle, BufferedReader) or handle.peek(2)[:2] != b"\x1f\x8b":
            yield handle
            return
        try:
            with gzip.open(handle) as unpacked:
                yield unpacked
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise UserError(f"{path} is a damaged gzip file ({error}): get it again.") from None


def _decoded(path: str | os.PathLike, number: int, block: bytes) -> str:
    """Return the text of a block of whole lines, the first of which has this number."""
    try:
        text = block.decode()
    except UnicodeDecodeError as error:
        number += block.count(b"\n", 0, error.start)
        raise UserError(
            f"{path}:{number}: expected UTF-8, found the byte 0x{block[error.start]:02x}: "
            "convert the file, e.g. with `iconv -f LATIN1 -t UTF-8`"
        ) from None
    if number == 1 and text.startswith("\ufeff"):
        raise UserError(
            f"{path}:1: expected text, found a byte-order mark: remove it, e.g. with "
            rf"`sed -i '1s/^\xEF\xBB\xBF//' {path}`"
        )
    if (place := text.find("\0")) >= 0:
        number += text.count("\n", 0, place)
        raise UserError(f"{path}:{number}: expected text, found a NUL character: remove it")
    return text


def read_json_lines(path: str | os.PathLike) -> Iterator[dict]:
    """Yield the objects of a JSON-lines file.

    Raises:
        UserError: a line is not a JSON object, or what `text_lines` refuses; names file and line.
    """
    for number, line in text_lines(path):
        record = _parse(line, f"{path}:{number}")
        if not isinstance(record, dict):
            raise UserError(f"{path}:{number}: expected a JSON object, found {line[:40]!r}")
        yield record


def _parse(text: str, place: str) -> Any:
    """Return the value of a line of JSON.

    Raises:
        UserError: it is no JSON, is nested too deep, has an integer of thousands of digits, or half
            of a surrogate pair, which no UTF-8 file can hold; begins with `place`.
    """
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UserError(f"{place}: expected one JSON object a line: {error}") from None
    if _ESCAPED_SURROGATE.search(text) and _SURROGATE.search(json.dumps(value, ensure_ascii=False)):
        raise UserError(
            f"{place}: half of a surrogate pair (an escape between \\ud800 and \\udfff that has no "
            "partner) is no character: remove it"
        )
    return value


def write_parquet(path: str | os.PathLike, frame: "pandas.DataFrame") -> None:
    """Write a table as Parquet."""
    with atomic_write(path, "wb") as handle:
        frame.to_parquet(handle, index=False)


def only_file(folder: str | os.PathLike) -> Path:
    """Return the one file in a folder and below it, hidden ones aside.

    Raises:
        UserError: there is none, or more than one.
    """
    found = [path for path in Path(folder).rglob("[!.]*") if path.is_file()]
    if len(found) != 1:
        raise UserError(
            f"{folder}: expected one file, found {len(found)}: delete the folder and run again."
        )
    return found[0]


def sha256(path: str | os.PathLike) -> str:
    """Return the hexadecimal SHA-256 of a file's bytes."""
    with open(path, "rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
