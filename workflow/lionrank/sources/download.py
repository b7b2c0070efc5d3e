"""Fetching a source of the table: kept in the usual caches, verified, recorded for ever.

Hugging Face repositories are downloaded by huggingface_hub into its own cache, single files by
pooch into its; both retry by themselves. A file is verified whenever it is asked for, also when
it comes from a cache or from a local copy.
"""

import dataclasses
import hashlib
import os
import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import huggingface_hub
import pooch
from huggingface_hub.constants import HF_HUB_ETAG_TIMEOUT
from huggingface_hub.errors import (
    CachedRepoTreeNotFoundError,
    LocalEntryNotFoundError,
    RevisionResolutionError,
)
from huggingface_hub.utils import tqdm

from lionrank.config.downloads import (
    FOLDER,
    Download,
    DownloadedFile,
    check_agreement,
    place_of,
    read_record,
)
from lionrank.config.sources import Source
from lionrank.errors import UserError
from lionrank.files import remove_scratch, scratch_folder, sha256, write_json
from lionrank.sources.catalogues import looked_up
from lionrank.sources.refusals import HUB, explained, of_download

RETRIES = 2
WEIGHTS = ".safetensors"
FAILURES = (
    OSError,
    RuntimeError,
    httpx2.HTTPError,
    RevisionResolutionError,
    CachedRepoTreeNotFoundError,
)
"""What a download may end with."""
BAR_SECONDS = 5.0
"""How often a progress bar is drawn: the log keeps every drawing."""


@dataclass(frozen=True)
class _File:
    """A file that was downloaded or copied; `bytes` and `sha256` are measured."""

    place: Path
    bytes: int
    sha256: str

    @classmethod
    def measure(cls, place: Path) -> "_File":
        return cls(place, place.stat().st_size, sha256(place))

    def digest(self, algorithm: str) -> str:
        """Return a checksum; `git` is that of git's own blobs, SHA-1 with a header."""
        if algorithm == "sha256":
            return self.sha256
        header = b"blob %d\0" % self.bytes if algorithm == "git" else b""
        name = "sha1" if algorithm == "git" else algorithm
        with open(self.place, "rb") as handle:
            return hashlib.file_digest(handle, lambda: hashlib.new(name, header)).hexdigest()


_Files = dict[str, _File]
"""Path within the repository -> file."""


def fetch(
    source: Source, folder: str | os.PathLike, lock: str | os.PathLike, local: str | None
) -> None:
    """Make `folder` hold one link for each file of the source, at its path in the repository.

    The links point into a cache, or into `local`, which is a copy of the repository, or of the
    source's one file. Every file has been compared with the table, with what the hub tells of it
    and with the JSON record `lock`, which the first call writes.

    Raises:
        UserError: a file is out of reach, missing, damaged, or not the one that was recorded;
            `folder` and `lock` are then as they were.
    """
    lock = Path(lock)
    remove_scratch(lock)
    recorded = read_record(lock)
    row, source = source, looked_up(source)
    if recorded:
        check_agreement(row, recorded, lock)
        source = dataclasses.replace(source, revision=source.revision or recorded.revision)
    try:
        if local is not None:
            files = _measured(_copied(source, recorded, Path(local)))
        elif source.kind == "url":
            files = _measured(_from_web(source))
            _check_arrival(source, files)
        else:
            source = _resolved(source)
            files = _measured(_from_hub(source))
            _check_arrival(source, files)
        _check_table(source, files, local or "the cache")
        record = dataclasses.replace(_check_lock(source, files, recorded, lock), id=row.id)
        if record != recorded:
            write_json(lock, record.as_json())
        _link(files, Path(folder))
    except FAILURES as error:
        told = explained(of_download(source), error)
        if told is None:
            raise
        raise UserError(told) from error
    volume = sum(file.bytes for file in files.values())
    print(f"{source.label}: {volume:,} bytes, all of them verified.")


def small_files(source: Source, local: str | None, patterns: Iterable[str] = ()) -> Path:
    """Return a folder that has some files of a model, without its weights being downloaded.

    That is where it was fetched to, or `local`, a copy of it; else the files are downloaded alone,
    into the hub's cache, and nothing is recorded.

    Args:
        patterns: of the files; none for all that the source asks for but weights.

    Raises:
        UserError: they are out of reach, missing or damaged.
    """
    fetched = Path(FOLDER, source.name)
    if fetched.exists():
        return fetched
    if local is not None:
        return Path(local)
    asked = [*patterns] or [each for each in source.files if not each.endswith(WEIGHTS)]
    part = dataclasses.replace(source, files=tuple(asked))
    try:
        if not part.revision:
            recorded = read_record(place_of(source.name))
            part = dataclasses.replace(part, revision=recorded.revision if recorded else None)
        if (cached := _in_cache(part)) is not None:
            return cached
        # Asked once, where a download would try again for half a minute, or wait without an end.
        commit = (
            huggingface_hub.HfApi()
            .model_info(part.id, revision=part.revision, timeout=HF_HUB_ETAG_TIMEOUT)
            .sha
        )
        files = _from_hub(dataclasses.replace(part, revision=commit))
        _check_arrival(part, _measured(files))
        path, file = next(iter(files.items()))
    except FAILURES as error:
        told = explained(of_download(source), error)
        if told is None:
            raise
        raise UserError(told) from error
    return Path(str(file).removesuffix(path))


