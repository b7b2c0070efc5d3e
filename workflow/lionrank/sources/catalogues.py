"""Files that installed packages know: address, size and MD5, which the table does not repeat.

ir_datasets has them in etc/downloads.json, by data set and name, and Anserini in prebuilt-indexes/
of its jar, by name.
"""

import dataclasses
import functools
import json
import re
import zipfile
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from lionrank.config.sources import Source, file_of
from lionrank.errors import UserError
from lionrank.java import anserini_jar, package
from lionrank.wording import did_you_mean

_ON_HUB = re.compile(
    r"https://huggingface\.co/datasets/([^/]+/[^/]+)/resolve/main/([^?]+)(?:\?.*)?"
)


class _Entry(NamedTuple):
    """What a package knows of a file, None where it says nothing of it."""

    url: str | None
    bytes: int | None
    md5: str | None


class _Catalogue(NamedTuple):
    """The files that a package knows, by name, and where it has them."""

    place: str
    entries: Mapping[str, _Entry]


def looked_up(source: Source) -> Source:
    """Return the file that a row of the table names, as the installed package has it.

    It is a URL, or one file of a data set on the Hugging Face hub, so that it is downloaded as
    others of the hub are. Rows of other kinds are returned as they are.

    Raises:
        UserError: the package knows no such file, or cannot tell where it is or what it has to be.
    """
    if source.kind not in _CATALOGUES:
        return source
    catalogue = _CATALOGUES[source.kind]()
    entry = catalogue.entries.get(source.id)
    if entry is None:
        hint = did_you_mean(source.id, catalogue.entries)
        raise UserError(
            f"{source.table}: {source.name}: id: {catalogue.place} has no {source.id!r}"
            f"{'; ' if hint else ''}{hint}"
        )
    if entry.url is None or entry.md5 is None:
        raise UserError(
            f"{source.table}: {source.name}: id: {catalogue.place} has no "
            f"{'address' if entry.url is None else 'MD5'} of {source.id!r}, so that it cannot be "
            "downloaded and verified: remove the row."
        )
    on_hub = _ON_HUB.fullmatch(entry.url)
    path = on_hub[2] if on_hub else file_of(entry.url)
    return dataclasses.replace(
        source,
        kind="dataset" if on_hub else "url",
        id=on_hub[1] if on_hub else entry.url,
        files=(path,) if on_hub else (),
        bytes=entry.bytes,
        # The MD5 decides; the size only says what room it takes.
        exact=False,
        checksums={path: f"md5:{entry.md5}"},
        catalogue=catalogue.place,
    )


@functools.cache
def _ir_datasets() -> _Catalogue:
    place = package("ir_datasets") / "etc" / "downloads.json"
    named = json.loads(place.read_bytes())
    return _Catalogue(
        str(place),
        {
            f"{dataset}/{name}": _Entry(*map(entry.get, ("url", "size_hint", "expected_md5")))
            for dataset, entries in named.items()
            for name, entry in entries.items()
        },
    )


@functools.cache
def _anserini() -> _Catalogue:
    jar = anserini_jar()
    with zipfile.ZipFile(jar) as members:
        lists: list[list[dict[str, Any]]] = [
            json.loads(members.read(name))
            for name in members.namelist()
            if re.fullmatch(r"prebuilt-indexes/[^/]+\.json", name)
        ]
    return _Catalogue(
        str(jar),
        {
            entry["name"]: _Entry(entry["urls"][0], entry["compressed_size"], entry["md5"])
            for entries in lists
            for entry in entries
        },
    )


_CATALOGUES: dict[str, Callable[[], _Catalogue]] = {
    "ir_datasets": _ir_datasets,
    "anserini": _anserini,
}
