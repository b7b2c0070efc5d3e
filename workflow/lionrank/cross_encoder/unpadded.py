"""Query-passage pairs of different lengths, end to end in one row of tokens: no padding.

The model's own layers compute on that row. Attention, registered with transformers, keeps each pair
to itself; behind the last layer the hidden states are laid out as a padded batch again, in which
the model's own head finds the first token, or the mean, of each pair.
"""

import inspect
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import Any

import torch
from torch import Tensor
from torch.nn.attention.varlen import varlen_attn
from torch.nn.functional import pad, scaled_dot_product_attention
from transformers import AttentionInterface, PreTrainedModel

from lionrank.cross_encoder.tokens import Batch, positions, take

NAME = "unpadded"
"""Of the attention, among transformers' implementations."""

BLOCK = 256
"""Tokens whose windows are computed together."""

SHORT = 6
"""Tokens of a pair, for each number of a head, up to which plain products are faster than the
kernel in bf16 on a CPU."""

SCORES_AT_ONCE = 2**17
"""Of attention, in float32 for each thread of a CPU: half of a cache of 1 MiB."""


@dataclass(frozen=True)
class Sequences:
    """Where the pairs lie in a row of tokens, the longest pair first."""

    bounds: Tensor
    """[pairs + 1] int32: where each begins, and where the last one ends."""
    lengths: list[int]
    slots: Tensor
    """[tokens] int64: where each token lies in the padded batch, whose rows are in given order."""

    @property
    def longest(self) -> int:
        return self.lengths[0]

    def of_equal_length(self) -> Iterator[tuple[int, int, int]]:
        """Yield the first token, the number and the length of neighbouring pairs as long."""
        start = 0
        for length, group in groupby(self.lengths):
            number = len(list(group))
            yield start, number, length
            start += number * length


def arrange(batch: Batch, model: PreTrainedModel) -> dict[str, Any]:
    """Return the model's arguments for a batch, whose logits come in the order of its pairs."""
    lengths, order = batch["lengths"].sort(descending=True, stable=True)
    longest, places, device = int(lengths[0]), positions(lengths), model.device
    row = take(batch, order)
    arguments = {name: row[name][None] for name in row.keys() - {"lengths"}}
    padding = counted_from(model)
    counted = places if padding is None else _as_roberta_counts(row, padding)
    arguments["position_ids"] = counted[None]
    arguments["attention_mask"] = torch.arange(longest) < batch["lengths"][:, None]
    bounds = pad(lengths.cumsum(0), (1, 0)).to(torch.int32)
    slots = (order * longest).repeat_interleave(lengths) + places
    sequences = Sequences(to(bounds, device), lengths.tolist(), to(slots, device))
    return {name: to(values, device) for name, values in arguments.items()} | {
        "sequences": sequences
    }


def counted_from(model: PreTrainedModel) -> int | None:
    """Return the padding token that a model counts its positions from, as RoBERTa, or None."""
    embeddings = getattr(model.base_model, "embeddings", None)
    return getattr(getattr(embeddings, "position_embeddings", None), "padding_idx", None)


def _as_roberta_counts(row: Batch, padding: int) -> Tensor:
    """Return positions from `padding` + 1 on; a padding token that a text writes out has none."""
    lengths, counts = row["lengths"], row["input_ids"] != padding
    so_far = pad(counts.cumsum(0), (1, 0))
    before = so_far[lengths.cumsum(0) - lengths].repeat_interleave(lengths)
    return (so_far[1:] - before) * counts + padding


def to(values: Tensor, device: torch.device) -> Tensor:
    """Copy a tensor of the CPU to a device; a GPU's work so far is not waited for."""
    if device.type != "cuda":
        return values.to(device)
    return values.pin_memory().to(device, non_blocking=True)


def prepare(model: PreTrainedModel) -> bool:
    """Make a model take the arguments of `arrange`, if its code provides for other attention."""
    depth = getattr(model.config, "num_hidden_layers", None)
    stacks = [
        layers
        for layers in model.base_model.modules()
        if isinstance(layers, torch.nn.ModuleList) and len(layers) == depth
    ]
    if not (stacks and model.is_backend_compatible() and _reads_in_both_directions(model)):
        return False
    model.set_attn_implementation(NAME)
    stacks[-1][-1].register_forward_hook(_as_padded_batch, with_kwargs=True)
    return True


def _reads_in_both_directions(model: PreTrainedModel) -> bool:
    """Say whether a model takes positions, and no decoder's cache.

    A decoder's head would look for the end of each pair in the row of tokens. Where that is a place
    outside of what it looks in, a GPU does not raise an exception, but is of no use from then on.
    """
    parameters = inspect.signature(model.forward).parameters
    causal = any(getattr(module, "is_causal", False) for module in model.modules())
    return "position_ids" in parameters and "past_key_values" not in parameters and not causal


def _as_padded_batch(_: Any, __: Any, arguments: dict[str, Any], hidden: Tensor) -> Tensor:
    """Turn hidden states [1, tokens, size] into [pairs, longest, size]."""
    sequences: Sequences | None = arguments.get("sequences")
    if sequences is None:
        return hidden
    pairs, size = len(sequences.lengths), hidden.shape[-1]
    empty = hidden.new_zeros(pairs * sequences.longest, size)
    padded = empty.index_copy(0, sequences.slots, hidden[0])
    return padded.view(pairs, sequences.longest, size)