def _in_cache(source: Source) -> Path | None:
    """Return the folder in the hub's cache that has the files of a source, if all are there."""
    try:
        snapshot = huggingface_hub.snapshot_download(
            source.id,
            revision=source.revision,
            allow_patterns=list(source.files),
            local_files_only=True,
        )
    except LocalEntryNotFoundError:
        return None
    # What other programs put there may be a part, and the hub's list of the files is not there.
    return Path(snapshot) if not _unmatched(source, _files_below(Path(snapshot))) else None


# Where the files come from.


def _resolved(source: Source) -> Source:
    """Return the source at a known commit: its own, else that of `main` today."""
    if source.revision:
        return source
    commit = huggingface_hub.HfApi().resolve_revision(source.id, repo_type=source.kind).resolved
    if not source.pinned:
        print(
            f"{source.name}: main of {source.id} is commit {commit}: `snakemake pin` writes it "
            f"into {source.table}, so that everybody gets the same."
        )
    return dataclasses.replace(source, revision=commit)


@contextmanager
def _progress() -> Iterator[type[tqdm]]:
    """Give the class of bars for huggingface_hub: draws that of all bytes, in a log too.

    They are closed at the end, as a bar that is drawn later would hide how the job ended.
    """
    bars = []

    class Bar(tqdm):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            hidden = options.get("name") != "huggingface_hub.snapshot_download"
            seldom = {"disable": hidden, "ascii": True, "mininterval": BAR_SECONDS, "position": 0}
            super().__init__(*arguments, **options | seldom)
            bars.append(self)

    try:
        yield Bar
    finally:
        for bar in bars:
            bar.close()


def _from_hub(source: Source) -> dict[str, Path]:
    repository = {"repo_id": source.id, "repo_type": source.kind, "revision": source.revision}
    with _progress() as bar:
        snapshot = huggingface_hub.snapshot_download(
            **repository, allow_patterns=list(source.files), tqdm_class=bar
        )
    # Where the hub is out of reach a snapshot may be incomplete, and only the listing tells.
    listing = [file.path for file in huggingface_hub.get_cached_repo_tree(**repository)]
    _check_patterns(source, listing, HUB)
    return {path: Path(snapshot, path) for path in source.matching(listing)}


def _from_web(source: Source) -> dict[str, Path]:
    ((path, checksum),) = source.checksums.items()
    # Named by content, so that no two versions of a file meet in the cache.
    name = f"{checksum.partition(':')[2][:16]}-{path}"
    cache = pooch.create(
        path=pooch.os_cache("lionrank"),
        base_url="",
        registry={name: None},
        urls={name: source.url},
        retry_if_failed=RETRIES,
    )
    downloader = pooch.HTTPDownloader(progressbar=True)
    return {path: Path(cache.fetch(name, downloader=downloader))}


def _copied(source: Source, recorded: Download | None, local: Path) -> dict[str, Path]:
    """Return the files of a local copy that the patterns ask for.

    Raises:
        UserError: a pattern matches none, or a file that table or lock name is missing.
    """
    place = f"{local} (sources.local.{source.name} in the config)"
    if source.is_one_file and local.is_file():
        return dict.fromkeys(source.checksums, local)
    if source.kind == "url":
        raise UserError(f"{place} is no file: it has to be a copy of {source.label}.")
    if not local.is_dir():
        raise UserError(f"{place} is no folder: it has to be a copy of {source.label}.")
    found = _files_below(local)
    _check_patterns(source, found, place)
    known = [*source.checksums, *(recorded.files if recorded else ())]
    lacking = sorted(set(source.matching(known)).difference(found))
    if lacking:
        raise UserError(f"{place} lacks {', '.join(lacking)} of {source.label}: copy them there.")
    return {path: local / path for path in source.matching(found)}


def _files_below(folder: Path) -> list[str]:
    return [file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()]


