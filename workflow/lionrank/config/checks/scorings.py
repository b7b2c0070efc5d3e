"""Checking the config: how long documents are scored.

Runs at every parse of the workflow, so it imports nothing heavy.
"""

from collections.abc import Mapping
from typing import Any

from lionrank.config.scorings import ALLOWED, NEEDED
from lionrank.errors import UserError


def check_scorings(config: Mapping[str, Any]) -> None:
    """Check that each scoring has the keys of its aggregation, and windows without gaps."""
    for name, entry in config["scorings"].items():
        place, aggregation = f"config: scorings.{name}", entry["aggregation"]
        for key in NEEDED[aggregation]:
            if key not in entry:
                raise UserError(f"{place}.{key}: {aggregation} needs it: set it")
        for key in entry.keys() - {"label", "aggregation", *ALLOWED[aggregation]}:
            takers = [each for each, keys in ALLOWED.items() if key in keys]
            raise UserError(
                f"{place}.{key}: {aggregation} takes none: leave it out, or choose another "
                f"aggregation ({', '.join(takers)})"
            )
        if entry.get("stride", 0) > entry.get("window", 0):
            raise UserError(
                f"{place}.stride: {entry['stride']} tokens, and a window has {entry['window']}: "
                "what lies between two windows would not be read; set the stride to "
                f"{entry['window']} or less"
            )
