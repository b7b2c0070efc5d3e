"""What keeps a transfer from being made, in words: who refused what, and what to do about it.

Downloads and uploads meet the same servers; they differ in what to do where one fails.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import urlsplit

import httpx2
import requests
from huggingface_hub.constants import ENDPOINT
from huggingface_hub.errors import (
    CachedRepoTreeNotFoundError,
    FileMetadataError,
    HfHubHTTPError,
    OfflineModeIsEnabled,
    RevisionNotFoundError,
)

from lionrank.config.sources import Source

Answer: TypeAlias = HfHubHTTPError | requests.HTTPError
"""An answer with an error status."""


def _host(url: str) -> str:
    """Return host and port of an address, without the password that may stand before them."""
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)


HUB = f"the Hugging Face hub at {_host(ENDPOINT)}"
_UNREACHABLE = (
    httpx2.ConnectError,
    httpx2.TimeoutException,
    httpx2.ProxyError,
    requests.ConnectionError,
    requests.Timeout,
    CachedRepoTreeNotFoundError,
)


@dataclass(frozen=True)
class Transfer:
    """A download or an upload: its server, and what to do about each way in which it may fail."""

    name: str
    server: str
    files: str
    """Whose reading or writing may fail, where an error names no file."""
    offline: str
    """Follows "unset it"."""
    unreachable: str
    cut: str
    unreadable: str
    xet: str
    """What the server did not do with its Xet storage, rather than what to do."""
    answered: Callable[[Answer], str]
    """Says what the server answered, and what to do about it."""


def explained(transfer: Transfer, error: BaseException) -> str | None:
    """Say in one line what went wrong and what to do; None for what should never happen.

    What a server was sent, tokens among it, is never part of it.
    """
    cause: BaseException | None = error
    while cause is not None:
        if complaint := _complaint(transfer, cause):
            return f"{transfer.name}: {transfer.server} {complaint}"
        if isinstance(cause, OSError) and cause.errno:
            return (
                f"{transfer.name}: {cause.filename or transfer.files} could not be read or "
                f"written ({cause.strerror}): {transfer.unreadable}"
            )
        cause = cause.__cause__
    return None


def _complaint(transfer: Transfer, error: BaseException) -> str | None:
    """Say what a server did, if the error tells, and what to do about it."""
    if isinstance(error, Answer) and error.response is not None:
        return transfer.answered(error)
    if isinstance(error, OfflineModeIsEnabled):
        return f"may not be asked, as HF_HUB_OFFLINE is set: unset it{transfer.offline}"
    if isinstance(error, _UNREACHABLE):
        return f"is out of reach ({type(error).__name__}): {transfer.unreachable}"
    if isinstance(error, (httpx2.TransportError, requests.exceptions.ChunkedEncodingError)) or (
        isinstance(error, OSError) and str(error).startswith("Consistency check failed")
    ):
        return f"cut the connection: {transfer.cut}"
    if _is_of_xet(error):
        return (
            f"{transfer.xet} its Xet storage ({re.sub(r'[?][^ )]*', '', str(error))}): run the "
            "same command again, or set HF_HUB_DISABLE_XET=1 to do without that storage."
        )
    if isinstance(error, (FileMetadataError, json.JSONDecodeError)):
        return "does not answer as a hub does: check HF_ENDPOINT and the proxy."
    return None


def _is_of_xet(error: BaseException) -> bool:
    """Return whether hf_xet raised an error: it has no class of its own for most of what fails."""
    return (
        type(error).__module__ == "hf_xet"
        or isinstance(error, (ConnectionError, TimeoutError))
        or str(error).startswith("Task error: ")
    )


def of_download(source: Source) -> Transfer:
    """Return the download of a source."""
    on_web = source.kind == "url"
    cache = "XDG_CACHE_HOME" if on_web else "HF_HOME"
    copy = _copy(source)
    elsewhere = f"on a machine with internet run `snakemake prefetch` with the same {cache}, or "
    return Transfer(
        name=source.label,
        server=f"the web at {_host(source.url)}" if on_web else HUB,
        files="the cache",
        offline=f", or {elsewhere}{copy}",
        unreachable=f"{elsewhere}{copy}",
        cut="run the same command again; the files that arrived whole are kept.",
        unreadable=(
            f"make room, fix the permissions or set {cache} to another place, then run the same "
            "command again: the files that arrived whole are kept."
        ),
        xet="did not deliver from",
        answered=lambda error: _answered(source, error),
    )


def _answered(source: Source, error: Answer) -> str:
    if isinstance(error, RevisionNotFoundError):
        return (
            f"has the repository, but no revision {source.revision}: correct it in {source.table}."
        )
    status = error.response.status_code
    what = {"model": "model", "dataset": "data set", "url": "file"}[source.kind]
    if status in (401, 403):
        remedy = (
            f"see whether {source.teller} has the right address, or {_copy(source)}"
            if source.kind == "url"
            else "accept the terms on its page and set HF_TOKEN to a token that may read it; a hub "
            f"may also answer so where there is no such {what}."
        )
        return f"refuses access ({status}): {remedy}"
    if status == 404 and source.catalogue:
        return f"has no such {what} (404) any more, which {source.catalogue} names: {_copy(source)}"
    if status == 404:
        return f"has no such {what} (404): correct id or revision in {source.table}."
    return f"answers {status}, also when asked again: run the same command later."


def _copy(source: Source) -> str:
    files = " ".join(source.files)
    if source.kind == "url":
        what = f"a copy of {source.url}"
    elif source.is_one_file:
        what = f"a copy of {files} of {source.id}"
    else:
        what = f"a folder that holds {files} of {source.id}"
    return f"set sources.local.{source.name} in the config to {what}."
