"""The experiment on a small MS MARCO, down to its PDF, by `snakemake --profile a100` on a Slurm.

Its compute nodes have no internet: what is downloaded is downloaded where Snakemake runs. They have
a network of their own, from which the hub on the login host's loopback is as far as the internet.
"""

import re
import sys
from dataclasses import replace
from datetime import datetime
from itertools import combinations
from statistics import fmean

import pytest
import yaml

from lionrank.audit.schedule import Queue, least, simulate
from tests.support import small_msmarco
from tests.support.cluster import RECIPE, Snakemake
from tests.support.made import made
from tests.support.running import ROOT, Finished

pytestmark = [pytest.mark.slow, pytest.mark.cluster]

GPU_RULES = {"train_epoch", "rerank", "dev_scores"}
TRAININGS = {"minilm_lion", "gte_lion"}
GRID = {"grid": {"models": ["minilm", "gte"], "test_sets": ["dl19"], "dev_sets": ["nano_nq"]}}
CONNECT = "import socket, sys; socket.create_connection(('127.0.0.1', int(sys.argv[1])), 5)"


@pytest.fixture(scope="module")
def hub(cluster, tmp_path_factory):
    with cluster.on_network(lambda: small_msmarco.serve(tmp_path_factory.mktemp("hub"))) as made:
        yield made


@pytest.fixture(scope="module")
def build(cluster, hub):
    """Return what makes targets of an experiment by Slurm, and its working directory."""
    directory = cluster.folder / "paper"
    directory.mkdir()
    small_msmarco.write_table(directory / "sources.csv", hub)
    overlay, grid = directory / "overlay.yaml", directory / "grid.yaml"
    overlay.write_text(small_msmarco.OVERLAY.format(table=directory / "sources.csv"))
    grid.write_text(yaml.safe_dump(GRID))

    def run(target: str) -> Finished:
        command = cluster.command(
            *("env", f"HF_ENDPOINT={hub.url}", f"HF_HOME={directory}/home"),
            *(sys.executable, "-m", "snakemake", target),
            *("--profile", "a100", "--profile", RECIPE / "site.yaml"),
            *("--directory", directory, "--configfile", overlay, grid),
        )
        return Snakemake(command).finish()

    return run, directory


@pytest.fixture(scope="module")
def jobs_before(cluster):
    """The number of jobs of other test files."""
    return len(cluster.jobs())


@pytest.fixture(scope="module")
def paper(build, jobs_before):
    """The working directory of an experiment whose paper Slurm has built, and what was told."""
    run, directory = build
    # Revisions that no table pins are known, and in the paper, once all is fetched.
    fetched = run("prefetch")
    assert fetched.returncode == 0, fetched.stdout[-6000:]
    built = run("paper/main.pdf")
    assert built.returncode == 0, built.stdout[-6000:]
    return directory, built.stdout


@pytest.fixture(scope="module")
def jobs(cluster, paper, jobs_before):
    """What Slurm says of every job, by rule."""
    by_rule = {}
    for job in cluster.jobs()[jobs_before:]:
        rule = re.sub(r"_wildcards_.*|rule_", "", job["Comment"])
        by_rule.setdefault(rule, []).append(job)
    return by_rule


def test_the_paper_is_there(paper):
    directory, _ = paper
    assert (directory / "paper" / "main.pdf").read_bytes().startswith(b"%PDF")
    log = (directory / "logs" / "paper" / "compile_paper.log").read_text()
    assert log == "LaTeX had no complaints.\n"


def test_every_job_was_done_once_and_well(jobs):
    ended = [job["JobState"] for of_rule in jobs.values() for job in of_rule]
    assert set(ended) == {"COMPLETED"}
    assert len(jobs["train_epoch"]) == len(jobs["rerank"]) == len(jobs["dev_scores"]) == 2


def test_trainings_and_scoring_hold_an_a100_and_nothing_else_does(jobs):
    for rule, of_rule in jobs.items():
        on_gpu = rule in GPU_RULES
        for job in of_rule:
            assert job.get("JOB_GRES") == ("gpu:a100:1" if on_gpu else "(null)"), rule
            assert job["Partition"] == ("gpu" if on_gpu else "cpu"), rule
    assert jobs.keys() > GPU_RULES


