"""What of ours a published treatment is, and the published values that may stand beside ours."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lionrank.grid import Grid, training_name
from lionrank.measures import Measure
from lionrank.published.scores import parts, read_scores, rounded
from lionrank.published.study import TABLE, Study


def made_alike(published: str, recipes: Mapping[str, tuple[str, str]], grid: Grid) -> list[str]:
    """Return the names of our treatments of which a published one is one.

    They have its optimizer and objective, which `recipes` are of the study's treatments: of several
    the one of its name or, if there is none, those whose settings were given and not searched for.
    Of several published ones that are made alike, only the first is known without its name.
    """
    recipe = recipes[published]
    alike = {
        each.name: each.searched
        for each in grid.treatments
        if (each.optimizer, each.objective) == recipe
    }
    if published in alike:
        return [published]
    first = next(name for name, each in recipes.items() if each == recipe)
    if published != first:
        return []
    ours = {name: searched for name, searched in alike.items() if name not in recipes}
    return [name for name, searched in ours.items() if searched == all(ours.values())]


def standing_for(study: Study, grid: Grid) -> dict[str, str]:
    """Return our treatments by those of a study that they stand for, as `made_alike` has it.

    A published one that is none of ours, or may be one of several, is not among them.
    """
    found = {each: made_alike(each, study.recipes, grid) for each in study.treatments}
    return {each: names[0] for each, names in found.items() if len(names) == 1}


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

    There is none of other treatments than `standing_for` has, nor of single checkpoints.
    """
    ours = standing_for(study, grid)
    return {
        measure: {
            training_name(model, ours[treatment]): value
            for name, value in of_measure.items()
            for model, treatment, epoch in [parts(name)]
            if epoch is None and treatment in ours
        }
        for measure, of_measure in values.items()
    }
