"""The measures that the paper reports, by the names that tables and files give them."""

from dataclasses import dataclass

METRICS = {
    "ndcg_cut_10": "nDCG@10",
    "map": "MAP",
    "recip_rank_10": "MRR@10",
    "recall_10": "Recall@10",
    "Rprec": "R-Prec",
    "P_10": "P@10",
}
PRIMARY = "ndcg_cut_10"
# Takes the grades themselves; every other measure asks from which grade on a passage is relevant.
GRADED = "ndcg_cut_10"


@dataclass(frozen=True)
class Measure:
    """A metric on a test set; `level` is the least relevant grade, None where grades are used."""

    test_set: str
    metric: str
    level: int | None = None