def test_jobs_ask_for_what_the_profile_says(jobs):
    profile = yaml.safe_load((ROOT / "profiles" / "a100" / "config.yaml").read_text())
    assert "minilm=120" in profile["set-resources"]["train_epoch"]["runtime"]
    for job in jobs["train_epoch"]:
        model = "minilm" if "minilm" in job["Comment"] else "gte"
        assert job["TimeLimit"] == {"minilm": "02:00:00", "gte": "04:00:00"}[model]
        assert job["CPUs/Task"] == "8"
        assert job["NumNodes"] == "1"
        assert f"mem={ {'minilm': 24000, 'gte': 40000}[model] }M" in job["TRES"]
        assert job["Requeue"] == "1"
    # Of rules that ask for no time themselves.
    assert {job["TimeLimit"] for job in jobs["bm25"]} == {"04:00:00"}


def test_seconds_long_jobs_run_where_snakemake_does(jobs, paper):
    _, told = paper
    local = {"compile_paper", "main_tex", "results_table", "curves_figure", "best_epoch"}
    assert not jobs.keys() & local
    assert all(f"(Rule: {rule})" in told for rule in local)


def times(job):
    return [datetime.fromisoformat(job[key]) for key in ("StartTime", "EndTime")]


def ran(jobs):
    """Return the seconds that jobs ran, on average."""
    return fmean((end - start).total_seconds() for start, end in map(times, jobs))


def test_independent_trainings_ran_side_by_side(jobs):
    pairs = combinations(jobs["train_epoch"], 2)
    together = [
        (one["NodeList"], other["NodeList"])
        for one, other in pairs
        if max(times(one)[0], times(other)[0]) < min(times(one)[1], times(other)[1])
    ]
    assert together
    # One A100 a node: whoever runs beside another has the other node's.
    assert all(set(nodes) == {"node1", "node2"} for nodes in together)


def test_the_terminal_shows_progress_with_slurms_numbers(jobs, paper):
    _, told = paper
    for job in jobs["train_epoch"]:
        assert f"SLURM jobid {job['JobId']} (log: " in told
    assert set(re.findall(r"Training (\w+), epoch 1 \(.*gpu=1 a100\)", told)) == {*TRAININGS}
    assert "(100%) done" in told


def test_nothing_is_left_to_do_and_slurm_is_not_asked(cluster, build, paper):
    before = len(cluster.jobs())
    run, _ = build
    assert "Nothing to be done" in run("paper/main.pdf").stdout
    assert len(cluster.jobs()) == before


def test_the_nodes_reach_no_hub_and_the_login_host_does(cluster, hub):
    connect = [sys.executable, "-c", CONNECT, hub.url.rpartition(":")[2]]
    assert cluster.run(*connect).returncode == 0
    assert "ConnectionRefusedError" in cluster.run_on_nodes(*connect).stderr


def test_local_rules_fetch_and_jobs_need_no_network(jobs, hub):
    assert {"msmarco_corpus", "bm25", "initialise", "train_epoch"} <= jobs.keys()
    assert "fetch" not in jobs
    assert hub.asked("GET", "model.safetensors")


def test_a_simulation_of_its_jobs_takes_as_long_as_they_did(jobs, paper):
    """On two A100s and six cores, and with what Snakemake waits before it looks again."""
    directory, _ = paper
    queue = Queue.read(ROOT / "profiles" / "a100" / "config.yaml")
    site = yaml.safe_load((RECIPE / "site.yaml").read_text())
    queue = replace(queue, look=site["slurm-init-seconds-before-status-checks"])
    queued = {rule: (of_rule[0]["Partition"], ran(of_rule)) for rule, of_rule in jobs.items()}
    done, seconds = made(directory, queued)
    assert sum(not job.local for job in done.values()) == sum(map(len, jobs.values()))
    room = {"gpu": 2, "cpu": 6}
    assert least(done, room, queue)["chain"] < seconds
    assert simulate(done, room, queue).makespan == pytest.approx(seconds, rel=0.25)
