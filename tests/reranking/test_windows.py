"""One score of each document by the logits of its windows."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lionrank.config.scorings import Scoring
from lionrank.reranking.windows import aggregate

LOGITS = [0.5, 2.0, -1.0, 3.0, -4.0, -4.0, -7.0]
COUNTS = [4, 1, 2]


def aggregated(logits=LOGITS, counts=COUNTS, **how):
    scored = aggregate(torch.tensor(logits), torch.tensor(counts), Scoring(**how))
    assert scored.dtype == torch.float32
    return scored.tolist()


def test_a_score_is_that_of_the_first_window_of_the_best_or_a_mean():
    assert aggregated(aggregation="first_p") == [0.5, -4.0, -4.0]
    assert aggregated(aggregation="max_p") == [3.0, -4.0, -4.0]
    assert aggregated(aggregation="mean_p") == [1.125, -4.0, -5.5]
    assert aggregated(aggregation="top_k", k=1) == [3.0, -4.0, -4.0]
    assert aggregated(aggregation="top_k", k=2) == [2.5, -4.0, -5.5]
    assert aggregated(aggregation="top_k", k=9) == [1.125, -4.0, -5.5]


@given(st.lists(st.lists(st.floats(-50, 50, width=32), min_size=1, max_size=9), max_size=9))
def test_a_documents_score_is_its_own_whatever_others_there_are(documents):
    logits, counts = [each for some in documents for each in some], [*map(len, documents)]
    for how, of_one in (
        ({"aggregation": "first_p"}, lambda some: some[0]),
        ({"aggregation": "max_p"}, max),
        ({"aggregation": "mean_p"}, lambda some: sum(some) / len(some)),
        ({"aggregation": "top_k", "k": 3}, lambda some: sum(sorted(some)[-3:]) / len(some[:3])),
    ):
        scored = aggregate(torch.tensor(logits), torch.tensor(counts).long(), Scoring(**how))
        assert scored.tolist() == pytest.approx([*map(of_one, documents)], abs=1e-4)
