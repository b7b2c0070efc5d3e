"""How many tokens of a pair are read, by the mean lengths of a collection."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lionrank.audit import lengths
from lionrank.config.scorings import Scoring

SIZES = {"tokens_per_pair": 1012.0, "tokens_per_document": 1000.4}
AROUND = 11.6
"""Query and special tokens."""


def read(sizes=SIZES, own=512, positions=8192, **how):
    return lengths.scored(sizes, Scoring(**how) if how else None, own, positions)


def test_one_text_is_cut_at_a_length_or_at_the_positions():
    assert read() == (512, 1)
    assert read(own=2048) == (1012, 1)
    assert read(aggregation="full") == (1012, 1)
    assert read(aggregation="full", positions=512) == (512, 1)
    assert read(aggregation="full", positions=float("inf")) == (1012, 1)
    assert read(aggregation="full", max_length=600) == (600, 1)
    assert read(aggregation="full", max_length=600, positions=512) == (512, 1)


def test_a_window_is_read_with_the_query_of_its_own():
    assert read(aggregation="first_p", window=256) == (pytest.approx(256 + AROUND), 1)
    # Six of 256 tokens, and a last one from token 768 on.
    expected = 6 * 256 + 232 + 7 * AROUND
    for how in ({"aggregation": "max_p"}, {"aggregation": "top_k", "k": 2}):
        assert read(window=256, stride=128, **how) == (pytest.approx(expected), 7)
    whole = read(aggregation="mean_p", window=1000, stride=500)
    assert whole == (pytest.approx(1000 + AROUND), 1)


def test_what_is_not_known_is_not_estimated():
    assert read(sizes=None) == (None, 1)
    assert read(aggregation="full", positions=None) == (None, 1)
    assert read(aggregation="full", positions=None, max_length=100) == (None, 1)
    undivided = {"tokens_per_pair": 1012.0}
    assert read(sizes=undivided) == (512, 1)
    for sizes in (None, undivided):
        assert read(sizes=sizes, aggregation="max_p", window=256, stride=128) == (None, None)


@given(st.lists(st.integers(0, 3000), min_size=1, max_size=20), st.integers(1, 600))
def test_the_mean_of_what_is_cut_is_at_most_the_estimate(documents, most):
    sizes = {"tokens_per_pair": sum(documents) / len(documents) + 10}
    mean = sum(min(each + 10, most) for each in documents) / len(documents)
    assert mean <= lengths.cut(sizes, most) + 1e-9


@given(st.lists(st.integers(0, 3000), min_size=1, max_size=20), st.integers(1, 600), st.data())
def test_there_is_at_most_one_window_too_many(documents, window, data):
    stride = data.draw(st.integers(1, window))
    how = Scoring("max_p", window=window, stride=stride)
    mean = sum(documents) / len(documents)
    sizes = {"tokens_per_pair": mean + 10, "tokens_per_document": mean}
    of_all = sum(len(how.division.windows(each)) for each in documents) / len(documents)
    # The mean length is rounded to whole tokens.
    assert lengths.scored(sizes, how, 512, 8192).windows <= of_all + 1 + 0.5 / stride
