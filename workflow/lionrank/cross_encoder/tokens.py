"""The tokens of query-passage pairs, end to end, and batches of them."""

from collections.abc import Iterator, Sequence
from itertools import chain

import numpy as np
import torch
from torch import Tensor
from transformers import PreTrainedTokenizerBase

Batch = dict[str, Tensor]
"""`lengths` [pairs] and what a model takes of each token, such as `input_ids` [tokens]; int64."""


def encode(
    tokenizer: PreTrainedTokenizerBase, queries: Sequence[str], passages: Sequence[str]
) -> Batch:
    """Tokenise each query with its passage; what is longer than the model takes is cut.

    A tokenizer that splits special tokens reads an end token that a text writes out as text.
    """
    texts = [list(queries), list(passages)]
    if tokenizer.split_special_tokens and (end := tokenizer.eos_token):
        # Some have it among the pieces of their words too.
        apart = f"{end[0]} {end[1:]}"
        texts = [[text.replace(end, apart) for text in some] for some in texts]
    encoded = tokenizer(*texts, truncation=True, return_attention_mask=False)
    lengths = torch.tensor([len(ids) for ids in encoded["input_ids"]])
    count = int(lengths.sum())
    tokens = {
        name: torch.from_numpy(np.fromiter(chain.from_iterable(rows), np.int64, count))
        for name, rows in encoded.items()
    }
    return tokens | {"lengths": lengths}


def take(batch: Batch, pairs: Tensor) -> Batch:
    """Return these pairs of a batch, in this order."""
    lengths = batch["lengths"][pairs]
    begins = (batch["lengths"].cumsum(0) - batch["lengths"])[pairs]
    places = begins.repeat_interleave(lengths) + positions(lengths)
    tokens = {name: batch[name][places] for name in batch.keys() - {"lengths"}}
    return tokens | {"lengths": lengths}


def positions(lengths: Tensor) -> Tensor:
    """Return the position of each token [tokens] within its pair, counted from 0."""
    begins = lengths.cumsum(0) - lengths
    return torch.arange(int(lengths.sum())) - begins.repeat_interleave(lengths)


def budgets(lengths: Tensor, tokens: int, slots: int | None = None) -> Iterator[slice]:
    """Yield slices of `lengths` that hold at most so many tokens, and one pair at least.

    Of lengths that fall, as each slice then begins with its longest, those with at most so many
    `slots`, too: the tokens of the batch when it is padded.
    """
    ends = lengths.cumsum(0)
    start, done = 0, 0
    while start < len(lengths):
        stop = int(torch.searchsorted(ends, done + tokens, right=True))
        if slots is not None:
            stop = min(stop, start + slots // int(lengths[start]))
        stop = max(start + 1, stop)
        yield slice(start, stop)
        start, done = stop, int(ends[stop - 1])
