"""What profiles ask for; that Slurm gets it is seen in tests/cluster/test_paper.py."""

import subprocess
import sys

import pytest

from lionrank.audit.estimates import training_work
from tests.support.audits import SIZES
from tests.support.configs import CONFIG, ROOT
from tests.support.workflow import parsed, resources

# More cores than any machine of these tests has, since Snakemake plans no more than there are.
A100, LOCAL = (
    ("--cores", "64", "--profile", f"{ROOT}/profiles/{name}") for name in ("a100", "local")
)
JOB = {"optimizer": "lion", "epoch": "1", "folder": "", "scatteritem": "1-of-2"}
ON_A_GPU = {"train_epoch", "rerank", "rerank_shard", "rerank_again", "dev_scores"}
ON_A_GPU |= {"train_trial", "trial_scores", "score_windows", "score_windows_shard"}
ON_A_GPU |= {"teach_by_bi_encoder", "teach_by_checkpoint", "encode_corpus", "dense"}


def test_all_rules_that_compute_on_a_gpu_ask_for_an_a100_and_no_other_does():
    assert {rule.name for rule in parsed().rules if "gpu" in rule.resources} == ON_A_GPU
    for rule in parsed(*A100).rules:
        asked = resources(rule.name, *A100, model="gte", **JOB)
        expected = (1, "a100") if rule.name in ON_A_GPU else (None, None)
        assert (asked.get("gpu"), asked.get("gpu_model")) == expected, rule.name


@pytest.mark.parametrize("profile", [A100, LOCAL], ids=["a100", "local"])
@pytest.mark.parametrize(
    "rules",
    [
        ("rerank", "rerank_shard"),
        ("score_windows", "score_windows_shard"),
        ("train_epoch", "train_trial"),
        ("dev_scores", "trial_scores"),
    ],
)
def test_a_shard_or_a_trial_gets_what_a_whole_run_file_or_a_training_gets(rules, profile):
    for attempt in (1, 2):
        whole, part = (
            resources(rule, *profile, attempt=attempt, model="gte", **JOB) for rule in rules
        )
        assert whole == part


@pytest.mark.parametrize("rule", sorted(ON_A_GPU))
def test_on_a_workstation_no_gpu_waits_for_cores(rule):
    assert resources(rule, *LOCAL, model="gte", **JOB)["_cores"] == 2


@pytest.mark.parametrize("model", CONFIG["grid"]["models"])
def test_an_epoch_has_room_over_the_audits_estimate_and_more_when_it_is_tried_again(model):
    work = training_work(CONFIG, SIZES, model, "adamw")
    minutes = 60 * work["gpu_hours"] / work["jobs"]
    first, second = (
        resources("train_epoch", *A100, attempt=attempt, model=model, **JOB) for attempt in (1, 2)
    )
    assert 4 * minutes < first["runtime"] < 24 * 60
    for resource in ("runtime", "mem_mb"):
        assert second[resource] > first[resource]


def test_the_demo_may_be_asked_for_from_any_folder(tmp_path):
    profile = ("--snakefile", ROOT / "Snakefile", "--profile", ROOT / "profiles" / "demo")
    told = subprocess.run(
        [sys.executable, "-m", "snakemake", "--dry-run", *profile, "checkpoints/minilm_lion_e1"],
        cwd=tmp_path,
        text=True,
        capture_output=True,
    )
    assert told.returncode == 0, told.stderr
    assert "Making pydocs from the docstrings" in told.stdout
    assert (tmp_path / "runs" / "demo").is_dir()
