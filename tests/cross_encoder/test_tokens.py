"""The tokens of pairs, end to end: cut to batches, and taken out in any order."""

import pytest
import torch
from torch import Tensor
from transformers import AutoTokenizer

from lionrank.cross_encoder.initialise import locate
from lionrank.cross_encoder.tokens import (
    budgets,
    encode,
    frame,
    positions,
    take,
    tokens_of,
    uncut,
)
from tests.support import tiny_training as tiny
from tests.support.architectures import TOKENIZERS, write_tokenizer

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


@pytest.fixture(params=[tiny.PACKAGE, *TOKENIZERS])
def tokenizer(request, tmp_path):
    """A tokenizer of each kind, whose pairs have 24 tokens at most."""
    if request.param == tiny.PACKAGE:
        folder = locate(tiny.PACKAGE, {})
    else:
        folder = tmp_path
        write_tokenizer(folder, request.param)
    return AutoTokenizer.from_pretrained(folder, model_max_length=24)


LONG = ["", "w1", "query of more words", "w2 w3 " * 5, "w4 " * 11, "w5 " * 12, "w6 " * 40]


def test_a_frame_makes_of_tokens_the_pairs_that_the_tokenizer_makes_of_texts(tokenizer):
    queries, passages = ([text for text in LONG[:3] for _ in range(3)], LONG[:3] * 3)
    around = frame(tokenizer)
    joined = around.join(*(tokens_of(tokenizer, some) for some in (queries, passages)))
    expected = encode(tokenizer, queries, passages)
    assert joined.keys() == expected.keys()
    assert all(torch.equal(joined[name], expected[name]) for name in joined)
    assert around.special == tokenizer.num_special_tokens_to_add(pair=True)


def test_what_is_cut_of_pairs_is_what_they_lack_of_all_their_tokens(tokenizer):
    queries, passages = ([text for text in LONG for _ in LONG], LONG * len(LONG))
    pairs = encode(tokenizer, queries, passages)
    full, cut_queries = uncut(tokenizer, queries, passages, pairs["lengths"])
    tokenizer.model_max_length = 10_000
    assert torch.equal(full, encode(tokenizer, queries, passages)["lengths"])
    query = [*map(len, tokens_of(tokenizer, queries))]
    for row, (begin, length) in enumerate(
        zip(pairs["lengths"].cumsum(0) - pairs["lengths"], pairs["lengths"], strict=True)
    ):
        ids = pairs["input_ids"][begin : begin + length].tolist()
        [words] = tokens_of(tokenizer, [queries[row]])
        kept = next(
            size
            for size in range(query[row], -1, -1)
            if any(ids[at : at + size] == words[:size].tolist() for at in range(3))
        )
        assert cut_queries[row] == (kept < query[row])
