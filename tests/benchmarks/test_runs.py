"""The benchmarks of training, scoring and scaling, run as a user runs them, on a tiny model."""

import re
import subprocess
import sys

import numpy as np
import pytest

from tests.support.running import ROOT

sys.path.insert(0, str(ROOT / "benchmarks"))

import length
import scaling
import score
import shared
import train
from alternate import Repetition
from inputs import write_candidates, write_training_pairs
from models import checkpoint

RATIO = r"ratio to %s: \d+\.\d\d \(\d+\.\d\d to \d+\.\d\d\)"


def run(program: list[str], folder, *arguments: str) -> subprocess.CompletedProcess:
    common = ["--model", "tiny", "--threads", "1", "--repeats", "1", "--folder", str(folder)]
    return subprocess.run(
        [sys.executable, *program, *common, *arguments],
        cwd=ROOT / "benchmarks",
        text=True,
        capture_output=True,
        timeout=900,
    )


def rows(told: str) -> dict[str, list[str]]:
    """Return the cells of each contender's row of the table that was printed."""
    table = [line.strip("| ").split(" | ") for line in told.splitlines() if line.startswith("| ")]
    return {name: cells for name, *cells in table[1:]}


def column(told: str, name: str) -> int:
    (heads,) = (line for line in told.splitlines() if line.startswith("| median of"))
    return heads.strip("| ").split(" | ").index(name) - 1


@pytest.mark.slow
def test_scoring_is_compared_with_predict(tmp_path):
    finished = run(["score.py"], tmp_path, "--pairs", "64")
    assert finished.returncode == 0, finished.stderr[-4000:]
    *_, last = finished.stdout.splitlines()
    assert re.fullmatch(RATIO % re.escape("predict, default (fp32, 32)"), last)
    spent, compared = finished.stdout.split("## ")
    shares = [float(share) for (share,) in rows(spent).values()]
    assert sum(shares) == pytest.approx(100, abs=1)
    table, padding = rows(compared), column(compared, "padding, %")
    in_bf16 = shared.fastest("cpu") == "bf16"
    assert len(table) == (5 if in_bf16 else 3)
    ours = [cells[padding] for name, cells in table.items() if name.startswith("ours")]
    assert ours == ["0"] * (2 if in_bf16 else 1)
    assert float(table["predict, default (fp32, 32)"][padding]) > 0


@pytest.mark.slow
def test_training_is_compared_with_the_librarys_trainer_on_the_same_batches(tmp_path):
    finished = run(["train.py"], tmp_path, "--pairs", "128")
    assert finished.returncode == 0, finished.stderr[-4000:]
    *_, last = finished.stdout.splitlines()
    assert re.fullmatch(RATIO % re.escape("CrossEncoderTrainer, default (fp32)"), last)
    table, padding = rows(finished.stdout), column(finished.stdout, "padding, %")
    assert table.pop("ours")[padding] == "0"
    assert len({cells[padding] for cells in table.values()}) == 1
    assert "2 steps of 64 pairs" in finished.stdout


@pytest.mark.slow
def test_each_length_is_scored_and_trained_beside_its_peers(tmp_path):
    shorter = "import length; length.LENGTHS = (64, 256, 1024); length.main()"
    finished = run(["-c", shorter], tmp_path, "--pairs", "1")
    assert finished.returncode == 0, finished.stderr[-4000:]
    told = finished.stdout.splitlines()
    assert [line.split(", tiny, ")[1].split(" tokens")[0] for line in told if "## " in line] == [
        f"{pairs} pairs of {length}"
        for pairs, length in ((16, "64"), (4, "256"), (1, "1,024"))
        for _ in ("scoring", "training")
    ]
    assert sum(line.startswith("peak memory to ") for line in told) == 3 * (2 + 1)


@pytest.mark.slow
def test_processes_score_all_pairs_and_train_together(tmp_path):
    model = str(checkpoint("tiny", tmp_path))
    candidates = str(write_candidates(tmp_path, 33))
    arguments = {"model": model, "candidates": candidates, "pairs": 33, "device": "cpu"}
    assert scaling.prepare_processes(**arguments, processes=2, threads=1)() == {"pairs": 33}
    assert scaling.train_by(2, model, write_training_pairs(tmp_path, 128), "cpu", 2) > 0


def test_times_that_grow_linearly_are_on_the_line():
    def of(*seconds: float) -> dict[str, list[Repetition]]:
        return {f"{each}": [Repetition(each, 1, {})] for each in seconds}

    sizes = (100, 200, 400)
    assert scaling.fit(sizes, of(1.5, 2.5, 4.5)) == "0.50 s + 10 ms a pair, off by at most 0.0%"
    assert scaling.fit(sizes, of(1, 4, 16)).endswith("off by at most 85.7%")


def test_scores_that_differ_are_refused(tmp_path, monkeypatch):
    candidates = str(write_candidates(tmp_path, 32))
    compare = score.prepare_check(str(checkpoint("tiny", tmp_path)), candidates, "cpu", 1)
    agreed = compare()
    assert agreed["fp32 off by"] <= 1e-5 < agreed["their deviation"]
    monkeypatch.setattr(score, "predict", lambda *_: np.zeros(32))
    with pytest.raises(ValueError, match="in fp32 a score of ours is"):
        compare()


def test_the_measures_are_those_of_the_scores():
    worst, best = np.arange(32.0), -np.arange(32.0)
    assert score.measures(best) == {"ndcg_cut_10": 1.0, "recip_rank": 1.0}
    assert score.measures(worst) == {"ndcg_cut_10": 0.0, "recip_rank": 0.0625}


def test_a_training_on_other_batches_is_refused():
    lengths = np.arange(10, 138)
    repetition = Repetition(1.0, 1, {"tokens": int(lengths.sum()), "slots": 128 * 137})
    with pytest.raises(ValueError, match="ours trained on other batches"):
        train.check({"ours": [repetition]}, lengths, 64)


@pytest.mark.parametrize("name", ["score", "train", "length", "scaling"])
def test_help_says_what_is_measured_and_how_long_it_takes(name, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", [name, "--help"])
    with pytest.raises(SystemExit):
        {"score": score, "train": train, "length": length, "scaling": scaling}[name].main()
    told = capsys.readouterr().out
    assert "minutes" in told and "make bench-" in told and "--pairs N" in told
