"""What each file of an experiment is and was made from, checked by every job that reads it.

A job that has ended well writes `records/PATH.json` for each of its outputs: the SHA-256 of what it
made and of all that it read, and the rule's params. The next job believes a file only if it is what
its record says. Snakemake compares dates, and does not look into folders.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NotRequired, TypedDict

from lionrank.errors import UserError
from lionrank.files import atomic_write, read_json, remove_scratch, sha256, write_json

FOLDER = Path("records")
SEEN = FOLDER / ".seen"
"""Digests of this computer's files, so that what has not changed is not read again."""

CHECKPOINTS = "checkpoints"

MADE = {
    *("sources", "collections", "indexes", "retrieval"),
    *(CHECKPOINTS, "training", "reranking", "results", "teachers"),
    *("paper", "hub", "report"),
}
"""The folders of an experiment that only its rules write into."""

SUMS = "SHA256SUMS"
"""A checkpoint's own list of its files, as `sha256sum -c` reads it, wherever it is taken to."""

DECISION = ".stop.json"
"""How files end that say whether an epoch is trained, and nothing of its bits."""

WHOLE = ""
"""The name of a file among its own files, of which a folder has several."""

Files = dict[str, str]
"""SHA-256 of each file of a folder, by its name in it; of a file, its own by `WHOLE`."""


class Origin(TypedDict):
    """What a rule made: `files`, from `made_from` (SHA-256 by path) with `params` as JSON.

    `counted` is what a scoring counted on the way, as tokens that it left out.
    """

    rule: str
    files: Files
    made_from: dict[str, str]
    params: dict[str, Any]
    counted: NotRequired[dict[str, int]]


def place(path: str | os.PathLike, root: Path = Path()) -> Path:
    """Return where the record of a file of an experiment lies, of which `root` is the directory."""
    return root / FOLDER / f"{os.fspath(path)}.json"


def home(path: str | os.PathLike) -> tuple[Path, Path] | None:
    """Return the directory of the experiment whose rules made a file, and its path from there.

    None for what no rule made. The working directory is an experiment's, any other one if it has
    records.
    """
    path = Path(path)
    for root in path.parents:
        inside = path.relative_to(root)
        if inside.parts[0] in MADE and (root == Path() or (root / FOLDER).is_dir()):
            return root, inside
    return None


def digest(files: Files) -> str:
    """Return the SHA-256 of a file, or of a folder's list of files as canonical JSON."""
    if [*files] == [WHOLE]:
        return files[WHOLE]
    return hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()


def read(path: str | os.PathLike, root: Path = Path()) -> Origin | None:
    """Return the record of a file of the experiment in `root`, None if it has none.

    Raises:
        UserError: the record is damaged.
    """
    where = place(path, root)
    if not where.exists():
        return None
    remedy = f"delete it and {root / path}, and run again"
    found = read_json(where, remedy)
    match found:
        case {
            "rule": str(rule),
            "files": {} as files,
            "made_from": {} as made_from,
            "params": {} as params,
        } if all(isinstance(each, str) for each in (*files.values(), *made_from.values())):
            origin = Origin(rule=rule, files=files, made_from=made_from, params=params)
            return {**origin, "counted": found["counted"]} if "counted" in found else origin
    raise UserError(f"{where} is damaged (it is no record): {remedy}.")


def write(
    paths: Iterable[str | os.PathLike],
    rule: str,
    made_from: Mapping[str, str],
    params: Mapping[str, Any],
    counted: Mapping[str, int] | None = None,
) -> None:
    """Write the records of what a job made, given what `taken` told when it began.

    A checkpoint gets a list of its files, too.
    """
    shown = public(dict(params))
    for path in paths:
        root, inside = home(path) or (Path(), Path(os.path.relpath(path)))
        if inside.parts[0] == CHECKPOINTS and Path(path).is_dir():
            _list_files(Path(path))
        record = Origin(rule=rule, files=measured(path), made_from=dict(made_from), params=shown)
        if counted is not None:
            record["counted"] = dict(counted)
        remove_scratch(place(inside, root))
        write_json(place(inside, root), record)


def _list_files(checkpoint: Path) -> None:
    files = measured(checkpoint)
    files.pop(SUMS, None)
    with atomic_write(checkpoint / SUMS) as handle:
        handle.writelines(f"{digest}  {name}\n" for name, digest in files.items())


