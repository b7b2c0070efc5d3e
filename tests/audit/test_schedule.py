"""The simulation of jobs that wait for each other, for room and for Snakemake."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from lionrank.audit.schedule import Job, Queue, least, longest_chain, simulate
from lionrank.errors import UserError
from tests.support.running import ROOT

GPU = {"gpu": 1}
EPOCHS = {
    "a1": Job(3, GPU),
    "a2": Job(3, GPU, ["a1"]),
    "b1": Job(2, GPU),
    "b2": Job(2, GPU, ["b1"]),
    "scored": Job(1, GPU, ["a2", "b2"]),
}
"""Two trainings of two epochs, and what waits for both."""


@pytest.mark.parametrize(
    ("gpus", "starts", "makespan"),
    [
        (1, {"a1": 0, "b1": 3, "a2": 5, "b2": 8, "scored": 10}, 11),
        (2, {"a1": 0, "b1": 0, "b2": 2, "a2": 3, "scored": 6}, 7),
        (3, {"a1": 0, "b1": 0, "b2": 2, "a2": 3, "scored": 6}, 7),
    ],
)
def test_what_was_queued_first_starts_first_once_there_is_room(gpus, starts, makespan):
    found = simulate(EPOCHS, {"gpu": gpus})
    assert (found.starts, found.makespan) == (starts, makespan)


def test_a_job_of_several_gpus_lets_smaller_ones_by():
    jobs = {"one": Job(5, GPU), "two": Job(1, {"gpu": 2}), "another": Job(2, GPU)}
    found = simulate(jobs, {"gpu": 2})
    assert found.starts == {"one": 0, "another": 0, "two": 5}
    assert found.makespan == 6


def test_the_longest_chain_and_shared_gpus_are_what_it_takes_at_least():
    assert longest_chain(EPOCHS) == ["a1", "a2", "scored"]
    assert longest_chain({}) == []
    assert least(EPOCHS, {"gpu": 1}, Queue(jobs=2)) == {"chain": 7, "queue": 5.5, "gpu": 11}


def test_so_many_jobs_are_in_the_queue_at_a_time():
    """Also while they wait there: what needs no GPU is kept out by what does."""
    jobs = {"a": Job(4, GPU), "b": Job(4, GPU), "c": Job(1, {"core": 1})}
    room = {"gpu": 1, "core": 1}
    assert simulate(jobs, room).starts == {"a": 0, "c": 0, "b": 4}
    assert simulate(jobs, room, Queue(jobs=2)).starts == {"a": 0, "b": 4, "c": 4}


def test_so_many_jobs_are_submitted_in_a_minute_and_local_ones_wait_for_none():
    jobs = {name: Job(5, GPU) for name in "abcde"} | {"here": Job(1, local=True)}
    found = simulate(jobs, {"gpu": 5}, Queue(submissions=2))
    assert found.starts == {"here": 0, "a": 0, "b": 0, "c": 60, "d": 60, "e": 120}


def test_snakemake_looks_more_seldom_while_no_job_ends():
    """After 2 seconds, 12 more, 22 more: what ends at 15 is seen at 36, and the next at 38."""
    jobs = {"long": Job(15), "short": Job(1, after=["long"]), "here": Job(7, local=True)}
    found = simulate(
        jobs | {"last": Job(1, after=["here", "short"], local=True)}, {}, Queue(look=2)
    )
    assert found.starts == {"long": 0, "here": 0, "short": 36, "last": 38}
    assert found.makespan == 39


def test_while_nothing_is_queued_snakemake_looks_as_at_first():
    jobs = {"here": Job(100.5, local=True), "queued": Job(1, after=["here"])}
    assert simulate(jobs, {}, Queue(look=2)).makespan == 102


def test_what_can_never_end_is_refused():
    with pytest.raises(ValueError, match="never room for a"):
        simulate({"a": Job(1, {"gpu": 2})}, GPU)
    with pytest.raises(ValueError, match="cycle"):
        simulate({"a": Job(1, after=["b"]), "b": Job(1, after=["a"])}, {})


@st.composite
def one_gpu_jobs(draw):
    seconds = draw(st.lists(st.integers(1, 20), min_size=1, max_size=25))
    after = [
        draw(st.sets(st.integers(0, number - 1), max_size=3)) if number else set()
        for number in range(len(seconds))
    ]
    return {
        str(number): Job(seconds[number], GPU, [*map(str, after[number])])
        for number in range(len(seconds))
    }


@given(one_gpu_jobs(), st.integers(1, 6))
def test_the_makespan_is_within_grahams_bounds(jobs, gpus):
    limits = least(jobs, {"gpu": gpus})
    makespan = simulate(jobs, {"gpu": gpus}).makespan
    assert max(limits.values()) <= makespan <= sum(job.seconds for job in jobs.values())
    # Of Graham's proof: at any time all GPUs are busy, or a job of one chain runs.
    assert makespan <= limits["gpu"] + (1 - 1 / gpus) * limits["chain"] + 1e-9


@given(one_gpu_jobs(), st.integers(1, 6), st.integers(1, 30), st.integers(1, 60))
def test_no_more_than_the_gpus_are_in_use_and_nothing_starts_too_early(jobs, gpus, look, minute):
    starts, makespan = simulate(jobs, {"gpu": gpus}, Queue(jobs=8, submissions=minute, look=look))
    assert starts.keys() == jobs.keys()
    ends = {name: starts[name] + job.seconds for name, job in jobs.items()}
    assert max(ends.values()) <= makespan
    for name, job in jobs.items():
        assert all(starts[name] >= ends[other] for other in job.after)
    for now in starts.values():
        assert sum(starts[name] <= now < ends[name] for name in jobs) <= gpus


def test_a_profile_says_how_the_queue_is_used(tmp_path):
    assert Queue.read(ROOT / "profiles" / "a100" / "config.yaml") == Queue(
        jobs=24, submissions=60, look=30
    )
    profile = tmp_path / "config.yaml"
    for lacking in ({"jobs": 3}, {"jobs": 3, "max-jobs-per-timespan": 60}, None):
        profile.write_text(yaml.safe_dump(lacking))
        with pytest.raises(UserError, match=r"config\.yaml: jobs, slurm-init-seconds"):
            Queue.read(profile)
