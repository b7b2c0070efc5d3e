"""A checkpoint as the cross-encoder that training and scoring both compute with."""

import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from accelerate.utils.memory import should_reduce_batch_size
from safetensors import SafetensorError
from torch import Tensor
from transformers import (
    AutoConfig,
    AutoModelForSequenceClassification,
    AutoTokenizer,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)

from lionrank.cross_encoder import unpadded
from lionrank.cross_encoder.device import autocast, resolve
from lionrank.cross_encoder.pretrained import one_line
from lionrank.cross_encoder.tokens import Batch, encode
from lionrank.cross_encoder.weights import shapes
from lionrank.errors import UserError

TOLERANCE = {"rtol": 1e-4, "atol": 1e-5}
"""Between the logits of a pair with and without padding, in float32."""


class CrossEncoder(torch.nn.Module):
    """A model and its tokenizer, which give each query-passage pair a logit.

    The class of sentence-transformers has all that and more, and takes longer to import than many a
    test set to score.
    """

    def __init__(self, body: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> None:
        super().__init__()
        self.body, self.tokenizer = body, tokenizer

    @property
    def device(self) -> torch.device:
        return self.body.device

    @property
    def is_padded(self) -> bool:
        """Whether it computes each pair of a batch as if it were as long as the longest."""
        return self.body.config._attn_implementation != unpadded.NAME

    def forward(self, arguments: dict[str, Any]) -> Tensor:
        """Return the logits [pairs] of what `arguments` has made of a batch."""
        found: Tensor = self.body(**arguments).logits
        return found[:, 0]

    def logits(self, batch: Batch) -> Tensor:
        """Return the logits [pairs] of a batch, on the model's device."""
        found: Tensor = self(arguments(self.body, self.tokenizer, batch))
        return found


class Float32Linear(torch.nn.Linear):
    """A layer that computes in float32 under autocast, too."""

    def forward(self, input: Tensor) -> Tensor:
        with torch.autocast(input.device.type, enabled=False):
            return super().forward(input.float())


def load(checkpoint: str | os.PathLike, device: torch.device) -> CrossEncoder:
    """Return a checkpoint's model with float32 weights and float32 logits, without dropout.

    Under autocast to bf16 the body and the layers of the head before the last, such as BERT's
    pooler, compute in bf16, and the last, which gives the logit, in float32. A logit in bf16 has
    eight significant bits: the scores of a thousand candidates would tie by the hundred.

    The model computes without padding, unless it is one whose logits would be others then.

    Raises:
        UserError: the folder lacks a part of it, or its weights are not those that its config
            describes.
    """
    with telling_what_lacks(checkpoint):
        config = AutoConfig.from_pretrained(checkpoint, num_labels=1, local_files_only=True)
        for part in (config, config.get_text_config()):
            part.use_cache = False  # of decoders, which would keep it for tokens to come
        body = AutoModelForSequenceClassification.from_pretrained(
            checkpoint, config=config, dtype=torch.float32, local_files_only=True
        )
        tokenizer = AutoTokenizer.from_pretrained(checkpoint, local_files_only=True)
    body.get_submodule(last_layer(body)).__class__ = Float32Linear
    body.to(device).eval()
    make_ready(checkpoint, body, tokenizer)
    return CrossEncoder(body, tokenizer)


@contextmanager
def telling_what_lacks(checkpoint: str | os.PathLike) -> Iterator[None]:
    """Raise what transformers raises of a folder that it cannot load as a UserError."""
    try:
        yield
    except (OSError, RuntimeError, ValueError, SafetensorError) as error:
        if should_reduce_batch_size(error):
            raise
        raise _not_whole(checkpoint, one_line(error)) from error


def last_layer(body: torch.nn.Module) -> str:
    """Return the name of the layer that gives the logit."""
    *_, last = (
        name
        for name, layer in body.named_modules()
        if isinstance(layer, torch.nn.Linear) and layer.out_features == 1
    )
    return last


def make_ready(
    checkpoint: str | os.PathLike, body: PreTrainedModel, tokenizer: PreTrainedTokenizerBase
) -> None:
    """Check that a model is all of its checkpoint, and let it do without padding if it can.

    Raises:
        UserError: transformers made do with a part of the checkpoint.
    """
    _check_whole(checkpoint, body, tokenizer)
    _do_without_padding(CrossEncoder(body, tokenizer))


def _not_whole(checkpoint: str | os.PathLike, what: str) -> UserError:
    return UserError(
        f"{checkpoint} is no whole checkpoint: {what}. Restore it; or delete it and run again."
    )


def _check_whole(
    checkpoint: str | os.PathLike, body: PreTrainedModel, tokenizer: PreTrainedTokenizerBase
) -> None:
    """Raise a UserError unless a folder has all that the model is, where transformers makes do."""
    if len(tokenizer) <= len(tokenizer.all_special_tokens):
        raise _not_whole(checkpoint, "it has no tokenizer")
    # Counted, as some architectures are stored under other names; what is shared is stored once.
    stored = sum(map(math.prod, shapes(checkpoint).values()))
    weights = {each.data_ptr(): each.numel() for each in body.state_dict().values()}
    if stored != sum(weights.values()):
        raise _not_whole(
            checkpoint,
            f"its weights are {stored:,} numbers, and its config.json describes "
            f"{sum(weights.values()):,}",
        )


def _do_without_padding(model: CrossEncoder) -> None:
    """Let the model compute without padding, if it can and two pairs then have the same logits."""
    body = model.body
    # Of different lengths, the longer one second, and with tokens in both segments.
    pairs = encode(model.tokenizer, ["a", "two words"], ["few", "a passage of some more words"])
    with torch.inference_mode():
        expected = model.logits(pairs)
        ordinary = body.config._attn_implementation
        reason = "its attention is causal, or its own"
        if unpadded.prepare(body):
            try:
                found = model.logits(pairs)
                reason = "without it, its logits are others"
            # Whatever a model raises that was not written for this, it has another way.
            except Exception as error:
                found, reason = expected.new_empty(0), f"without it, {error!r}"
            if found.shape == expected.shape and torch.allclose(found, expected, **TOLERANCE):
                return
            body.set_attn_implementation(ordinary)
    print(f"{body.config.model_type} computes with padding: {reason}.")


def check_computes_in(precision: str, model: CrossEncoder) -> None:
    """Check that a model whose weights are float32 can be computed in bf16 where that is asked for.

    Raises:
        UserError: it cannot.
    """
    pairs = encode(model.tokenizer, ["a"], ["few"])
    try:
        with torch.inference_mode(), autocast(model.device, precision):
            model.logits(pairs)
    except RuntimeError as error:
        if resolve(precision, model.device) != "bf16" or should_reduce_batch_size(error):
            raise
        raise UserError(
            f"training: {model.body.config.model_type} cannot be computed in bf16 ({error}): "
            "set its precision to fp32 under training.models."
        ) from error


def arguments(
    body: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, batch: Batch
) -> dict[str, Any]:
    """Return what a model is called with to compute the logits [pairs, 1] of a batch."""
    if body.config._attn_implementation == unpadded.NAME:
        return unpadded.arrange(batch, body)
    return padded(batch, tokenizer, body.device)


def padded(
    batch: Batch, tokenizer: PreTrainedTokenizerBase, device: torch.device
) -> dict[str, Tensor]:
    """Return a batch as a matrix, each pair as long as the longest."""
    mask = torch.arange(int(batch["lengths"].max())) < batch["lengths"][:, None]
    if tokenizer.padding_side == "left":
        mask = mask.flip(1)
    made = {"attention_mask": mask.long()}
    for name in batch.keys() - {"lengths"}:
        filling = tokenizer.pad_token_id if name == "input_ids" else 0
        made[name] = torch.full(mask.shape, filling)
        made[name][mask] = batch[name]
    return {name: unpadded.to(values, device) for name, values in made.items()}
