"""Pyserini's prebuilt indexes: an archive that holds one folder, the Lucene index."""

import gzip
import os
import shutil
import tarfile
import zlib
from pathlib import Path, PurePosixPath

from lionrank.errors import UserError


def unpack_index(archive: str | os.PathLike, index: str | os.PathLike) -> None:
    """Unpack the one folder of a tar archive, compressed by gzip, as the folder `index`.

    Plain files beside that folder, such as macOS's `._*`, are left out.

    Raises:
        UserError: the archive is damaged, is not of one folder, has a member that is a link or
            leaves the folder, or the disk is full.
    """
    index = Path(index)
    scratch = index.with_name(f".{index.name}.unpacked")
    shutil.rmtree(scratch, ignore_errors=True)  # of a job that was killed
    try:
        _unpack(archive, scratch)
        folders = [path for path in scratch.iterdir() if path.is_dir()]
        if len(folders) != 1:
            raise UserError(f"{archive}: expected one folder, found {len(folders)}.")
        shutil.rmtree(index, ignore_errors=True)
        os.replace(folders[0], index)
    except (tarfile.TarError, gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise UserError(
            f"{archive} cannot be unpacked ({error}): delete the folder it lies in and run again; "
            "the download is checked anew."
        ) from error
    except OSError as error:
        raise UserError(
            f"{archive} cannot be unpacked to {index} ({error.strerror or error}): make room or "
            "mend the permissions, then run again."
        ) from error
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _unpack(archive: str | os.PathLike, folder: Path) -> None:
    """Write the files of a tar archive below `folder`.

    tarfile's own `filter="data"` is only in Python 3.11.4 and newer.
    """
    folder.mkdir(parents=True)
    with tarfile.open(archive, "r:gz") as members:
        for member in members:
            name = PurePosixPath(member.name)
            if member.isdir():
                continue
            if not member.isfile() or name.is_absolute() or ".." in name.parts:
                raise UserError(
                    f"{archive}: the member {member.name!r} is a link or leaves the folder that "
                    "it is unpacked to; this is no index of Pyserini's."
                )
            file = folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            with open(file, "wb") as unpacked:
                shutil.copyfileobj(members.extractfile(member), unpacked)
