"""The meter of a training: what its steps took, for its log, and whether the loss falls."""

import math
import os
import resource
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from statistics import fmean
from typing import Any

import psutil
import torch
from torch import Tensor

from lionrank.training.gpu_usage import GpuSampler, Usage, local_devices
from lionrank.training.log import PHASES, STEP_PHASES

WINDOW = 10
"""Log lines of which the mean loss is taken, at the training's start and at its end so far."""
SMALLEST_FALL = 0.01
"""Share of the first lines' loss by which the newest lines' must be lower."""


class Meter:
    """Measures a training's steps, and says what it saw since its last line.

    On a GPU it makes no step wait: losses and the times of CUDA events are read for a line, a
    check or a state only.
    """

    def __init__(self, device: torch.device, optimizer_state: Callable[[], Mapping]) -> None:
        self.device, self.optimizer_state = device, optimizer_state
        self.examples = self.tokens = 0
        self._gpu: GpuSampler | None = None
        # One process speaks for all the GPUs of a machine.
        if device.type == "cuda" and int(os.environ.get("LOCAL_RANK", 0)) == 0:
            self._gpu = GpuSampler(local_devices(device))
            self._gpu.start()
        self._begin_interval()

    def _begin_interval(self) -> None:
        self._steps: list[int] = []
        self._losses: list[float] = []
        self._unread: list[Tensor] = []
        self._events: list[tuple[str, torch.cuda.Event, torch.cuda.Event]] = []
        self._grad_norm: Tensor | float | None = None
        self._sums = dict.fromkeys(("examples", "tokens", "slots"), 0)
        self._seconds = dict.fromkeys(PHASES, 0.0)
        self._device_seconds = dict.fromkeys(PHASES, 0.0)
        self._gpu_usage = Usage()

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Add the time that the body takes to one of `PHASES`.

        The time of a body that fails counts too: it was spent.
        """
        start = self._mark()
        begun = time.perf_counter()
        try:
            yield
        finally:
            self._seconds[name] += time.perf_counter() - begun
            if start is not None:
                self._events.append((name, start, self._mark()))

    def _mark(self) -> torch.cuda.Event | None:
        if self.device.type != "cuda":
            return None
        event = torch.cuda.Event(enable_timing=True)
        event.record(torch.cuda.current_stream(self.device))
        return event

    def add(
        self,
        step: int,
        loss: Tensor,
        grad_norm: Tensor | float,
        examples: int,
        tokens: int,
        slots: int,
    ) -> None:
        """Count a step.

        Args:
            step: counted from 1 at the training's start.
            loss: mean over the global batch, without dimensions; left on its device.
            grad_norm: before clipping.
            examples: pairs of query and passage of the global batch.
            tokens: of the global batch, padding aside.
            slots: tokens with padding.
        """
        self._steps.append(step)
        self._unread.append(loss.detach().clone())
        self._grad_norm = grad_norm
        self.examples += examples
        self.tokens += tokens
        for name, number in (("examples", examples), ("tokens", tokens), ("slots", slots)):
            self._sums[name] += number

    def first_not_finite(self) -> tuple[int, float] | None:
        """Return the first step since the last line whose loss is not finite, and that loss."""
        self._read()
        for step, loss in zip(self._steps, self._losses, strict=True):
            if not math.isfinite(loss):
                return step, loss
        return None

    def line(self, lr: float) -> dict[str, int | float]:
        """Return the log's record of the steps since the last line, one at least, and start over.

        Fields: examples and tokens, counted since the training's start, padding aside; loss, mean
        over the steps; lr, as given; grad_norm, of the last step, before clipping;
        examples_per_second and tokens_per_second, of the time in `STEP_PHASES`; padding, its share
        of a batch's tokens; memory_bytes and peak_memory_bytes, what torch has allocated on a GPU,
        or this process' resident set; optimizer_state_bytes; seconds_{phase}. On a GPU also
        device_seconds_{phase}, and gpu_utilisation (%), gpu_power_watts and gpu_energy_joules of
        the training's GPUs, as far as NVML can tell. The peak is of this process, all else goes on
        over restarts.
        """
        if self._grad_norm is None:
            raise ValueError("a line tells of one step at least, and there was none")
        self._read()
        on_gpu = self.device.type == "cuda"
        # The process runs ahead of a GPU, and would wait for it outside of any phase.
        times = self._device_seconds if on_gpu else self._seconds
        seconds = sum(times[name] for name in STEP_PHASES)
        memory, peak = _memory(self.device)
        record = {
            "examples": self.examples,
            "tokens": self.tokens,
            # Exact before the one rounding, whatever the Python.
            "loss": math.fsum(self._losses) / len(self._losses),
            "lr": lr,
            "grad_norm": float(self._grad_norm),
            "examples_per_second": self._sums["examples"] / seconds,
            "tokens_per_second": self._sums["tokens"] / seconds,
            "padding": 1 - self._sums["tokens"] / self._sums["slots"],
            "memory_bytes": memory,
            "peak_memory_bytes": peak,
            "optimizer_state_bytes": tensor_bytes(self.optimizer_state()),
            **{f"seconds_{name}": spent for name, spent in self._seconds.items()},
        }
        if on_gpu:
            record |= {f"device_seconds_{name}": t for name, t in self._device_seconds.items()}
            record |= self._gpu_usage.record()
        self._begin_interval()
        return record

    def state_dict(self) -> dict[str, Any]:
        """Return as JSON what a restarted job needs to resume measuring here."""
        self._read()
        return {
            "examples": self.examples,
            "tokens": self.tokens,
            "steps": self._steps.copy(),
            "losses": self._losses.copy(),
            "grad_norm": None if self._grad_norm is None else float(self._grad_norm),
            "sums": self._sums.copy(),
            "seconds": self._seconds.copy(),
            "device_seconds": self._device_seconds.copy(),
            "gpu_usage": asdict(self._gpu_usage),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from what another process' `state_dict` says."""
        self._begin_interval()
        self.examples, self.tokens = state["examples"], state["tokens"]
        self._steps, self._losses = list(state["steps"]), list(state["losses"])
        self._grad_norm = state["grad_norm"]
        self._sums = dict(state["sums"])
        self._seconds = dict(state["seconds"])
        self._device_seconds = dict(state["device_seconds"])
        self._gpu_usage = Usage(**state["gpu_usage"])

    def close(self) -> None:
        """End the sampling of the GPUs."""
        if self._gpu is not None:
            self._gpu.stop()

    def _read(self) -> None:
        """Wait for the device and take over what it has finished."""
        if self._unread:
            self._losses += torch.stack(self._unread).double().tolist()
            self._unread.clear()
        for name, start, end in self._events:
            end.synchronize()
            self._device_seconds[name] += start.elapsed_time(end) / 1000
        self._events.clear()
        if self._gpu is not None:
            self._gpu_usage += self._gpu.take()


