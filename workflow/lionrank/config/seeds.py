"""The seeds of the trainings, and what they add to names.

Runs at every parse of the workflow, so it imports nothing heavy.
"""

from collections.abc import Mapping
from typing import Any

from lionrank.errors import UserError
from lionrank.grid import seeds_by_name

PATTERN = "(_s(0|[1-9][0-9]*))?"
"""A regular expression for what a seed adds to names, of the grid or not."""


def of_name(config: Mapping[str, Any], name: str) -> int:
    """Return the seed that adds this to the names of its trainings.

    Raises:
        UserError: grid.seeds has none that does.
    """
    known = seeds_by_name(config["grid"]["seeds"])
    if name in known:
        return known[name]
    seed = int(name.removeprefix("_s"))
    if seed == known[""]:
        raise UserError(
            f"config: grid.seeds: {seed} is the first one, which names leave out: ask for the same "
            f"without {name}"
        )
    raise UserError(
        f"config: grid.seeds: has no {seed}, so that nothing is named {name}: append it, or ask "
        f"for one of {', '.join(map(str, known.values()))}"
    )
