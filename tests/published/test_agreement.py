"""Where the published values as printed and those of the authors' trec_eval files agree."""

from collections import Counter

import pytest

from lionrank.published.agreement import Agreements, PublishedCell
from tests.support.accounts import CELLS, stands
from tests.support.papers import ACCOUNTS
from tests.support.published_as_measured import STUDY

FOUND = Agreements.of(ACCOUNTS, STUDY)
BY_NAME = {
    (cell.measure.metric, f"{cell.model}_{cell.optimizer}_e{cell.epoch}"): cell
    for cell in FOUND.cells
}


def test_every_cell_stands_as_the_digits_of_both_files_do():
    assert BY_NAME.keys() == CELLS.keys()
    for name, texts in CELLS.items():
        cell = BY_NAME[name]
        assert (cell.printed, cell.second) == tuple(map(float, texts))
        assert cell.agreement == stands(*texts)
    tally = Counter(cell.agreement for cell in FOUND.cells)
    assert tally == {"same": 62, "cut off": 4, "different": 42}


def test_gte_with_lion_has_other_values_in_the_files():
    ndcg = [BY_NAME["ndcg_cut_10", f"gte_lion_e{epoch}"] for epoch in (1, 2, 3)]
    assert [cell.printed for cell in ndcg] == [0.6785, 0.6909, 0.6904]
    assert [cell.second for cell in ndcg] == [0.6970, 0.6792, 0.6571]
    assert [cell.difference for cell in ndcg] == [-0.0185, 0.0117, 0.0333]


@pytest.mark.parametrize(
    ("printed", "files", "agreement"),
    [
        (0.8, 0.8, "same"),
        (0.5828, 0.5828480348710269, "same"),
        (0.5972, 0.5971500000000000, "same"),  # by half a unit of the last digit
        (0.5972, 0.5971499999999999, "different"),  # by more
        (0.5865, 0.5865797813767356, "cut off"),
        (0.5865, 0.5864, "different"),
        (0.8116, 0.8117, "different"),
    ],
)
def test_a_value_is_the_same_up_to_half_a_unit_of_its_last_digit(printed, files, agreement):
    cell = PublishedCell(FOUND.cells[0].measure, "gte", "lion", 1, "GTE with Lion", printed, files)
    assert cell.agreement == agreement


def test_measures_that_differ_in_the_same_trainings_are_told_together():
    gte = ["GTE with AdamW", "GTE with Lion"]
    assert FOUND.measures_by_trainings("different") == [
        (["nDCG@10", "MAP"], gte[1:]),
        (["Recall@10", "R-Prec", "P@10"], ["MiniLM with AdamW", "MiniLM with Lion", *gte]),
    ]
    assert FOUND.measures_by_trainings("cut off") == [
        (["MRR@10"], ["ModernBERT with AdamW", "ModernBERT with Lion"])
    ]


@pytest.mark.parametrize(
    ("metrics", "differ"),
    [
        (["map"], True),
        (["recip_rank_10"], False),
        (["recip_rank_10", "P_10"], True),
        (["dl19"], True),
        (["marco_qa_dev"], False),
        ([], False),
    ],
)
def test_a_metric_is_different_where_any_of_its_values_is(metrics, differ):
    assert FOUND.differ_in(metrics) == differ


def test_the_largest_difference_of_each_measure_is_found():
    assert {
        cell.metric: (cell.difference, cell.training, cell.epoch) for cell in FOUND.largest
    } == {
        "nDCG@10": (0.0333, "GTE with Lion", 3),
        "MAP": (0.0391, "GTE with Lion", 3),
        "Recall@10": (0.0177, "GTE with Lion", 3),
        "R-Prec": (0.0411, "GTE with Lion", 2),
        "P@10": (0.0605, "GTE with Lion", 3),
    }
