"""The benchmarks' own command lines, at a size that takes seconds; the last line is the ratio."""

import os
import re
import subprocess
import sys

import pytest

from tests.support.running import ROOT

RATIO = re.compile(r"ratio .*: [\d.]+ \([\d.]+ to [\d.]+\)")


def measured(name, *arguments, **variables):
    """Return what one repetition of a benchmark prints, with these variables in its environment."""
    return printed(name, "--repeats", "1", *arguments, **variables)


def printed(name, *arguments, **variables):
    return told_by([ROOT / "benchmarks" / f"{name}.py", *arguments], **variables)


def told_by(program, **variables):
    done = subprocess.run(
        [sys.executable, *program],
        cwd=ROOT / "benchmarks",
        capture_output=True,
        text=True,
        # Threads that wait for each other would take the processors from other tests.
        env={**os.environ, "OMP_NUM_THREADS": "1", **variables},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@pytest.mark.slow
def test_the_optimizers_are_measured_once_ours_has_the_bits_of_the_plain_lion():
    told = measured("optimizer", "--model", "tiny", "--steps", "2", CXX="no-compiler")
    assert RATIO.fullmatch(told.splitlines()[-1])
    assert told.splitlines()[-1].startswith("ratio to AdamW, fused: ")
    assert "not run: Lion, triton, which needs a GPU" in told
    assert "not run: Lion, plain, compiled, which needs a C++ compiler" in told
    # A moment a weight, and AdamW's two with a count a tensor.
    states = {row.split(" | ")[0]: row.split(" | ")[5] for row in told.splitlines() if "| " in row}
    assert (states["| Lion, ours"], states["| AdamW, fused"]) == ("7.85", "15.7")


@pytest.mark.slow
def test_bm25_is_measured_once_both_ways_found_the_same(tmp_path):
    sizes = ["--passages", "2000", "--queries", "20", "--depth", "50"]
    told = measured("bm25", "--folder", tmp_path, *sizes)
    last = told.splitlines()[-1]
    assert RATIO.fullmatch(last)
    assert last.startswith("ratio to pyserini: ")


@pytest.mark.slow
def test_drawing_is_measured_once_both_ways_drew_the_same(tmp_path):
    told = measured("draw", "--folder", tmp_path, "--lines", "10000")
    last = told.splitlines()[-1]
    assert RATIO.fullmatch(last)
    assert last.startswith("ratio to dictionary: ")


@pytest.mark.slow
def test_the_join_is_measured_once_both_ways_gave_the_same(tmp_path):
    sizes = ["--passages", "2000", "--queries", "2000", "--triplets", "6000"]
    told = measured("join", "--folder", tmp_path, *sizes)
    assert "2000 pairs and 10000 held out, the same" in told.splitlines()
    last = told.splitlines()[-1]
    assert RATIO.fullmatch(last)
    assert last.startswith("ratio to dictionary: ")


def test_run_files_with_other_documents_are_refused(tmp_path):
    code = "import bm25, pathlib, sys; bm25.check(pathlib.Path(sys.argv[1]))"
    for name, docid in (("ours", "d1"), ("pyserini", "d2")):
        (tmp_path / f"{name}.trec").write_text(f"q1 Q0 {docid} 1 2.5 bm25\n")
    done = subprocess.run(
        [sys.executable, "-c", code, tmp_path],
        cwd=ROOT / "benchmarks",
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "ours and pyserini have other documents for topics ['q1']" in done.stderr


@pytest.mark.slow
def test_the_dry_run_is_measured_in_processor_time():
    last = measured("dryrun").splitlines()[-1]
    assert RATIO.fullmatch(last)
    ratio = float(last.split(": ")[1].split()[0])
    assert 1 < ratio < 4


@pytest.mark.slow
def test_the_dry_run_of_a_grid_stands_beside_as_many_trivial_jobs():
    told = measured("dryrun", "--grid", "2x2x2x3")
    jobs = re.search("^## A dry run of paper/main.pdf, ([0-9,]+) jobs$", told, re.MULTILINE)
    last = told.splitlines()[-1]
    assert RATIO.fullmatch(last) and f"{jobs[1]} trivial jobs" in last
    assert float(last.split(": ")[1].split()[0]) < 4


@pytest.mark.slow
def test_what_a_gpu_is_checked_by_runs_on_a_cpu():
    rows = [row.split(" | ") for row in printed("attention").splitlines() if "fp32" in row]
    assert len(rows) == 8
    assert all(float(off) < 1e-4 for _, _, off, _ in rows)


@pytest.mark.slow
def test_a_training_that_is_killed_and_resumed_ends_with_the_bits_of_a_whole_one():
    shorter = "import resume; resume.STEPS = 8; resume.main()"
    told = [line for line in told_by(["-c", shorter]).splitlines() if "weights differ" in line]
    assert [line.split(":")[0] for line in told] == [
        f"{optimizer}, {what}"
        for optimizer in ("adamw", "lion")
        for what in ("the same again", "killed and resumed")
    ]
    assert all(": 0 of " in line for line in told)


@pytest.mark.slow
def test_trainings_with_both_optimizers_are_told_as_their_logs_tell_them():
    told = printed("usage", "--model", "tiny")
    rows = {row.split(" | ")[0]: row.strip("| ").split(" | ")[1:] for row in told.splitlines()}
    adamw, lion = (float(value) for value in rows["| optimizer_state_bytes"])
    assert adamw == pytest.approx(2 * lion, rel=1e-3)
