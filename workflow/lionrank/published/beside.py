"""The published values that may stand beside ours."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lionrank.measures import Measure
from lionrank.published.scores import read_scores, rounded
from lionrank.published.study import TABLE, Study


def read_beside(
    folder: Path, account: str, compared: Mapping[str, Any]
) -> dict[Measure, dict[str, float]]:
    """Return the values of a study in its folder that are of models and measures as ours.

    Args:
        folder: of the study.
        account: which account of its values.
        compared: `models` and `measures` as `lionrank.config.plan_of_studies` says.

    Raises:
        UserError: as `read_scores`.
    """
    scores = rounded(read_scores(folder / TABLE, Study.read(folder))[account])
    return {
        measure: {
            name: value
            for name, value in scores[measure].items()
            if name.split("_")[0] in compared["models"]
        }
        for measure in (Measure(**each) for each in compared["measures"])
    }
