"""The table of the published values that are not the same by two accounts of them."""

from typing import Any

from lionrank.measures import METRICS
from lionrank.paper.tables.tabular import Row, Table
from lionrank.published.agreement import Agreement, Agreements, PublishedCell
from lionrank.published.study import Study

_CHECKPOINT = ("model", "optimizer", "epoch")


def table(agreements: Agreements, study: Study) -> Table:
    """Return every published value by both accounts, `difference` the first minus the second.

    The LaTeX has the checkpoints and the measures of which any value is different: `checkpoints`
    with the rows of each as its `cells`, in the order of `metrics`.
    """
    rows = [_row(cell, study) for cell in agreements.cells]
    different = [row for row in rows if row["agreement"] == Agreement.DIFFERENT]
    metrics = dict.fromkeys(row["metric"] for row in different)
    names = {_name(row) for row in different}
    checkpoints: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        if row["metric"] in metrics and _name(row) in names:
            checkpoints.setdefault(_name(row), []).append(row)
    facts = {
        "accounts": [*study.accounts],
        "labels": {name: study.label_of(name) for name in (*study.models, *study.treatments)},
        "metrics": [METRICS[metric] for metric in metrics],
        "checkpoints": [
            dict(zip(_CHECKPOINT, name, strict=True)) | {"cells": cells}
            for name, cells in checkpoints.items()
        ],
    }
    return Table(rows, facts=facts)


def _row(cell: PublishedCell, study: Study) -> Row:
    printed, second = study.accounts
    return {
        "test_set": cell.measure.test_set,
        "metric": cell.measure.metric,
        "model": cell.model,
        "optimizer": cell.optimizer,
        "epoch": cell.epoch,
        printed: cell.printed,
        second: cell.second,
        "difference": cell.difference,
        "agreement": str(cell.agreement),
    }


def _name(row: Row) -> tuple[Any, ...]:
    return tuple(row[key] for key in _CHECKPOINT)
