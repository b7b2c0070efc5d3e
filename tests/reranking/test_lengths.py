"""What a model read of pairs, and what was left out, counted and said."""

import pandas as pd
import pytest
import torch

from lionrank.config.scorings import Scoring
from lionrank.reranking.lengths import Lengths
from lionrank.reranking.score import score
from tests.support import tiny_training as tiny

CPU = torch.device("cpu")
SPECIAL = 3
# Each word is a token.
QUERIES = ["cat dog", "dog " * 20]
DOCUMENTS = ["", "one two", "word " * 30]


@pytest.fixture(scope="module")
def lengths(tmp_path_factory):
    """Return a function that scores each document for each query, and tells of lengths.

    The checkpoint is for 32 tokens, and has 39 positions.
    """
    folder = tmp_path_factory.mktemp("lengths")
    start = tiny.write_start(folder / "start", "roberta")
    pairs = [(query, document) for query in QUERIES for document in DOCUMENTS]
    frame = pd.DataFrame(pairs, columns=["query", "passage"])
    frame.to_parquet(folder / "candidates.parquet")
    hardware = {"tokens_at_once": 60, "workers": 0}
    candidates = folder / "candidates.parquet"
    return lambda how=None: score(start, candidates, "fp32", hardware, CPU, how=how).lengths


WHOLE = 3 * (2 + 20) + 2 * (0 + 2 + 30) + 6 * SPECIAL


def test_at_the_checkpoints_length_the_longer_of_the_two_is_cut_first(lengths):
    # 2 + 30 leave out 3 of 32; of 20 + 30 each keeps half of 29, which are 14 and 15.
    assert lengths() == Lengths(
        pairs=6, tokens=WHOLE, cut=2, left_out=3 + 21, cut_queries=1, read=WHOLE - 24
    )


def test_in_full_only_the_positions_are_the_limit(lengths):
    # 20 + 30 into the 36 that are left.
    assert lengths(Scoring("full")) == Lengths(
        pairs=6, tokens=WHOLE, cut=1, left_out=14, cut_queries=1, read=WHOLE - 14
    )
    assert lengths(Scoring("full", max_length=32)) == lengths()


def test_windows_read_all_and_some_of_it_twice(lengths):
    # Windows of 30 tokens by strides of 5: 0-20, 5-25, 10-30; the query keeps 16 of 20.
    found = lengths(Scoring("max_p", window=20, stride=5))
    again = 30 + 2 * SPECIAL + 2 * 2, 30 + 2 * SPECIAL + 2 * 16
    assert found == Lengths(
        pairs=6, tokens=WHOLE, cut=1, left_out=4, cut_queries=1, read=WHOLE - 4 + sum(again)
    )


@pytest.mark.parametrize("stride", [None, 5])
def test_the_first_window_leaves_the_others_out(lengths, stride):
    found = lengths(Scoring("first_p", window=20, stride=stride))
    assert found == Lengths(
        pairs=6, tokens=WHOLE, cut=2, left_out=10 + 10 + 4, cut_queries=1, read=WHOLE - 24
    )


def test_what_is_told_names_all_of_it():
    found = Lengths(pairs=1000, tokens=40_000, cut=12, left_out=3456, cut_queries=0, read=36_544)
    told = "12 of 1,000 pairs were cut: 3,456 of 40,000 tokens were left out"
    assert found.told().startswith(told)
    with_queries = found + Lengths(cut_queries=2)
    assert "12 of 1,000 pairs were cut, of 2 the query's end too: " in with_queries.told()
