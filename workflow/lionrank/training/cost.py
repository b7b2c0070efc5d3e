"""What each training cost: speed, memory, energy and device time, from its logs.

How each number is made, of the log's lines (`lionrank.training.meter`), a line being about all that
happened since the one before:

- The time of a line is that of its phases: on a GPU as CUDA's events tell it, on a CPU as the clock
  does. `step_seconds` adds up steps and saving; reading data counts, and waiting for it. Every step
  is in it once: not what a job did after the state that the next one went on from.
- Examples and tokens (padding aside) a second are all of them over all the time in steps, without
  saving. Padding is its share of all tokens that were computed on.
- Memory and optimizer state are the most that any line tells: what torch has allocated on the
  first GPU, or the process' resident set on a CPU, with the libraries in it.
- Utilisation is the mean over time (lines weighted by theirs) and GPUs, energy the sum over both.
  Each is None unless every line has it: a part of a training is not the training.

What the cluster was occupied with is told by a log's last line (`lionrank.training.attempts`):
`seconds` of wall time in all jobs of an epoch, killed ones too, from when they got their devices
to their end or last sign of life, so with loading, the loss on held-out pairs and steps that were
repeated. Device hours are these seconds times the devices of each job. Starting Python and waiting
for devices are not in them, nor development scores, which are other jobs.

An epoch that early stopping left out has an empty log and cost nothing.
"""

import math
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any

from lionrank.errors import UserError
from lionrank.files import read_json
from lionrank.training.checkpoints import ENVIRONMENT
from lionrank.training.log import PHASES, STEP_PHASES, LogLine, again, of_steps, read

CPU = "CPU"
_COUNTS = ("examples", "tokens", "padding", "peak_memory_bytes", "optimizer_state_bytes")
_DEVICES = re.compile(r"(\d+) x (.+)")

OF_JOBS = ("jobs", "job_seconds", "device_hours", "repeated_steps", "repeated_seconds")
"""Numbers of a log's last line, which tells what the jobs of its epoch cost."""


@dataclass(frozen=True)
class EpochCost:
    """The lines of one epoch's log that tell of steps, the devices, and what its jobs cost."""

    number: int
    devices: int
    device: str
    lines: Sequence[LogLine]
    jobs: Mapping[str, Any]

    def step_seconds(self, phases: Iterable[str] = PHASES) -> float:
        return math.fsum(_seconds(line, self.device, phases) for line in self.lines)

    @property
    def numbers(self) -> dict[str, Any]:
        """What `costs` has of it, and in sum of a training."""
        return {
            "seconds": self.jobs["job_seconds"],
            "device_hours": self.jobs["device_hours"],
            "step_seconds": self.step_seconds(),
            **{key: self.jobs[key] for key in ("jobs", "repeated_steps", "repeated_seconds")},
        }


def costs(
    logs: Mapping[str, Sequence[str | os.PathLike]],
    checkpoints: Iterable[str | os.PathLike],
) -> dict[str, Any]:
    """Return what every training cost as a JSON object, results/efficiency.json.

    It has `trainings`, by name: device and devices (the most at a time), seconds, device_hours,
    step_seconds, jobs, repeated_steps and repeated_seconds, the same of each epoch in by_epoch with
    its number as epoch, examples, examples_per_second, tokens_per_second, padding (0 to 1),
    peak_memory_bytes, optimizer_state_bytes, gpu_utilisation (percent) and energy_joules, both of
    which may be None.

    Args:
        logs: the training logs of each training, in the order of their epochs.
        checkpoints: the folders of the same epochs' checkpoints, in any order; each has the name
            of its log.

    Raises:
        UserError: a log or a checkpoint lacks what is needed; names file and line.
    """
    folders = {Path(folder).name: Path(folder) for folder in checkpoints}
    return {"trainings": {name: _cost(_read_epochs(logs[name], folders)) for name in logs}}


def spent(training: Mapping[str, Any], key: str) -> dict[int, float]:
    """Return what a training had cost after each epoch.

    Args:
        training: one of efficiency.json.
        key: seconds or device_hours.
    """
    epochs = [each["epoch"] for each in training["by_epoch"]]
    return dict(zip(epochs, accumulate(each[key] for each in training["by_epoch"]), strict=True))


