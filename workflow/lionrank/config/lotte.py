"""LoTTE: where the files of a domain's split lie, in its one archive as in a folder of the user's.

Runs at every parse of the workflow, so it imports nothing heavy.
"""

from collections.abc import Mapping
from typing import Any

from lionrank.files import maybe_packed

TOPICS = ("search", "forum")
"""Queries of a search engine, and titles of a forum's questions."""
CORPUS = "collection.tsv"
UNPACKED = "collections/unpacked"
"""Where parts of an archive lie, below the name of its source."""


def judged(topics: str) -> tuple[str, str]:
    """Return the names of the files of topics and of their judgements."""
    return f"questions.{topics}.tsv", f"qas.{topics}.jsonl"


FILES = (CORPUS, *(name for topics in TOPICS for name in judged(topics)))
"""The files of a split."""


def folder(collection: Mapping[str, Any]) -> str:
    """Return where the files of a collection lie: in the user's folder, or unpacked."""
    root = collection.get("folder") or f"{UNPACKED}/{collection['source']}"
    return f"{root}/{collection['domain']}/{collection['split']}"


def paths(collection: Mapping[str, Any], *names: str) -> list[str]:
    """Return the paths of some files of a collection."""
    return [str(maybe_packed(f"{folder(collection)}/{name}")) for name in names]
