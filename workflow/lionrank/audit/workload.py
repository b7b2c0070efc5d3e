"""The long jobs of an experiment, and how long they take together on so many GPUs.

They are the downloads, and what computes on a GPU, each with one: teachers, trials of searches,
epochs, development scores and reranking. What waits for what is as in rules/.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from lionrank.audit.estimates import product, sum_of
from lionrank.audit.schedule import Job, Queue, least, longest_chain, simulate
from lionrank.config import teachers
from lionrank.config.plan_of_early_stopping import FIRST_STOPPED
from lionrank.config.treatments import collection_of_data
from lionrank.grid import BEST, checkpoint_name
from lionrank.search import halving

GPUS = (1, 8, 64)

DOWNLOADED = 50e6
"""Bytes a second, of all downloads together."""

START_UP = 30.0
"""Seconds from the start of a job to that of its work: Snakemake in it, imports and weights."""

DOWNLOADS = "downloads"
GPU, NETWORK = "gpu", "network"

Work = Mapping[str, Any]
"""What `lionrank.audit.estimates` tells of a part of the experiment."""


def makespans(jobs: Mapping[str, Job], queue: Queue) -> Iterator[dict[str, Any]]:
    """Yield what jobs take with 1, 8 and 64 GPUs.

    That is hours, the share of these for which a GPU is `busy`, and the hours that they take at
    `least`, by what is `bound`: a key of `lionrank.audit.schedule.least`.
    """
    work = math.fsum(job.seconds for job in jobs.values() if GPU in job.needs)
    for gpus in GPUS:
        room = {GPU: gpus, NETWORK: 1}
        seconds = simulate(jobs, room, queue).makespan
        limits = least(jobs, room, queue)
        bound = max(limits, key=limits.__getitem__)
        yield {
            "gpus": gpus,
            "hours": seconds / 3600,
            "busy": work / (gpus * seconds) if seconds else 0.0,
            "bound": bound,
            "least": limits[bound] / 3600,
        }


def chain(jobs: Mapping[str, Job]) -> list[tuple[str, float]]:
    """Return the longest chain of jobs, each with its hours."""
    return [(name, jobs[name].seconds / 3600) for name in longest_chain(jobs)]


class Workload(NamedTuple):
    """Jobs by name, and those whose hours are not known, which take their start alone."""

    jobs: dict[str, Job]
    unknown: set[str]

    @property
    def is_known(self) -> bool:
        """Whether anything is known of the hours, if there are any."""
        return not self.unknown or len(self.unknown) < len(self.jobs) - 1


class _Task(NamedTuple):
    """What takes so many hours of a GPU once others have ended."""

    hours: float | None
    after: list[str]


def workload(
    config: Mapping[str, Any],
    download: float,
    trainings: Sequence[Work],
    searches: Sequence[Work],
    reranking: Sequence[Work],
    development: Sequence[Work],
    held_out: Sequence[Work],
    teaching: Sequence[Work],
) -> Workload:
    """Return the long jobs of the whole experiment.

    Args:
        config: the merged and checked config.
        download: bytes, of what is known.
        trainings, searches, reranking, development, held_out, teaching: as the functions of
            `lionrank.audit.estimates` return them; the first two with the `cost` of epochs that
            are complete, by which the hours of all are corrected.
    """
    tasks = dict[str, _Task]()
    for each in teaching:
        name = _teacher(each["name"], each["collection"])
        tasks[name] = _Task(each["gpu_hours"], [_taught_by(config, each)])
    trials = {search["name"]: _trials(config, search) for search in searches}
    for of_search in trials.values():
        tasks |= of_search
    evaluated = {each["name"]: dict(each["hours_of_one"]) for each in held_out}
    scored = [dict(each["hours_of_one"]) for each in development]
    for training in trainings:
        name, data = training["name"], training["data"]
        trained = product(training["gpu_hours"], _correction(training) / training["jobs"])
        tasks |= _epochs(
            training,
            sum_of([trained, evaluated[data][name]]),
            sum_of(each[name] for each in scored),
            [_before(config, data), *trials.get(name, ())],
        )
    for test_set in reranking:
        tasks |= _reranking(test_set, trainings, config["reranking"]["shards"])
    jobs = {DOWNLOADS: Job(download / DOWNLOADED, {NETWORK: 1}, local=True)}
    for name, task in tasks.items():
        jobs[name] = Job(START_UP + 3600 * (task.hours or 0.0), {GPU: 1}, task.after)
    return Workload(jobs, {name for name, task in tasks.items() if task.hours is None})


def _correction(work: Work) -> float:
    """Return what complete epochs took, as a multiple of their estimate; 1 where there are none."""
    return (work["cost"] and work["cost"]["ratio"]) or 1.0


def _teacher(name: str, collection: str) -> str:
    return f"{name} on training topics of {collection}"


def _taught_by(config: Mapping[str, Any], teaching: Work) -> str:
    """Return what a teacher waits for: its training where it is of the grid, else the downloads."""
    checkpoint = config["teachers"][teaching["name"]].get("checkpoint")
    return checkpoint if checkpoint in teachers.of_grid(config) else DOWNLOADS


def _before(config: Mapping[str, Any], data: str) -> str:
    """Return what a training waits for: the teacher of its data if it scores, else downloads."""
    teacher = teachers.of_data(config, data)
    if teacher is None or "run_file" in config["teachers"][teacher]:
        return DOWNLOADS
    return _teacher(teacher, collection_of_data(config, data))


def _trials(config: Mapping[str, Any], search: Work) -> dict[str, _Task]:
    """Return the trainings and scorings of a search's trials, as many an epoch as are left.

    With successive halving, an epoch waits for the scores of all trials in the one before; the
    config's own settings, which are the last of them, wait for nobody else's.
    """
    settings, jobs = config["search"], dict[str, _Task]()
    trained = product(search["training_hours"], _correction(search) / search["epochs"])
    scored = product(search["scoring_hours"], 1 / search["epochs"])
    own = [f"{search['name']}, the config's own settings"] * search["untuned"]
    before: list[str] = []
    by_epoch = halving.trained(search["trials"], settings["keep"], settings["epochs"])
    for epoch, number in enumerate(by_epoch, start=1):
        trials = [f"{search['name']}, trial {trial}" for trial in range(1, number + 1)]
        for trial in trials + own:
            previous = [f"{trial}, epoch {epoch - 1}"] if epoch > 1 else []
            first = [] if previous else [_before(config, search["data"])]
            halved = before if settings["keep"] < 1 and trial not in own else []
            jobs[f"{trial}, epoch {epoch}"] = _Task(trained, [*first, *previous, *halved])
        before = [f"scoring {trial}, epoch {epoch}" for trial in trials]
        for trial in trials + own:
            jobs[f"scoring {trial}, epoch {epoch}"] = _Task(scored, [f"{trial}, epoch {epoch}"])
    return jobs


def _epochs(
    training: Work, hours: float | None, scored: float | None, before: list[str]
) -> dict[str, _Task]:
    """Return the epochs of a training with all its seeds, and their development scores."""
    jobs = dict[str, _Task]()
    stops = training["settings"]["early_stopping"] is not None
    for name in training["names"]:
        after = [*before]
        for epoch in range(1, training["settings"]["epochs"] + 1):
            checkpoint = checkpoint_name(name, epoch)
            jobs[checkpoint] = _Task(hours, after)
            jobs[_scoring(checkpoint)] = _Task(scored, [checkpoint])
            waits_for_scores = stops and epoch + 1 >= FIRST_STOPPED
            after = [checkpoint, _scoring(checkpoint)] if waits_for_scores else [checkpoint]
    return jobs


def _scoring(checkpoint: str) -> str:
    return f"development scores of {checkpoint}"


def _reranking(test_set: Work, trainings: Sequence[Work], shards: int) -> dict[str, _Task]:
    """Return what reranks a test set, in as many shards."""
    jobs = dict[str, _Task]()
    by_name = {training["name"]: training for training in trainings}
    for name, hours in test_set["hours_of_one"]:
        scorers = _scorers(by_name[name], test_set) if name in by_name else {name: [DOWNLOADS]}
        for scorer, after in scorers.items():
            for shard in range(1, shards + 1):
                label = f"{scorer} on {test_set['name']}" + f", shard {shard}" * (shards > 1)
                # Of others, one may score in two precisions.
                label += ", again" * (label in jobs)
                jobs[label] = _Task(product(hours, 1 / shards), after)
    return jobs


def _scorers(training: Work, test_set: Work) -> dict[str, list[str]]:
    """Return the checkpoints of a training that score a test set, and what they wait for."""
    epochs = range(1, training["settings"]["epochs"] + 1)
    by_seed = {
        name: [checkpoint_name(name, epoch) for epoch in epochs] for name in training["names"]
    }
    if test_set["best_only"]:
        return {
            checkpoint_name(name, BEST): [_scoring(each) for each in checkpoints]
            for name, checkpoints in by_seed.items()
        }
    return {each: [each] for checkpoints in by_seed.values() for each in checkpoints}
