"""When jobs end that wait for one another, for room, and for Snakemake: a simulation.

It is list scheduling (Graham 1969, "Bounds on Multiprocessing Timing Anomalies"): what was queued
first starts first, once there is room for it. Before the queue stands Snakemake: it has so many
jobs there at a time, submits so many in a minute, and looks now and then which of them have ended.
"""

import heapq
import math
from collections import defaultdict, deque
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import yaml

from lionrank.errors import UserError

LONGER_EACH_TIME, LONGEST = 10.0, 180.0
"""Seconds that snakemake-executor-plugin-slurm adds to its wait while no job ends, and the most."""


@dataclass(frozen=True)
class Job:
    """What takes `seconds`, and so much of each resource as it `needs`, once others have ended.

    A local one runs where Snakemake does, which knows at once that it has ended.
    """

    seconds: float
    needs: Mapping[str, float] = field(default_factory=dict)
    after: Collection[str] = ()
    local: bool = False


@dataclass(frozen=True)
class Queue:
    """How Snakemake uses a queue.

    Args:
        jobs: those in it at a time, running ones among them.
        submissions: those that are submitted in a minute, at most.
        look: seconds between the first looks at it, more where none has ended; 0 if Snakemake knows
            at once.
    """

    jobs: float = math.inf
    submissions: float = math.inf
    look: float = 0.0

    @classmethod
    def read(cls, profile: Path) -> "Queue":
        """Read what a profile for Slurm says of it.

        Raises:
            UserError: the profile lacks one of the three keys, or has something else there.
        """
        keys = yaml.safe_load(profile.read_text(encoding="utf-8"))
        try:
            submitted, minutes = keys["max-jobs-per-timespan"].removesuffix("m").split("/")
            return cls(
                jobs=int(keys["jobs"]),
                submissions=int(submitted) / int(minutes),
                look=float(keys["slurm-init-seconds-before-status-checks"]),
            )
        except (KeyError, ValueError, AttributeError, TypeError) as error:
            raise UserError(
                f"{profile}: jobs, slurm-init-seconds-before-status-checks and "
                f"max-jobs-per-timespan (such as 60/1m) must be there ({error})."
            ) from None


class Schedule(NamedTuple):
    """When each job started, and when Snakemake knew that the last had ended, in seconds."""

    starts: dict[str, float]
    makespan: float


def simulate(
    jobs: Mapping[str, Job], room: Mapping[str, float], queue: Queue | None = None
) -> Schedule:
    """Return when jobs start and when all have ended.

    Args:
        jobs: by name. Those that are ready at the same time are queued in this order.
        room: how much there is of each resource.
        queue: how Snakemake uses it; without one, it keeps none waiting.

    Raises:
        ValueError: a job needs more than there is, or jobs wait for each other.
    """
    for name, job in jobs.items():
        if any(needed > room[resource] for resource, needed in job.needs.items()):
            raise ValueError(f"there is never room for {name}: {dict(job.needs)} of {dict(room)}")
    longest_chain(jobs)  # refuses a circle
    return _Simulation(jobs, room, queue or Queue()).run()


_Needs: TypeAlias = tuple[tuple[str, float], ...]


