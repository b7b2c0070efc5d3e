"""The logits and gradients of models that compute without padding, beside those with padding.

Each model, tiny and with random weights, computes a batch of pairs of 1 to 8,192 tokens in both
ways, in float32 and under autocast to bf16, and with dropout in what the device is fastest in. Run
with `make bench-gpu`.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import torch
from models import TOKENIZER
from transformers import AutoTokenizer

from lionrank.cross_encoder import initialise as models
from lionrank.cross_encoder import model as cross_encoder
from lionrank.cross_encoder.device import autocast, prepare
from lionrank.cross_encoder.tokens import Batch

LONGEST = {"cuda": 8192, "cpu": 256}
SMALL = {
    "hidden_size": 128,
    "num_hidden_layers": 4,
    "num_attention_heads": 2,
    "intermediate_size": 256,
    # So that logits differ by more than they are rounded.
    "initializer_range": 0.1,
}
ARCHITECTURES = {
    "bert": {"model_type": "bert"},
    "gte": {"model_type": "gte", "type_vocab_size": 2},
    # Of its four layers, one attends to all tokens, and three to a window.
    "modernbert": {"model_type": "modernbert", "local_attention": 128},
    "roberta": {"model_type": "roberta"},
}
DROPOUT = {
    "bert": {"attention_probs_dropout_prob": 0.1, "hidden_dropout_prob": 0.0},
    "gte": {"attention_probs_dropout_prob": 0.1, "hidden_dropout_prob": 0.0},
    "modernbert": {"attention_dropout": 0.1},
    "roberta": {"attention_probs_dropout_prob": 0.1, "hidden_dropout_prob": 0.0},
}
# Relative: of the spread of the logits, and of the norm of the gradient. bf16 has eight bits.
TOLERANCES = {"fp32": 1e-4, "bf16": 0.2}
STANDARD_ERRORS = 5
DRAWS = {"cuda": 32, "cpu": 8}


def batch(vocabulary: int, longest: int) -> Batch:
    """Return pairs of random tokens, the longest of all that a model takes."""
    draw = torch.Generator().manual_seed(12)
    lengths = torch.tensor([1, 3, 4, 7, 64, 64, 127, 128, 129, 130, longest // 2 + 1, longest])
    tokens = torch.randint(1000, vocabulary, (int(lengths.sum()),), generator=draw)
    return {"input_ids": tokens, "lengths": lengths}


def load(kind: str, folder: Path, longest: int, device: torch.device, **own: float) -> tuple:
    """Return the model without padding, and the same one with padding."""
    positions = {"max_position_embeddings": longest + 8}
    architecture = {**ARCHITECTURES[kind], **SMALL, **positions, **own}
    backbone = {"pretrained": None, "architecture": architecture, "tokenizer": TOKENIZER}
    models.initialise(backbone, {}, 12, longest, folder)
    without, padded = (cross_encoder.load(folder, device) for _ in range(2))
    padded.body.set_attn_implementation("sdpa")
    return without, padded


def computed(model: cross_encoder.CrossEncoder, pairs: Batch, precision: str) -> tuple:
    """Return the logits [pairs] and the gradient [weights] of one batch."""
    model.zero_grad()
    with autocast(model.device, precision):
        logits = model.logits(pairs)
    torch.nn.functional.softplus(logits.float()).sum().backward()
    found = [each.grad for each in model.parameters() if each.grad is not None]
    return logits.detach().float(), torch.cat([each.flatten() for each in found])


def mean_logits(model: cross_encoder.CrossEncoder, pairs: Batch) -> tuple:
    """Return mean and standard error [pairs] of the logits of a model that draws dropout."""
    draws = DRAWS[model.device.type]
    model.train()
    with torch.no_grad(), autocast(model.device, "auto"):
        drawn = torch.stack([model.logits(pairs).float() for _ in range(draws)])
    model.eval()
    return drawn.mean(0), drawn.std(0) / draws**0.5


def compared(
    kind: str, folder: Path, pairs: Batch, longest: int, device: torch.device
) -> Iterator[tuple[str, float, float]]:
    """Yield what of a model was compared, how far it was off, and how far it may be."""
    both = load(kind, folder / "plain", longest, device)
    for precision, most in TOLERANCES.items():
        (ours, our_gradient), (theirs, their_gradient) = (
            computed(model, pairs, precision) for model in both
        )
        off = (ours - theirs).abs().max() / theirs.std()
        yield f"{precision}, logits", float(off), most
        off = (our_gradient - their_gradient).norm() / their_gradient.norm()
        yield f"{precision}, gradient", float(off), most
    both = load(kind, folder / "dropout", longest, device, **DROPOUT[kind])
    (ours, our_error), (theirs, their_error) = (mean_logits(model, pairs) for model in both)
    off = (ours - theirs).abs() / (our_error**2 + their_error**2).sqrt()
    yield "dropout, mean logits, in standard errors", float(off.max()), STANDARD_ERRORS


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", choices=LONGEST, default="cpu", help="cpu if not given")
    chosen = parser.parse_args()
    longest, wrong = LONGEST[chosen.device], []
    device = prepare(torch.get_num_threads(), gpus=int(chosen.device == "cuda"))
    pairs = batch(len(AutoTokenizer.from_pretrained(models.locate(TOKENIZER, {}))), longest)
    print(f"Pairs of {', '.join(map(str, pairs['lengths'].tolist()))} tokens.\n")
    print("| model | what | off by, relative | at most |\n|---|---|---|---|")
    for kind in ARCHITECTURES:
        with tempfile.TemporaryDirectory() as folder:
            for what, off, most in compared(kind, Path(folder), pairs, longest, device):
                print(f"| {kind} | {what} | {off:.2g} | {most:g} |", flush=True)
                if not off <= most:
                    wrong.append(f"{kind}, {what}")
    if wrong:
        sys.exit(f"too far off: {'; '.join(wrong)}")


if __name__ == "__main__":
    main()
