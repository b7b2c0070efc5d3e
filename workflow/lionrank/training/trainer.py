"""The maintained trainer, taught five things: where the global batch is divided, what to do when
memory runs out, when a state is kept, what of one is taken over, and what the log says.
"""

import math
import signal
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import torch
import torch.distributed
from accelerate.utils.memory import clear_device_cache, should_reduce_batch_size
from torch import Tensor
from tqdm import tqdm
from transformers import (
    PrinterCallback,
    TrainerCallback,
    TrainerControl,
    TrainerState,
    TrainingArguments,
)
from transformers import Trainer as Maintained
from transformers.trainer_utils import PREFIX_CHECKPOINT_DIR, set_seed

from lionrank.cross_encoder import model as cross_encoder
from lionrank.cross_encoder import saved
from lionrank.cross_encoder.tokens import Batch, take
from lionrank.cross_encoder.unpadded import to
from lionrank.errors import Diverged, UserError
from lionrank.files import read_json, write_json
from lionrank.training import batches
from lionrank.training.checkpoints import PROGRESS
from lionrank.training.losses import Loss, of_examples
from lionrank.training.meter import Meter, stall_warning
from lionrank.training.state import EpochState


class Trainer(Maintained):
    """Trains one epoch, a global batch a step, divided over processes and into micro-batches.

    A step's gradient is that of the mean loss over the examples of its global batch, however that
    is divided, the smaller last batch of an epoch included. A micro-batch is the passages that a
    device computes at once, which may be fewer than an example has, of at most `tokens_at_once`
    tokens: a CPU's memory does not run out in a way that a process could outlive. When a device's
    does, the micro-batch is halved, and the step is done again from its beginning.
    """

    def __init__(
        self,
        model: cross_encoder.CrossEncoder,
        args: TrainingArguments,
        optimizer: torch.optim.Optimizer,
        loss: Loss,
        loader: batches.EpochLoader,
        state: EpochState,
        *,
        epoch: int,
        schedule_steps: int | None,
        per_device_batch: int | None,
        tokens_at_once: int,
        state_every: dict[str, float],
        name_pairs: Callable[[list[int]], str],
    ) -> None:
        self.loader, self.states = loader, state
        self.order: batches.GlobalBatches = loader.batch_sampler
        self.schedule_steps = schedule_steps
        self.asked_micro_batch = per_device_batch
        self.micro_batch = per_device_batch or args.per_device_train_batch_size
        self.tokens_at_once = tokens_at_once
        self.at_once = self.micro_batch
        """The passages that were computed last, or were to be."""
        self.ran_out = False
        self.restarts = False
        """Whether only weights and log are taken over from where this job resumes."""
        self.seconds_before = 0.0
        """In training, of the jobs that this one resumes."""
        self.name_pairs = name_pairs
        self.rate = math.nan
        self.loss = loss
        super().__init__(model=model, args=args, optimizers=(optimizer, None))
        self.meter = Meter(self.args.device, lambda: optimizer.state)
        self.remove_callback(PrinterCallback)
        self.steps = Steps(self, epoch, state_every)
        self.add_callback(self.steps)

    def get_train_dataloader(self) -> batches.EpochLoader:
        """Return the loader as it is: its batches are this process' share already."""
        return self.loader

    def create_scheduler(
        self, num_training_steps: int, optimizer: torch.optim.Optimizer | None = None
    ) -> torch.optim.lr_scheduler.LRScheduler:
        """Lay the schedule out over the steps that are run, unless the settings say otherwise."""
        return super().create_scheduler(self.schedule_steps or num_training_steps, optimizer)

    def get_batch_samples(self, *arguments: Any) -> tuple[list, None]:
        with self.meter.phase("data"):
            return super().get_batch_samples(*arguments)

    def training_step(
        self, model: torch.nn.Module, inputs: batches.Batched, num_items_in_batch: None = None
    ) -> Tensor:
        """Compute the gradient of a global batch and return its mean loss, on every process.

        Raises:
            UserError: not even a single passage fits into the memory.
        """
        model.train()
        random_state = _random_state(self.args.device)
        while True:
            try:
                loss = self._accumulate(model, inputs)
                break
            except RuntimeError as error:
                if not should_reduce_batch_size(error):
                    raise
                if self.at_once == 1:
                    raise UserError(
                        f"one passage alone does not fit into the memory ({error}): set "
                        "hardware.gradient_checkpointing, lower training's max_length or use a "
                        "device with more memory."
                    ) from error
            model.zero_grad()
            clear_device_cache(garbage_collection=True)
            _restore(random_state, self.args.device)
            self.micro_batch, self.ran_out = math.ceil(self.at_once / 2), True
            print(
                f"Memory ran out in step {self.state.global_step + 1}: doing it again with "
                f"{self.micro_batch} passages at once on a device; the global batch stays the same."
            )
        return self._share(model, loss, inputs)

    def _accumulate(self, model: torch.nn.Module, inputs: batches.Batched) -> Tensor:
        """Accumulate the gradients of this process' micro-batches; return its share of the loss."""
        size = self.order.examples_at(self.step_of_epoch)
        total = torch.zeros((), device=self.args.device)
        self.slots = 0
        for pairs, targets, sizes in batches.micro_batches(inputs, self.room):
            compare = partial(self._compare, to(targets, self.args.device), sizes, size)
            parts = [*self.room.divide(pairs["lengths"], torch.ones_like(pairs["lengths"]))]
            # DDP's own exchange would leave others waiting if memory ran out in the midst of it.
            with self.accelerator.no_sync(model):
                if len(parts) == 1:
                    loss = self._backward(model, pairs, compare)
                else:
                    loss = self._backward_in_parts(model, pairs, parts, compare)
            total += loss.detach()
        return total

    @property
    def room(self) -> batches.Room:
        """For what there is, as far as it is known yet."""
        return batches.Room(self.micro_batch, self.tokens_at_once, self.model.is_padded)

    def _compare(self, targets: Tensor, sizes: Tensor, size: int, logits: Tensor) -> Tensor:
        """Return the share of some examples in the mean loss of `size` examples."""
        return of_examples(self.loss, logits, targets, sizes).sum() / size

    def _backward(
        self, model: torch.nn.Module, pairs: Batch, compare: Callable[[Tensor], Tensor]
    ) -> Tensor:
        """Add to the gradients what the logits of some pairs do to a loss, and return the loss."""
        with self.meter.phase("forward"), self.compute_loss_context_manager():
            loss = compare(self._logits(model, pairs))
        with self.meter.phase("backward"):
            self.accelerator.backward(loss)
        return loss

    def _backward_in_parts(
        self,
        model: torch.nn.Module,
        pairs: Batch,
        parts: Sequence[slice],
        compare: Callable[[Tensor], Tensor],
    ) -> Tensor:
        """Do the same for pairs that do not fit into a micro-batch: with the same gradients.

        The logits are computed twice: to compare them all, and to go on from the gradient of each
        (Gao et al. 2021, Scaling deep contrastive learning batch size under memory limited setup).
        """
        rows = [torch.arange(part.start, part.stop) for part in parts]
        slots, states, logits = self.slots, [], []
        for part in rows:
            states.append(_random_state(self.args.device))
            with self.meter.phase("forward"), self.compute_loss_context_manager(), torch.no_grad():
                logits.append(self._logits(model, take(pairs, part)))
        whole = torch.cat(logits).requires_grad_()
        loss = compare(whole)
        (gradient,) = torch.autograd.grad(loss, whole)
        self.slots = slots  # each is counted once
        for part, state in zip(rows, states, strict=True):
            _restore(state, self.args.device)  # the same dropout
            own = gradient[part.to(gradient.device)]
            self._backward(model, take(pairs, part), partial(_weighted, own))
        return loss

    def _logits(self, model: torch.nn.Module, pairs: Batch) -> Tensor:
        self.at_once = len(pairs["lengths"])
        arguments = cross_encoder.arguments(self.model.body, self.model.tokenizer, pairs)
        self.slots += arguments["input_ids"].numel()
        logits: Tensor = model(arguments)
        return logits

    def _share(self, model: torch.nn.Module, loss: Tensor, inputs: batches.Batched) -> Tensor:
        """Sum over the processes what each has seen of the step, and what it asks for."""
        tokens = int(inputs["lengths"].sum()) if inputs else 0
        counts = torch.tensor([tokens, self.slots, *self.steps.wishes()])
        if self.args.world_size > 1:
            counts = counts.to(loss.device)
            with self.meter.phase("backward"):
                _sum_over_processes([*_gradients(model), loss, counts])
        self.tokens, self.slots, self.stop_asked, self.save_asked = counts.tolist()
        self.loss_of_step = loss
        return loss

    @property
    def seconds(self) -> float:
        """Wall time in training since its start, as if no job had ever been interrupted."""
        return self.seconds_before + time.monotonic() - self.steps.begun

    @property
    def step_of_epoch(self) -> int:
        """The step that is being made, counted from 0 at the epoch's start."""
        return self.state.global_step % len(self.order)

    def _clip_grad_norm(self, model: torch.nn.Module) -> Tensor:
        with self.meter.phase("optimizer"):
            return super()._clip_grad_norm(model)

    def _get_grad_norm(self, model: torch.nn.Module, grad_norm: Any = None) -> Any:
        with self.meter.phase("optimizer"):
            self.grad_norm = super()._get_grad_norm(model, grad_norm)
        return self.grad_norm

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """Log the meter's line; the Trainer's would forget what a killed job had seen."""
        if "loss" in logs:
            self.check_finite()
            super().log(self.meter.line(self.rate))
        elif "train_runtime" not in logs:
            super().log(logs)

    def check_finite(self) -> None:
        """Check the losses since the last line.

        Raises:
            Diverged: one is not finite; names the step and the pairs of its batch.
        """
        if (found := self.meter.first_not_finite()) is None:
            return
        step, loss = found
        pairs = self.name_pairs(self.order.rows((step - 1) % len(self.order)))
        raise Diverged(
            f"the loss is {loss} at step {step}, learning rate {self.rate:g}, in the batch of "
            f"{pairs}: lower training's learning_rate, or the values in search.spaces that it was "
            "chosen from, raise its warmup, or look at these pairs."
        )

    def restore(self, folder: Path, restarts: bool) -> None:
        """Take over what a state or a checkpoint knows besides the Trainer's own files.

        Of these, `train` will take the weights and the log alone where it `restarts`.
        """
        self.restarts = restarts
        if restarts:
            print("Optimizer, schedule, order of the data and dropout start again in this epoch.")
        known = read_json(folder / PROGRESS)
        self.meter.load_state_dict(known["meter"])
        self.seconds_before = known["seconds"]
        if known["ran_out"] and known["asked_micro_batch"] == self.asked_micro_batch:
            self.micro_batch, self.ran_out = min(self.micro_batch, known["micro_batch"]), True

    def _load_optimizer_and_scheduler(self, checkpoint: str | None) -> None:
        if not self.restarts:
            super()._load_optimizer_and_scheduler(checkpoint)

    def _load_rng_state(self, checkpoint: str | None) -> None:
        if self.restarts:
            # As when the first epoch began: reading the weights may have drawn numbers.
            set_seed(self.args.seed)
        else:
            super()._load_rng_state(checkpoint)

    def _save_checkpoint(self, model: torch.nn.Module, trial: None = None) -> None:
        """Keep a state, whole or not at all."""
        self.check_finite()
        written = self.states.partial / f"{PREFIX_CHECKPOINT_DIR}-{self.state.global_step}"
        with self.meter.phase("save"):
            super()._save_checkpoint(model, trial)
            self.accelerator.wait_for_everyone()
            if self.is_world_process_zero():
                write_json(written / PROGRESS, self._progress())
                self.states.keep(written, self.state.global_step)
            self.accelerator.wait_for_everyone()

    def _progress(self) -> dict:
        return {
            "meter": self.meter.state_dict(),
            "seconds": self.seconds,
            "ran_out": self.ran_out,
            "micro_batch": self.micro_batch,
            "asked_micro_batch": self.asked_micro_batch,
        }

    def _save(self, output_dir: str | None = None, state_dict: None = None) -> None:
        """Write the model without a pickle of the arguments."""
        saved.save(self.model, output_dir or self.args.output_dir)

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: None = None) -> None:
        """Leave the weights alone: the model that is trained was loaded from there."""


