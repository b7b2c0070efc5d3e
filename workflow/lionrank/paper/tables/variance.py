"""The table of the variance between topics, between seeds, and of the rest."""

from collections.abc import Mapping
from math import sqrt
from typing import Any

from lionrank.grid import Grid
from lionrank.measures import METRICS
from lionrank.paper.tables.tabular import Table
from lionrank.wording import DIGITS

COMPONENTS = ("topics", "seeds", "residual")


def table(found: Mapping[str, Any], labels: Mapping[str, str], grid: Grid) -> Table:
    """Return the components of the variance of trainings and of differences, on a measure a row.

    A difference is that of `optimizer` and of `minus`, which trainings have not.
    `topics`, `seeds` and `residual` are standard deviations, and `mean_of_a_seed` is that of the
    means of single seeds. Where the estimate of a variance is below 0, it is 0, and `below_zero`
    names it.

    Args:
        found: results/variance.json.
        labels: the label of each test set.
        grid: what was trained.
    """
    records = [*found["trainings"], *found["differences"]]
    measured = dict.fromkeys((each["test_set"], each["metric"]) for each in records)
    rows = [
        _row(each, grid)
        for measure in measured
        for each in records
        if (each["test_set"], each["metric"]) == measure
    ]
    facts = {"labels": labels, "metrics": METRICS, "grid": grid}
    return Table(rows, facts=facts)


def _row(each: Mapping[str, Any], grid: Grid) -> dict[str, Any]:
    names = [each["training"]] if "training" in each else [each["left"], each["right"]]
    (model, optimizer), *others = (grid.training(name).labels for name in names)
    of_mean = each["seeds"] + each["residual"] / each["topics_seen"]
    return {
        **{key: each[key] for key in ("test_set", "metric", "level")},
        "model": model,
        "optimizer": optimizer,
        "minus": others[0][1] if others else None,
        "topics_seen": each["topics_seen"],
        "seeds_seen": each["seeds_seen"],
        "mean": each["mean"],
        **{name: round(sqrt(max(each[name], 0)), DIGITS) for name in COMPONENTS},
        # The components add up to it but for rounding, which may be on the other side of 0.
        "mean_of_a_seed": round(sqrt(max(of_mean, 0)), DIGITS),
        "below_zero": [name for name in COMPONENTS if each[name] < 0],
    }
