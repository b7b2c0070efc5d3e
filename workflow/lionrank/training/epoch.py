"""Training a cross-encoder one epoch at a time, as a chain of checkpoints e0 -> e1 -> e2 -> e3.

A checkpoint is a Hugging Face model folder that also holds the optimizer's, the schedule's and
the random generators' state, so that the next epoch resumes as if it had never stopped. Where a
training restarts in each epoch, the next one takes the weights alone, and the log goes on.
"""

import json
import math
import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pyarrow as pa
import torch
from accelerate import PartialState
from accelerate.utils import broadcast_object_list
from safetensors import SafetensorError
from transformers import PreTrainedModel, TrainerCallback, TrainerState, TrainingArguments
from transformers.utils import logging as transformers_logging

from lionrank import parquet
from lionrank.cross_encoder import model as cross_encoder
from lionrank.cross_encoder.device import check_precision, resolve
from lionrank.cross_encoder.weights import weight_files
from lionrank.errors import Diverged, UserError
from lionrank.files import sha256, write_json_lines
from lionrank.training import batches, checkpoints, optimizers
from lionrank.training.attempts import Attempt, attempt
from lionrank.training.held_out import eval_loss
from lionrank.training.losses import LOSSES, Loss
from lionrank.training.state import LOG, EpochState
from lionrank.training.tracking import report_to
from lionrank.training.trainer import Trainer

IDS = pa.schema(
    {
        "query_id": pa.string(),
        "passage_id": pa.string(),
        "passage_ids": pa.list_(pa.string()),
    }
)
"""What names an example of one passage, or of several."""
SHOWN = 4
"""Of these, in a message: a query and three passages."""

TOKENS_AT_ONCE = {"cpu": 8192, "cuda": 65_536}
"""On a CPU, more than 64 pairs of MS MARCO have, and 3.6 GB of MiniLM's activations in float32;
what keeps a GPU busy."""

SCHEDULES = {"none": "constant_with_warmup", "linear": "linear", "cosine": "cosine"}


def train_epoch(
    *,
    previous: str | os.PathLike,
    pairs: str | os.PathLike,
    held_out: str | os.PathLike,
    settings: dict,
    epoch: int,
    epochs: int,
    code: str,
    hardware: dict,
    device: torch.device,
    tracking: str | None,
    checkpoint: str | os.PathLike,
    log: str | os.PathLike,
    begun: float | None = None,
    trial: bool = False,
) -> None:
    """Train from the checkpoint `previous` to the end of epoch `epoch` and write `checkpoint`.

    Epochs count from 1; `previous` is usually that of the epoch before, and always where epochs
    restart. `settings` are those that an epoch hangs on
    (`lionrank.config.settings.epoch_settings`), and `epochs` is how many there are to be, for those
    who watch. `pairs` and `held_out` are Parquet files of examples (`lionrank.training.batches`).
    `hardware` has the config's keys per_device_batch, gradient_checkpointing, tokens_at_once,
    workers and state_every. What a job of this epoch that was killed has left beside `log` is taken
    up. Run by several processes, as torchrun starts them, they share each global batch. `begun` is
    when the job got its devices, in seconds since 1970; left out, it is now. The last line of `log`
    says what all jobs of the epoch took.
    Where a `trial` of a search diverges, that is its outcome: its log ends with a line that says
    so, and its checkpoint is left out.

    Raises:
        ValueError: `previous` is that of another epoch than the one that a restart follows.
        UserError: what the settings ask for cannot be had, an input is damaged, a state belongs to
            another training, memory or disk are too small, or a signal stopped the training.
        Diverged: the loss is not finite, and it is no trial.
    """
    begun = time.time() if begun is None else begun
    transformers_logging.disable_progress_bar()  # of every file that is read or written
    check_precision(device, settings["precision"])
    first_step = checkpoints.steps_before(previous)
    loss = LOSSES[settings["loss"]](**settings.get("loss_arguments", {}))
    state = EpochState(Path(log).with_suffix(".state"))
    name = Path(checkpoint).name
    trackers = report_to(tracking, name.rpartition("_")[0], Path(log).parent)
    arguments = training_arguments(settings, epoch, state.partial, device, name, trackers)
    stamp = partial(_stamp, previous, pairs, settings, epoch, code)
    with _alone(state, begun, epochs, arguments, stamp) as job:
        if job:
            checkpoints.check_room(previous, state.folder)
        found = broadcast_object_list([state.newest() if job else None])[0]
        start = found or (previous if first_step else None)
        trainer = build_trainer(
            found or previous, pairs, loss, settings, epoch, hardware, arguments, state
        )
        if _restarts(settings) and first_step != trainer.steps.first_step:
            raise ValueError(f"epoch {epoch} restarts from the epoch before, not from {previous}")
        trainer.add_callback(LogFile(state.folder / LOG, first_step))
        if start:
            trainer.restore(Path(start), restarts=_restarts(settings) and not found)
        try:
            _train(trainer, start, job)
            end = _measured(trainer, held_out, settings["precision"]) if job else None
        except Diverged as error:
            if not trial:
                raise
            end = None
            _note(trainer.state, error)
        if job:
            lines = lines_since(first_step, trainer.state)
            # The trackers, which draw curves, have no use for it.
            cost = {name: lines[-1][name] for name in ("step", "epoch")} | job.cost()
            # Before the checkpoint, which is what the next job takes for the end of this one.
            write_json_lines(log, [*lines, cost])
            if end:
                checkpoints.complete(end, _facts(settings, epoch, epochs, arguments), checkpoint)
            else:
                checkpoints.leave_out(checkpoint, "diverged")