def _read_epochs(
    logs: Sequence[str | os.PathLike], checkpoints: Mapping[str, Path]
) -> list[EpochCost]:
    epochs = []
    for number, log in enumerate(map(Path, logs), start=1):
        devices, device = _devices(checkpoints[log.stem] / ENVIRONMENT)
        epochs.append(EpochCost(number, devices, device, _steps(log, device), jobs_cost(log)))
    if not epochs[0].lines:
        raise UserError(f"{logs[0]}: no line tells of a step; {again(logs[0])}.")
    return epochs


def jobs_cost(log: str | os.PathLike) -> dict[str, Any]:
    """Return what the jobs of an epoch cost, by `OF_JOBS`, and their devices in words.

    All is 0, and there are no devices, where early stopping left the epoch out.

    Raises:
        UserError: the log does not end with it; names the log and the remedy.
    """
    if not (lines := read(log)):
        return dict.fromkeys(OF_JOBS, 0) | {"devices": ""}
    if not all(isinstance(lines[-1].get(key), int | float) for key in OF_JOBS):
        raise UserError(f"{log}: no line tells what its jobs cost; {again(log)}.")
    return lines[-1]


def _devices(path: Path) -> tuple[int, str]:
    """Return how many devices trained a checkpoint, and what they are."""
    try:
        told = _DEVICES.fullmatch(read_json(path)["devices"])
    except (UserError, TypeError):
        told = None
    if told is None:
        raise UserError(
            f"{path}: no devices such as '1 x {CPU}'; delete {path.parent} and train this again."
        )
    return int(told[1]), told[2]


def _steps(log: Path, device: str) -> list[LogLine]:
    """Return the lines that tell of steps, which must have all that is counted."""
    needed = {*_COUNTS, *(_time(phase, device) for phase in PHASES)}
    lines = of_steps(read(log))
    for line in lines:
        line.numbers(needed)
    return lines


def _time(phase: str, device: str) -> str:
    """Return the log's field; a process runs ahead of its GPU, so that its clock tells nothing."""
    return f"seconds_{phase}" if device == CPU else f"device_seconds_{phase}"


def _seconds(line: LogLine, device: str, phases: Iterable[str] = PHASES) -> float:
    return math.fsum(line[_time(phase, device)] for phase in phases)


def _cost(epochs: Sequence[EpochCost]) -> dict[str, Any]:
    lines = [line for epoch in epochs for line in epoch.lines]
    steps = math.fsum(epoch.step_seconds(STEP_PHASES) for epoch in epochs)
    by_epoch = [{"epoch": epoch.number, **epoch.numbers} for epoch in epochs]
    # Both are counted since the training's start.
    examples, tokens = lines[-1]["examples"], lines[-1]["tokens"]
    return {
        "device": " and ".join(dict.fromkeys(epoch.device for epoch in epochs)),
        "devices": max(epoch.devices for epoch in epochs),
        **{key: _sum(each[key] for each in by_epoch) for key in epochs[0].numbers},
        "by_epoch": by_epoch,
        "examples": examples,
        "examples_per_second": examples / steps,
        "tokens_per_second": tokens / steps,
        "padding": 1 - tokens / _slots(lines),
        "peak_memory_bytes": max(line["peak_memory_bytes"] for line in lines),
        "optimizer_state_bytes": max(line["optimizer_state_bytes"] for line in lines),
        "gpu_utilisation": _utilisation(epochs),
        "energy_joules": _energy(lines),
    }


def _sum(values: Iterable[float]) -> float:
    """Return the exact sum of seconds or hours, and that of counts as one."""
    values = list(values)
    return sum(values) if all(isinstance(value, int) for value in values) else math.fsum(values)


def _slots(lines: Sequence[LogLine]) -> float:
    """Return the tokens of all lines with their padding."""
    slots, before = [], 0
    for line in lines:
        slots.append((line["tokens"] - before) / (1 - line["padding"]))
        before = line["tokens"]
    return math.fsum(slots)


def _utilisation(epochs: Sequence[EpochCost]) -> float | None:
    timed = [(line, _seconds(line, epoch.device)) for epoch in epochs for line in epoch.lines]
    if any("gpu_utilisation" not in line for line, _ in timed):
        return None
    busy = math.fsum(line["gpu_utilisation"] * seconds for line, seconds in timed)
    return busy / math.fsum(seconds for _, seconds in timed)


def _energy(lines: Sequence[LogLine]) -> float | None:
    if any("gpu_energy_joules" not in line for line in lines):
        return None
    return math.fsum(line["gpu_energy_joules"] for line in lines)
