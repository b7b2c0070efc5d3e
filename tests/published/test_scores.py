"""The published scores: read as they were printed, or the file is named that is damaged."""

from pathlib import Path

import pytest

from lionrank.errors import UserError
from lionrank.measures import Measure
from lionrank.published.scores import read_both, read_table1, read_table2, was_published

PUBLISHED = Path(__file__).parents[2] / "paper" / "published"
TABLE1 = PUBLISHED / "table1_lion_vs_adamw.csv"
TREC_EVAL = PUBLISHED / "authors_trec_eval.csv"
TABLE2 = PUBLISHED / "table2_dl19_systems.csv"


def read_files(path):
    return read_both(TABLE1, path)


@pytest.mark.parametrize(
    ("path", "read", "change", "message"),
    [
        (TABLE1, read_table1, ("0.7008", "high"), r"\.csv:2: ndcg_cut_10 is 'high', not a number"),
        (TABLE1, read_table1, ("0.7008", "70.08"), r"\.csv:2: .*, not a number from 0 to 1"),
        (TABLE1, read_table1, ("adamw,1", "adamw,1.5"), r"\.csv:2: epoch is '1.5', not an integer"),
        (TABLE1, read_table1, ("mrr_10", "mrr"), r"\.csv:1: no column mrr_10"),
        (TREC_EVAL, read_files, ("0.7094", "?"), r"\.csv:3: ndcg_cut_10 is '\?', not a number"),
        (TREC_EVAL, read_files, ("qa_v1_1", "qa"), r"\.csv:1: no column mrr_10_qa_v1_1"),
        (TABLE2, read_table2, ("0.551", ""), r"\.csv:3: ndcg_cut_10 is '', not a number"),
        (TABLE2, read_table2, ("reference", "ref"), r"\.csv:1: no column reference"),
    ],
)
def test_a_damaged_file_of_published_values_is_named(tmp_path, path, read, change, message):
    damaged = tmp_path / path.name
    damaged.write_text(path.read_text().replace(*change, 1))
    with pytest.raises(UserError, match=message):
        read(damaged)


def test_a_checkpoint_that_one_account_lacks_is_named(tmp_path):
    short = tmp_path / "short.csv"
    for path, read in [
        (TABLE1, lambda: read_both(short, TREC_EVAL)),
        (TREC_EVAL, lambda: read_both(TABLE1, short)),
    ]:
        lines = path.read_text().splitlines(keepends=True)
        short.write_text("".join(line for line in lines if not line.startswith("gte,lion,2")))
        with pytest.raises(UserError, match=r"short\.csv: no row is about gte_lion_e2; restore"):
            read()


def test_a_measure_was_published_on_one_test_set_from_grade_one_on():
    assert was_published(Measure("dl19", "ndcg_cut_10"))
    assert was_published(Measure("dl19", "map", 1))
    assert was_published(Measure("marco_qa_dev", "recip_rank_10", 1))
    assert not was_published(Measure("dl19", "map", 2))
    assert not was_published(Measure("dl20", "ndcg_cut_10"))
    assert not was_published(Measure("marco_dev", "recip_rank_10", 1))
