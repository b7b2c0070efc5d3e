"""Training a cross-encoder one epoch at a time, as a chain of checkpoints e0 -> e1 -> e2 -> e3.

A checkpoint is a Hugging Face model folder that also holds the optimizer's, the schedule's and
the random generators' state, so that the next epoch goes on as if it had never stopped.
"""

import importlib
import json
import math
import os
import shutil
import time
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from datasets import Dataset
from sentence_transformers.base.sampler import DefaultBatchSampler
from sentence_transformers.cross_encoder import (
    CrossEncoder,
    CrossEncoderTrainer,
    CrossEncoderTrainingArguments,
)
from sentence_transformers.cross_encoder.losses import BinaryCrossEntropyLoss
from transformers import TrainerCallback, TrainerControl, TrainerState

from lionrank.errors import UserError
from lionrank.files import write_json

SCHEDULES = {"none": "constant_with_warmup", "linear": "linear", "cosine": "cosine"}
LOSSES = {"bce": BinaryCrossEntropyLoss}


class SeededBatchSampler(DefaultBatchSampler):
    """Batches in an order that depends on the seed and the epoch alone.

    So an epoch that is trained by a job of its own sees the batches it would have seen in one
    uninterrupted process.
    """

    def __iter__(self):
        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + self.epoch)
        order = torch.randperm(len(self.sampler), generator=generator).tolist()
        for start in range(0, len(order), self.batch_size):
            yield order[start : start + self.batch_size]


