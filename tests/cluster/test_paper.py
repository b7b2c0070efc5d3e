"""The reduced demo, down to the PDF, by `snakemake --profile a100` on a real Slurm."""

import re
from datetime import datetime
from itertools import combinations

import pytest
import yaml

from tests.support.running import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.cluster]

GPU_RULES = {"train_epoch", "rerank", "dev_scores"}
GRID = {"models": ["minilm", "gte"], "epochs": 1}
TRAININGS = {"minilm_adamw", "minilm_lion", "gte_adamw", "gte_lion"}


@pytest.fixture(scope="module")
def paper(cluster):
    """The working directory of an experiment whose paper Slurm has built, and what was told."""
    directory = cluster.folder / "paper"
    built = cluster.run_snakemake(
        directory, "paper/main.pdf", overlay=yaml.safe_dump({"grid": GRID})
    )
    assert built.returncode == 0, built.stdout[-6000:]
    return directory, built.stdout


@pytest.fixture(scope="module")
def jobs(cluster, paper):
    """What Slurm says of every job, by rule."""
    by_rule = {}
    for job in cluster.jobs():
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
    assert len(jobs["train_epoch"]) == len(jobs["rerank"]) == len(jobs["dev_scores"]) == 4


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


def test_independent_trainings_ran_side_by_side(jobs):
    def times(job):
        return [datetime.fromisoformat(job[key]) for key in ("StartTime", "EndTime")]

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
    assert set(re.findall(r"Training (\w+) with (\w+), epoch 1 \(.*gpu=1 a100\)", told)) == {
        tuple(name.split("_")) for name in TRAININGS
    }
    assert "(100%) done" in told


def test_nothing_is_left_to_do_and_slurm_is_not_asked(cluster, paper):
    directory, _ = paper
    before = len(cluster.jobs())
    again = cluster.run_snakemake(
        directory, "paper/main.pdf", overlay=yaml.safe_dump({"grid": GRID})
    )
    assert "Nothing to be done" in again.stdout
    assert len(cluster.jobs()) == before
