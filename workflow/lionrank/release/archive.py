"""An experiment packed for a repository such as Zenodo: one zip file with checksums in it."""

import hashlib
import os
import time
import zipfile
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import yaml
from tqdm import tqdm

from lionrank import templates
from lionrank.errors import UserError
from lionrank.files import atomic_write
from lionrank.jobs import records
from lionrank.wording import markdown, size

README = "README.md"
CONFIG = "config.yaml"
CHECKSUMS = "SHA256SUMS"

# Deflating what is compressed takes time and saves nothing.
_COMPRESSED = {".gz", ".parquet", ".pdf", ".png", ".zip"}
_BLOCK = 1 << 20
# The earliest time that a zip file can hold, the start of 1980.
_EARLIEST = 315532800


def find_files(
    made: Iterable[str | os.PathLike],
    repository: Iterable[str | os.PathLike],
    folders: Iterable[str | os.PathLike],
    unfinished: Iterable[str | os.PathLike] = (),
) -> dict[str, Path]:
    """Return what is packed, by its name in the archive.

    Args:
        made: files of the experiment, relative to its working directory, whose names they keep;
            a table or figure comes with its other formats, of the same name.
        repository: files of the workflow's source, which go to the top.
        folders: of the experiment; all files below them but the hidden ones.
        unfinished: files in those folders that are still being written.

    Raises:
        UserError: a file is missing; names it.
    """
    found = {Path(path).as_posix(): Path(path) for path in made}
    for path in list(found.values()):
        if path.parent.name in ("tables", "figures"):
            others = path.parent.glob(f"{path.stem}.*")
            found |= {other.as_posix(): other for other in others if other.suffix != ".map"}
    for folder in map(Path, folders):
        below = (path for path in folder.rglob("*") if path.is_file())
        found |= {path.as_posix(): path for path in below if not _hidden(path)}
    for incomplete in unfinished:
        found.pop(Path(incomplete).as_posix(), None)
    found |= {Path(path).name: Path(path) for path in repository}
    for path in found.values():
        if not path.is_file():
            raise UserError(f"{path} is missing, so the archive would not be whole: make it first.")
    return found


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def readme(
    files: Mapping[str, Path], config: Mapping[str, Any], provenance: Mapping[str, Any], name: str
) -> str:
    """Return the archive's README: what is in it, how to verify it, and where it comes from.

    `files` are the packed ones by name, `name` is that of the folder that they are packed in.
    """
    folders: dict[str, list[int]] = {}
    for file, path in files.items():
        top = file.partition("/")[0] if "/" in file else ""
        folders.setdefault(top, []).append(path.stat().st_size)
    sizes = {top: (len(found), sum(found)) for top, found in folders.items() if top}
    planned = config["grid"]["epochs"]
    stopped = {
        training: last for training, last in provenance["last_epochs"].items() if last < planned
    }
    facts: dict[str, Any] = {
        "config": config,
        "provenance": provenance,
        "name": name,
        "folders": sizes,
        "stopped": stopped,
        "searched": any(file.endswith(".chosen.json") for file in files),
    }
    environment = templates.environment(
        Path(__file__).parent, markdown=markdown, size=partial(size, digits=2)
    )
    return templates.render(environment, "archive.md.j2", facts)


def resolved(config: Mapping[str, Any]) -> str:
    """Return a config, defaults and overlays merged, as YAML; of absolute paths, their names."""
    shown = records.public(config)
    return yaml.safe_dump(shown, sort_keys=False, allow_unicode=True, width=100)


def pack(
    target: str | os.PathLike,
    files: Mapping[str, Path],
    config: Mapping[str, Any],
    provenance: Mapping[str, Any],
) -> dict[str, str]:
    """Write `files`, a README, the config and the checksums to the zip file `target`.

    They lie in a folder named like `target`. Files are read block by block, however large, and
    hashed as they are packed; the bar goes to standard error. The bytes depend on the content
    alone: names are sorted, and the time of all files is that of the commit. Returns the
    hexadecimal SHA-256 of each file by name.

    Raises:
        UserError: a run file is not the one that the paper was made of, a file cannot be read, or
            `target` cannot be written.
    """
    name = Path(target).stem
    texts = {README: readme(files, config, provenance, name), CONFIG: resolved(config)}
    when = time.gmtime(max(provenance["git"]["time"] or 0, _EARLIEST))[:6]
    total = sum(path.stat().st_size for path in files.values())
    sums = {}
    with (
        atomic_write(target, "wb") as raw,
        zipfile.ZipFile(raw, "w") as archive,
        tqdm(total=total, desc="packing", unit="B", unit_scale=True) as bar,
    ):
        for file in sorted([*files, *texts]):
            entry = _entry(f"{name}/{file}", when)
            if file in texts:
                content = texts[file].encode()
                archive.writestr(entry, content)
                sums[file] = hashlib.sha256(content).hexdigest()
            else:
                sums[file] = _add(archive, entry, files[file], bar)
            _check(file, sums[file], provenance)
        listed = "".join(f"{digest}  {file}\n" for file, digest in sums.items())
        archive.writestr(_entry(f"{name}/{CHECKSUMS}", when), listed)
    return sums


def naming(files: Mapping[str, Path], folder: str | os.PathLike) -> list[str]:
    """Return the files, by name, that name a folder, such as the home of whoever ran the jobs."""
    wanted = os.fsencode(folder)
    return [name for name in sorted(files) if _contains(files[name], wanted)]


def _contains(path: Path, wanted: bytes) -> bool:
    with open(path, "rb") as handle:
        before = b""
        while block := _read(handle, path):
            if wanted in before + block:
                return True
            before = block[-len(wanted) :]
    return False


def _entry(name: str, when: tuple[int, int, int, int, int, int]) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, when)
    entry.create_system = 3  # Unix: else the permissions below would mean nothing
    entry.external_attr = 0o100644 << 16
    if Path(name).suffix not in _COMPRESSED:
        entry.compress_type = zipfile.ZIP_DEFLATED
    return entry


def _add(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, path: Path, bar: tqdm) -> str:
    """Pack a file and return the SHA-256 of what was packed."""
    digest = hashlib.sha256()
    # Zip files have another form for files beyond 4 GB, which is chosen before the first byte.
    entry.file_size = path.stat().st_size
    with open(path, "rb") as source, archive.open(entry, "w") as packed:
        while block := _read(source, path):
            packed.write(block)
            digest.update(block)
            bar.update(len(block))
    return digest.hexdigest()


def _read(source: Any, path: Path) -> bytes:
    try:
        return source.read(_BLOCK)
    except OSError as error:
        raise UserError(f"{path} could not be read ({error.strerror}): restore it.") from error


def _check(file: str, digest: str, provenance: Mapping[str, Any]) -> None:
    expected = provenance["run_files"].get(file, digest)
    if digest != expected:
        raise UserError(
            f"{file} is not the run file that the paper was made of: its SHA-256 is {digest}, and "
            f"paper/provenance.json has {expected}. Restore it, or run: snakemake paper/main.pdf"
        )