class TrainingLog(TrainerCallback):
    """Writes the training log, one JSON object a line, and stops a training that diverges.

    Fields: step; epoch; examples, pairs seen since the start; loss, mean over the steps since the
    last line; lr, as the optimizer's param_groups held it in this step; grad_norm, before
    clipping; examples_per_second since the last line.
    """

    def __init__(self, path: str | os.PathLike, pairs: int, batch_size: int) -> None:
        self.file = open(path, "w", buffering=1, encoding="utf-8")  # noqa: SIM115
        self.pairs, self.batch_size = pairs, batch_size
        self.lr = math.nan
        self.last = (time.perf_counter(), 0)

    def on_train_begin(self, args, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        self.last = (time.perf_counter(), self._examples(state))

    def on_pre_optimizer_step(self, args, state, control, optimizer=None, **_: Any) -> None:
        self.lr = optimizer.param_groups[0]["lr"]

    def on_log(
        self, args, state: TrainerState, control, logs: dict | None = None, **_: Any
    ) -> None:
        if "loss" not in logs:
            return
        now, examples = time.perf_counter(), self._examples(state)
        before, seen = self.last
        self.last = (now, examples)
        record = {
            "step": state.global_step,
            "epoch": state.epoch,
            "examples": examples,
            "loss": logs["loss"],
            "lr": self.lr,
            "grad_norm": logs["grad_norm"],
            "examples_per_second": (examples - seen) / (now - before),
        }
        self.file.write(json.dumps(record) + "\n")
        if not math.isfinite(logs["loss"]):
            raise UserError(
                f"the loss is {logs['loss']} at step {state.global_step}, learning rate "
                f"{self.lr:g}: lower training's learning_rate or raise its warmup_ratio."
            )

    def on_epoch_end(self, args, state, control: TrainerControl, **_: Any) -> None:
        # The steps since the last line would be lost, since the next epoch is another process.
        control.should_log = True

    def on_train_end(self, args, state, control, **_: Any) -> None:
        self.file.close()

    def _examples(self, state: TrainerState) -> int:
        steps_an_epoch = math.ceil(self.pairs / self.batch_size)
        epochs, steps = divmod(state.global_step, steps_an_epoch)
        return epochs * self.pairs + min(steps * self.batch_size, self.pairs)


class Trainer(CrossEncoderTrainer):
    """The maintained trainer, whose schedule may be laid out over another number of steps."""

    def __init__(self, *arguments: Any, schedule_steps: int | None, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self.schedule_steps = schedule_steps

    def create_scheduler(
        self, num_training_steps: int, optimizer: torch.optim.Optimizer | None = None
    ) -> torch.optim.lr_scheduler.LRScheduler:
        return super().create_scheduler(self.schedule_steps or num_training_steps, optimizer)


class StopAfterEpoch(TrainerCallback):
    """Ends a job at the end of its epoch, while schedule and totals stay those of the training."""

    def __init__(self, epoch: int) -> None:
        self.epoch = epoch

    def on_epoch_end(self, args, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        if state.epoch >= self.epoch:
            control.should_training_stop = True


def build_optimizer(model: torch.nn.Module, settings: dict) -> torch.optim.Optimizer:
    """Build `settings["optimizer"]` over every parameter of the model.

    Raises:
        UserError: the class cannot be imported or does not take its arguments.
    """
    name, arguments = settings["optimizer"]["class"], settings["optimizer"]["arguments"]
    module, _, attribute = name.rpartition(".")
    try:
        optimizer = getattr(importlib.import_module(module), attribute)
        return optimizer(
            model.parameters(),
            lr=settings["learning_rate"],
            weight_decay=settings["weight_decay"],
            **arguments,
        )
    except (ImportError, AttributeError, TypeError) as error:
        raise UserError(f"optimizers: {name} with {arguments}: {error}") from error


def training_arguments(
    settings: dict, workspace: str | os.PathLike, on_cpu: bool
) -> CrossEncoderTrainingArguments:
    """Translate a training's settings into the Trainer's arguments."""
    return CrossEncoderTrainingArguments(
        output_dir=str(workspace),
        num_train_epochs=settings["epochs"],
        per_device_train_batch_size=settings["global_batch_size"],
        learning_rate=settings["learning_rate"],
        lr_scheduler_type=SCHEDULES[settings["schedule"]],
        warmup_steps=settings["warmup_ratio"],
        max_grad_norm=settings["max_grad_norm"],
        bf16=settings["precision"] == "bf16",
        seed=settings["seed"],
        batch_sampler=SeededBatchSampler,
        use_cpu=on_cpu,
        save_strategy="epoch",
        logging_steps=settings["log_every"],
        logging_nan_inf_filter=False,
        report_to="none",
    )


def train_epoch(
    previous: str | os.PathLike,
    pairs: str | os.PathLike,
    settings: dict,
    epoch: int,
    device: torch.device,
    checkpoint: str | os.PathLike,
    log: str | os.PathLike,
) -> None:
    """Train from the checkpoint `previous` to the end of epoch `epoch` and write `checkpoint`.

    Epochs count from 1; `previous` is usually that of the epoch before.

    Raises:
        UserError: the loss is not finite, or the optimizer cannot be built.
    """
    columns = ["query", "passage", "label"]
    dataset = Dataset.from_pandas(pd.read_parquet(pairs, columns=columns), preserve_index=False)
    model = CrossEncoder(str(previous), device=str(device), num_labels=1, local_files_only=True)
    workspace = Path(checkpoint).with_name(f".{Path(checkpoint).name}.training")
    shutil.rmtree(workspace, ignore_errors=True)  # of a job that was killed
    try:
        trainer = Trainer(
            model=model,
            schedule_steps=settings["schedule_steps"],
            args=training_arguments(settings, workspace, device.type == "cpu"),
            train_dataset=dataset,
            loss=LOSSES[settings["loss"]](model),
            optimizers=(build_optimizer(model, settings), None),
            callbacks=[
                TrainingLog(log, len(dataset), settings["global_batch_size"]),
                StopAfterEpoch(epoch),
            ],
        )
        resumable = (Path(previous) / "trainer_state.json").exists()  # all but e0
        trainer.train(resume_from_checkpoint=str(previous) if resumable else None)
        saved = workspace / f"checkpoint-{trainer.state.global_step}"
        # A pickle of this job's arguments, machine paths among them, that nothing reads.
        (saved / "training_args.bin").unlink()
        write_json(saved / "settings.json", settings)
        shutil.rmtree(checkpoint, ignore_errors=True)
        os.replace(saved, checkpoint)
    finally:
        shutil.rmtree(workspace, ignore_errors=True)