def attention(
    module: torch.nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: None,
    *,
    scaling: float,
    dropout: float = 0.0,
    sliding_window: int | None = None,
    sequences: Sequences,
    **_: Any,
) -> tuple[Tensor, None]:
    """Attend within each pair, in both directions.

    Args:
        query, key, value: [1, heads, tokens, size of a head].
        dropout: of the attention's probabilities.
        sliding_window: one more than the tokens seen on each side, as transformers counts.

    Returns:
        [1, tokens, heads, size of a head].
    """
    dtype = _dtype(query)
    rows = [states[0].transpose(0, 1).to(dtype) for states in (query, key, value)]
    if query.device.type != "cuda" or dtype == torch.float32:
        attended = _by_equal_length(rows, scaling, dropout, sliding_window, sequences)
    else:
        attended = by_flash_attention(rows, scaling, dropout, sliding_window, sequences)
    return attended[None], None


def _dtype(states: Tensor) -> torch.dtype:
    """Return what attention computes in: rotary embeddings leave float32 behind under autocast."""
    device = states.device.type
    return torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else states.dtype


def by_flash_attention(
    rows: list[Tensor],
    scaling: float,
    dropout: float,
    sliding_window: int | None,
    sequences: Sequences,
) -> Tensor:
    """Attend with the kernels for variable lengths, which are there for half precision on GPUs."""
    side = sliding_window - 1 if sliding_window else -1
    place = (sequences.bounds, sequences.bounds, sequences.longest, sequences.longest)
    if dropout == 0.0:
        return varlen_attn(*rows, *place, scale=scaling, window_size=(side, side))
    # `varlen_attn` calls the same kernel, without a way to hand it the dropout.
    attended, *_ = torch.ops.aten._flash_attention_forward(
        *rows,
        *place,
        dropout,
        False,
        False,
        scale=scaling,
        window_size_left=side,
        window_size_right=side,
    )
    return attended


def _by_equal_length(
    rows: list[Tensor],
    scaling: float,
    dropout: float,
    sliding_window: int | None,
    sequences: Sequences,
) -> Tensor:
    """Attend with the ordinary kernels, to all pairs of a length at once."""
    attended = []
    kernel = partial(scaled_dot_product_attention, dropout_p=dropout, scale=scaling)
    products = partial(_by_products, scale=scaling)
    plain = rows[0].dtype == torch.bfloat16 and not dropout and not torch.is_grad_enabled()
    for start, pairs, length in sequences.of_equal_length():
        query, key, value = (
            states[start : start + pairs * length].unflatten(0, (pairs, length)).transpose(1, 2)
            for states in rows
        )
        attend = products if plain and length <= SHORT * query.shape[-1] else kernel
        if not sliding_window or length <= sliding_window:
            out = attend(query, key, value)
        elif length <= 2 * BLOCK:
            places = torch.arange(length, device=query.device)
            near = (places[:, None] - places).abs() < sliding_window
            out = attend(query, key, value, attn_mask=near)
        else:
            out = _in_blocks(query, key, value, sliding_window, kernel)
        attended.append(out.transpose(1, 2).flatten(0, 1))
    return torch.cat(attended)


def _by_products(
    query: Tensor, key: Tensor, value: Tensor, attn_mask: Tensor | None = None, *, scale: float
) -> Tensor:
    """Attend by two products and a softmax in float32, to as many pairs as fit into the caches.

    Args:
        query, key, value: [pairs, heads, tokens, size of a head], bf16.
        attn_mask: [tokens, tokens], what sees what; None where all see all.
    """
    _, heads, length, _ = query.shape
    number = max(1, SCORES_AT_ONCE * torch.get_num_threads() // (heads * length**2))
    hidden = None
    if attn_mask is not None:
        hidden = torch.zeros(attn_mask.shape).masked_fill_(~attn_mask, -torch.inf)
    parts = (each.split(number) for each in (query, key, value))
    found = []
    for queries, keys, values in zip(*parts, strict=True):
        scores = (queries @ keys.transpose(-1, -2)).float().mul_(scale)
        if hidden is not None:
            scores.add_(hidden)
        found.append(scores.softmax(-1).to(values.dtype) @ values)
    return torch.cat(found)


def _in_blocks(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    sliding_window: int,
    attend: Callable[..., Tensor],
) -> Tensor:
    """Attend to a window around each token, in time and memory that are linear in the length.

    Args:
        query, key, value: [pairs, heads, tokens, size of a head].
        attend: as `scaled_dot_product_attention`, by the blocks of all pairs at once.
    """
    pairs, _, length, _ = query.shape
    side, blocks = sliding_window - 1, math.ceil(length / BLOCK)
    filled = blocks * BLOCK
    own, seen = (BLOCK, BLOCK), (BLOCK + 2 * side, BLOCK)
    around = (0, 0, side, side + filled - length)
    parts = [
        pad(query, (0, 0, 0, filled - length)).unfold(2, *own),
        *(pad(states, around).unfold(2, *seen) for states in (key, value)),
    ]
    places = torch.arange(filled, device=query.device).unfold(0, *own)[:, :, None]
    others = torch.arange(-side, filled + side, device=query.device).unfold(0, *seen)[:, None]
    near = ((places - others).abs() <= side) & (others >= 0) & (others < length)
    # What fills the last block sees all, as a softmax over nothing would be NaN.
    mask = (near | (places >= length)).repeat(pairs, 1, 1)[:, None]
    out = attend(*(each.permute(0, 2, 1, 4, 3).flatten(0, 1) for each in parts), attn_mask=mask)
    return out.unflatten(0, (pairs, blocks)).transpose(1, 2).flatten(2, 3)[:, :, :length]


AttentionInterface.register(NAME, attention)
