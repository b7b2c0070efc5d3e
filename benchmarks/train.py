"""Training: the workflow's own beside sentence-transformers' CrossEncoderTrainer.

All make the same steps, of 64 pairs of MS MARCO's lengths, with AdamW, tokenisation, clipping and
logging included, loading and writing of checkpoints not. A repetition is a training of so many
steps. By default it takes some five minutes for minilm on two CPU cores, and ten times as long for
the other two models, for which `--batch 16` lets 24 GiB hold all contenders. The ratios at the end
are of processor time, too: with `--threads 1`, other processes disturb it less. Run with
`make bench-train`.
"""

import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
import yaml
from alternate import Contender, Repetition, alternate, ratio, report
from datasets import Dataset
from inputs import write_training_pairs
from models import checkpoint, composed, operations
from sentence_transformers.cross_encoder import (
    CrossEncoder,
    CrossEncoderTrainer,
    CrossEncoderTrainingArguments,
)
from sentence_transformers.cross_encoder.losses import BinaryCrossEntropyLoss
from shared import Counter, Repeat, fastest, options, utilisation
from transformers import TrainerCallback
from transformers.utils import is_flash_attn_2_available

from lionrank.config.settings import training_settings
from lionrank.cross_encoder.device import prepare
from lionrank.training import batches, losses
from lionrank.training import epoch as training
from lionrank.training.state import EpochState

OURS = "ours"
BATCH = 64
PAIRS = {"cpu": 3 * BATCH, "cuda": 200 * BATCH}
WORKERS = {"cpu": 0, "cuda": 4}
COLUMNS = ["query", "passage", "label"]
CONFIG = Path(__file__).parents[1] / "config.yaml"


def config() -> dict:
    """Return the experiment's config."""
    read: dict = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))
    return read


def settings() -> dict:
    """Return the experiment's settings of MiniLM with AdamW, in what the device is fastest in."""
    return training_settings(config(), "minilm", "adamw") | {"precision": "auto"}


def request(
    folder: Path,
    model: str,
    pairs: Path,
    device: str,
    optimizer: str = "adamw",
    steps_between_states: int = sys.maxsize,
    **changes: Any,
) -> dict[str, Any]:
    """Return what `lionrank.training.launch` is asked for a training of an epoch in a folder.

    Its settings are those of the experiment, MiniLM's, but for `changes`. The log is `bench.jsonl`.
    """
    settings = training_settings(config(), "minilm", optimizer) | {"precision": "auto"}
    return {
        "previous": model,
        "pairs": pairs,
        "held_out": pairs.with_name("held_out.parquet"),
        "settings": settings | changes,
        "epoch": 1,
        "epochs": 1,
        "code": "benchmarks",
        "hardware": {
            "per_device_batch": None,
            "gradient_checkpointing": False,
            "tokens_at_once": None,
            "workers": WORKERS[device],
            "state_every": {"minutes": None, "steps": steps_between_states},
        },
        "tracking": None,
        "checkpoint": folder / "bench",
        "log": folder / "bench.jsonl",
    }


class NothingKept(TrainerCallback):
    """Keeps the end of an epoch from writing a checkpoint."""

    def on_epoch_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        control.should_save = False


def prepare_ours(
    model: str,
    pairs: str,
    scratch: str,
    device: str,
    threads: int,
    batch: int = BATCH,
    gradient_checkpointing: bool = False,
) -> Repeat:
    """Return what trains an epoch as the workflow does, all but its checkpoint."""
    where = prepare(threads, gpus=int(device == "cuda"))
    state = EpochState(Path(scratch) / f"ours_{gradient_checkpointing}")
    own = settings() | {"global_batch_size": batch}
    arguments = training.training_arguments(own, 1, state.partial, where, "bench", [])
    hardware = {
        "per_device_batch": None,
        "gradient_checkpointing": gradient_checkpointing,
        "tokens_at_once": None,
        "workers": WORKERS[device],
        "state_every": {"minutes": float("inf")},
    }
    trainer = training.build_trainer(
        model, pairs, losses.BinaryCrossEntropy(), own, 1, hardware, arguments, state
    )
    trainer.add_callback(NothingKept())
    return _epoch_of(trainer, batch)


