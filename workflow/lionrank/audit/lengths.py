"""How many tokens of a pair of query and document are read, by the mean lengths of a collection.

All pairs are taken to have the mean length. Where some are cut, that is more tokens than there are:
the mean of what is cut is at most the mean, cut likewise (Jensen's inequality). Windows may be too
few, as a document that is shorter than one has none to spare, or too many by less than one.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from lionrank.config.scorings import Scoring


class Reading(NamedTuple):
    """What is read of a pair in the mean, None where that is not known."""

    tokens: float | None
    """In all windows, the query and special ones in each."""
    windows: int | None = 1


def cut(sizes: Mapping[str, float] | None, most: float) -> float | None:
    """Return the tokens of a pair that is read as one text, at most so many.

    `sizes` are the config's of the collection, in its section `audit`.
    """
    return None if sizes is None else min(sizes["tokens_per_pair"], most)


def scored(
    sizes: Mapping[str, Any] | None,
    how: Scoring | None,
    max_length: int,
    positions: float | None,
) -> Reading:
    """Return what a checkpoint reads of a pair that it scores.

    Args:
        sizes: as of `cut`.
        how: the scoring.
        max_length: tokens to which the checkpoint cuts pairs without one.
        positions: tokens that its model can read at once, infinite where there is no limit, None
            where that is not known.
    """
    if how is None:
        return Reading(cut(sizes, max_length))
    if how.division is None:
        most = None if positions is None else min(how.max_length or positions, positions)
        return Reading(None if most is None else cut(sizes, most))
    document = None if sizes is None else sizes.get("tokens_per_document")
    if sizes is None or document is None:
        return Reading(None, None)
    windows = how.division.windows(round(document))
    around = len(windows) * (sizes["tokens_per_pair"] - document)
    return Reading(around + sum(end - begin for begin, end in windows), len(windows))