def taken(paths: Iterable[str | os.PathLike]) -> dict[str, str]:
    """Return the SHA-256 of what a job reads, each compared with its record.

    Raises:
        UserError: an input is not what was recorded, or lies where only rules write and has no
            record; names file and remedy.
    """
    return named({os.fspath(path): digest(_believed(path)) for path in paths})


def named(digests: Mapping[str, str]) -> dict[str, str]:
    """Return digests by the names under which a record has their paths, which are `public`.

    Of several paths of one name, all from the second on have a number, too.
    """
    told: dict[str, str] = {}
    for path, found in digests.items():
        name = shown = public(path)
        number = 1
        while shown in told:
            number += 1
            shown = f"{name} ({number})"
        told[shown] = found
    return told


def public(value: Any) -> Any:
    """Return a value as JSON, with no more than the name of each absolute path in it.

    Records go where results go, and a path tells whose computer they come from.
    """
    if isinstance(value, Mapping):
        return {str(key): public(each) for key, each in value.items()}
    if isinstance(value, str | os.PathLike):
        text = os.fspath(value)
        return f"…/{Path(text).name}" if os.path.isabs(text) else text
    if isinstance(value, Iterable):
        return [public(each) for each in value]
    return value


def _believed(path: str | os.PathLike) -> Files:
    """Return the digests of an input after a look at its record."""
    files = measured(path)
    if (found := home(path)) is None:
        return files
    root, inside = found
    record = read(inside, root)
    if record is None:
        raise UserError(
            f"{path} has no record of what it was made from: {place(inside, root)} is missing. "
            "Copy records/ along with an experiment; or delete the file and run again."
        )
    if told := difference(record["files"], files):
        raise UserError(
            f"{path} is not what rule {record['rule']} made: {told}. Restore it; or delete it and "
            "run again, and it is made anew with all that hangs on it."
        )
    return files


def difference(recorded: Files, found: Files) -> str | None:
    """Say in words how files differ from those of a record, None where they do not."""
    for name in sorted(recorded.keys() | found.keys()):
        shown = name or "the content"
        if name not in found:
            return f"{shown} is missing"
        if name not in recorded:
            return f"{shown} was added"
        if recorded[name] != found[name]:
            return f"{shown} has changed (SHA-256 {found[name][:12]}…, not {recorded[name][:12]}…)"
    return None


def measured(path: str | os.PathLike) -> Files:
    """Return the digests of a file, or of a folder's files but for hidden ones.

    What has kept its place, size and times since it was read last is not read again.

    Raises:
        UserError: it does not exist.
    """
    path = Path(path)
    if path.is_dir():
        found = {file.relative_to(path).as_posix(): file for file in sorted(_visible(path))}
    elif path.exists():
        found = {WHOLE: path}
    else:
        raise UserError(f"{path} does not exist: run again, and it is made.")
    store = _store(path)
    known, now = _known(store), dict[str, _Seen]()
    for name, file in found.items():
        state = _state(file)
        match known.get(name):
            case {"state": before, "sha256": str(digest)} if before == state:
                now[name] = _Seen(state=state, sha256=digest)
            case _:
                now[name] = _Seen(state=state, sha256=sha256(file))
    if now != known:
        write_json(store, now)
    return {name: entry["sha256"] for name, entry in now.items()}


class _Seen(TypedDict):
    """A file's digest, and the state in which it was read."""

    state: list[int]
    sha256: str


def _visible(folder: Path) -> Iterable[Path]:
    """Yield the files below a folder; a hidden one tells Snakemake when it made the folder."""
    for parent, folders, names in os.walk(folder, followlinks=True):
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (Path(parent, name) for name in names if not name.startswith("."))


def _state(file: Path) -> list[int]:
    # The last one changes with every edit, whatever an editor does to the others. No number of the
    # device: on a file system that computers share, each has another one.
    status = file.stat()
    return [status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns]


def _store(path: Path) -> Path:
    """Return where the digests of a file are remembered, also of one from elsewhere."""
    named = os.fspath(path)
    if path.is_absolute() or os.pardir in path.parts:
        named = hashlib.sha256(os.path.abspath(path).encode()).hexdigest()
    return SEEN / f"{named}.json"


def _known(store: Path) -> dict[str, Any]:
    try:
        return read_json(store)
    except (OSError, UserError):  # what is not remembered is read
        return {}
