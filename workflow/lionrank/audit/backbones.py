"""How large backbones are, counted from their configs before any weight is downloaded."""

import math
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from lionrank.config.sources import Source
from lionrank.cross_encoder.initialise import planned
from lionrank.cross_encoder.parameters import Parameters, count
from lionrank.cross_encoder.positions import longest
from lionrank.errors import UserError
from lionrank.sources.download import small_files


class Size(Parameters):
    """The parameters of a cross-encoder, and how much it can read."""

    positions: float
    """Tokens at once; infinite where there is no limit."""


def sizes(
    starts: Mapping[str, Mapping[str, Any]],
    sources: Mapping[str, Source],
    local: Mapping[str, str],
) -> tuple[dict[str, Size], dict[str, str]]:
    """Return the sizes of what can be counted, and of the rest why it cannot be.

    Of a source that was neither fetched nor copied, config.json alone is downloaded, and for a
    random start the files of its tokenizer.

    Args:
        starts: pretrained, architecture and tokenizer by place in the config, as
            `lionrank.config.plan_of_audit.AuditPlan.starts` returns them.
        sources: the rows of the table of sources.
        local: the local copies of some.
    """
    counted: dict[str, Size] = {}
    uncounted: dict[str, str] = {}
    # At once: each waits until its timeout where the hub does not answer.
    with ThreadPoolExecutor(max(1, len(starts))) as pool:
        folders = {
            key: pool.submit(_folder, start, sources, local) for key, start in starts.items()
        }
    for key, start in starts.items():
        try:
            model = planned(start, folders[key].result(), key.partition(".")[0])
        except UserError as error:
            uncounted[key] = str(error)
        else:
            counted[key] = {**count(model), "positions": longest(model) or math.inf}
    return counted, uncounted


def _folder(
    start: Mapping[str, Any], sources: Mapping[str, Source], local: Mapping[str, str]
) -> dict[str, str]:
    """Return where the small files lie that tell how large a start is, by the source's name."""
    name = start["pretrained"] or start["tokenizer"]
    if name not in sources:
        return {name: name}
    patterns = ["config.json"] if start["pretrained"] else []
    return {name: str(small_files(sources[name], local.get(name), patterns))}
