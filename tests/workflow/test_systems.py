"""Systems of others in the workflow's plan: what is imported, scored and trained, or is not."""

import re
from pathlib import Path

import pytest

from tests.support.running import OF_TRAININGS, jobs
from tests.support.workflow import parsed

OVERLAY = """
grid: {models: [], systems: [theirs, given]}
systems:
  theirs: {label: Theirs, checkpoint: ./theirs}
  given: {label: Given, run_files: {pydocs: given.trec.gz}}
"""
BESIDE = OVERLAY.replace("models: []", "models: [gte]")


@pytest.fixture
def theirs(tmp_path) -> Path:
    """A working directory with what the overlay names."""
    (tmp_path / "theirs").mkdir()
    for name in ("theirs/config.json", "theirs/model.safetensors", "given.trec.gz"):
        (tmp_path / name).touch()
    return tmp_path


def test_nothing_is_trained_for_systems_of_others_alone(theirs, snakemake):
    told = snakemake("-n", "all", overlay=OVERLAY)
    assert told.returncode == 0, told.stdout
    counts = jobs(told.stdout)
    assert not counts.keys() & OF_TRAININGS
    assert (counts["import_checkpoint"], counts["import_run"], counts["rerank"]) == (1, 1, 1)
    assert (counts["first_stage"], counts["evaluate"]) == (1, 3)
    assert "dev topics" not in told.stdout


def test_beside_trainings_they_are_two_more(theirs, snakemake):
    counts = jobs(snakemake("-n", "paper/main.pdf", overlay=BESIDE).stdout)
    assert counts["train_epoch"] == 2 * 2
    assert (counts["rerank"], counts["import_run"]) == (2 * 2 + 1, 1)


def test_no_evaluation_has_the_log_of_another_rule_whatever_a_system_is_called():
    folders = {rule.name: {Path(path).parent for path in rule.log} for rule in parsed().rules}
    own = folders.pop("evaluate")
    assert own and not own & set().union(*folders.values())


@pytest.mark.slow
def test_each_has_its_run_file_on_each_test_set(theirs, snakemake):
    second = "test_sets: {second: {label: Second, collection: pydocs, topics: dev}}\n"
    overlay = second + OVERLAY.replace("{models", "{test_sets: [pydocs, second], models")
    told = snakemake("-n", "results/second/theirs.trec", overlay=overlay)
    assert told.returncode == 0, told.stdout
    counts = jobs(told.stdout)
    assert not counts.keys() & {"import_run", "first_stage", *OF_TRAININGS}
    assert (counts["import_checkpoint"], counts["rerank"]) == (1, 1)
    told = snakemake("-n", "results/given.eval", overlay=overlay)
    assert jobs(told.stdout).keys() >= {"import_run", "evaluate"}
    told = snakemake("-n", "results/second/given.trec", overlay=overlay)
    assert told.returncode == 1
    assert "systems.given.run_files: names none on second; known: pydocs" in told.stdout


def test_their_topics_are_divided_among_shards_too(theirs, snakemake):
    overlay = OVERLAY + "reranking: {shards: 3}\n"
    counts = jobs(snakemake("-n", "results/theirs.trec", overlay=overlay).stdout)
    assert (counts["rerank_shard"], counts["join_shards"]) == (3, 1)


@pytest.mark.slow
def test_nobodys_checkpoint_is_published_but_ones_own(theirs, snakemake):
    overlay = BESIDE + "hub: {namespace: us}\n"
    told = snakemake("-n", "push", "model_cards", overlay=overlay)
    assert jobs(told.stdout)["push_to_hub"] == 2 * 2
    assert "theirs" not in told.stdout
    assert "push_to_hub" not in jobs(snakemake("-n", "push", overlay=OVERLAY).stdout)
    for target in ("hub/theirs", "hub/theirs.json"):
        assert snakemake("-n", target, overlay=overlay).returncode == 1


@pytest.mark.slow
def test_one_outside_the_grid_has_a_run_file_and_is_not_evaluated(theirs, snakemake):
    overlay = BESIDE.replace("[theirs, given]", "[]")
    assert snakemake("-n", "results/theirs.trec", overlay=overlay).returncode == 0
    assert "import_checkpoint" not in jobs(snakemake("-n", "all", overlay=overlay).stdout)


@pytest.mark.parametrize("missing", ["theirs", "given.trec.gz"])
def test_what_is_not_there_is_named(theirs, snakemake, missing):
    (theirs / missing).rename(theirs / "elsewhere")
    told = snakemake("-n", "all", overlay=OVERLAY)
    assert told.returncode == 1
    assert re.search(rf"affected files:\s+{re.escape(missing)}", told.stdout)


def test_the_audit_says_that_nothing_is_trained_and_what_is_scored(theirs, snakemake):
    told = snakemake("audit", overlay=OVERLAY)
    assert told.returncode == 0, told.stdout
    page = (theirs / "audit.md").read_text()
    assert "**Nothing is trained.** 2 systems of others" in page
    assert "| theirs | Theirs | ./theirs | - | 80, auto | - |" in page
    assert "| given | Given | run files given.trec.gz (pydocs) | - | - | - |" in page
    assert "training pairs" not in page
