"""What the trainings of an experiment are doing, by the files of their epochs."""

import math
import os
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import starmap, takewhile
from pathlib import Path
from statistics import harmonic_mean
from typing import Any

from tabulate import tabulate

from lionrank.errors import UserError
from lionrank.training import attempts
from lionrank.training.checkpoints import ENVIRONMENT
from lionrank.training.epoch_files import EpochFiles
from lionrank.training.log import of_steps
from lionrank.wording import rough_duration

FINISHED, RUNNING, SILENT = "finished", "running", "silent"
STOPPED, BETWEEN, NOT_BEGUN = "stopped", "between epochs", "not begun"
DIVERGED = "diverged"
"""Of trials, which it is an outcome for."""
STATES = (FINISHED, DIVERGED, RUNNING, SILENT, STOPPED, BETWEEN, NOT_BEGUN)
_UNFINISHED = (RUNNING, SILENT, STOPPED)

NEWEST = 10
"""Log lines by which speed and end are estimated."""
QUIET_LINES, QUIET_SECONDS = 5, 600
"""A job that has written nothing for the time of so many lines, and so many seconds, is silent."""

_UNKNOWN = "-"
_COLUMNS = {
    "training": "left",
    "epoch": "left",
    "step": "right",
    "loss": "right",
    "examples/s": "right",
    "ends": "left",
    "state": "left",
}

_SEARCH_COLUMNS = {
    "search": "left",
    "trials": "left",
    "best so far": "left",
    "nDCG@10": "right",
    "chosen": "left",
}

# A config has at most 1000 epochs.
_CHECKPOINT = re.compile(r"(\w+)_e(0|[1-9][0-9]{0,3})(?:\.jsonl|\.state)?")
_TRIALS = "search/"


@dataclass(frozen=True)
class TrainingStatus:
    """What is known of a training; None is what is not.

    `state` is one of `STATES`, `note` says it in full. `epoch` is the one that is being trained, or
    the last that was. `step`, of `steps`, counts from the training's start, over all its epochs.
    `loss` is the newest line's; `examples_per_second` is of the newest lines, without saving.
    `device_hours` are those of all its jobs so far, killed ones too. `damaged` are files of which
    something is left out of all this, in words. A trial of a search has the training that the
    `search` is for, and the best `score` of its epochs so far (nDCG@10 on development data).
    """

    name: str
    state: str
    note: str
    epoch: int | None = None
    epochs: int | None = None
    step: int | None = None
    steps: int | None = None
    loss: float | None = None
    examples_per_second: float | None = None
    ends: datetime | None = None
    device_hours: float = 0.0
    damaged: tuple[str, ...] = ()
    search: str | None = None
    score: float | None = None
    is_chosen: bool = False


def read(directory: str | os.PathLike) -> list[TrainingStatus]:
    """Return the trainings in an experiment's working directory, by name and then by seed.

    After them, trials of searches.

    Raises:
        UserError: there are none.
    """
    root = Path(directory)
    epochs: dict[str, set[int]] = defaultdict(set)
    for folder in ("", _TRIALS):
        for kind in ("checkpoints", "training"):
            for path in root.glob(f"{kind}/{folder}*"):
                if found := _CHECKPOINT.fullmatch(path.name):
                    epochs[folder + found[1]].add(int(found[2]))
    if not epochs:
        raise UserError(
            f"no trainings in {directory}: name the working directory of an experiment, such as "
            "runs/demo, in which a training has been prepared."
        )
    return [_training(root, name, max(epochs[name])) for name in sorted(epochs, key=_by_seed)]


def _by_seed(name: str) -> tuple[bool, str, int]:
    """Return what sorts a training beside those that differ in their seed, the first one first."""
    training, _, seed = name.rpartition("_s")
    is_trial = name.startswith(_TRIALS)
    return (is_trial, training, int(seed)) if seed.isdecimal() else (is_trial, name, -1)


def _training(root: Path, name: str, last: int) -> TrainingStatus:
    epochs = [EpochFiles(root, name, number) for number in range(1, last + 1)]
    name, is_trial = name.removeprefix(_TRIALS), name.startswith(_TRIALS)
    found = replace(
        _found(name, epochs), device_hours=math.fsum(each.device_hours for each in epochs)
    )
    if is_trial:
        found = replace(found, **_as_trial(root, name, epochs))
    files = {path: part for epoch in epochs for path, part in epoch.damaged.items()}
    damaged = [f"{part} of {path.relative_to(root)}" for path, part in files.items()]
    return replace(found, damaged=tuple(damaged))


