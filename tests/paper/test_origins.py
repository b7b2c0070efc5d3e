"""The links from a caption to rule and script: where the rules stand, and where a remote leads."""

import re

import pytest

from lionrank.errors import UserError
from lionrank.paper import origins
from tests.support.running import ROOT

RULES = origins.rules(ROOT)
GIT = {"commit": "0123456789" * 4, "remote": "https://example.org/a_lab/lion%7Ererank"}
PROVENANCE = {"git": GIT, "rules": RULES}


def test_every_rule_that_snakemake_knows_is_found(snakemake):
    told = snakemake("--list-rules")
    assert told.returncode == 0, told.stdout
    known = {line for line in told.stdout.splitlines() if re.fullmatch(r"\w+", line)}
    assert known == RULES.keys()


def test_each_rule_stands_where_it_is_said_to_with_its_script():
    for name, origin in RULES.items():
        lines = (ROOT / origin["file"]).read_text().splitlines()
        assert lines[origin["line"] - 1] in (f"rule {name}:", f"use rule rerank as {name} with:")
        assert origin["script"] is None or (ROOT / origin["script"]).is_file()
    files = [ROOT / "Snakefile", *(ROOT / "rules").rglob("*.smk")]
    scripts = sum(path.read_text().count("\n    script:\n") for path in files)
    # One rule has the script of another.
    assert scripts + 1 == sum(origin["script"] is not None for origin in RULES.values()) > 30
    assert RULES["rerank_shard"]["script"] == RULES["rerank"]["script"]
    assert RULES["results_table"]["script"] == "workflow/scripts/paper/tables/results_table.py"
    assert RULES["results_table"]["file"] == "rules/paper/tables.smk"
    assert RULES["all"]["script"] is None


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
    ],
)
def test_a_remote_leads_to_an_address_without_credentials(remote, address):
    assert origins.web_address(remote) == address


def test_a_link_leads_to_rule_and_script_at_the_built_commit():
    link = origins.link(PROVENANCE, "results_table")
    base = r"https://example.org/a_lab/lion\%7Ererank/blob/" + GIT["commit"]
    line = RULES["results_table"]["line"]
    assert rf"\href{{{base}/rules/paper/tables.smk\#L{line}}}{{rule}}" in link
    assert rf"\href{{{base}/workflow/scripts/paper/tables/results_table.py}}{{script}}" in link


@pytest.mark.parametrize("missing", ["commit", "remote"])
def test_without_commit_or_remote_there_is_no_link(missing):
    assert origins.link(PROVENANCE | {"git": GIT | {missing: None}}, "results_table") == ""


@pytest.mark.parametrize("rule", ["result_table", "all"])
def test_a_rule_that_made_nothing_is_named(rule):
    for git in (GIT, GIT | {"remote": None}):
        with pytest.raises(UserError, match=f"'{rule}'"):
            origins.link({"git": git, "rules": RULES}, rule)
