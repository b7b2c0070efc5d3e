"""Where a paper says it comes from, and where the links in its captions lead."""

import json
import os
import re
import subprocess
from collections import Counter

import pytest
import yaml
from snakemake.utils import update_config

from lionrank.errors import UserError
from lionrank.files import write_json
from lionrank.paper import provenance
from tests.support.running import ROOT

CONFIG = yaml.safe_load((ROOT / "config.yaml").read_text())
RULES = {
    "results_table": {
        "file": "rules/paper/tables/results.smk",
        "line": 16,
        "script": "workflow/scripts/paper/tables/results_table.py",
    },
    "all": {"file": "Snakefile", "line": 37, "script": None},
}
GIT = {"commit": "0123456789" * 4, "remote": "https://example.org/a_lab/lion%7Ererank"}
PROVENANCE = {"git": GIT, "rules": RULES}
RECORD = {
    "id": "a/b",
    "revision": "0" * 40,
    "files": {"x.bin": {"bytes": 3, "sha256": "1" * 64}},
}
FILES = {"a.trec": "0" * 64, "results/metrics.csv": "1" * 64}
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
        ("search/a", "3.0", "10.0"),
        ("paper/d", "9", "1"),
        ("hub/e", "9", "1"),
        ("audit", "9", "1"),
    ):
        path = tmp_path / f"{name}.tsv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"s\th:m:s\tmax_rss\n{seconds}\t0:00:01\t{memory}\n")
    assert provenance.stages(tmp_path) == {
        "retrieval": {"jobs": 1, "seconds": 0.2, "peak_bytes": 0},
        "search": {"jobs": 1, "seconds": 3.0, "peak_bytes": 10 * 2**20},
        "training": {"jobs": 2, "seconds": 3.5, "peak_bytes": 100 * 2**20},
    }
    (tmp_path / "training/a.tsv").write_text("h:m:s\n0:00:01\n")
    with pytest.raises(UserError, match=r"training/a\.tsv"):
        provenance.stages(tmp_path)


def git(folder, *arguments: str) -> None:
    user = ["-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run(["git", "-C", folder, *user, *arguments], check=True)


def test_the_git_state_is_that_of_the_checkout_itself(tmp_path):
    assert provenance.git_state(tmp_path) == UNKNOWN
    git(tmp_path, "init")
    assert provenance.git_state(tmp_path) == UNKNOWN
    git(tmp_path, "commit", "--allow-empty", "-m", "x")
    state = provenance.git_state(tmp_path)
    assert re.fullmatch("[0-9a-f]{40}", state["commit"])
    assert state["dirty"] is False
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "new.smk").write_text("")
    assert provenance.git_state(tmp_path)["dirty"] is True
    assert provenance.git_state(tmp_path / "rules") == UNKNOWN


@pytest.fixture
def checkout(tmp_path):
    """A clean checkout with something that runs."""
    git(tmp_path, "init")
    write(tmp_path, ".gitignore", "paper/main.pdf\n*.bak.py\n")
    write(tmp_path, "README.md", "")
    write(tmp_path, "workflow/lionrank/trec.py", "")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "x")
    assert provenance.git_state(tmp_path)["dirty"] is False
    return tmp_path


def write(folder, name, text):
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)


@pytest.mark.parametrize("name", ["notes.txt", "README.md", "paper/main.pdf", "runs/demo/a.trec"])
def test_what_does_not_run_makes_no_checkout_dirty(checkout, name):
    write(checkout, name, "changed")
    assert provenance.git_state(checkout)["dirty"] is False


def test_an_environment_that_is_a_link_makes_no_checkout_dirty(checkout, tmp_path_factory):
    (checkout / ".venv").symlink_to(tmp_path_factory.mktemp("elsewhere"))
    assert provenance.git_state(checkout)["dirty"] is False


@pytest.mark.parametrize(
    "name", ["workflow/lionrank/trec.py", "workflow/new.py", "workflow/lionrank/trec.bak.py"]
)
@pytest.mark.parametrize("shown", ["all", "no"])
def test_any_file_that_runs_makes_a_checkout_dirty(checkout, name, shown):
    git(checkout, "config", "status.showUntrackedFiles", shown)
    write(checkout, name, "changed")
    assert provenance.git_state(checkout)["dirty"] is True


@pytest.mark.parametrize("mark", ["--assume-unchanged", "--skip-worktree"])
def test_a_change_that_git_is_told_not_to_see_makes_a_checkout_dirty(checkout, mark):
    git(checkout, "update-index", mark, "workflow/lionrank/trec.py")
    write(checkout, "workflow/lionrank/trec.py", "changed")
    assert provenance.git_state(checkout)["dirty"] is True


def test_the_refusal_of_git_is_told_in_its_own_words(checkout, monkeypatch):
    (checkout / ".git" / "config").write_text("[core")
    with pytest.raises(UserError, match="bad config"):
        provenance.git_state(checkout)
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(UserError, match="install git"):
        provenance.git_state(checkout)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_checkout_of_another_user_is_not_one_without_a_commit(checkout):
    for path in [checkout, *checkout.rglob("*")]:
        os.chown(path, 12345, 12345)
    with pytest.raises(UserError, match="dubious ownership"):
        provenance.git_state(checkout)


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