@contextmanager
def _alone(
    state: EpochState,
    begun: float,
    epochs: int,
    arguments: TrainingArguments,
    stamp: Callable[[], dict],
) -> Iterator[Attempt | None]:
    """Have the epoch's state to this job alone, and remove it when the epoch is complete.

    Yields the job to its first process, and None to the others.
    """
    if not PartialState().is_main_process:
        yield None
        return
    with state.locked():
        state.claim(stamp())
        device = _name(arguments.device)
        with attempt(state.folder, begun, epochs, arguments.world_size, device) as job:
            yield job
        state.remove()


def training_arguments(
    settings: dict, epoch: int, folder: Path, device: torch.device, name: str, trackers: list[str]
) -> TrainingArguments:
    """Translate a training's settings into the Trainer's arguments, to the end of an epoch.

    The share of a process is what the Trainer calls its batch; it is divided further, where it has
    to be, within a step.
    """
    processes = int(os.environ.get("WORLD_SIZE", 1))
    arguments = TrainingArguments(
        output_dir=str(folder),
        # Those that a schedule may be laid out over; else an epoch is the same whatever follows.
        num_train_epochs=settings.get("epochs", epoch),
        per_device_train_batch_size=math.ceil(settings["global_batch_size"] / processes),
        learning_rate=settings["learning_rate"],
        lr_scheduler_type=SCHEDULES[settings["schedule"]],
        warmup_steps=settings["warmup"],
        max_grad_norm=settings["max_grad_norm"],
        bf16=resolve(settings["precision"], device) == "bf16",
        seed=settings["seed"],
        use_cpu=device.type == "cpu",
        ddp_backend="gloo" if device.type == "cpu" and processes > 1 else None,
        ddp_find_unused_parameters=False,
        ddp_broadcast_buffers=False,
        save_strategy="no",
        logging_steps=settings["log_every"],
        logging_nan_inf_filter=False,
        disable_tqdm=True,
        run_name=name,
        report_to=trackers,
    )
    # Where it sees several GPUs the Trainer would spread one process over all, and grow the batch.
    arguments._n_gpu = min(arguments.n_gpu, 1)
    return arguments


def build_trainer(
    start: str | os.PathLike,
    pairs: str | os.PathLike,
    loss: Loss,
    settings: dict,
    epoch: int,
    hardware: dict,
    arguments: TrainingArguments,
    state: EpochState,
) -> Trainer:
    model = cross_encoder.load(start, arguments.device)
    if hardware["gradient_checkpointing"]:
        _compute_layers_again(model.body)
    cross_encoder.check_computes_in(settings["precision"], model)
    examples = batches.read_examples(pairs, loss)
    order = batches.GlobalBatches(
        examples.sizes,
        settings["global_batch_size"],
        settings["seed"],
        arguments.process_index,
        arguments.world_size,
        _restarts(settings),
        settings.get("share", 1.0),
    )
    if order.number < len(examples) and arguments.process_index == 0:
        print(f"It trains on {order.number:,} of {len(examples):,} examples.")
    tokenise = batches.Tokenise(model.tokenizer, examples.targets)
    return Trainer(
        model,
        arguments,
        optimizers.build(model, settings),
        loss,
        batches.load(examples.rows, order, tokenise, hardware["workers"]),
        state,
        epoch=epoch,
        schedule_steps=settings.get("schedule_steps")
        or (len(order) if _restarts(settings) else None),
        per_device_batch=hardware["per_device_batch"],
        tokens_at_once=hardware["tokens_at_once"] or TOKENS_AT_ONCE[arguments.device.type],
        state_every=hardware["state_every"],
        name_pairs=lambda rows: name_pairs(pairs, rows),
    )


def _compute_layers_again(body: PreTrainedModel) -> None:
    """Let the backward pass compute layers again, with the dropout that they had.

    Raises:
        UserError: the architecture does not provide for it.
    """
    if not body.supports_gradient_checkpointing:
        raise UserError(
            f"hardware.gradient_checkpointing: {body.config.model_type} cannot compute its layers "
            "again: set it to false, and lower per_device_batch instead."
        )
    body.gradient_checkpointing_enable({"use_reentrant": False})


def _restarts(settings: dict) -> bool:
    """Return whether each epoch is a training of its own, from the weights of the one before."""
    return settings["restarts"] is not None


