"""What the benchmarks of scoring and training share: command line, tokens, a device's peak."""

import argparse
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch
from alternate import Column
from models import ARCHITECTURES, DATA
from sentence_transformers.cross_encoder import CrossEncoder

from lionrank.cross_encoder.device import resolve

# Rows and columns of the matrices whose products are a device's peak, and how many of these.
PRODUCTS = {"cpu": (2048, 10), "cuda": (8192, 50)}
DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}

Repeat = Callable[[], dict[str, float]]


class Counter(dict[str, float]):
    """Counts the tokens that a cross-encoder computes: `tokens`, and `slots` with padding."""

    def __init__(self, model: CrossEncoder) -> None:
        self.masks: list[torch.Tensor] = []
        self.slots = self.without_mask = 0
        model.register_forward_pre_hook(self._count)

    def _count(self, _: torch.nn.Module, arguments: tuple) -> None:
        (features,) = arguments
        self.slots += features["input_ids"].numel()
        if "attention_mask" in features:
            # Left on its device, so that a GPU is not waited for.
            self.masks.append(features["attention_mask"].sum())
        else:
            self.without_mask += features["input_ids"].numel()

    def take(self) -> dict[str, float]:
        """Return the counts since the last time."""
        tokens = self.without_mask + sum(int(each) for each in self.masks)
        counts = {"tokens": tokens, "slots": self.slots}
        self.masks.clear()
        self.slots = self.without_mask = 0
        return counts


def fastest(device: str) -> str:
    """Return the precision of which a device has instructions, bf16 or fp32.

    In bf16, a CPU without them takes some hundred times as long: nobody would choose it there.
    """
    return resolve("auto", torch.device(device))


def peak(device: str) -> float:
    """Return the operations a second of products of large matrices, and print them.

    They are in the precision in which the device is fastest.
    """
    size, number = PRODUCTS[device]
    form = fastest(device)
    left, right = torch.randn(2, size, size, device=device, dtype=DTYPES[form])
    left @ right  # sets a GPU up
    _wait(device)
    begun = time.perf_counter()
    for _ in range(number):
        left @ right
    _wait(device)
    found = 2.0 * number * size**3 / (time.perf_counter() - begun)
    print(f"\nmatrices of {size} x {size} in {form}: {found / 1e12:.3g} TFLOP/s")
    return found


def _wait(device: str) -> None:
    if device == "cuda":
        torch.cuda.synchronize()


def utilisation(operations: float, device: str) -> dict[str, Column]:
    """Return the column that says which share of a device's peak a repetition reaches.

    `operations` are those of a repetition, padding aside. The peak is measured, and printed.
    """
    most = peak(device)
    return {"of that, %": lambda each: 100 * operations / each.seconds / most}


def options(description: str, pairs: dict[str, int], **more: tuple[int, str]) -> argparse.Namespace:
    """Read the command line of a benchmark of scoring or training.

    `pairs` are by device, `more` numbers of a benchmark's own: what is not given, and what it is.
    """
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = partial(parser.add_argument, metavar="N", type=int)
    models = {"choices": ARCHITECTURES, "default": "minilm", "help": "minilm if not given"}
    parser.add_argument("--model", **models)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu", help="cpu if not given")
    told = ", ".join(f"{number:,} on {device}" for device, number in pairs.items())
    add("--pairs", help=f"of each repetition; {told} if not given")
    add("--repeats", default=3, help="repetitions that count, after one that does not; 3")
    add("--threads", default=torch.get_num_threads(), help="of the CPU; all cores if not given")
    for name, (default, told_of_it) in more.items():
        add(f"--{name}", default=default, help=f"{told_of_it}; {default} if not given")
    parser.add_argument("--folder", type=Path, default=DATA, help="where models and pairs lie")
    read = parser.parse_args()
    if read.device == "cuda" and not torch.cuda.is_available():
        parser.error("torch sees no GPU: leave out --device cuda, or run where there is one")
    read.pairs = read.pairs or pairs[read.device]
    return read
