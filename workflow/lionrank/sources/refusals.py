"""What keeps a download from being made, in words: who refused what, and what to do about it."""

import re
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

from lionrank.config.sources import TABLE, Source


def _host(url: str) -> str:
    """Return host and port of an address, without the password that may stand before them."""
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)


HUB = f"the Hugging Face hub at {_host(ENDPOINT)}"


def explained(source: Source, error: BaseException) -> str | None:
    """Say in one line what went wrong and what to do; None for what should never happen.

    What a server was sent, tokens among it, is never part of it.
    """
    on_web = source.kind == "url"
    place = f"the web at {_host(source.url)}" if on_web else HUB
    cause: BaseException | None = error
    while cause is not None:
        complaint = _complaint(source, cause)
        if complaint:
            return f"{source.label}: {place} {complaint}"
        if isinstance(cause, OSError) and cause.errno:
            cache = "XDG_CACHE_HOME" if on_web else "HF_HOME"
            return (
                f"{source.label}: {cause.filename or 'the cache'} could not be read or written "
                f"({cause.strerror}): make room, mend the permissions or set {cache} to another "
                "place, then run the same command again: the files that arrived whole are kept."
            )
        cause = cause.__cause__
    return None


def _complaint(source: Source, error: BaseException) -> str | None:
    """Say what a server did, if the error tells, and what to do about it."""
    if isinstance(error, RevisionNotFoundError):
        return f"has the repository, but no revision {source.revision}: correct it in {TABLE}."
    if isinstance(error, (HfHubHTTPError, requests.HTTPError)) and error.response is not None:
        return _answer(source, error.response.status_code)
    unreachable = (httpx2.ConnectError, httpx2.TimeoutException, httpx2.ProxyError)
    if isinstance(error, OfflineModeIsEnabled):
        return (
            f"may not be asked, as HF_HUB_OFFLINE is set: unset it, or {_without_network(source)}"
        )
    if isinstance(
        error,
        (*unreachable, requests.ConnectionError, requests.Timeout, CachedRepoTreeNotFoundError),
    ):
        return f"is out of reach ({type(error).__name__}): {_without_network(source)}"
    if isinstance(error, (httpx2.TransportError, requests.exceptions.ChunkedEncodingError)) or (
        isinstance(error, OSError) and str(error).startswith("Consistency check failed")
    ):
        return (
            "cut the connection, also when asked again: run the same command again; the files "
            "that arrived whole are kept."
        )
    # hf_xet has no class of its own for a download that failed.
    if type(error).__module__ == "hf_xet" or str(error).startswith("Task error: "):
        return (
            f"did not deliver from its Xet storage ({re.sub(r'[?][^ )]*', '', str(error))}): run "
            "the same command again, or set HF_HUB_DISABLE_XET=1 to do without that storage."
        )
    if isinstance(error, FileMetadataError):
        return "does not answer as a hub does: check HF_ENDPOINT and the proxy."
    return None


def _answer(source: Source, status: int) -> str:
    what = {"model": "model", "dataset": "data set", "url": "file"}[source.kind]
    if status in (401, 403):
        remedy = (
            f"see whether {TABLE} has the right address, or {_copy(source)}"
            if source.kind == "url"
            else "accept the terms on its page and set HF_TOKEN to a token that may read it; a hub "
            f"may also answer so where there is no such {what}."
        )
        return f"refuses access ({status}): {remedy}"
    if status == 404:
        return f"has no such {what} (404): correct id or revision in {TABLE}."
    return f"answers {status}, also when asked again: run the same command later."


def _without_network(source: Source) -> str:
    cache = "XDG_CACHE_HOME" if source.kind == "url" else "HF_HOME"
    return (
        f"on a machine with internet run `snakemake prefetch` with the same {cache}, or "
        f"{_copy(source)}"
    )


def _copy(source: Source) -> str:
    what = (
        f"a copy of {source.url}"
        if source.kind == "url"
        else f"a folder that holds {' '.join(source.files)} of {source.id}"
    )
    return f"set sources.local.{source.name} in the config to {what}."
