"""The loss of a checkpoint on examples that it was not trained on."""

import math
import os
from statistics import mean

import torch

from lionrank import parquet
from lionrank.cross_encoder import model as cross_encoder
from lionrank.cross_encoder.device import autocast
from lionrank.cross_encoder.unpadded import to
from lionrank.errors import Diverged
from lionrank.training import batches
from lionrank.training.losses import Loss, of_examples

# Passages that are computed at once at most, as many as in most training batches.
SIZE = 64


def eval_loss(
    checkpoint: str | os.PathLike,
    held_out: str | os.PathLike,
    loss: Loss,
    precision: str,
    device: torch.device,
    tokens_at_once: int,
) -> float | None:
    """Return the mean loss over the examples of a Parquet file, None where it has none.

    A batch has at most `tokens_at_once` tokens, or is one example.

    Raises:
        Diverged: the loss is NaN or infinite, by which no epoch can be chosen.
    """
    if parquet.count(held_out) == 0:
        return None
    model = cross_encoder.load(checkpoint, device)
    examples = batches.read_examples(held_out, loss)
    tokenise = batches.Tokenise(model.tokenizer, examples.targets)
    room = batches.Room(SIZE, tokens_at_once, model.is_padded)
    losses: list[float] = []
    with torch.no_grad(), autocast(device, precision):
        for chunk in examples.rows.iter(SIZE):
            rows = [dict(zip(chunk, row, strict=True)) for row in zip(*chunk.values(), strict=True)]
            for pairs, targets, sizes in batches.micro_batches(tokenise(rows), room):
                logits = model.logits(pairs)
                losses += of_examples(loss, logits, to(targets, device), sizes).tolist()
    found = mean(losses)
    if not math.isfinite(found):
        raise Diverged(
            f"{checkpoint}: the loss on held-out data is {found}: the training diverged; lower "
            "its learning_rate in the config."
        )
    return found
