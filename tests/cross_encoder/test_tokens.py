"""The tokens of pairs, end to end: cut to batches, and taken out in any order."""

import torch
from torch import Tensor
from transformers import AutoTokenizer

from lionrank.cross_encoder.initialise import locate
from lionrank.cross_encoder.tokens import budgets, encode, positions, take
from tests.support import tiny_training as tiny

QUERIES = ["lion", "what do lions eat", "zebra"]
PASSAGES = ["Lions hunt zebras at night.", "Grass.", "A zebra has stripes."]


def test_pairs_that_are_taken_are_those_that_would_be_encoded_in_that_order():
    tokenizer = AutoTokenizer.from_pretrained(locate(tiny.PACKAGE, {}))
    taken = take(encode(tokenizer, QUERIES, PASSAGES), torch.tensor([2, 0]))
    expected = encode(tokenizer, [QUERIES[2], QUERIES[0]], [PASSAGES[2], PASSAGES[0]])
    assert taken.keys() == expected.keys() > {"input_ids", "lengths"}
    assert all(torch.equal(taken[name], expected[name]) for name in taken)


def test_positions_are_counted_from_0_in_each_pair():
    assert positions(torch.tensor([3, 1, 2])).tolist() == [0, 1, 2, 0, 0, 1]


def test_budgets_hold_no_more_tokens_than_they_are_told_but_for_a_longer_pair():
    lengths: Tensor = torch.tensor([9, 4, 3, 3, 2])
    assert [lengths[some].tolist() for some in budgets(lengths, 7)] == [[9], [4, 3], [3, 2]]
    assert [lengths[some].tolist() for some in budgets(lengths, 100)] == [[9, 4, 3, 3, 2]]
    assert list(budgets(lengths[:0], 7)) == []


def test_a_long_pair_among_short_ones_does_not_pad_them_beyond_the_slots():
    lengths = torch.tensor([900, *[3] * 300])
    found = list(budgets(lengths, 1000, slots=2000))
    assert [lengths[some].tolist() for some in found] == [[900, 3], [3] * 299]
    falling = torch.randint(1, 8192, (2000,)).sort(descending=True).values
    for some in budgets(falling, 65_536, slots=131_072):
        assert falling[some].sum() <= 65_536
        assert len(falling[some]) * falling[some.start] <= 131_072
