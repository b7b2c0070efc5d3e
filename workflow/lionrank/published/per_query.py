"""What trec_eval said of each topic in the authors' working repository, as it was published there.

paper/published/lion/authors_per_query.csv has a row a checkpoint and topic of TREC DL 2019, from
the files cross_encoder/eval_results/{gte,all_mini_lm}/*/ep*_detailed.json of commit cde7e2d of
skfrost19/cross-encoder-modal. All measures count grades from that of the study's test set on. There
is no nDCG, nothing of ModernBERT, and no run file from which either could be computed.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass

from lionrank.errors import UserError
from lionrank.files import csv_rows
from lionrank.grid import checkpoint_name, training_name
from lionrank.measures import METRICS
from lionrank.published.scores import RESTORE, read_epoch, read_value

LABELS = {
    "map": METRICS["map"],
    "P_5": "P@5",
    "P_10": METRICS["P_10"],
    "Rprec": METRICS["Rprec"],
    "recip_rank": "MRR",
    "bpref": "bpref",
}
"""The measures by the names of their columns, as they are printed; some are computed of no run."""
_COLUMNS = ("model", "optimizer", "epoch", "query_id", *LABELS)


@dataclass(frozen=True)
class PublishedTopic:
    """The values of a checkpoint on a topic, by metric."""

    model: str
    optimizer: str
    epoch: int
    qid: str
    values: Mapping[str, float]

    @property
    def checkpoint(self) -> str:
        return checkpoint_name(training_name(self.model, self.optimizer), self.epoch)


def read(path: str | os.PathLike) -> list[PublishedTopic]:
    """Read the file, in its order.

    Raises:
        UserError: a column is absent, an epoch or a value is none, a checkpoint has a topic twice
            or lacks one that another has, or there is no row; names file and, but for what is
            lacking, line.
    """
    rows: list[PublishedTopic] = []
    topics: dict[str, set[str]] = {}
    for place, cells in csv_rows(path, _COLUMNS, RESTORE):
        row = PublishedTopic(
            *(cells["model"], cells["optimizer"], read_epoch(cells, place)),
            qid=cells["query_id"],
            values={metric: read_value(cells, metric, place) for metric in LABELS},
        )
        of_checkpoint = topics.setdefault(row.checkpoint, set())
        if row.qid in of_checkpoint:
            raise UserError(f"{place}: {row.checkpoint} has topic {row.qid} already; {RESTORE}.")
        of_checkpoint.add(row.qid)
        rows.append(row)
    if not rows:
        raise UserError(f"{path} has no row; {RESTORE}.")
    every = set().union(*topics.values())
    for checkpoint, found in topics.items():
        if lacking := sorted(every - found):
            raise UserError(f"{path}: {checkpoint} lacks topic {lacking[0]}; {RESTORE}.")
    return rows
