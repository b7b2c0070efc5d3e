"""The published per-query values in the form of our own, and their tests."""

from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd

from lionrank.evaluation.comparisons import compare_families
from lionrank.evaluation.per_query import COLUMNS, PerQuery
from lionrank.evaluation.significance import Draws
from lionrank.grid import PRETRAINED, Grid
from lionrank.measures import Measure
from lionrank.published.per_query import LABELS, PublishedTopic
from lionrank.published.study import Study

FAMILIES = ("optimizers_by_epoch", "models_by_epoch", "epochs")
"""Of comparisons.py, those at each epoch: which one the authors chose is not known."""
_PROTOCOL = "published"


def table(topics: Sequence[PublishedTopic], study: Study) -> pd.DataFrame:
    """Return the published values as a per-query table; which seed they are of is not known."""
    rows = [
        (
            *(each.test_set, topic.checkpoint, topic.model, topic.optimizer, topic.epoch, None),
            *(_PROTOCOL, each.metric, each.level, topic.qid, topic.values[each.metric]),
        )
        for topic in topics
        for each in measures(study)
    ]
    integers = dict.fromkeys(("epoch", "seed", "level"), "Int64")
    return pd.DataFrame(rows, columns=COLUMNS.names).astype(integers)


def measures(study: Study) -> list[Measure]:
    """Return what a study has values of topics in.

    Raises:
        KeyError: it has none.
    """
    level = study.test_sets[study.per_query or ""].level
    return [Measure(study.per_query or "", metric, level) for metric in LABELS]


def compare(
    topics: Sequence[PublishedTopic], per_query: PerQuery, study: Study, draws: Draws
) -> dict[str, Any]:
    """Return the tests of all families on all measures; `per_query` is their table, read again.

    The result is a JSON object, as comparisons.json without what chosen epochs tell, and with the
    number of `queries` and the `checkpoints` (model, optimizer and epoch of each).
    """
    named = dict.fromkeys((each.model, each.optimizer, each.epoch) for each in topics)
    checkpoints = [[*each] for each in named]
    return {
        **compare_families(per_query, grid(checkpoints, study), measures(study), FAMILIES, draws),
        "queries": len({topic.qid for topic in topics}),
        "checkpoints": checkpoints,
    }


def grid(checkpoints: Iterable[Sequence[Any]], study: Study) -> Grid:
    """Return the grid of published checkpoints: model, optimizer and epoch of each."""
    models, optimizers, epochs = (dict.fromkeys(each) for each in zip(*checkpoints, strict=True))
    return Grid.build(
        {name: {"label": study.label_of(name), "start": PRETRAINED} for name in models},
        {name: study.label_of(name) for name in optimizers},
        sorted(epochs),
    )
