"""Archives that are downloaded, and unpacked in part or as a whole."""

import gzip
import os
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from lionrank.errors import UserError


@contextmanager
def unpacking(archive: str | os.PathLike, folder: str | os.PathLike) -> Iterator[None]:
    """Say what to do where a tar.gz archive cannot be unpacked to a folder.

    Raises:
        UserError: the archive is damaged, or the disk is full.
    """
    try:
        yield
    except (tarfile.TarError, gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise UserError(
            f"{archive} cannot be unpacked ({error}): delete the folder it lies in and run again; "
            "the download is checked again."
        ) from error
    except OSError as error:
        raise UserError(
            f"{archive} cannot be unpacked to {folder} ({error.strerror or error}): make room or "
            "fix the permissions, then run again."
        ) from error
