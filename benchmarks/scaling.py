"""How speed grows with processes, and time with pairs, in scoring and in training.

Scores one file of candidates by one process and by several, a shard each, on as many GPUs or on the
cores of a CPU; trains by one process and by as many, which share each batch of 64; and scores
files of three sizes, whose times are fitted by a line. By default it takes some five minutes for
minilm on two CPU cores. Run with `make bench-scaling`.
"""

import multiprocessing
import os
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from itertools import pairwise
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median

import numpy as np
import torch
import train
from alternate import Contender, Repetition, alternate, report
from inputs import write_candidates, write_training_pairs
from models import checkpoint
from score import WORKERS, prepare_ours
from shared import Repeat, options

from lionrank.cross_encoder import model as cross_encoder
from lionrank.cross_encoder.device import prepare
from lionrank.files import read_json_lines
from lionrank.reranking import score as reranking
from lionrank.training import launch

PAIRS = {"cpu": 256, "cuda": 100_000}
STEPS = {"cpu": 4, "cuda": 100}
FACTORS = (1, 2, 4)
PROCESSES_OF_CPU = 2


def prepare_processes(
    model: str, candidates: str, pairs: int, processes: int, threads: int, device: str
) -> Repeat:
    """Return what scores a file by so many processes, which have loaded the model before.

    Each has a GPU and so many threads of its own, and as many rows, or nearly.
    """
    bounds = np.linspace(0, pairs, processes + 1).astype(int).tolist()
    context = multiprocessing.get_context("spawn")
    connections = []
    for rank, rows in enumerate(pairwise(bounds)):
        mine, its_end = context.Pipe()
        arguments = (its_end, rank, processes, model, candidates, slice(*rows), threads, device)
        context.Process(target=_serve, args=arguments).start()
        its_end.close()
        connections.append(mine)

    def repeat() -> dict[str, float]:
        for connection in connections:
            connection.send(None)
        return {"pairs": sum(connection.recv() for connection in connections)}

    # Until all have loaded it.
    for connection in connections:
        connection.recv()
    return repeat


def _serve(
    connection: Connection,
    rank: int,
    processes: int,
    model: str,
    candidates: str,
    rows: slice,
    threads: int,
    device: str,
) -> None:
    """Load the model, say so, and answer each request by scoring the rows and their number."""
    os.environ["LOCAL_RANK"] = str(rank)
    loaded = cross_encoder.load(model, prepare(threads, gpus=processes if device == "cuda" else 0))
    hardware = {"tokens_at_once": None, "workers": WORKERS[device]}
    connection.send(None)
    with suppress(EOFError):
        while True:
            connection.recv()
            scores = reranking.scores(loaded, candidates, "auto", hardware, rows).scores
            connection.send(len(scores))


def train_by(processes: int, model: str, pairs: Path, device: str, threads: int) -> float:
    """Return the pairs a second of a training by so many processes, by its log.

    It is the median over the steps after the first.
    """
    with tempfile.TemporaryDirectory() as scratch:
        asked = train.request(Path(scratch), model, pairs, device, log_every=1)
        gpus = processes if device == "cuda" else 0
        launch.train_with_processes(processes, gpus=gpus, threads=threads, **asked)
        lines = list(read_json_lines(asked["log"]))
    return median(line["examples_per_second"] for line in lines[1:] if "loss" in line)


def fit(sizes: Sequence[int], results: dict[str, list[Repetition]]) -> str:
    """Return the line through the median times of files of these sizes, and how far off it is."""
    seconds = [median(each.seconds for each in own) for own in results.values()]
    slope, start = np.polyfit(sizes, seconds, 1)
    off = max(
        abs((start + slope * size) / taken - 1) for size, taken in zip(sizes, seconds, strict=True)
    )
    return f"{start:.2f} s + {1000 * slope:.3g} ms a pair, off by at most {off:.1%}"


def main() -> None:
    chosen = options(__doc__, PAIRS)
    device, threads, pairs = chosen.device, chosen.threads, chosen.pairs
    most = torch.cuda.device_count() if device == "cuda" else PROCESSES_OF_CPU
    model = str(checkpoint(chosen.model, chosen.folder))
    sizes = [factor * pairs for factor in FACTORS]
    files = {size: str(write_candidates(chosen.folder, size)) for size in sizes}
    where = {"model": model, "device": device}

    common = {"precision": "auto", "threads": threads, **where}
    grown = alternate(
        [
            Contender(f"{size} pairs", prepare_ours, {"candidates": files[size], **common})
            for size in sizes
        ],
        chosen.repeats,
    )
    print(f"\nScoring {', '.join(map(str, sizes))} pairs, {chosen.model}: {fit(sizes, grown)}")

    training = write_training_pairs(chosen.folder, STEPS[device] * train.BATCH)
    rates = {n: train_by(n, model, training, device, threads) for n in (1, most)}
    told = ", ".join(f"by {n}: {rate:.1f} pairs/s" for n, rate in rates.items())
    print(f"\nTraining, {chosen.model}, by processes on {threads} threads together: {told}")

    def by(processes: int, own_threads: int) -> Contender:
        name = f"{processes} x {own_threads} threads"
        arguments = {"candidates": files[pairs], "pairs": pairs, **where}
        mine = {"processes": processes, "threads": own_threads}
        return Contender(name, prepare_processes, arguments | mine)

    share = max(1, threads // most)
    rivals = [by(most, share), *([by(1, threads)] if device == "cpu" else []), by(1, share)]
    scored = alternate(rivals, chosen.repeats)
    report(f"Scoring by processes, {chosen.model}, {pairs} pairs", scored, rivals[0].name, "pairs")


if __name__ == "__main__":
    main()
