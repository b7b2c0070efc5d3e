"""Whether a training that is killed and taken up again ends with the bits of one that was not.

Three trainings of the same steps: one whole, one whole again, which says how far a device repeats
itself at all, and one that is killed half-way. Run with `make bench-gpu`.
"""

import argparse
import multiprocessing
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import torch
import train
from inputs import write_training_pairs
from models import DATA, checkpoint
from safetensors.torch import load_file

from lionrank.training import launch
from lionrank.training.state import LOG

STEPS = 24


def train_once(
    folder: Path, model: str, pairs: Path, device: str, optimizer: str, steps: int
) -> None:
    """Train an epoch of so many steps, or what is left of one, in a folder."""
    asked = train.request(
        *(folder, model, pairs, device, optimizer),
        steps_between_states=steps // 4,
        log_every=1,
        learning_rate=1e-3,
    )
    launch.train(gpus=int(device == "cuda"), threads=torch.get_num_threads(), **asked)


def in_a_process(folder: Path, *arguments: Any, killed_after: int | None = None) -> None:
    """Train in a process of its own, which is killed once its log has so many lines.

    Raises:
        SystemExit: the training failed, or ended before it could be killed.
    """
    context = multiprocessing.get_context("spawn")
    process = context.Process(target=train_once, args=(folder, *arguments))
    process.start()
    log = folder / "bench.state" / LOG
    while killed_after is not None and process.is_alive():
        if log.exists() and len(log.read_text().splitlines()) >= killed_after:
            process.kill()
        time.sleep(0.01)
    process.join()
    if process.exitcode != (0 if killed_after is None else -9):
        sys.exit(f"the training in {folder} ended with status {process.exitcode}")


def difference(left: Path, right: Path) -> str:
    """Return how far the weights of two checkpoints are apart."""
    first, second = (load_file(each / "bench" / "model.safetensors") for each in (left, right))
    differing = sum(int((first[name] != second[name]).sum()) for name in first)
    largest = max(float((first[name] - second[name]).abs().max()) for name in first)
    total = sum(weight.numel() for weight in first.values())
    return f"{differing:,} of {total:,} weights differ, by {largest:.2g} at most"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu", help="cpu if not given")
    chosen = parser.parse_args()
    model = str(checkpoint("tiny", DATA))
    pairs = write_training_pairs(DATA, STEPS * train.BATCH)
    for optimizer in ("adamw", "lion"):
        with tempfile.TemporaryDirectory() as scratch:
            whole, again, killed = (Path(scratch) / name for name in ("whole", "again", "killed"))
            arguments = (model, pairs, chosen.device, optimizer, STEPS)
            in_a_process(whole, *arguments)
            in_a_process(again, *arguments)
            in_a_process(killed, *arguments, killed_after=STEPS // 2)
            in_a_process(killed, *arguments)
            print(f"{optimizer}, the same again: {difference(whole, again)}")
            print(f"{optimizer}, killed and resumed: {difference(whole, killed)}", flush=True)


if __name__ == "__main__":
    main()