def _unmatched(source: Source, paths: list[str]) -> list[str]:
    """Return the patterns of a source that no path matches."""
    return [
        pattern
        for pattern in source.files
        if not dataclasses.replace(source, files=(pattern,)).matching(paths)
    ]


def _check_patterns(source: Source, paths: list[str], place: str) -> None:
    if unmatched := _unmatched(source, paths):
        raise UserError(
            f"{source.label}: no file matches {unmatched[0]!r} in {place}: correct files or "
            f"revision in {source.table}, or complete the copy."
        )


def _measured(places: dict[str, Path]) -> _Files:
    return {path: _File.measure(place) for path, place in places.items()}


# Whether they are the right ones.


def _check_arrival(source: Source, files: _Files) -> None:
    """Remove from the cache what is not as its server has it, so that it is downloaded again.

    Raises:
        UserError: a file was removed; the message names the first.
    """
    damaged = []
    told: tuple[str, str] | None
    for path, file in files.items():
        if source.kind == "url":
            algorithm, checksum = source.checksums[path].split(":")
            told, teller = (algorithm, checksum), source.teller
        else:
            told, teller = _told_by_hub(file.place), HUB
        if told and file.digest(told[0]) != told[1]:
            damaged.append(
                f"{source.label}: {path} arrived with {told[0]} {file.digest(told[0])}, and "
                f"{teller} says {told[1]}. It was removed from the cache: run the same command "
                f"again; if it stays so, find out which is right."
            )
            _remove(file.place)
    if damaged:
        raise UserError(damaged[0])


def _told_by_hub(place: Path) -> tuple[str, str] | None:
    """Return (algorithm, checksum) that the hub told of a file in its cache.

    A file of the cache is a link to a blob that is named by the hub's ETag: SHA-256 of a large
    file, git's checksum of a small one
    (https://huggingface.co/docs/huggingface_hub/guides/manage-cache). None on file systems
    without links.
    """
    etag = Path(os.readlink(place)).name if place.is_symlink() else ""
    for algorithm, digits in (("sha256", 64), ("git", 40)):
        if re.fullmatch(rf"[0-9a-f]{{{digits}}}", etag):
            return algorithm, etag
    return None


def _remove(place: Path) -> None:
    """Remove a file and every link on the way to it."""
    while place.is_symlink():
        target = place.parent / os.readlink(place)
        place.unlink()
        place = target
    place.unlink(missing_ok=True)


def _check_table(source: Source, files: _Files, place: str) -> None:
    """Compare the files, which lie in `place`, with the checksums and the size of the source.

    Raises:
        UserError: they differ; says both values.
    """
    for path, checksum in source.checksums.items():
        algorithm, _, expected = checksum.partition(":")
        if path not in files:
            raise UserError(
                f"{source.label}: there is no {path}, of which {source.teller} has the checksum: "
                f"{source.correction}."
            )
        if files[path].digest(algorithm) != expected:
            raise UserError(
                f"{source.label}: {path} in {place} has {algorithm} "
                f"{files[path].digest(algorithm)}, and {source.teller} says {expected}: put the "
                f"right file there, or {source.correction} if this one is meant."
            )
    total = sum(file.bytes for file in files.values())
    if source.exact and total != source.bytes:
        raise UserError(
            f"{source.label}: the files in {place} have {total} bytes ({', '.join(files)}), and "
            f"{source.table} says {source.bytes}: put the right ones there, or correct the table "
            "if these are meant."
        )


def _check_lock(source: Source, files: _Files, recorded: Download | None, lock: Path) -> Download:
    """Return what the lock is to hold from now on.

    Raises:
        UserError: a file is not the one that was recorded; says both checksums.
    """
    known = recorded.files if recorded else {}
    found = {path: DownloadedFile(file.bytes, file.sha256) for path, file in files.items()}
    for path in sorted(known.keys() & found.keys()):
        if known[path] != found[path]:
            raise UserError(
                f"{source.label}: {path} has sha256 {found[path].sha256}, and {lock} recorded "
                f"{known[path].sha256} at the first download: find out why it changed, and "
                f"delete {lock} if the new file is to be accepted."
            )
    return Download(source.id, source.revision, known | found)


def _link(files: _Files, folder: Path) -> None:
    with scratch_folder(folder) as scratch:
        linked = scratch / folder.name
        linked.mkdir()
        for path, file in files.items():
            link = linked / path
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(_seen_from(folder / path, file.place))
        if folder.exists():
            shutil.rmtree(folder)
        linked.rename(folder)


def _seen_from(link: Path, place: Path) -> Path:
    """Return what a link points to: relative where `place` is, so that both can be moved."""
    if place.is_absolute():
        return place
    return Path(os.path.relpath(place, os.path.realpath(link.parent)))
