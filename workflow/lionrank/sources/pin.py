"""Pinning: what the first downloads recorded becomes the table of sources, for everybody.

A table is changed cell by cell. Every other byte of it stays, so that the difference is fit for a
pull request.
"""

import fnmatch
import os
import re
import stat
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from lionrank.config.downloads import Download, check_agreement, place_of, read_record
from lionrank.config.sources import COLUMNS, Source, read_table
from lionrank.errors import UserError
from lionrank.files import atomic_write, remove_scratch

Cells = dict[str, dict[str, str]]
"""New cells of a table: name of the row -> column -> text."""
_CELL = re.compile(r'(?P<cell>"(?:[^"]|"")*"|[^,\r\n]*)(?P<end>,|\r\n|\r|\n|\Z)')


class Pins(NamedTuple):
    """The cells that pinning changes, and in words what it does and what it leaves."""

    cells: Cells
    told: str


def planned(
    table: str | os.PathLike,
    sources: Mapping[str, Source],
    needed: Iterable[str],
    local: Container[str],
) -> Pins:
    """Return what the records in the working directory pin.

    Args:
        table: the table's path, for messages.
        sources: the rows of the table.
        needed: names of the sources that the experiment downloads.
        local: names of those that it takes from local copies, which are not pinned.

    Raises:
        UserError: a record is damaged, or is not what its row says; names the row and both values.
    """
    records = {name: read_record(place_of(name)) for name in sources if name not in local}
    cells: Cells = {}
    for name, record in records.items():
        if record is not None and _covers(record, sources[name]):
            _check(sources[name], record)
            if record.revision and not sources[name].pinned:
                cells[name] = _cells(sources[name], record)
    return Pins(cells, _told(os.fspath(table), sources, [*needed], records, cells))


def _covers(record: Download, source: Source) -> bool:
    """Return whether each pattern of a row matches a file of the record, or it is of another id."""
    return record.id != source.id or all(
        fnmatch.filter(record.files, pattern) for pattern in source.files
    )


def _check(source: Source, record: Download) -> None:
    place = place_of(source.name)
    check_agreement(source, record, place)
    total = sum(file.bytes for file in record.of(source).values())
    if source.exact and source.bytes != total:
        raise UserError(
            f"{source.table}: {source.name}: bytes: the table has {source.bytes}, and the files in "
            f"{place} have {total}: correct the one that is wrong."
        )


def _cells(source: Source, record: Download) -> dict[str, str]:
    """Return revision, size and checksums of a row as they were recorded.

    A checksum that the row has already stays: the download was compared with it. A file whose name
    the column cannot hold is left to the commit.
    """
    files = record.of(source)
    checksums = dict(source.checksums)
    for path, file in files.items():
        if not re.search(r"[\s=]", path):
            checksums.setdefault(path, f"sha256:{file.sha256}")
    return {
        "revision": record.revision or "",
        "bytes": str(sum(file.bytes for file in files.values())),
        "checksums": " ".join(f"{path}={checksum}" for path, checksum in checksums.items()),
    }


def _told(
    table: str,
    sources: Mapping[str, Source],
    needed: list[str],
    records: Mapping[str, Download | None],
    cells: Cells,
) -> str:
    lines = [f"Pinning {_named(cells)} in {table}." if cells else f"Nothing to pin in {table}."]
    open_ones = [name for name, source in sources.items() if not (source.pinned or name in cells)]
    copies = [
        name
        for name in open_ones
        if name not in records or ((record := records[name]) and record.revision is None)
    ]
    lacking = [name for name in open_ones if name in needed and name not in copies]
    others = len(open_ones) - len({*copies, *lacking})
    if lacking:
        lines.append(
            f"Not fetched yet: {_named(lacking)}. Run `snakemake prefetch`, then `snakemake pin` "
            "again."
        )
    if copies:
        lines.append(f"Local copies, of no known revision: {_named(copies)}.")
    if others:
        lines.append(f"Not needed by this experiment, and open in the table: {others}.")
    return "\n".join([*lines, *_divided(sources, cells)])


def _divided(sources: Mapping[str, Source], cells: Cells) -> Iterator[str]:
    """Yield what is to be said of repositories whose rows are at different commits."""
    commits: dict[str, dict[str, str]] = defaultdict(dict)
    for name, source in sources.items():
        if revision := cells.get(name, {}).get("revision", source.revision):
            commits[source.id][name] = revision
    for repository, found in commits.items():
        if len(set(found.values())) > 1:
            yield f"At different commits of {repository}: {_named(found)}."


def _named(names: Iterable[str]) -> str:
    names = list(names)
    return f"{len(names)} {'source' if len(names) == 1 else 'sources'} ({', '.join(names)})"


def write(table: str | os.PathLike, cells: Cells) -> None:
    """Write new cells into a table, and change no other byte of it.

    Raises:
        UserError: the table cannot be written; it is then as it was.
    """
    if not cells:
        return
    # A link stays one.
    path = Path(table).resolve()
    mode = stat.S_IMODE(path.stat().st_mode)
    # Renaming a new file to its name would ask for no permission of the old one.
    if not mode & 0o222 or not os.access(path, os.W_OK):
        raise UserError(
            f"{path} is read-only: make it writable (chmod u+w), or name a copy of it in "
            "sources.table of the config, then run `snakemake pin` again."
        )
    rows = read_table(path)
    for name in cells:
        if rows[name].pinned:
            raise UserError(f"{path}: {name} was pinned meanwhile: run `snakemake pin` again.")
    with open(path, encoding="utf-8", newline="") as handle:
        text = handle.read()
    remove_scratch(path)
    with atomic_write(path, "wb") as handle:
        os.fchmod(handle.fileno(), mode)
        handle.write(with_cells(text, cells).encode())


def with_cells(text: str, cells: Cells) -> str:
    """Return the text of a table with new cells in it."""
    parts, end = [], 0
    for row in _rows(text):
        new = cells.get(text[slice(*row[0])].strip().strip('"'), {})
        for place, value in sorted((COLUMNS.index(name), value) for name, value in new.items()):
            start, stop = row[place]
            parts += [text[end:start], _written(value, like=text[start:stop])]
            end = stop
    return "".join([*parts, text[end:]])


def _rows(text: str) -> Iterator[list[tuple[int, int]]]:
    """Yield where the cells of each row begin and end."""
    row: list[tuple[int, int]] = []
    for match in _CELL.finditer(text):
        row.append(match.span("cell"))
        if match["end"] != ",":
            yield row
            row = []


def _written(value: str, like: str) -> str:
    """Return a cell, in quotes where it needs them or the one that it replaces had them."""
    if like.startswith('"') or re.search(r'[",\r\n]', value):
        return '"' + value.replace('"', '""') + '"'
    return value
