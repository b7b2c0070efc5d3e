"""How busy a GPU is in a training with AdamW and in one with Lion, and the energy they take.

Both make the same steps, and are told as the logs of trainings tell it. Run with `make bench-gpu`.
"""

import argparse
import tempfile
from pathlib import Path

import torch
import train
from inputs import write_training_pairs
from models import ARCHITECTURES, DATA, checkpoint

from lionrank.files import read_json_lines
from lionrank.training import launch

STEPS = {"cuda": 100, "cpu": 4}
SHOWN = (
    *("examples_per_second", "tokens_per_second", "gpu_utilisation", "gpu_power_watts"),
    *("gpu_energy_joules", "peak_memory_bytes", "optimizer_state_bytes"),
    *("seconds_optimizer", "device_seconds_optimizer"),
)


def last_line(model: str, optimizer: str, pairs: Path, device: str) -> dict[str, float]:
    """Return what the log of a training says at its last step."""
    with tempfile.TemporaryDirectory() as scratch:
        asked = train.request(
            Path(scratch), model, pairs, device, optimizer, log_every=STEPS[device]
        )
        launch.train(gpus=int(device == "cuda"), threads=torch.get_num_threads(), **asked)
        return [line for line in read_json_lines(asked["log"]) if "loss" in line][-1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    models = {"choices": ARCHITECTURES, "default": "minilm", "help": "minilm if not given"}
    parser.add_argument("--model", **models)
    parser.add_argument("--device", choices=STEPS, default="cpu", help="cpu if not given")
    chosen = parser.parse_args()
    model = str(checkpoint(chosen.model, DATA))
    pairs = write_training_pairs(DATA, STEPS[chosen.device] * train.BATCH)
    found = {each: last_line(model, each, pairs, chosen.device) for each in ("adamw", "lion")}
    print(f"{chosen.model}, {STEPS[chosen.device]} steps of {train.BATCH} pairs\n")
    print(f"| what | {' | '.join(found)} |\n|---|---|---|")
    for name in SHOWN:
        if all(name in line for line in found.values()):
            print(f"| {name} | {' | '.join(f'{line[name]:,.4g}' for line in found.values())} |")


if __name__ == "__main__":
    main()