class _Simulation:
    def __init__(self, jobs: Mapping[str, Job], room: Mapping[str, float], queue: Queue) -> None:
        self.jobs, self.queue, self.free = jobs, queue, dict(room)
        self.waits_for = {name: {*job.after} for name, job in jobs.items()}
        self.followers = defaultdict[str, list[str]](list)
        for name, job in jobs.items():
            for other in {*job.after}:
                self.followers[other].append(name)
        self.ready = deque[str]()
        self.queued = defaultdict[_Needs, deque[tuple[int, str]]](deque)
        self.in_queue, self.wait = 0, queue.look
        self.submitted: list[float] = []
        self.unseen: list[str] = []
        self.starts: dict[str, float] = {}
        self.known_to_have_ended = 0
        # What happens when; of two things at once, the one that was told first.
        self.events: list[tuple[float, int, Callable[..., None], tuple[Any, ...]]] = []
        self.order = count()

    def run(self) -> Schedule:
        now = 0.0
        for name, others in self.waits_for.items():
            if not others:
                self._get_ready(name)
        self._submit(now)
        if self.queue.look:
            self._at(self.queue.look, self._look)
        while self.known_to_have_ended < len(self.jobs):
            now, _, happens, arguments = heapq.heappop(self.events)
            happens(now, *arguments)
        return Schedule(self.starts, now)

    def _at(self, time: float, happens: Callable[..., None], *arguments: str) -> None:
        heapq.heappush(self.events, (time, next(self.order), happens, arguments))

    def _get_ready(self, name: str) -> None:
        if self.jobs[name].local:
            self._enqueue(name)
        else:
            self.ready.append(name)

    def _submit(self, now: float) -> None:
        """Queue what is ready, as far as Snakemake may."""
        while self.ready and self.in_queue < self.queue.jobs:
            self.in_queue += 1
            self._at(self._submission(now), self._arrive, self.ready.popleft())
        self._start(now)

    def _submission(self, now: float) -> float:
        """Return when a job is submitted that is ready now."""
        if len(self.submitted) >= self.queue.submissions:
            now = max(now, self.submitted[-int(self.queue.submissions)] + 60)
        self.submitted.append(now)
        return now

    def _arrive(self, now: float, name: str) -> None:
        self._enqueue(name)
        self._start(now)

    def _enqueue(self, name: str) -> None:
        needs = tuple(self.jobs[name].needs.items())
        self.queued[needs].append((next(self.order), name))

    def _start(self, now: float) -> None:
        """Start what there is room for; of jobs with the same needs, the first stands for all."""
        while fitting := [
            names
            for needs, names in self.queued.items()
            if names and all(self.free[resource] >= needed for resource, needed in needs)
        ]:
            _, name = min(fitting, key=lambda names: names[0]).popleft()
            job = self.jobs[name]
            self._take(job, 1)
            self.starts[name] = now
            self._at(now + job.seconds, self._end, name)

    def _take(self, job: Job, times: int) -> None:
        for resource, needed in job.needs.items():
            self.free[resource] -= times * needed

    def _end(self, now: float, name: str) -> None:
        job = self.jobs[name]
        self._take(job, -1)
        self._start(now)
        if job.local or not self.queue.look:
            self._learn(now, [name])
        else:
            self.unseen.append(name)

    def _look(self, now: float) -> None:
        """Let Snakemake look at the queue, and say when it looks again."""
        idle = not self.in_queue
        self.wait = min(self.wait + LONGER_EACH_TIME, LONGEST)
        if self.unseen or idle:
            self.wait = self.queue.look
        seen, self.unseen = self.unseen, []
        self._at(now + self.wait, self._look)
        self._learn(now, seen)

    def _learn(self, now: float, ended: Collection[str]) -> None:
        """Let Snakemake know that jobs have ended, and do what waits for them."""
        for name in ended:
            self.known_to_have_ended += 1
            self.in_queue -= not self.jobs[name].local
            for follower in self.followers[name]:
                self.waits_for[follower].discard(name)
                if not self.waits_for[follower]:
                    self._get_ready(follower)
        if ended:
            self._submit(now)


def longest_chain(jobs: Mapping[str, Job]) -> list[str]:
    """Return the jobs, each of which waits for the one before, that together take longest.

    Raises:
        CycleError: jobs wait for each other; a ValueError.
    """
    ends: dict[str, float] = {}
    for name in TopologicalSorter({name: job.after for name, job in jobs.items()}).static_order():
        ends[name] = jobs[name].seconds + max((ends[each] for each in jobs[name].after), default=0)
    chain: list[str] = []
    latest = max(ends, key=ends.__getitem__, default=None)
    while latest is not None:
        chain.append(latest)
        latest = max(jobs[latest].after, key=ends.__getitem__, default=None)
    return chain[::-1]


CHAIN, QUEUED = "chain", "queue"


def least(
    jobs: Mapping[str, Job], room: Mapping[str, float], queue: Queue | None = None
) -> dict[str, float]:
    """Return the seconds that jobs take at least, by what sets that limit.

    It is their longest `chain`, the `queue` with so many jobs at a time, or a resource that they
    have to share.
    """
    work = defaultdict[str, float](float)
    for job in jobs.values():
        for resource, needed in job.needs.items():
            work[resource] += needed * job.seconds
    queued = sum(job.seconds for job in jobs.values() if not job.local)
    return {
        CHAIN: sum(jobs[name].seconds for name in longest_chain(jobs)),
        QUEUED: queued / (queue or Queue()).jobs,
        **{resource: seconds / room[resource] for resource, seconds in work.items()},
    }