def prepare_peer(
    model: str, pairs: str, batch: int, form: str, scratch: str, device: str, threads: int
) -> Repeat:
    """Return what trains an epoch with the library's trainer: default, bf16 or flattened."""
    prepare(threads, gpus=int(device == "cuda"))
    if form == "flattened":
        # Its weights stay in float32, as autocast wants them; the kernels take what that gives.
        loaded = composed(model, device, "flash_attention_2", torch.float32)
    else:
        loaded = CrossEncoder(model, device=device, num_labels=1, local_files_only=True)
    best = {} if form == "default" else {"bf16": True, "dataloader_num_workers": WORKERS[device]}
    arguments = CrossEncoderTrainingArguments(
        output_dir=scratch,
        num_train_epochs=1,
        per_device_train_batch_size=batch,
        learning_rate=settings()["learning_rate"],
        batch_sampler=as_ours,
        use_cpu=device == "cpu",
        save_strategy="no",
        report_to="none",
        **best,
    )
    trainer = CrossEncoderTrainer(
        model=loaded,
        args=arguments,
        train_dataset=Dataset.from_pandas(pd.read_parquet(pairs, columns=COLUMNS)),
        loss=BinaryCrossEntropyLoss(loaded),
    )
    return _epoch_of(trainer, batch)


def as_ours(examples: Dataset, batch_size: int, **_: Any) -> batches.GlobalBatches:
    """Return the batches of the workflow's trainings, in their order, for another trainer."""
    return batches.GlobalBatches(np.ones(len(examples), int), batch_size, settings()["seed"])


def _epoch_of(trainer: CrossEncoderTrainer, batch: int) -> Repeat:
    counter = Counter(trainer.model)

    def repeat() -> dict[str, float]:
        begun = time.process_time()
        trainer.train()
        used = time.process_time() - begun
        return {
            "pairs": trainer.state.global_step * batch,
            "processor": used,
            **counter.take(),
        }

    return repeat


def _processor(each: Repetition) -> float:
    return each.facts["processor"]


def check(results: dict[str, list[Repetition]], lengths: np.ndarray, batch: int) -> None:
    """Check that all trained on the same batches, by the tokens in them, padding included.

    Raises:
        ValueError: one did not.
    """
    order = batches.GlobalBatches(np.ones(len(lengths), int), batch, settings()["seed"])
    padded = sum(lengths[rows].max() * len(rows) for rows in order)
    for name, repetitions in results.items():
        for each in repetitions:
            if each.facts["tokens"] != lengths.sum() or each.facts["slots"] not in (
                padded,
                lengths.sum(),
            ):
                raise ValueError(f"{name} trained on other batches: {each.facts}")


def contenders(device: str, **where: Any) -> list[Contender]:
    """Return ours and its peers, the main one last."""
    common = {"device": device, **where}

    def peer(name: str, form: str) -> Contender:
        return Contender(name, prepare_peer, {"form": form, **common})

    ours = Contender(OURS, prepare_ours, common)
    default = peer("CrossEncoderTrainer, default (fp32)", "default")
    if fastest(device) == "fp32":
        return [ours, default]
    best = peer("CrossEncoderTrainer, bf16", "bf16")
    if device == "cpu":
        return [ours, best, default]
    flattened = [peer("CrossEncoderTrainer, bf16, flattened", "flattened")]
    return [ours, default, *(flattened if is_flash_attn_2_available() else []), best]


def main() -> None:
    chosen = options(__doc__, PAIRS, batch=(BATCH, "pairs of a step"))
    steps = max(1, chosen.pairs // chosen.batch)
    model = str(checkpoint(chosen.model, chosen.folder))
    pairs = str(write_training_pairs(chosen.folder, steps * chosen.batch))
    where = {"model": model, "pairs": pairs, "batch": chosen.batch, "threads": chosen.threads}
    with tempfile.TemporaryDirectory() as scratch:
        rivals = contenders(chosen.device, scratch=scratch, **where)
        results = alternate(rivals, chosen.repeats)
    lengths = pd.read_parquet(pairs)["tokens"].to_numpy()
    check(results, lengths, chosen.batch)
    torch.set_num_threads(chosen.threads)
    columns = {"processor seconds": _processor}
    columns |= utilisation(3 * operations(model, lengths), chosen.device)
    sizes = f"{steps} steps of {chosen.batch} pairs, {chosen.threads} threads"
    print()
    for peer in list(results)[1:]:
        told = ratio(results[peer], results[OURS], _processor)
        print(f"ratio to {peer} in processor time: {told}")
    report(f"Training, {chosen.model}, {sizes}", results, OURS, "pairs", columns)


if __name__ == "__main__":
    main()
