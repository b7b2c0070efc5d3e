"""The published per-query values in the form of our own, and their tests."""

from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd

from lionrank.evaluation.comparisons import compare_families
from lionrank.evaluation.per_query import COLUMNS, PerQuery
from lionrank.evaluation.significance import Draws
from lionrank.grid import PRETRAINED, Grid
from lionrank.measures import Measure
from lionrank.published.per_query import LABELS, TEST_SET, PublishedTopic
from lionrank.published.scores import LEVEL, PRINTED

FAMILIES = ("optimizers_by_epoch", "models_by_epoch", "epochs")
"""Of comparisons.py, those at each epoch: which one the authors chose is not known."""
MEASURES = tuple(Measure(TEST_SET, metric, LEVEL) for metric in LABELS)
_PROTOCOL = "published"


def table(topics: Sequence[PublishedTopic]) -> pd.DataFrame:
    """Return the published values as a per-query table; which seed they are of is not known."""
    rows = [
        (
            *(TEST_SET, topic.checkpoint, topic.model, topic.optimizer, topic.epoch, None),
            *(_PROTOCOL, metric, LEVEL, topic.qid, value),
        )
        for topic in topics
        for metric, value in topic.values.items()
    ]
    integers = dict.fromkeys(("epoch", "seed", "level"), "Int64")
    return pd.DataFrame(rows, columns=COLUMNS.names).astype(integers)


def compare(topics: Sequence[PublishedTopic], per_query: PerQuery, draws: Draws) -> dict[str, Any]:
    """Return the tests of all families on all measures; `per_query` is their table, read again.

    The result is a JSON object, as comparisons.json without what chosen epochs tell, and with the
    number of `queries` and the `checkpoints` (model, optimizer and epoch of each).
    """
    named = dict.fromkeys((each.model, each.optimizer, each.epoch) for each in topics)
    checkpoints = [[*each] for each in named]
    return {
        **compare_families(per_query, grid(checkpoints), MEASURES, FAMILIES, draws),
        "queries": len({topic.qid for topic in topics}),
        "checkpoints": checkpoints,
    }


def grid(checkpoints: Iterable[Sequence[Any]]) -> Grid:
    """Return the grid of published checkpoints: model, optimizer and epoch of each."""
    models, optimizers, epochs = (dict.fromkeys(each) for each in zip(*checkpoints, strict=True))
    return Grid.build(
        {name: {"label": PRINTED.get(name, name), "start": PRETRAINED} for name in models},
        {name: PRINTED.get(name, name) for name in optimizers},
        sorted(epochs),
    )