def _as_trial(root: Path, name: str, epochs: Sequence[EpochFiles]) -> dict[str, Any]:
    """Return what is known of a trial beside its training, as fields of `TrainingStatus`."""
    search, _, trial = name.rpartition("_")
    told = [epoch.read_json(epoch.log.with_suffix(".dev.json")) for epoch in epochs]
    scores = [each.get("mean_ndcg_cut_10") for each in told]
    choice = epochs[0].read_json(root / "training" / f"{search}.chosen.json")
    known = {
        "search": search,
        "score": max(filter(attempts.is_number, scores), default=None),
        "is_chosen": choice.get("chosen") == trial,
    }
    ends = [number for number, each in enumerate(told, 1) if each.get("ending") == DIVERGED]
    if ends:
        note = f"diverged in epoch {ends[0]}"
        # As it would again, it is no trial to choose, whatever it came to before.
        known |= {"state": DIVERGED, "note": note, "epoch": ends[0], "score": None}
    return known


def _found(name: str, epochs: Sequence[EpochFiles]) -> TrainingStatus:
    under_way = [epoch for epoch in epochs if epoch.is_under_way]
    if under_way:
        # Several where a training was started over: the earliest is resumed first.
        current = min(under_way, key=lambda epoch: (not epoch.is_locked, epoch.number))
        before = [epoch for epoch in epochs if epoch.number < current.number]
        return _in_the_midst(name, before, current)
    # Later ones may be left of a training that has since been started over.
    done = list(takewhile(lambda epoch: epoch.log.exists(), epochs))
    if trained := [epoch for epoch in done if not epoch.is_left_out]:
        return _after_an_epoch(name, trained, len(done))
    return TrainingStatus(name, NOT_BEGUN, NOT_BEGUN)


def _in_the_midst(name: str, before: Sequence[EpochFiles], current: EpochFiles) -> TrainingStatus:
    lines = of_steps(line for epoch in before for line in epoch.lines)
    lines += of_steps(current.lines_so_far)
    known = _known(lines, _epochs(current.job)) | {"epoch": current.number}
    known["step"] = current.step or current.kept or known["step"]
    locked, job, silence = current.is_locked, current.job, current.silence
    if locked is False:
        return TrainingStatus(name, STOPPED, _stopped(current, known["step"]), **known)
    pace = max(map(_seconds, lines[-NEWEST:]), default=0)
    if silence > max(QUIET_SECONDS, QUIET_LINES * pace):
        quiet = f"no sign of life for {rough_duration(silence)}, {_in_words(job)}"
        if locked:
            return TrainingStatus(name, RUNNING, f"running, but {quiet}", **known)
        return TrainingStatus(name, SILENT, quiet, **known)
    if job.get("step") is None or "alive" not in job:
        return TrainingStatus(name, RUNNING, f"starting, {_in_words(job)}", **known)
    note = f"{'running' if locked else 'seems to be running'}, {_in_words(job)}"
    return TrainingStatus(name, RUNNING, note, ends=_end(lines, known["steps"], job), **known)


def _in_words(job: Mapping[str, Any]) -> str:
    host, process, number = map(job.get, ("host", "process", "slurm_job_id"))
    if not isinstance(host, str) or not isinstance(process, int):
        return "an unknown process"
    return f"{f'Slurm job {number}' if number else f'process {process}'} on {host}"


def _stopped(epoch: EpochFiles, step: int) -> str:
    if epoch.kept is None:
        then = f"starts epoch {epoch.number} over"
    elif epoch.kept == step:
        then = "resumes there"
    else:
        then = f"resumes from {epoch.kept:,}"
    return f"stopped after step {step:,}; {then} when run again"


def _after_an_epoch(name: str, trained: Sequence[EpochFiles], last: int) -> TrainingStatus:
    newest = trained[-1]
    # An archive has no checkpoints, and the logs of all epochs.
    epochs = _epochs(newest.read_json(newest.checkpoint / ENVIRONMENT)) or last
    lines = of_steps(line for epoch in trained for line in epoch.lines)
    known = _known(lines, epochs) | {"epoch": newest.number}
    if not newest.lines:
        note = f"epoch {newest.number} finished, but nothing of its log can be read"
        return TrainingStatus(name, FINISHED, note, **known)
    best = _best(newest.read_json(newest.log.with_name(f"{name}.best.json")))
    if newest.number < last:
        note = f"finished early, after epoch {newest.number}{best}"
        return TrainingStatus(name, FINISHED, note, **known)
    if newest.number == epochs:
        return TrainingStatus(name, FINISHED, f"finished{best}", **known)
    note = f"epoch {newest.number} finished, epoch {newest.number + 1} not begun"
    return TrainingStatus(name, BETWEEN, note, **known)


def _best(best: Mapping[str, Any]) -> str:
    """Return what the file of the best epoch says, nothing where it is not there yet."""
    match best:
        case {"epoch": int(epoch), "mean_ndcg_cut_10": float(ndcg)}:
            return f", best epoch {epoch} (nDCG@10 {ndcg:.4f})"
        case {"epoch": int(epoch), "eval_loss": float(loss)}:
            return f", best epoch {epoch} (loss on held-out pairs {loss:.4f})"
    return ", best epoch unknown" if best else ""


