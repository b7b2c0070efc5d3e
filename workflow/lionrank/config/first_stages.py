"""First stages: what finds the candidates of a test set or dev set.

Runs at every parse of the workflow, so it imports nothing heavy.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from lionrank.grid import FIRST_STAGE, FIRST_STAGE_LABEL, VARIOUS

KINDS = ("run_files", "bi_encoder")
"""Keys of a first stage's entry, of which it has one."""
WITH_CANDIDATES = ("marco_qa", "nanobeir")
"""Formats whose data bring the candidates of each topic."""


def takes_given(config: Mapping[str, Any], judged: Mapping[str, Any]) -> bool:
    """Return whether a test set or dev set takes the candidates that its collection brings."""
    collection = config["collections"][judged["collection"]]
    return "first_stage" not in judged and collection["format"] in WITH_CANDIDATES


def of(config: Mapping[str, Any], judged: Mapping[str, Any]) -> str | None:
    """Return what ranked the candidates of a test set or dev set: bm25, or a key of first_stages.

    None where the collection brings candidates that are no ranking.
    """
    if config["collections"][judged["collection"]]["format"] == "marco_qa":
        return judged.get("first_stage")
    first_stage: str = judged.get("first_stage", FIRST_STAGE)
    return first_stage


def suffix(config: Mapping[str, Any], judged: Mapping[str, Any]) -> str:
    """Return what the names of files of candidates have after the topics.

    Nothing for BM25, unless the collection brings candidates, which then have nothing.
    """
    first_stage = judged.get("first_stage", FIRST_STAGE)
    collection = config["collections"][judged["collection"]]
    is_plain = first_stage == FIRST_STAGE and collection["format"] not in WITH_CANDIDATES
    return "" if is_plain or takes_given(config, judged) else f".{first_stage}"


def depth_of(config: Mapping[str, Any], judged: Mapping[str, Any]) -> int:
    """Return how many candidates a topic of a test set or dev set has at most."""
    depth: int = judged.get("depth", config["retrieval"]["depth"])
    return depth


def judged(config: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield name and entry of all dev sets and test sets, those of the grid first."""
    kinds = ("dev_sets", "test_sets")
    for kind in kinds:
        yield from ((name, config[kind][name]) for name in config["grid"][kind])
    for kind in kinds:
        yield from config[kind].items()


def used(config: Mapping[str, Any]) -> list[str]:
    """Return the first stages other than BM25 that sets of the grid name."""
    named = (
        config[kind][name].get("first_stage")
        for kind in ("dev_sets", "test_sets")
        for name in config["grid"][kind]
    )
    return [each for each in dict.fromkeys(named) if each in config["first_stages"]]


def source_of(config: Mapping[str, Any], first_stage: str) -> str | None:
    """Return the row of the table of sources that a bi-encoder is downloaded by, if any."""
    name = config["first_stages"].get(first_stage, {}).get("bi_encoder", "/")
    return None if name.startswith("package:") or "/" in name else name


def label(config: Mapping[str, Any], first_stage: str) -> str:
    """Return how a first stage is printed."""
    known = {FIRST_STAGE: FIRST_STAGE_LABEL, VARIOUS.name: VARIOUS.label}
    own: str = known.get(first_stage) or config["first_stages"][first_stage]["label"]
    return own
