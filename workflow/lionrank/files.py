"""Writing files so that no reader ever sees half of one, and reading them with clear errors."""

import csv
import gzip
import hashlib
import json
import lzma
import os
import re
import shutil
import stat
import struct
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from functools import partial
from io import BufferedReader
from pathlib import Path
from typing import IO, Any

from lionrank.errors import UserError

AGAIN = "delete it and run again"
"""What to do about a damaged file that the workflow makes."""
PACKED = (".gz", ".zst")
"""How the names of packed files end; they are told by their first bytes, not by their names."""

# Bytes that are decoded at a time: line by line, reading takes half as long again.
_BLOCK = 1 << 20
_ESCAPED_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_NO_FILES = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
}
_UTF_16 = "UTF-16: convert it, e.g. with `iconv -f UTF-16 -t UTF-8`"
# By the bytes that are somewhere near the beginning of a file.
_NO_TEXT = {
    (0, b"\xff\xfe"): _UTF_16,
    (0, b"\xfe\xff"): _UTF_16,
    (0, b"PK\3\4"): "a zip archive: unpack it",
    (0, b"BZh91AY"): "a file that bzip2 packed: unpack it",
    (0, b"\xfd7zXZ"): "a file that xz packed: unpack it",
    (0, b"PAR1"): "a Parquet file: name a text file",
    (257, b"ustar"): "a tar archive: unpack it",
}


@contextmanager
def atomic_write(path: str | os.PathLike, mode: str = "w") -> Iterator[IO]:
    """Open a temporary neighbour of `path` and rename it to `path` once it is on disk.

    On any exception, a full disk and Ctrl-C among them, `path` is left as it was.

    Raises:
        UserError: the file cannot be written; names the file and the system's reason.
    """
    path = Path(path)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    encoding = None if "b" in mode else "utf-8"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
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
        with suppress(OSError):  # there is nothing where the folder could not be made
            partial.unlink()


