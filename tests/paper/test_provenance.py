"""Where a paper says it comes from: stages, git state, hashes of run files, locks of sources."""

import json
import re
from collections import Counter

import pytest
import yaml
from snakemake.utils import update_config

from lionrank.errors import UserError
from lionrank.files import write_json
from lionrank.paper import provenance
from tests.support.running import ROOT

CONFIG = yaml.safe_load((ROOT / "config.yaml").read_text())
UNKNOWN = {"commit": None, "dirty": None, "time": None, "remote": None}


def with_overlay(overlay: dict) -> dict:
    """Return config.yaml with an overlay on it, merged as Snakemake does."""
    config = yaml.safe_load((ROOT / "config.yaml").read_text())
    update_config(config, overlay)
    return config


def test_stages_are_summed_without_what_the_paper_does_not_wait_for(tmp_path):
    for name, seconds, memory in (
        ("training/a", "1.5", "100.0"),
        ("training/deep/b", "2.0", "-"),
        ("retrieval/c", "0.25", "NA"),
        ("paper/d", "9", "1"),
        ("hub/e", "9", "1"),
        ("audit", "9", "1"),
    ):
        path = tmp_path / f"{name}.tsv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"s\th:m:s\tmax_rss\n{seconds}\t0:00:01\t{memory}\n")
    assert provenance.stages(tmp_path) == {
        "retrieval": {"jobs": 1, "seconds": 0.2, "peak_bytes": 0},
        "training": {"jobs": 2, "seconds": 3.5, "peak_bytes": 100 * 2**20},
    }
    (tmp_path / "training/a.tsv").write_text("h:m:s\n0:00:01\n")
    with pytest.raises(UserError, match=r"training/a\.tsv"):
        provenance.stages(tmp_path)


def git(folder, *arguments: str) -> None:
    user = ["-c", "user.name=a", "-c", "user.email=a@b"]
    assert provenance._output(["git", "-C", str(folder), *user, *arguments]) is not None


def test_the_git_state_is_that_of_the_checkout_itself(tmp_path):
    assert provenance.git_state(tmp_path) == UNKNOWN
    git(tmp_path, "init")
    assert provenance.git_state(tmp_path) == UNKNOWN
    git(tmp_path, "commit", "--allow-empty", "-m", "x")
    state = provenance.git_state(tmp_path)
    assert re.fullmatch("[0-9a-f]{40}", state["commit"])
    assert state["dirty"] is False
    (tmp_path / "inside").mkdir()
    (tmp_path / "inside" / "new").write_text("")
    assert provenance.git_state(tmp_path)["dirty"] is True
    assert provenance.git_state(tmp_path / "inside") == UNKNOWN


def test_the_remote_is_origin_or_else_the_first_one(tmp_path):
    git(tmp_path, "init")
    git(tmp_path, "commit", "--allow-empty", "-m", "x")
    assert provenance.git_state(tmp_path)["remote"] is None
    git(tmp_path, "remote", "add", "fork", "git@example.org:fork/name.git")
    assert provenance.git_state(tmp_path)["remote"] == "https://example.org/fork/name"
    git(tmp_path, "remote", "add", "origin", "https://me:TOKEN@example.org/own/name.git")
    state = provenance.git_state(tmp_path)
    assert state["remote"] == "https://example.org/own/name"
    assert "TOKEN" not in json.dumps(state)
    git(tmp_path, "remote", "set-url", "origin", "/srv/name")
    assert provenance.git_state(tmp_path)["remote"] is None


def test_an_unchanged_config_has_no_changed_settings():
    assert list(provenance.changed_settings(CONFIG, with_overlay({}))) == []


def test_changed_settings_are_told_key_by_key_and_lists_whole():
    overlay = {
        "grid": {"dev_sets": ["nano_nq"], "epochs": CONFIG["grid"]["epochs"]},
        "retrieval": {"depth": 20},
        "models": {"gte": {"pretrained": None, "architecture": {"hidden_size": 64}}},
        "paper": {"claims_on": {"dl19": "pydocs"}},
        "tracking": "wandb",
    }
    changed = list(provenance.changed_settings(CONFIG, with_overlay(overlay)))
    assert sorted(map(tuple, map(dict.values, changed))) == [
        ("grid.dev_sets", CONFIG["grid"]["dev_sets"], ["nano_nq"]),
        ("models.gte.architecture.hidden_size", None, 64),
        ("models.gte.pretrained", "gte", None),
        ("paper.claims_on.dl19", None, "pydocs"),
        ("retrieval.depth", CONFIG["retrieval"]["depth"], 20),
        ("tracking", None, "wandb"),
    ]


def test_a_setting_that_is_a_mapping_on_one_side_only_is_told():
    assert list(provenance.changed_settings({"a": 1, "b": {"c": 2}}, {"a": {"d": 3}})) == [
        {"key": "a", "default": 1, "here": {"d": 3}},
        {"key": "b.c", "default": 2, "here": None},
    ]


def test_the_environment_has_what_the_packages_brought_along_too():
    asked, installed = provenance.packages(), provenance.environment()
    for name in ("torch", "snakemake", "sentence-transformers"):
        assert installed[name] == asked[name]
    assert len(installed) > 2 * len(asked)
    assert "narwhals" in installed.keys() - asked.keys()


def test_the_provenance_waits_for_all_that_the_paper_is_made_of(snakemake):
    def jobs(target: str) -> Counter:
        told = snakemake("-n", target)
        assert told.returncode == 0, told.stdout
        counts = re.findall(r"^(\w+) +(\d+)$", told.stdout.split("Reasons:")[0], re.MULTILINE)
        return Counter({rule: int(count) for rule, count in counts if rule != "total"})

    assert jobs("paper/main.pdf") - jobs("paper/provenance.json") == Counter(
        main_tex=1, compile_paper=1
    )


def test_provenance_hashes_the_run_files_and_names_no_host(tmp_path):
    (tmp_path / "a.trec").write_text("x")
    write_json(tmp_path / "pairs.json", {"rows": {"train": 2, "held_out": 0}})
    write_json(tmp_path / "sources" / "gte.lock.json", {"id": "a/b", "revision": "0" * 40})
    (tmp_path / "Snakefile").write_text("rule all:\n    input:\n        []\n")
    (tmp_path / "config.yaml").write_text("a: 2\n")
    facts = provenance.collect(
        tmp_path,
        {"a": 1},
        tmp_path / "config.yaml",
        run_files=[tmp_path / "a.trec"],
        pairs=tmp_path / "pairs.json",
        sources=tmp_path / "sources",
        timings=tmp_path / "timings",
    )
    assert facts["sources"] == {"gte": {"id": "a/b", "revision": "0" * 40}}
    assert facts["pairs"]["rows"]["train"] == 2
    (digest,) = facts["run_files"].values()
    assert digest == "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"
    assert facts["changed_settings"] == [{"key": "a", "default": 2, "here": 1}]
    assert facts["rules"] == {"all": {"file": "Snakefile", "line": 1, "script": None}}
    assert facts["packages"]["torch"] == facts["environment"]["torch"]
    assert facts["hardware"]["cores"] > 0
    assert provenance.platform.node() not in json.dumps(facts["hardware"])
