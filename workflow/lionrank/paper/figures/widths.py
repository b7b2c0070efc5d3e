"""Which figures need the width of a page, as those know who draw them and who place them."""

from collections.abc import Mapping
from typing import Any

_PAIRS_IN_A_COLUMN = 9


def changes_are_wide(changed: Mapping[str, Any]) -> bool:
    """Return whether the pairs of results/changes.json are too many to stand in one column."""
    return len(changed["pairs"]) > _PAIRS_IN_A_COLUMN