class Steps(TrainerCallback):
    """Follows the steps: feeds the meter, shows progress, keeps states, and ends the epoch."""

    def __init__(self, trainer: Trainer, epoch: int, state_every: dict[str, float]) -> None:
        self.trainer, self.epoch, self.state_every = trainer, epoch, state_every
        self.first_step = (epoch - 1) * len(trainer.order)
        self.last_step = epoch * len(trainer.order)
        self.stop_signal: signal.Signals | None = None

    @contextmanager
    def stop_signals(self) -> Iterator[None]:
        """Let SIGINT and SIGTERM end the training after a whole step, whose state is kept.

        Raises:
            UserError: one of them did.
        """
        numbers = (signal.SIGINT, signal.SIGTERM)
        before = [signal.signal(number, self._stop) for number in numbers]
        try:
            yield
        finally:
            for number, handler in zip(numbers, before, strict=True):
                signal.signal(number, handler)
        if (step := self.trainer.state.global_step) < self.last_step:
            raise UserError(
                f"stopped by {self.stop_signal.name if self.stop_signal else 'another process'} "
                f"after step {step}; its state is kept in {self.trainer.states.folder}, and the "
                "same command resumes there."
            )

    def _stop(self, number: int, _: Any) -> None:
        self.stop_signal = signal.Signals(number)

    def wishes(self) -> tuple[bool, bool]:
        """Say whether this process wants to stop, and whether a state is due."""
        kept_at, kept_step = self.kept
        if "steps" in self.state_every:
            step = self.trainer.state.global_step + 1
            return self.stop_signal is not None, step - kept_step >= self.state_every["steps"]
        waited = time.monotonic() - kept_at
        return self.stop_signal is not None, waited >= 60 * self.state_every["minutes"]

    def on_train_begin(self, args: Any, state: TrainerState, control: Any, **_: Any) -> None:
        self.begun = time.monotonic()
        self.kept = (self.begun, state.global_step)
        self.bar = tqdm(
            total=self.last_step,
            initial=state.global_step,
            desc=f"epoch {self.epoch}",
            unit="step",
            disable=not state.is_world_process_zero,
        )

    def on_pre_optimizer_step(
        self, args: Any, state: Any, control: Any, optimizer: Any = None, **_: Any
    ) -> None:
        self.trainer.rate = optimizer.param_groups[0]["lr"]
        self.phase = self.trainer.meter.phase("optimizer")
        self.phase.__enter__()

    def on_optimizer_step(self, args: Any, state: TrainerState, control: Any, **_: Any) -> None:
        self.phase.__exit__(None, None, None)
        trainer = self.trainer
        trainer.meter.add(
            step=state.global_step + 1,
            loss=trainer.loss_of_step,
            grad_norm=trainer.grad_norm,
            examples=trainer.order.passages_at(trainer.step_of_epoch),
            tokens=trainer.tokens,
            slots=trainer.slots,
        )

    def on_step_end(
        self, args: Any, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        self.bar.update()
        if state.global_step >= self.last_step:
            return
        if self.trainer.stop_asked:
            control.should_save = control.should_training_stop = True
        elif self.trainer.save_asked:
            control.should_save = True

    def on_save(self, args: Any, state: TrainerState, control: Any, **_: Any) -> None:
        self.kept = (time.monotonic(), state.global_step)

    def on_log(self, args: Any, state: Any, control: Any, logs: dict, **_: Any) -> None:
        if "loss" not in logs:
            return
        self.bar.set_postfix_str(f"loss {logs['loss']:.4f}", refresh=False)
        losses = [line["loss"] for line in state.log_history if "loss" in line]
        if warning := stall_warning(losses, state.global_step):
            print(warning)

    def on_epoch_end(
        self, args: Any, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        # The steps since the last line would be lost, as the next epoch is another process.
        control.should_log = True
        if state.global_step == self.last_step:
            control.should_save = control.should_training_stop = True

    def on_train_end(self, args: Any, state: TrainerState, control: Any, **_: Any) -> None:
        self.bar.close()


def _weighted(weights: Tensor, logits: Tensor) -> Tensor:
    return (weights * logits).sum()


def _gradients(model: torch.nn.Module) -> Iterator[Tensor]:
    """Yield every gradient, zeros where this process had no example in the batch."""
    for parameter in model.parameters():
        if parameter.requires_grad:
            if parameter.grad is None:
                parameter.grad = torch.zeros_like(parameter)
            yield parameter.grad


def _sum_over_processes(tensors: Iterable[Tensor]) -> None:
    """Replace tensors by their sums over the processes."""
    pending = [torch.distributed.all_reduce(tensor, async_op=True) for tensor in tensors]
    for each in pending:
        each.wait()


def _random_state(device: torch.device) -> tuple[Tensor, Tensor | None]:
    return (
        torch.get_rng_state(),
        torch.cuda.get_rng_state(device) if device.type == "cuda" else None,
    )


def _restore(random_state: tuple[Tensor, Tensor | None], device: torch.device) -> None:
    on_cpu, on_gpu = random_state
    torch.set_rng_state(on_cpu)
    if on_gpu is not None:
        torch.cuda.set_rng_state(on_gpu, device)