class LogFile(TrainerCallback):
    """The log of the epoch so far, as JSON lines, for whoever watches.

    The Trainer's own state has all lines up to where it was saved, so that a training that is
    taken up again neither repeats a line nor lacks one.
    """

    def __init__(self, path: Path, first_step: int) -> None:
        self.path, self.first_step = path, first_step

    def on_train_begin(self, args: Any, state: TrainerState, control: Any, **_: Any) -> None:
        if state.is_world_process_zero:
            write_json_lines(self.path, lines_since(self.first_step, state))

    def on_log(self, args: Any, state: TrainerState, control: Any, **_: Any) -> None:
        if state.is_world_process_zero:
            with open(self.path, "a", encoding="utf-8") as handle:
                handle.write(json.dumps(state.log_history[-1]) + "\n")


class SignsOfLife(TrainerCallback):
    """Says after each step how far the job has come."""

    def __init__(self, job: Attempt, trainer: Trainer) -> None:
        self.job, self.trainer = job, trainer

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self.job.lives()

    def on_step_end(self, args: Any, state: TrainerState, control: Any, **_: Any) -> None:
        self.job.made(state.global_step, self.trainer.seconds)

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self.job.lives()


def lines_since(step: int, state: TrainerState) -> list[dict]:
    """Return the lines of the training log after a step."""
    return [line for line in state.log_history if line["step"] > step]


def _train(trainer: Trainer, start: str | os.PathLike | None, job: Attempt | None) -> None:
    """Train to the end of the epoch, unless the state is of its end already."""
    try:
        known = TrainerState()
        if start:
            known = TrainerState.load_from_json(str(Path(start) / checkpoints.TRAINER_STATE))
        if job:
            repeats = job.goes_on(known.global_step, trainer.seconds_before)
            if start:
                print(f"Resuming after step {known.global_step}, from {start}{repeats}.")
            elif repeats:
                print(f"Starting the training over{repeats}.")
            trainer.add_callback(SignsOfLife(job, trainer))
        if start and known.global_step == trainer.steps.last_step:
            trainer.state = known
            return
        with trainer.steps.stop_signals():
            trainer.train(resume_from_checkpoint=str(start) if start else None)
    except (OSError, RuntimeError, SafetensorError) as error:
        checkpoints.explain_if_full(trainer.states.folder, error)
        raise
    finally:
        trainer.meter.close()


def _measured(trainer: Trainer, held_out: str | os.PathLike, precision: str) -> Path:
    """Return the state at the epoch's end, of which the log then has the loss on held-out pairs.

    Raises:
        UserError: the state is damaged.
        Diverged: the loss is not finite.
    """
    end = trainer.states.newest()
    if end is None:
        raise UserError(
            f"{trainer.states.folder}: the state after the last step cannot be read back: see to "
            "the disk, then run the same command again."
        )
    lost = eval_loss(
        *(end, held_out, trainer.loss, precision, trainer.args.device, trainer.tokens_at_once)
    )
    if lost is not None:
        trainer.log({"eval_loss": lost})
    return end


def _note(state: TrainerState, error: Diverged) -> None:
    """Have a line of the log that says how a trial ended."""
    if state.is_world_process_zero:
        print(f"The trial diverged, which is its outcome: {error}")
    place = {"step": state.global_step, "epoch": state.epoch}
    state.log_history.append(place | {"diverged": str(error)})


def _facts(
    settings: dict, epoch: int, epochs: int, arguments: TrainingArguments
) -> dict[str, dict]:
    """Return what a checkpoint says of how it came to be, by the name of its file."""
    packages = ("torch", "transformers", "sentence-transformers", "lion-pytorch")
    environment = {
        "epoch": epoch,
        "epochs": epochs,
        "packages": {package: version(package) for package in packages},
        "devices": f"{arguments.world_size} x {_name(arguments.device)}",
        "computed_in": resolve(settings["precision"], arguments.device),
    }
    return {checkpoints.SETTINGS: settings, checkpoints.ENVIRONMENT: environment}


def _name(device: torch.device) -> str:
    return torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU"


def _stamp(
    previous: str | os.PathLike, pairs: str | os.PathLike, settings: dict, epoch: int, code: str
) -> dict:
    """Return all that the bits of an epoch hang on."""
    return {
        "epoch": epoch,
        "settings": settings,
        "pairs": sha256(pairs),
        "previous": {path.name: sha256(path) for path in weight_files(Path(previous))},
        "code": code,
    }


def name_pairs(pairs: str | os.PathLike, rows: list[int]) -> str:
    """Print query and passages of each row of the training data, and return the first ones."""
    found = parquet.schema(pairs).names
    columns = pa.schema([IDS.field(name) for name in IDS.names if name in found])
    table = parquet.read(pairs, columns).take(rows)
    ids = [list(_flat(row.values())) for row in table.to_pylist()]
    for row, own in zip(rows, ids, strict=True):
        print(f"row {row}: {' '.join(own)}")
    first = [f"{' '.join(own[:SHOWN])}{' ...' if own[SHOWN:] else ''}" for own in ids[:3]]
    return f"{', '.join(first)}{f' and {len(ids) - 3} more, all above' if ids[3:] else ''}"


def _flat(values: Iterable[str | list[str]]) -> Iterator[str]:
    for value in values:
        yield from [value] if isinstance(value, str) else value