def tensor_bytes(values: Any) -> int:
    """Return the bytes of all tensors in nested mappings and sequences, each counted once."""
    storages: dict[tuple[torch.device, int], int] = {}

    def visit(value: Any) -> None:
        if isinstance(value, Tensor):
            storage = value.untyped_storage()
            storages[value.device, storage.data_ptr()] = storage.nbytes()
        elif isinstance(value, Mapping):
            for each in value.values():
                visit(each)
        elif isinstance(value, list | tuple):
            for each in value:
                visit(each)

    visit(values)
    return sum(storages.values())


def _memory(device: torch.device) -> tuple[int, int]:
    """Return the bytes in use now, and the most at any time of this process."""
    if device.type == "cuda":
        return torch.cuda.memory_allocated(device), torch.cuda.max_memory_allocated(device)
    unit = 1 if sys.platform == "darwin" else 1024
    peak = unit * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    now = psutil.Process().memory_info().rss
    # Two counters of the kernel, neither of which is exact.
    return now, max(now, peak)


def stalled(losses: Sequence[float]) -> bool:
    """Say whether the loss has not moved, by the losses of all log lines of a training so far.

    Not before twice `WINDOW` lines; from then on, if the mean of the newest `WINDOW` is not
    `SMALLEST_FALL` below that of the first ones.
    """
    if len(losses) < 2 * WINDOW:
        return False
    return fmean(losses[-WINDOW:]) > (1 - SMALLEST_FALL) * fmean(losses[:WINDOW])


def stall_warning(losses: Sequence[float], step: int) -> str | None:
    """Return a warning if the newest line is the first by which a training has `stalled`."""
    earlier = range(2 * WINDOW, len(losses))
    if not stalled(losses) or any(stalled(losses[:number]) for number in earlier):
        return None
    return (
        f"Warning: the loss has not fallen by step {step}: it was {fmean(losses[:WINDOW]):.4g} "
        f"over the first {WINDOW} lines of the log and is {fmean(losses[-WINDOW:]):.4g} over the "
        f"last {WINDOW}. Try another learning_rate, and look at the labels of the training pairs."
    )
