"""Checking the config: seeds where configs had them before they were of the grid.

Runs at every parse of the workflow, so it imports nothing heavy.
"""

from collections.abc import Mapping
from typing import Any

from lionrank.config.schema import values
from lionrank.errors import UserError


def check_seeds(config: Mapping[str, Any]) -> None:
    """Check that no layer of the trainings has a seed, and no other experiments are named for it.

    Raises:
        UserError: names the key, and where seeds are set.
    """
    for place, value in values(config.get("training"), "training"):
        if isinstance(value, Mapping) and "seed" in value:
            raise UserError(
                f"config: {place}.seed: every training has the same seeds, which grid.seeds lists: "
                f"write grid: {{seeds: [{value['seed']}]}} instead"
            )
    comparisons = config.get("comparisons")
    if isinstance(comparisons, Mapping) and "other_seeds" in comparisons:
        raise UserError(
            "config: comparisons.other_seeds: seeds are trained in one working directory: list "
            "them in grid.seeds, this experiment's own first, and take this key out"
        )
