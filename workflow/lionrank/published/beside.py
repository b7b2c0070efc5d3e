"""The published values that may stand beside ours."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lionrank.grid import Grid, training_name
from lionrank.measures import Measure
from lionrank.published.scores import parts, read_scores, rounded
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
            if parts(name)[0] in compared["models"]
        }
        for measure in (Measure(**each) for each in compared["measures"])
    }


def as_ours(
    values: Mapping[Measure, Mapping[str, float]], study: Study, grid: Grid
) -> dict[Measure, dict[str, float]]:
    """Return the values of a study's trainings by the names of ours.

    A treatment is ours that has the same optimizer and objective, of several the one of the same
    name; of others, and of single checkpoints, there is no value.
    """
    named = {each: _ours(each, study, grid) for each in study.treatments}
    return {
        measure: {
            training_name(model, ours): value
            for name, value in of_measure.items()
            for model, treatment, epoch in [parts(name)]
            if epoch is None and (ours := named[treatment]) is not None
        }
        for measure, of_measure in values.items()
    }


def _ours(published: str, study: Study, grid: Grid) -> str | None:
    made = study.treatments[published]
    recipe = (made.optimizer, made.objective)
    alike = [each.name for each in grid.treatments if (each.optimizer, each.objective) == recipe]
    if published in alike:
        return published
    return alike[0] if len(alike) == 1 else None
