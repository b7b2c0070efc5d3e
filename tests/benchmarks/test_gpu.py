"""The command that measures all on a GPU: its parts end by themselves, or are ended."""

import json
import os
import sys
import zipfile

import pytest

from tests.support.running import ROOT

sys.path.insert(0, str(ROOT / "benchmarks"))

import gpu

SLEEPER = (
    "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import time; time.sleep(60)'])"
)


@pytest.mark.parametrize(
    ("code", "ended", "printed"),
    [
        ("print('| ours | 3 |')", "done", "| ours | 3 |\n"),
        ("print('so far'); 1 / 0", "failed with status 1", "so far\n"),
        (f"print('so far', flush=True); {SLEEPER}", "stopped after 1 s", "so far\n"),
    ],
)
def test_what_a_part_printed_is_kept_however_it_ends(tmp_path, code, ended, printed):
    part = gpu.Part("one", ("-c", code), 1)
    told = gpu.run(part, os.environ, part.limit, tmp_path / "log")
    assert (told.ended, told.printed) == (ended, printed)
    assert ("ZeroDivisionError" in (tmp_path / "log").read_text()) == ("1 / 0" in code)
    assert told.seconds < 10


def test_both_files_of_results_have_a_part_as_soon_as_it_has_ended(tmp_path):
    table, records = tmp_path / "results.md", tmp_path / "results.jsonl"
    for name in ("one", "two"):
        gpu.write(gpu.Outcome(name, "done", 1.5, f"of {name}\n"), table, records)
    lines = [json.loads(line) for line in records.read_text().splitlines()]
    assert [line["part"] for line in lines] == ["one", "two"]
    assert table.read_text().count("# one: done, 1.5 s\n\nof one\n") == 1


def test_a_part_finds_the_package_and_what_wheels_hold(tmp_path):
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    with zipfile.ZipFile(wheels / "crane-1-py3-none-any.whl", "w") as wheel:
        wheel.writestr("crane.py", "LEGS = 2")
    found = gpu.environment(tmp_path / "unpacked", wheels, tmp_path / "records")
    part = gpu.Part("one", ("-c", "import crane, lionrank; print(crane.LEGS)"), 30)
    assert gpu.run(part, found, part.limit, tmp_path / "log").printed == "2\n"


def test_the_parts_fit_into_the_time_that_there_is():
    names = [part.name for part in gpu.parts("cuda", gpu.MODELS)]
    assert names[:3] == ["tests of a GPU", "attention", "resume"]
    assert len(names) == len({*names})
    for part in gpu.parts("cuda", gpu.MODELS):
        script = next(word for word in part.command if word.endswith((".py", "pytest")))
        assert script == "pytest" or os.path.exists(script)
