"""First stages: what finds the candidates of a test set or dev set.

Runs at every parse of the workflow, so it imports nothing heavy.
"""

from collections.abc import Mapping
from typing import Any

from lionrank.grid import FIRST_STAGE, FIRST_STAGE_LABEL

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


def label(config: Mapping[str, Any], first_stage: str) -> str:
    """Return how a first stage is printed."""
    if first_stage == FIRST_STAGE:
        return FIRST_STAGE_LABEL
    own: str = config["first_stages"][first_stage]["label"]
    return own