def _epochs(told: Any) -> int | None:
    """Return the number of epochs that a training is to have, None where its file does not say."""
    match told:
        case {"epochs": int(epochs)} if epochs > 0:
            return epochs
    return None


def _known(lines: Sequence[Mapping], epochs: int | None) -> dict[str, Any]:
    """Return what log lines say, as fields of `TrainingStatus`."""
    if not lines:
        return {"epochs": epochs, "step": 0, "steps": None}
    newest = lines[-1]
    of_an_epoch = round(newest["step"] / newest["epoch"])
    speeds = [line["examples_per_second"] for line in lines[-NEWEST:]]
    return {
        "epochs": epochs,
        "step": newest["step"],
        "steps": epochs and epochs * of_an_epoch,
        "loss": newest["loss"],
        # Lines are of equally many examples.
        "examples_per_second": harmonic_mean(speeds),
    }


def _end(lines: Sequence[Mapping], steps: int | None, job: Mapping) -> datetime | None:
    """Return when a training will have made its steps, by the newest lines, in local time."""
    if not lines or steps is None:
        return None
    newest = lines[-NEWEST:]
    before = lines[-NEWEST - 1]["step"] if len(lines) > NEWEST else 0
    made = newest[-1]["step"] - before
    if made <= 0:
        return None
    seconds = math.fsum(map(_seconds, newest)) / made
    try:
        return datetime.fromtimestamp(job["alive"] + seconds * (steps - job["step"]))
    except (OverflowError, ValueError, OSError):  # beyond all calendars
        return None


def _seconds(line: Mapping[str, Any]) -> float:
    """Return the time of a line, saving included: the GPU's own where the line has it."""
    numbers = {name: value for name, value in line.items() if attempts.is_number(value)}
    for clock in ("device_seconds_", "seconds_"):
        if phases := [value for name, value in numbers.items() if name.startswith(clock)]:
            return math.fsum(phases)
    return 0.0


def to_text(trainings: Sequence[TrainingStatus], now: datetime) -> str:
    """Return a row a training and a row a search, and below how many are in each state.

    A trial has a row while it is neither finished nor left out, and counts in its search.
    """
    listed = [each for each in trainings if each.search is None or each.state in _UNFINISHED]
    searches: dict[str, list[TrainingStatus]] = defaultdict(list)
    for each in trainings:
        if each.search is not None:
            searches[each.search].append(each)
    tables = [_table(_COLUMNS, [_row(training, now) for training in listed])]
    if searches:
        tables.append(_table(_SEARCH_COLUMNS, list(starmap(_row_of_search, searches.items()))))
    counts = _counts(each for each in trainings if each.search is None)
    hours = math.fsum(training.device_hours for training in trainings)
    cost = f"{hours:,.2f} device hours so far" if hours else ""
    summary = "; ".join(filter(None, (counts, cost)))
    # Trials of one search share the file of their choice.
    damaged = dict.fromkeys(part for each in trainings for part in each.damaged)
    told = "".join(f"damaged, and left out: {part}\n" for part in damaged)
    return "\n\n".join([*tables, f"{summary}\n{told}"])


def _table(columns: Mapping[str, str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table of columns with their alignments."""
    return tabulate(
        rows,
        headers=list(columns),
        colalign=list(columns.values()) if rows else None,
        tablefmt="plain",
        disable_numparse=True,
    )


def _counts(trainings: Iterable[TrainingStatus]) -> str:
    number = Counter(training.state for training in trainings)
    return ", ".join(f"{number[state]} {state}" for state in STATES if number[state])


def _row_of_search(search: str, trials: Sequence[TrainingStatus]) -> tuple[str, ...]:
    scores = {_trial_of(each): each.score for each in trials if each.score is not None}
    best = max(scores, key=scores.__getitem__, default=_UNKNOWN)
    return (
        search,
        _counts(trials),
        best,
        f"{scores[best]:.4f}" if scores else _UNKNOWN,
        next((_trial_of(each) for each in trials if each.is_chosen), _UNKNOWN),
    )


def _trial_of(training: TrainingStatus) -> str:
    return training.name.rpartition("_")[2]


def _row(training: TrainingStatus, now: datetime) -> tuple[str, ...]:
    speed = training.examples_per_second
    return (
        training.name,
        _of(training.epoch, training.epochs),
        _of(training.step, training.steps),
        _UNKNOWN if training.loss is None else f"{training.loss:.4f}",
        _UNKNOWN if speed is None else f"{speed:,.{0 if speed >= 100 else 1}f}",
        _time(training.ends, now),
        training.note,
    )


def _of(number: int | None, total: int | None) -> str:
    if number is None:
        return _UNKNOWN
    return f"{number:,}" if total is None else f"{number:,}/{total:,}"


def _time(time: datetime | None, now: datetime) -> str:
    if time is None:
        return _UNKNOWN
    day = "today" if time.date() == now.date() else f"{time:%Y-%m-%d}"
    return f"{day} {time:%H:%M}"
