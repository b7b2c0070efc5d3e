"""What profiles/a100 asks for; that Slurm gets it is seen in tests/cluster/test_paper.py."""

import re
from types import SimpleNamespace

import pytest
import yaml

from lionrank.audit.estimates import training_work
from tests.support.running import ROOT

CONFIG = yaml.safe_load((ROOT / "config.yaml").read_text())
TEXT = (ROOT / "profiles" / "a100" / "config.yaml").read_text()
RESOURCES = yaml.safe_load(TEXT)["set-resources"]


def value(rule, resource, attempt=1, **wildcards):
    """Return a resource as Snakemake evaluates its expression."""
    names = {"wildcards": SimpleNamespace(**wildcards), "attempt": attempt}
    return eval(str(RESOURCES[rule][resource]), names)


def test_all_rules_that_compute_on_a_gpu_ask_for_an_a100():
    texts = [path.read_text() for path in (ROOT / "rules").rglob("*.smk")]
    rules = {
        rule
        for text in texts
        for rule, body in re.findall(
            r"^rule (\w+):(.*?)(?=^rule |\Z)", text, re.MULTILINE | re.DOTALL
        )
        if re.search(r"^        gpu=", body, re.MULTILINE)
    }
    uses = re.findall(r"^use rule (\w+) as (\w+) with:", "\n".join(texts), re.MULTILINE)
    rules |= {new for old, new in uses if old in rules}
    assert rules == RESOURCES.keys()
    for rule in rules:
        assert (value(rule, "gpu"), RESOURCES[rule]["gpu_model"]) == (1, "a100")


def test_a_shard_gets_what_a_whole_run_file_gets():
    assert RESOURCES["rerank_shard"] == RESOURCES["rerank"]
    local = yaml.safe_load((ROOT / "profiles" / "local" / "config.yaml").read_text())
    assert local["set-threads"].keys() == RESOURCES.keys()
    assert local["set-threads"]["rerank_shard"] == local["set-threads"]["rerank"]


@pytest.mark.parametrize("model", CONFIG["grid"]["models"])
def test_an_epoch_has_room_over_the_audits_estimate_and_more_when_it_is_tried_again(model):
    work = training_work(CONFIG, model, "adamw")
    minutes = 60 * work["gpu_hours"] / work["jobs"]
    assert f"{minutes:.0f}" in re.search(r"it takes (.*) minutes;", TEXT)[1]
    assert 4 * minutes < value("train_epoch", "runtime", model=model) < 24 * 60
    for resource in ("runtime", "mem_mb"):
        first, second = (value("train_epoch", resource, n, model=model) for n in (1, 2))
        assert second > first


def test_every_key_of_the_profile_has_a_line_of_reason():
    lines = TEXT.splitlines()
    for number, line in enumerate(lines):
        if re.match(r"[a-z]", line):
            above = [each for each in lines[:number] if each][-2:]
            assert any(each.startswith("#") for each in above), line
