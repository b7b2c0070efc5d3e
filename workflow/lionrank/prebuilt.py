"""Pyserini's prebuilt indexes: an archive that holds one folder, the Lucene index."""

import gzip
import os
import shutil
import tarfile
import zlib
from pathlib import Path

from lionrank.errors import UserError


def unpack_index(archive: str | os.PathLike, index: str | os.PathLike) -> None:
    """Unpack the one folder of a tar archive, compressed by gzip, as the folder `index`.

    Raises:
        UserError: the archive is damaged, is not of one folder, or the disk is full.
    """
    index = Path(index)
    scratch = index.with_name(f".{index.name}.unpacked")
    shutil.rmtree(scratch, ignore_errors=True)  # of a job that was killed
    try:
        with tarfile.open(archive, "r:gz") as members:
            members.extractall(scratch, filter="data")
        folders = list(scratch.iterdir())
        if len(folders) != 1 or not folders[0].is_dir():
            raise UserError(f"{archive}: expected one folder, found {len(folders)} entries.")
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
