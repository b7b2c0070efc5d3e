"""What the GPUs of a training are doing: utilisation, power and energy, sampled with NVML."""

import os
import sys
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pynvml
import torch

INTERVAL = 1.0
"""Seconds between two samples."""


@dataclass(frozen=True)
class Sample:
    """What some GPUs say together at one moment."""

    seconds: float
    """Of a clock that never goes back."""
    utilisation: float
    """Percent of the last moments in which a kernel ran, mean over the GPUs."""
    watts: float
    """Summed over the GPUs, as `joules` is."""
    joules: float | None
    """Since the driver was loaded; None where a GPU has no such counter."""


@dataclass(frozen=True)
class Usage:
    """What some GPUs did in a stretch of time; those of two stretches add up."""

    seconds: float = 0.0
    busy_seconds: float = 0.0
    """Seconds times utilisation, from 0 to 1."""
    joules: float = 0.0

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            self.seconds + other.seconds,
            self.busy_seconds + other.busy_seconds,
            self.joules + other.joules,
        )

    def record(self) -> dict[str, float]:
        """Return the training log's fields: percent, watts and joules; none of no time at all."""
        if self.seconds == 0:
            return {}
        return {
            "gpu_utilisation": 100 * self.busy_seconds / self.seconds,
            "gpu_power_watts": self.joules / self.seconds,
            "gpu_energy_joules": self.joules,
        }


def usage(samples: Sequence[Sample]) -> Usage:
    """Return what lies between the first and the last of these samples.

    A utilisation counts for the time before its sample. The energy is the counter's difference,
    or else the power's integral by the trapezoidal rule.
    """
    total = Usage()
    for before, after in pairwise(samples):
        seconds = after.seconds - before.seconds
        if before.joules is None or after.joules is None:
            joules = seconds * (before.watts + after.watts) / 2
        else:
            joules = after.joules - before.joules
        total += Usage(seconds, seconds * after.utilisation / 100, joules)
    return total


def local_devices(device: torch.device) -> list[torch.device]:
    """Return the GPUs of a job on this machine, of which this process computes on `device`.

    torchrun starts a process a GPU and says how many in LOCAL_WORLD_SIZE.
    """
    processes = int(os.environ.get("LOCAL_WORLD_SIZE", 1))
    return [torch.device("cuda", i) for i in range(processes)] if processes > 1 else [device]


class GpuSampler:
    """A thread that samples GPUs once a second; where NVML cannot, it says so and stays silent."""

    def __init__(self, devices: Iterable[torch.device]) -> None:
        # CUDA_VISIBLE_DEVICES renumbers the GPUs for torch, not for NVML.
        self.uuids = [f"GPU-{torch.cuda.get_device_properties(each).uuid}" for each in devices]
        self.handles: list[Any] = []
        self.samples: list[Sample] = []
        self.lock = threading.Lock()
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self._run, name="gpu-sampler", daemon=True)

    def start(self) -> None:
        """Begin to sample."""
        try:
            pynvml.nvmlInit()
            self.handles = [pynvml.nvmlDeviceGetHandleByUUID(uuid) for uuid in self.uuids]
        except pynvml.NVMLError as error:
            _say_unavailable(error)
            return
        self._sample()
        self.thread.start()

    def take(self) -> Usage:
        """Return what the GPUs did since the last call, or since the start."""
        self._sample()
        with self.lock:
            taken = usage(self.samples)
            self.samples = self.samples[-1:]
        return taken

    def stop(self) -> None:
        """End the thread."""
        self.stopped.set()
        if self.thread.is_alive():
            self.thread.join()

    def _run(self) -> None:
        while not self.stopped.wait(INTERVAL):
            self._sample()

    def _sample(self) -> None:
        with self.lock:
            if not self.handles:
                return
            try:
                self.samples.append(_read(self.handles))
            except pynvml.NVMLError as error:
                _say_unavailable(error)
                self.handles = []
                self.stopped.set()


def _read(handles: list[Any]) -> Sample:
    """Ask NVML about these GPUs now.

    Raises:
        pynvml.NVMLError: it cannot tell.
    """
    busy = [pynvml.nvmlDeviceGetUtilizationRates(handle).gpu for handle in handles]
    watts = sum(pynvml.nvmlDeviceGetPowerUsage(handle) for handle in handles) / 1000
    try:
        energies = [pynvml.nvmlDeviceGetTotalEnergyConsumption(handle) for handle in handles]
        joules = sum(energies) / 1000
    except pynvml.NVMLError_NotSupported:  # GPUs before Volta
        joules = None
    return Sample(time.monotonic(), sum(busy) / len(busy), watts, joules)


def _say_unavailable(error: Exception) -> None:
    print(
        f"NVML cannot tell what the GPU does ({error}): the training log goes on without its "
        "utilisation, power and energy.",
        file=sys.stderr,
    )
