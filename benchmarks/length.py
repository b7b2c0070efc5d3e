"""Scoring and training by length: as many tokens in pairs of 512, of 2,048 and of 8,192 tokens.

Scoring stands beside sentence-transformers' CrossEncoder.predict, and a training step beside one
that computes its layers again in the backward pass (hardware.gradient_checkpointing). BERT gets as
many positions, and loses its dropout of attention. By default it takes some ten minutes for minilm
on two CPU cores with bf16 instructions and forty without them, and several times as long for gte
and modernbert. Run with `make bench-length`.
"""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from alternate import Contender, Repetition, alternate, ratio, report
from inputs import write_as_long
from models import checkpoint
from score import OURS, prepare_ours, prepare_peer
from shared import fastest, options
from train import prepare_ours as prepare_training

from lionrank.reranking.batches import TOKENS_AT_ONCE

LENGTHS = (512, 2048, 8192)
# Of the longest; of shorter ones as many more.
PAIRS = {"cpu": 2, "cuda": 32}
DEFAULT = 32
AGAIN = "ours, gradient_checkpointing"


def scoring(length: int, device: str, **where: Any) -> list[Contender]:
    """Return ours and its peers, the main one last."""
    common = {"device": device, **where}
    size = max(1, TOKENS_AT_ONCE[device] // length)

    form = fastest(device)

    def peer(name: str, form: str, size: int) -> Contender:
        return Contender(name, prepare_peer, {"form": form, "batch_sizes": [size], **common})

    return [
        Contender(OURS, prepare_ours, {"precision": "auto", **common}),
        peer(f"predict, {form}, {size}", form, size),
        peer(f"predict, default (fp32, {DEFAULT})", "fp32", DEFAULT),
    ]


def training(batch: int, **where: Any) -> list[Contender]:
    """Return a step of all pairs, and the same one that computes its layers again."""
    return [
        Contender(
            name, prepare_training, {"batch": batch, "gradient_checkpointing": again, **where}
        )
        for name, again in ((OURS, False), (AGAIN, True))
    ]


def memory(results: Mapping[str, Sequence[Repetition]]) -> Iterator[str]:
    """Yield lines of the peak memory of ours as a share of each of the others'."""
    for peer in results:
        if peer != OURS:
            share = ratio(results[OURS], results[peer], lambda each: each.peak_bytes)
            yield f"peak memory to {peer}: {share}"


def main() -> None:
    chosen = options(__doc__, PAIRS)
    model = str(checkpoint(chosen.model, chosen.folder, max(LENGTHS)))
    where = {"model": model, "device": chosen.device, "threads": chosen.threads}
    for length in LENGTHS:
        number = chosen.pairs * max(LENGTHS) // length
        file = str(write_as_long(chosen.folder, number, length))
        sizes = f"{chosen.model}, {number} pairs of {length:,} tokens, {chosen.threads} threads"
        with tempfile.TemporaryDirectory() as scratch:
            for title, contenders in (
                ("Scoring", scoring(length, candidates=file, **where)),
                ("Training", training(number, pairs=file, scratch=scratch, **where)),
            ):
                results = alternate(contenders, chosen.repeats)
                report(f"{title}, {sizes}", results, OURS, "pairs")
                print(*memory(results), sep="\n", flush=True)


if __name__ == "__main__":
    main()
