"""The tokens of query-passage pairs, end to end, and batches of them."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, product
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from lionrank.errors import UserError

Batch = dict[str, Tensor]
"""`lengths` [pairs] and what a model takes of each token, such as `input_ids` [tokens]; int64."""
Tokens = npt.NDArray[np.int64]


def encode(
    tokenizer: PreTrainedTokenizerBase, queries: Sequence[str], passages: Sequence[str]
) -> Batch:
    """Tokenise each query with its passage; what is longer than the model takes is cut.

    A tokenizer that splits special tokens reads an end token that a text writes out as text.
    """
    texts = [_as_text(tokenizer, some) for some in (queries, passages)]
    encoded = tokenizer(*texts, truncation=True, return_attention_mask=False)
    lengths = torch.tensor([len(ids) for ids in encoded["input_ids"]])
    count = int(lengths.sum())
    tokens = {
        name: torch.from_numpy(np.fromiter(chain.from_iterable(rows), np.int64, count))
        for name, rows in encoded.items()
    }
    return tokens | {"lengths": lengths}


def _as_text(tokenizer: PreTrainedTokenizerBase, texts: Iterable[str]) -> list[str]:
    if tokenizer.split_special_tokens and (end := tokenizer.eos_token):
        # Some have it among the pieces of their words too.
        return [text.replace(end, f"{end[0]} {end[1:]}") for text in texts]
    return list(texts)


def tokens_of(tokenizer: PreTrainedTokenizerBase, texts: Sequence[str]) -> list[Tokens]:
    """Return the tokens [tokens] of each text alone: uncut, without special ones."""
    encoded = tokenizer(
        _as_text(tokenizer, texts),
        add_special_tokens=False,
        return_attention_mask=False,
        return_token_type_ids=False,
        verbose=False,  # of texts that are longer than the model takes
    )
    return [np.array(ids, np.int64) for ids in encoded["input_ids"]]


def uncut(
    tokenizer: PreTrainedTokenizerBase,
    queries: Sequence[str],
    passages: Sequence[str],
    lengths: Tensor,
) -> tuple[Tensor, Tensor]:
    """Return the lengths [pairs] of pairs in full, and of which the query was cut too.

    `lengths` are those that `encode` gave them.
    """
    full, cut = lengths.clone(), torch.zeros(len(lengths), dtype=torch.bool)
    longest = tokenizer.model_max_length
    # What was cut is as long as it may be.
    places = (lengths == longest).nonzero()[:, 0].tolist()
    if not places:
        return full, cut
    query, passage = (
        torch.tensor([len(each) for each in tokens_of(tokenizer, [some[it] for it in places])])
        for some in (queries, passages)
    )
    room = longest - tokenizer.num_special_tokens_to_add(pair=True)
    full[places] = query + passage + longest - room
    # The longer one is cut until both are as long, and from there on both are.
    cut[places] = (query + passage > room) & (query > passage.clamp(max=room // 2))
    return full, cut


class Frame(NamedTuple):
    """What a tokenizer adds to the tokens of a query and of a passage to make them a pair.

    `parts` has, by what a model takes of each token, values of those before, between and behind the
    two; `segments` has the value of each token of the one and of the other.
    """

    parts: dict[str, tuple[Tokens, Tokens, Tokens]]
    segments: dict[str, tuple[int, int]]

    @property
    def special(self) -> int:
        """How many tokens are added."""
        return sum(map(len, self.parts["input_ids"]))

    def join(self, queries: Sequence[Tokens], passages: Sequence[Tokens]) -> Batch:
        """Return the batch of each query with its passage."""
        batch = {}
        for name, (before, between, behind) in self.parts.items():
            texts = [queries, passages]
            if name in self.segments:
                texts = [
                    [np.full(len(text), value) for text in some]
                    for some, value in zip(texts, self.segments[name], strict=True)
                ]
            rows = (
                (before, query, between, text, behind) for query, text in zip(*texts, strict=True)
            )
            batch[name] = torch.from_numpy(np.concatenate([*chain.from_iterable(rows)]))
        sizes = [len(query) + len(text) for query, text in zip(queries, passages, strict=True)]
        return batch | {"lengths": torch.tensor(sizes, dtype=torch.int64) + self.special}


def frame(tokenizer: PreTrainedTokenizerBase) -> Frame:
    """Return the frame of a tokenizer's pairs, as one pair has it.

    Raises:
        UserError: tokens of a text alone are not those that it has in a pair.
    """
    texts = ["first text", "another one"]
    query, passage = tokens_of(tokenizer, texts)
    pair = {
        name: np.array(values, np.int64)
        for name, values in tokenizer(*texts, return_attention_mask=False).items()
    }
    ids = pair["input_ids"]
    special = len(ids) - len(query) - len(passage)
    for before, behind in product(range(special + 1), repeat=2):
        start, end = before + len(query), len(ids) - behind
        begin = end - len(passage)
        if [*ids[before:start], *ids[begin:end]] == [*query, *passage]:
            return Frame(
                {
                    name: (values[:before], values[start:begin], values[end:])
                    for name, values in pair.items()
                },
                {
                    name: (int(values[before]), int(values[begin]))
                    for name, values in pair.items()
                    if name != "input_ids"
                },
            )
    raise UserError(
        f"{tokenizer.name_or_path}: its tokenizer makes other tokens of a text in a pair than of "
        "the text alone, so that documents have no windows: choose scorings whose aggregation is "
        "full, or another checkpoint"
    )


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
