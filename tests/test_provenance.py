"""Where a paper says it comes from: stages, git state, hashes of run files, locks of sources."""

import json
import re

import pytest

from lionrank import provenance
from lionrank.errors import UserError
from lionrank.files import write_json


def test_stages_are_summed_without_the_papers_own(tmp_path):
    for name, seconds, memory in (
        ("training/a", "1.5", "100.0"),
        ("training/deep/b", "2.0", "-"),
        ("retrieval/c", "0.25", "NA"),
        ("paper/d", "9", "1"),
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


def test_the_git_state_is_that_of_the_checkout_itself(tmp_path):
    unknown = {"commit": None, "dirty": None, "time": None}
    assert provenance.git_state(tmp_path) == unknown
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@b"]
    provenance._output([*git, "init"])
    assert provenance.git_state(tmp_path) == unknown
    provenance._output([*git, "commit", "--allow-empty", "-m", "x"])
    state = provenance.git_state(tmp_path)
    assert re.fullmatch("[0-9a-f]{40}", state["commit"])
    assert state["dirty"] is False
    (tmp_path / "inside").mkdir()
    (tmp_path / "inside" / "new").write_text("")
    assert provenance.git_state(tmp_path)["dirty"] is True
    assert provenance.git_state(tmp_path / "inside") == unknown


def test_provenance_hashes_the_run_files_and_names_no_host(tmp_path):
    (tmp_path / "a.trec").write_text("x")
    write_json(tmp_path / "pairs.json", {"rows": {"train": 2, "held_out": 0}})
    write_json(tmp_path / "sources" / "gte.lock.json", {"id": "a/b", "revision": "0" * 40})
    facts = provenance.collect(
        tmp_path,
        {"a": 1},
        run_files=[tmp_path / "a.trec"],
        pairs=tmp_path / "pairs.json",
        sources=tmp_path / "sources",
        timings=tmp_path / "timings",
    )
    assert facts["sources"] == {"gte": {"id": "a/b", "revision": "0" * 40}}
    assert facts["pairs"]["rows"]["train"] == 2
    (digest,) = facts["run_files"].values()
    assert digest == "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"
    assert facts["packages"]["torch"]
    assert facts["hardware"]["cores"] > 0
    assert provenance.platform.node() not in json.dumps(facts["hardware"])
