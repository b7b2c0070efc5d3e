"""Both accounts of the published values, as text, straight from their files."""

import csv
from decimal import Decimal

from tests.support.papers import PAPER

PUBLISHED = PAPER / "published"
NAMES = {
    "ndcg_cut_10": ("ndcg_cut_10", "ndcg_cut_10"),
    "map": ("map", "map"),
    "recall_10": ("recall_10", "recall_10"),
    "Rprec": ("Rprec", "Rprec"),
    "P_10": ("P_10", "P_10"),
    "recip_rank_10": ("mrr_10", "mrr_10_qa_v1_1"),
}
"""The columns of a metric, as printed and in the files."""


def _rows(name: str) -> dict[str, dict[str, str]]:
    with open(PUBLISHED / name, newline="", encoding="utf-8") as lines:
        return {f"{r['model']}_{r['optimizer']}_e{r['epoch']}": r for r in csv.DictReader(lines)}


_PRINTED, _FILES = _rows("table1_lion_vs_adamw.csv"), _rows("authors_trec_eval.csv")
CELLS = {
    (metric, name): (_PRINTED[name][printed], _FILES[name][files])
    for metric, (printed, files) in NAMES.items()
    for name in _PRINTED
}
"""(metric, checkpoint) -> the printed text and that of the files."""


def stands(printed: str, files: str) -> str:
    """Return how a printed value stands to that of the files, by their digits."""
    if f"{Decimal(files):.4f}" == printed:
        return "same"
    return "cut off" if files.startswith(printed) else "different"
