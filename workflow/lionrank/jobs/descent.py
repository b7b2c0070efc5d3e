"""The chain of records from a file of an experiment back to its sources, and where it breaks."""

import os
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import chdir, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from lionrank.config.downloads import read_record
from lionrank.errors import UserError
from lionrank.jobs import records

PAPER = "paper/main.pdf"
_RED, _GREEN, _PLAIN = "\x1b[31m", "\x1b[32m", "\x1b[0m"


@dataclass(frozen=True)
class Link:
    """A file in the chain.

    `rule` made it, None for what came from outside; `sha256` is that of what is here, else of what
    was recorded, None where neither tells; `fault` says what is wrong with it, None where nothing
    is; `here` is false for what only records tell of; `made_from` are its inputs.
    """

    path: str
    rule: str | None
    sha256: str | None
    here: bool
    fault: str | None
    made_from: tuple[str, ...] = ()


Chain = dict[str, Link]
"""Every file behind one, by path; the one itself comes first."""


@contextmanager
def opened(place: str | os.PathLike) -> Iterator[str]:
    """Enter the experiment of a directory, an archive, or one of its files; yield the file.

    It is the paper where the place names none. An archive is unpacked for the time being.

    Raises:
        UserError: the place is no experiment with records.
    """
    path = Path(place)
    if path.suffix == ".zip" and path.is_file():
        with TemporaryDirectory() as folder, chdir(_unpacked(path, Path(folder))):
            yield PAPER
    elif path.is_dir() and (path / records.FOLDER).is_dir():
        with chdir(path):
            yield PAPER
    elif (found := records.home(path.absolute())) and (found[0] / records.FOLDER).is_dir():
        with chdir(found[0]):
            yield str(found[1])
    else:
        raise UserError(
            f"{path} is no experiment with records: name a working directory, an archive that "
            "`snakemake archive` made, or a file of either such as paper/main.pdf."
        )


def _unpacked(archive: Path, folder: Path) -> Path:
    try:
        with zipfile.ZipFile(archive) as packed:
            packed.extractall(folder)
    except zipfile.BadZipFile as error:
        raise UserError(f"{archive} is damaged ({error}): get it again.") from None
    found = sorted(folder.rglob(str(records.FOLDER)))
    if not found:
        raise UserError(f"{archive} holds no {records.FOLDER}/: it is no archive of an experiment.")
    return found[0].parent


def trace(*paths: str) -> Chain:
    """Return the chain behind some files of the experiment in the working directory.

    Raises:
        UserError: there is neither such a file nor a record of it, or a record is damaged.
    """
    chain: Chain = {}
    waiting: list[tuple[str, str | None]] = []
    for path in paths:
        if not Path(path).exists() and records.read(path) is None:
            raise UserError(f"{path} is not here and has no record: name a file of an experiment.")
        waiting.append((path, None))
    while waiting:
        name, expected = waiting.pop()
        if name in chain:
            continue
        link, inputs = _link(name, expected)
        chain[name] = link
        waiting += reversed([(each, inputs[each]) for each in link.made_from])
    return chain


def vouched(paths: Iterable[str | os.PathLike]) -> dict[str, str]:
    """Return the SHA-256 of files of the experiment and of all files behind them, by path.

    Raises:
        UserError: one is not what was recorded, or was made from another one than is here.
    """
    chain = trace(*(os.fspath(path) for path in paths))
    for link in faults(chain):
        raise UserError(
            f"{link.path} {link.fault}. Restore it; or delete it and run again, and it is made "
            "anew with all that hangs on it."
        )
    return {
        records.public(path): link.sha256 for path, link in chain.items() if link.sha256 is not None
    }


def _link(path: str, expected: str | None) -> tuple[Link, dict[str, str]]:
    """Return the link of a file and what it was made from; `expected` is what its reader read."""
    found = records.home(path)
    if found is None:
        return _outside(path, expected), {}
    root, inside = found
    record, here = records.read(inside, root), Path(path).exists()
    if record is None:
        return Link(path, None, None, here, "has no record"), {}
    # A decision stands, and with it what was trained, also once there are other scores.
    read = {} if path.endswith(records.DECISION) else record["made_from"]
    inputs = {_from(root, name): sha256 for name, sha256 in read.items()}
    files = records.measured(path) if here else record["files"]
    fault = records.difference(record["files"], files) or _not_as_read(root, record, inputs)
    fault = fault or _unlike_lock(path, files)
    sha256 = records.digest(files)
    return Link(path, record["rule"], sha256, here, fault, (*inputs,)), inputs


def _from(root: Path, path: str) -> str:
    return path if root == Path() else os.path.normpath(root / path)


def _outside(path: str, expected: str | None) -> Link:
    here = Path(path).exists()
    sha256 = records.digest(records.measured(path)) if here else expected
    changed = expected not in (None, sha256)
    return Link(path, None, sha256, here, "has changed since it was read" if changed else None)


def _not_as_read(root: Path, record: records.Origin, inputs: dict[str, str]) -> str | None:
    """Say which input was another one when a file was made."""
    for path, sha256 in inputs.items():
        found = records.home(path)
        own = records.read(found[1], found[0]) if found else None
        if own is not None and records.digest(own["files"]) != sha256:
            return f"was made from another {path} than the one here"
    return None


def _unlike_lock(path: str, files: records.Files) -> str | None:
    """Say which file of a source is not the one that was recorded at its first download."""
    download = read_record(f"{path}.lock.json")
    if download is None:
        return None
    return records.difference({name: file.sha256 for name, file in download.files.items()}, files)


def to_text(chain: Chain, colours: bool = False, depth: int | None = None) -> str:
    """Return a chain as a tree, what is behind a file below it; each file is opened up once.

    Of `depth` generations of files behind the first one, or of all of them.
    """
    lines: list[str] = []
    shown = set[str]()
    waiting = [(next(iter(chain)), "", "", 0)]
    while waiting:
        path, lead, indent, level = waiting.pop()
        link = chain[path]
        again = path in shown and bool(link.made_from)
        lines.append(f"{lead}{_named(link, colours)}{' (above)' if again else ''}")
        if again or level == depth:
            continue
        shown.add(path)
        ends = [("├─ ", "│  ")] * (len(link.made_from) - 1) + [("└─ ", "   ")]
        branches = [*zip(link.made_from, ends, strict=False)]
        waiting += [
            (child, indent + branch, indent + below, level + 1)
            for child, (branch, below) in reversed(branches)
        ]
    return "\n".join(lines) + "\n"


def _named(link: Link, colours: bool) -> str:
    mark = "✗" if link.fault else "✓" if link.here else "·"
    told = [mark, link.path]
    if link.rule:
        told.append(f"[{link.rule}]")
    if link.fault:
        told.append(f"— {link.fault}")
    elif not link.here:
        told.append("(not here)")
    text = " ".join(told)
    if not colours or mark == "·":
        return text
    return f"{_RED if link.fault else _GREEN}{text}{_PLAIN}"


def faults(chain: Chain) -> list[Link]:
    """Return the links of a chain at which it is broken."""
    return [link for link in chain.values() if link.fault]