@contextmanager
def scratch_folder(path: str | os.PathLike) -> Iterator[Path]:
    """Make a folder beside `path` for what it takes to make that, and remove it in the end."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    prefix, suffix = f".{path.name}.", ".partial"
    with tempfile.TemporaryDirectory(prefix=prefix, suffix=suffix, dir=path.parent) as folder:
        yield Path(folder)


def remove_scratch(path: str | os.PathLike) -> None:
    """Remove, and name, what was left of `atomic_write` and `scratch_folder` by a job that died.

    Nobody else may be making `path`. What cannot be removed is only named.
    """
    path = Path(path)
    # With the number of a process or random letters, and no dot, which names of others may have.
    scratch = re.compile(rf"\.{re.escape(path.name)}\.[^.]+\.partial")
    beside = path.parent.iterdir() if path.parent.is_dir() else ()
    for found in [each for each in beside if scratch.fullmatch(each.name)]:
        try:
            if found.is_dir():
                shutil.rmtree(found)
            else:
                found.unlink()
            print(f"Removed {found}, which a job that was killed had left.")
        except OSError as error:
            print(
                f"{found}, which a job that was killed had left, could not be removed "
                f"({error.strerror or error}): delete it."
            )


def write_json(path: str | os.PathLike, value: Any) -> None:
    """Write `value` as indented JSON with a stable key order."""
    with atomic_write(path) as handle:
        json.dump(value, handle, indent=2, sort_keys=True, ensure_ascii=False)
        handle.write("\n")


class JsonObject(dict[str, Any]):
    """A JSON object; asking for a key that it lacks raises the `UserError` that `damaged` makes."""

    def __init__(self, values: Mapping[str, Any], damaged: Callable[[str], UserError]) -> None:
        super().__init__(values)
        self._damaged = damaged

    def __missing__(self, key: str) -> Any:
        raise self._damaged(f"there is no {key!r}, where it is looked for")


def read_json(path: str | os.PathLike, remedy: str = AGAIN) -> dict[str, Any]:
    """Return the object in a JSON file; it and all objects within it are `JsonObject`s.

    Raises:
        UserError: there is something else in it, or it cannot be read; names the file and `remedy`.
    """
    damaged = partial(_damaged, path, remedy)
    with open_file(path) as handle:
        content = handle.read()
    try:
        value = _parse(content.decode(), lambda values: JsonObject(values, damaged), _no_number)
    except (ValueError, RecursionError) as error:
        raise damaged(str(error)) from None
    if not isinstance(value, JsonObject):
        raise damaged("it holds no JSON object")
    return value


def _damaged(path: str | os.PathLike, remedy: str, what: str) -> UserError:
    return UserError(f"{path} is damaged ({what}): {remedy}.")


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no number")


def _parse(
    text: str,
    make: Callable[[dict], dict] | None = None,
    constant: Callable[[str], Any] | None = None,
) -> Any:
    """Return a value of JSON, its objects as what `make` makes of a dictionary.

    `constant` takes NaN and Infinity, which Python writes and JSON does not know.

    Raises:
        ValueError: it is no JSON, has an integer of thousands of digits, or half of a surrogate
            pair, which no UTF-8 file can hold.
        RecursionError: it is nested too deep.
    """
    value = json.loads(text, object_hook=make, parse_constant=constant)
    if _ESCAPED_SURROGATE.search(text) and _SURROGATE.search(json.dumps(value, ensure_ascii=False)):
        raise ValueError(
            "half of a surrogate pair (an escape between \\ud800 and \\udfff that has no partner) "
            "is no character: remove it"
        )
    return value


def write_json_lines(path: str | os.PathLike, records: Iterable[dict]) -> None:
    """Write one JSON object a line."""
    with atomic_write(path) as handle:
        for record in records:
            handle.write(json.dumps(record, ensure_ascii=False) + "\n")


def open_file(path: str | os.PathLike) -> BufferedReader:
    """Open a file to read its bytes.

    Raises:
        UserError: it is not there, is no file, or may not be read; names it and the reason.
    """
    try:
        kind = _NO_FILES.get(stat.S_IFMT(os.stat(path).st_mode))
        # What a shell makes of <(...) is a pipe, too, and the path that it resolves to is no path.
        if kind is None or not os.path.lexists(os.path.realpath(path)):
            return open(path, "rb")
    except FileNotFoundError:
        raise UserError(
            f"{path} does not exist: fix the path; relative ones of a config "
            "count from the working directory of the experiment."
        ) from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise UserError(
            f"{path} cannot be read ({reason}): fix the path or its permissions."
        ) from None
    raise UserError(f"{path} is {kind}, where a file is expected: fix the path.")


def ends_in_a_line(path: str | os.PathLike) -> bool:
    """Return whether the last line of a file is ended; a packed one that is whole counts as such.

    Raises:
        UserError: the file cannot be read.
    """
    with open_file(path) as handle:
        start = handle.read(4)
        if any(map(start.startswith, _UNPACKERS)):
            return True
        handle.seek(max(handle.seek(0, os.SEEK_END) - 1, 0))
        return handle.read() == b"\n"


def text_lines(path: str | os.PathLike | zipfile.Path) -> Iterator[tuple[int, str]]:
    """Yield (number, line) of a text file, the numbers from 1, the lines without their ends.

    A line ends in `\\n` or, as on Windows, in `\\r\\n`. A file that gzip or zstd packed is
    unpacked, one within a zip archive is read there, and `-` is standard input.

    Raises:
        UserError: the file cannot be read, begins with a byte-order mark, is not UTF-8, holds a
            NUL, or is damaged where it is packed; names the file and, where there is one, the line.
    """
    for number, text in text_blocks(path):
        yield from enumerate(lines_of(text), number)


def text_blocks(path: str | os.PathLike | zipfile.Path) -> Iterator[tuple[int, str]]:
    """Yield the text of a file in blocks of whole lines, with the number of the first of each.

    Lines end in `\\n`; otherwise as `text_lines`, to which `lines_of` divides a block.

    Raises:
        UserError: as `text_lines`.
    """
    number = 1
    with _unpacked(path) as handle:
        while block := handle.read(_BLOCK) + handle.readline():
            text = _decoded(path, number, block).replace("\r\n", "\n")
            yield number, text
            number += text.count("\n")


def lines_of(block: str) -> list[str]:
    """Return the lines of a block of `text_blocks`."""
    # The last line of a file may end in neither, or in half of what Windows writes.
    return block.removesuffix("\n").removesuffix("\r").split("\n")


def maybe_packed(path: str | os.PathLike) -> Path:
    """Return the file of this name or, where only that is there, the packed one: by `PACKED`."""
    names = [f"{os.fspath(path)}{suffix}" for suffix in ("", *PACKED)]
    return Path(next(filter(os.path.lexists, names), path))


@contextmanager
def _unpacked(path: str | os.PathLike | zipfile.Path) -> Iterator[IO[bytes]]:
    """Open a file, or standard input for `-`; one that is packed is read as what is in it."""
    if isinstance(path, zipfile.Path):
        with _member(path) as member:
            yield member
        return
    named = os.fspath(path) != "-"
    with open_file(path) if named else nullcontext(sys.stdin.buffer) as handle:
        start = handle.peek(4) if isinstance(handle, BufferedReader) else b""
        unpackers = (way for magic, way in _UNPACKERS.items() if start.startswith(magic))
        unpack: Callable[[Any], AbstractContextManager[Any]] = next(unpackers, nullcontext)
        try:
            with unpack(handle) as unpacked:
                yield unpacked
        except (EOFError, OSError, zlib.error) as error:
            raise UserError(f"{path} is damaged ({error}): get it again.") from None


@contextmanager
def _member(path: zipfile.Path) -> Iterator[IO[bytes]]:
    """Open a file within a zip archive; its checksum there is compared at its end."""
    try:
        with path.open("rb") as member:
            yield member
    except FileNotFoundError:
        raise UserError(f"{path} does not exist: the archive has no such file.") from None
    except _DAMAGED_ZIP as error:
        raise UserError(f"{path} is damaged ({error}): get the archive again.") from None


def open_zip(path: str | os.PathLike) -> zipfile.ZipFile:
    """Open a zip archive to read its members, as `zipfile.Path`s by `text_lines`.

    Raises:
        UserError: it cannot be read, or is no zip archive, or a damaged one.
    """
    try:
        return zipfile.ZipFile(open_file(path))
    except _DAMAGED_ZIP as error:
        raise UserError(f"{path} is no zip archive, or a damaged one ({error}).") from None


# RuntimeError is of an encrypted or oddly packed member, the others of names and places.
_DAMAGED_ZIP = (
    *(zipfile.BadZipFile, zlib.error, EOFError),
    *(OSError, RuntimeError, ValueError, struct.error, lzma.LZMAError),
)


def _zstd(handle: BufferedReader) -> IO[bytes]:
    # Not at the top: a parse of the workflow does without.
    import pyarrow

    return BufferedReader(pyarrow.CompressedInputStream(handle, "zstd"))


# By how the files begin.
_UNPACKERS: dict[bytes, Callable[[Any], AbstractContextManager[Any]]] = {
    b"\x1f\x8b": gzip.open,
    b"\x28\xb5\x2f\xfd": _zstd,
}


def _decoded(path: str | os.PathLike | zipfile.Path, number: int, block: bytes) -> str:
    """Return the text of a block of whole lines, the first of which has this number."""
    if number == 1:
        for (start, magic), what in _NO_TEXT.items():
            if block.startswith(magic, start):
                raise UserError(f"{path}:1: expected UTF-8, found {what}")
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
        raise UserError(
            f"{path}:{number}: expected text, found a NUL character: remove it or, if the file is "
            "in UTF-16, convert it"
        )
    return text


def read_json_lines(path: str | os.PathLike | zipfile.Path) -> Iterator[dict]:
    """Yield the objects of a JSON-lines file.

    Raises:
        UserError: a line is not a JSON object, or what `text_lines` refuses; names file and line.
    """
    for number, line in text_lines(path):
        try:
            record = _parse(line)
        except (ValueError, RecursionError) as error:
            raise UserError(f"{path}:{number}: expected one JSON object a line: {error}") from None
        if not isinstance(record, dict):
            raise UserError(f"{path}:{number}: expected a JSON object, found {line[:40]!r}")
        yield record


def csv_rows(
    path: str | os.PathLike, columns: Collection[str], remedy: str
) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield (file and line, row) of a CSV file that has at least these columns, named in line 1.

    Raises:
        UserError: it lacks one, a row has more or fewer cells, or what `text_lines` refuses; names
            file, line and `remedy`.
    """
    reader = csv.reader(f"{line}\n" for _, line in text_lines(path))
    try:
        header = next(reader, [])
        if absent := set(columns) - set(header):
            raise UserError(f"{path}:1: no column {', '.join(sorted(absent))}; {remedy}.")
        for cells in filter(None, reader):
            place = f"{path}:{reader.line_num}"
            if len(cells) != len(header):
                raise UserError(
                    f"{place}: expected {len(header)} cells, found {len(cells)}; {remedy}."
                )
            yield place, dict(zip(header, cells, strict=True))
    except csv.Error as error:
        raise UserError(f"{path}:{reader.line_num}: {error}; {remedy}.") from None


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
    """Return the hexadecimal SHA-256 of a file's bytes, which a process reads for it once."""
    state = os.stat(path)
    key = (state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns, state.st_ctime_ns)
    if key not in _DIGESTS:
        with open(path, "rb") as handle:
            _DIGESTS[key] = hashlib.file_digest(handle, "sha256").hexdigest()
    return _DIGESTS[key]


_DIGESTS: dict[tuple[int, ...], str] = {}
