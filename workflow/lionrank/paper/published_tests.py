"""What the prose may say of the tests of the published differences, in the printed digits."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lionrank.evaluation import published
from lionrank.evaluation.comparisons import ContrastRecord, alpha
from lionrank.grid import Grid, Model, checkpoint_name
from lionrank.measures import METRICS, Measure
from lionrank.paper.contrasts import Tested
from lionrank.published.per_query import LABELS
from lionrank.published.scores import PublishedScores
from lionrank.published.study import Study
from lionrank.wording import DIGITS


@dataclass(frozen=True)
class PublishedContrast:
    """A tested difference between two checkpoints, by their names.

    Attributes:
        model: that of `left`.
        described: what both sides share and, of epochs, which they are.
        metric: its label.
        printed: the difference by the primary account; None where that does not have the metric.
    """

    left: str
    right: str
    model: Model
    described: str
    metric: str
    printed: float | None
    tested: Tested


@dataclass(frozen=True)
class PublishedTests:
    """The contrasts of each of `lionrank.evaluation.published.FAMILIES`, and what they lack.

    `grid` and `metrics`, which are labels, are those that have per-query values; the first metric
    is the one of which power is told. `other_models` and `other_metrics` are the labels of those of
    table.csv that have none.
    """

    families: Mapping[str, tuple[PublishedContrast, ...]]
    queries: int
    grid: Grid
    metrics: tuple[str, ...]
    other_models: tuple[str, ...]
    other_metrics: tuple[str, ...]

    @property
    def count(self) -> int:
        return sum(map(len, self.families.values()))

    def of_first_metric(self, family: str) -> list[PublishedContrast]:
        return [each for each in self.families[family] if each.metric == self.metrics[0]]


def published_tests(
    compared: Mapping[str, Any], scores: PublishedScores, study: Study
) -> PublishedTests:
    """Take the tests of a study's values of topics, beside the means of its primary account."""
    grid = published.grid(compared["checkpoints"], study)
    contrasts = {
        family: tuple(
            _contrast(each, grid, scores, alpha(compared))
            for each in compared["contrasts"]
            if each["family"] == family
        )
        for family in published.FAMILIES
    }
    tested = {model.name for model in grid.models}
    return PublishedTests(
        families=contrasts,
        queries=compared["queries"],
        grid=grid,
        metrics=tuple(LABELS.values()),
        other_models=tuple(each.label for name, each in study.models.items() if name not in tested),
        other_metrics=tuple(METRICS[each.metric] for each in scores if each.metric not in LABELS),
    )


def _contrast(
    contrast: ContrastRecord, grid: Grid, published: PublishedScores, alpha: float
) -> PublishedContrast:
    left, right = (
        checkpoint_name(contrast[side]["training"], contrast[side]["epoch"])
        for side in ("left", "right")
    )
    scores = published.get(Measure(*(contrast[key] for key in ("test_set", "metric", "level"))), {})
    return PublishedContrast(
        left,
        right,
        model=grid.training(contrast["left"]["training"]).model,
        described=_described(contrast, grid),
        metric=LABELS[contrast["metric"]],
        printed=round(scores[left] - scores[right], DIGITS) + 0.0
        if {left, right} <= scores.keys()
        else None,
        tested=Tested.of(contrast, alpha),
    )


def _described(contrast: ContrastRecord, grid: Grid) -> str:
    left, right = contrast["left"], contrast["right"]
    model, optimizer = grid.training(left["training"]).labels
    match contrast["family"]:
        case "optimizers_by_epoch":
            return f"{model} at epoch {left['epoch']}"
        case "models_by_epoch":
            return f"{optimizer} at epoch {left['epoch']}"
        case _:
            return f"{model} with {optimizer} from epoch {right['epoch']} to {left['epoch']}"
