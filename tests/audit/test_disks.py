"""Where the parts of an experiment lie, what they take there, and what room there is."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from lionrank.audit import page as audit
from lionrank.audit.disks import BYTES_A_WINDOW, Storage
from tests.support.audits import SCORINGS, facts_of, merged, row_of, source
from tests.support.configs import overlaid


def test_each_part_falls_on_a_place_and_each_place_on_a_disk(tmp_path):
    paths = {place: tmp_path / place.name for place in Storage}
    paths[Storage.HUB] = Path("/proc/cache/hub")
    topics = source("topics", kind="url", bytes=1764)
    facts = facts_of(merged(), source("corpus", bytes=10**9), topics, paths=paths)
    takes = {each["place"]: each["takes"]["known"] for each in facts["places"]}
    assert takes[Storage.HUB] == 10**9
    assert takes[Storage.WEB] == 1764
    assert takes[Storage.SOFTWARE] == 7e9
    assert takes[Storage.WORK] == pytest.approx(facts["disk_total"]["known"] - 8e9 - 1764)
    hub, *others = [each["disk"] for each in facts["places"] if each["place"] is Storage.HUB]
    assert (hub, others) == (Path("/proc"), [])
    rest = {each["disk"] for each in facts["places"]} - {hub}
    disks = {each["disk"]: each for each in facts["disks"]}
    assert disks.keys() == {hub, *rest}
    (work,) = rest
    assert disks[work]["free"] == pytest.approx(shutil.disk_usage(tmp_path).free, rel=0.1)
    # Nothing fits into /proc.
    page = audit.page(facts)
    assert row_of(page, "/proc") == "| /proc | **1 GB** | 0 B |"
    assert f"/proc/cache/hub | 1 GB | {hub} |" in page


def test_local_copies_take_no_room_in_a_cache():
    config = merged({"sources": {"local": {"near": "/copies/near"}}})
    facts = facts_of(config, source("near", bytes=10**9), source("far", bytes=10**6))
    (hub,) = [each for each in facts["places"] if each["place"] is Storage.HUB]
    assert hub["takes"]["known"] == 10**6


def test_windows_have_room_and_candidates_of_several_test_sets_have_it_once():
    facts = facts_of(overlaid(SCORINGS))
    sizes = {each["what"]: each["bytes"] for each in facts["disk"]}
    pairs = 43 * 1000
    assert sizes["windows of by_mean"] == pairs * 16 * 6 * BYTES_A_WINDOW
    assert sizes["windows of by_first"] == pairs * 31 * 18 * BYTES_A_WINDOW
    assert not {"windows of by_best", "windows of in_full"} & {*sizes}
    assert sizes["candidates of by_first"] == pairs * 345
    assert not {"candidates of by_best", "candidates of in_full"} & {*sizes}
    assert "run files of by_best" in sizes


def test_places_are_those_that_the_environment_names(tmp_path):
    code = "from lionrank.audit.disks import paths; print(*map(str, paths().values()), sep='\\n')"
    environment = os.environ | {
        "HF_HOME": "/hf",
        "XDG_CACHE_HOME": "/xdg",
        "IR_DATASETS_HOME": "/irds",
    }
    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"):
        environment.pop(name, None)
    told = subprocess.run(
        *([sys.executable, "-c", code],),
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
        env=environment,
    )
    expected = ["/hf/hub", "/xdg/lionrank", "/irds", str(tmp_path), sys.prefix]
    assert told.stdout.split() == expected