@pytest.fixture
def collected(tmp_path, monkeypatch):
    """Return what is collected of a small experiment, some of its arguments replaced."""
    monkeypatch.chdir(tmp_path)
    write_json("pairs.json", {"rows": {"train": 2, "held_out": 0}})
    for name in ("gte", "stale"):
        write_json(f"sources/{name}.lock.json", RECORD)
    (tmp_path / "config.yaml").write_text("a: 2\n")
    usual = {
        "repository": tmp_path,
        "rules": {"all": {"file": "Snakefile", "line": 1, "script": None}},
        "config": {"a": 1},
        "defaults": "config.yaml",
        "run_files": ["a.trec"],
        "last_epochs": {},
        "data": ["pairs.json"],
        "pinned": {"gte": False},
        "catalogued": {},
        "timings": "timings",
        "files": FILES,
    }
    return lambda **changes: provenance.collect(**usual | changes)


def test_run_files_of_epochs_that_were_left_out_are_not_behind_the_paper(collected):
    names = ("bm25", "gte_lion_e2", "gte_lion_e3", "gte_adamw_e3")
    runs = [f"results/{name}.trec" for name in names]
    files = FILES | dict.fromkeys(runs, "1" * 64)
    last = {"gte_lion": 2, "gte_adamw": 3}
    facts = collected(run_files=runs, files=files, last_epochs=last)
    assert facts["run_files"].keys() == {*runs} - {"results/gte_lion_e3.trec"}
    assert facts["last_epochs"]["gte_lion"] == 2


def test_provenance_has_the_digests_of_what_was_read_and_names_no_host(collected):
    facts = collected()
    assert facts["data"]["pairs"]["rows"]["train"] == 2
    assert facts["run_files"] == {"a.trec": "0" * 64}
    assert facts["files"] == FILES
    assert facts["changed_settings"] == [{"key": "a", "default": 2, "here": 1}]
    assert facts["rules"] == {"all": {"file": "Snakefile", "line": 1, "script": None}}
    assert facts["packages"]["torch"] == facts["environment"]["torch"]
    assert facts["hardware"]["cores"] > 0
    assert provenance.platform.node() not in json.dumps(facts["hardware"])


def test_no_folder_of_this_computer_is_in_the_provenance(collected):
    local = {"sources": {"local": {"gte": "/home/somebody/gte"}}, "folder": "data/mine"}
    facts = collected(config=local)
    assert "somebody" not in json.dumps(facts)
    assert {each["key"]: each["here"] for each in facts["changed_settings"]} == {
        "a": None,
        "folder": "data/mine",
        "sources.local.gte": "…/gte",
    }


def test_provenance_has_what_was_downloaded_and_whether_the_table_pins_it(collected):
    assert collected()["sources"] == {"gte": RECORD | {"pinned": False}}
    assert collected(pinned={"gte": True})["sources"]["gte"]["pinned"] is True
    catalogued = {"vaswani": ["vaswani"]}
    assert collected(catalogued=catalogued)["catalogued"] == catalogued
    with pytest.raises(UserError, match=r"minilm\.lock\.json is gone"):
        collected(pinned={"gte": True, "minilm": True})


@pytest.mark.parametrize(
    ("remote", "address"),
    [
        ("git@github.com:owner/name.git", "https://github.com/owner/name"),
        ("gitlab.example.org:/group/sub/na_me", "https://gitlab.example.org/group/sub/na_me"),
        ("ssh://git@example.org:2222/owner/name.git/", "https://example.org/owner/name"),
        ("git://example.org/~me/name", "https://example.org/%7Eme/name"),
        ("https://example.org:8443/a%20b/c d", "https://example.org:8443/a%20b/c%20d"),
        ("http://example.org:8080/owner/name", "https://example.org/owner/name"),
        ("https://me:TOKEN@example.org/owner/name.git", "https://example.org/owner/name"),
        ("https://TOKEN@example.org/owner/name", "https://example.org/owner/name"),
        ("https://example.org/owner/name?t=TOKEN#TOKEN", "https://example.org/owner/name"),
        ("me:TOKEN@example.org:owner/name", "https://example.org/owner/name"),
        ("/srv/git/name.git", None),
        ("../name", None),
        ("file:///srv/git/name.git", None),
        (r"C:\git\name", None),
        ("C:/git/name", None),
        ("work:owner/name", None),
        ("ext::ssh -p 1 example.org %S name", None),
        ("https://[example.org/owner/name", None),
        ("https://example.org", None),
        ("", None),
        ("https://b\xfccher.example/lab/name", "https://xn--bcher-kva.example/lab/name"),
        ("git@b\xfccher.example:lab/n\xe4me", "https://xn--bcher-kva.example/lab/n%C3%A4me"),
        ("https://a}b.example/lab/name", None),
        ("https://" + "x" * 70 + "\xfc.example/lab/name", None),
    ],
)
def test_a_remote_leads_to_an_address_without_credentials(remote, address):
    assert provenance.web_address(remote) == address


def test_a_link_leads_to_rule_and_script_at_the_built_commit():
    link = provenance.link(PROVENANCE, "results_table")
    base = r"https://example.org/a_lab/lion\%7Ererank/blob/" + GIT["commit"]
    assert rf"\href{{{base}/rules/paper/tables/results.smk\#L16}}{{rule}}" in link
    assert rf"\href{{{base}/workflow/scripts/paper/tables/results_table.py}}{{script}}" in link


@pytest.mark.parametrize("missing", ["commit", "remote"])
def test_without_commit_or_remote_there_is_no_link(missing):
    assert provenance.link(PROVENANCE | {"git": GIT | {missing: None}}, "results_table") == ""


@pytest.mark.parametrize("rule", ["result_table", "all"])
def test_a_rule_that_made_nothing_is_named(rule):
    for git in (GIT, GIT | {"remote": None}):
        with pytest.raises(UserError, match=f"'{rule}'"):
            provenance.link({"git": git, "rules": RULES}, rule)
