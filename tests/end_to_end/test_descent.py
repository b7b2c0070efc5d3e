"""An experiment after accidents: what is not as it was made is refused, by name, before it counts.

A copy of the built demo is harmed in the ways in which an interrupted copy, a shared clone and a
quick edit do it. Nothing that was trained is ever deleted for a date.
"""

import csv
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.running import Finished, jobs, run_snakemake

pytestmark = pytest.mark.slow

CHECKPOINT = "checkpoints/minilm_lion_e1"
RUN = "results/minilm_lion_e1.trec"
LARGE = (".safetensors", ".pt")
LIONRANK = Path(sys.executable).with_name("lionrank")


@pytest.fixture
def harmed(demo, tmp_path) -> Path:
    """A copy of the demo for one test; of weights, which no test writes into, the same files."""
    return shutil.copytree(demo, tmp_path / "harmed", copy_function=linking(shutil.copy2))


def linking(copy: Callable[[str, str], object]) -> Callable[[str, str], object]:
    """Return how to copy an experiment: large files as links, all others with `copy`."""

    def link_or_copy(source: str, target: str) -> object:
        return os.link(source, target) if source.endswith(LARGE) else copy(source, target)

    return link_or_copy


def rerank(experiment: Path) -> Finished:
    (experiment / RUN).unlink()
    return run_snakemake(experiment, RUN)


def lose_tokenizer(checkpoint: Path) -> None:
    (checkpoint / "tokenizer.json").unlink()


def lose_layers(checkpoint: Path) -> None:
    config = json.loads((checkpoint / "config.json").read_text())
    config["num_hidden_layers"] -= 1
    (checkpoint / "config.json").write_text(json.dumps(config))


def take_other_weights(checkpoint: Path) -> None:
    name = "model.safetensors"
    before = os.stat(checkpoint / name)
    other = checkpoint.with_name("minilm_adamw_e2") / name
    (checkpoint / name).unlink()
    shutil.copy(other, checkpoint / name)
    os.utime(checkpoint / name, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.parametrize("harm", [lose_tokenizer, lose_layers, take_other_weights])
def test_a_checkpoint_that_is_not_as_it_was_trained_ranks_nothing(harmed, harm):
    harm(harmed / CHECKPOINT)
    done = rerank(harmed)
    assert done.returncode
    assert f"error: {CHECKPOINT} is not what rule train_epoch made" in done.stdout
    assert not (harmed / RUN).exists()
    assert (harmed / CHECKPOINT).is_dir()


def test_an_epoch_goes_on_only_from_the_whole_checkpoint_before_it(harmed):
    (harmed / CHECKPOINT / "rng_state.pth").unlink()
    shutil.rmtree(harmed / "checkpoints" / "minilm_lion_e2")
    done = run_snakemake(harmed, "checkpoints/minilm_lion_e2")
    assert done.returncode
    assert "rng_state.pth is missing" in done.stdout


def keeping_dates(change: Callable[[Path], None]) -> Callable[[Path], None]:
    def with_old_date(path: Path) -> None:
        before = path.stat()
        change(path)
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))

    return with_old_date


@keeping_dates
def put_other_run(path: Path) -> None:
    path.write_bytes(path.with_name("bm25.trec").read_bytes())


@keeping_dates
def cut(path: Path) -> None:
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[: len(lines) // 2]))


def edit_score(path: Path) -> None:
    path.write_text(path.read_text().replace("0.", "0.9", 1))


def empty(path: Path) -> None:
    path.write_text("")


@pytest.mark.parametrize(
    ("name", "harm", "made_anew"),
    [
        (RUN, put_other_run, "results/per_query/pydocs.parquet"),
        (RUN, cut, "paper/provenance.json"),
        ("collections/pydocs/qrels.test.txt", cut, "results/bm25.eval"),
        ("results/metrics.csv", edit_score, "paper/tables/results.tex"),
        ("results/comparisons.json", edit_score, "paper/tables/comparisons.tex"),
        ("training/minilm_lion.best.json", edit_score, "results/comparisons.json"),
        ("training/minilm_lion_e2.jsonl", empty, "results/efficiency.json"),
    ],
)
def test_a_result_that_is_not_as_it_was_made_goes_nowhere(harmed, name, harm, made_anew):
    harm(harmed / name)
    (harmed / made_anew).unlink()
    done = run_snakemake(harmed, made_anew)
    assert done.returncode
    assert f"error: {name} is not what rule" in done.stdout
    assert not (harmed / made_anew).exists()


def test_a_copy_without_its_dates_and_notes_is_finished_all_the_same(demo, tmp_path):
    folder = tmp_path / "copied"
    shutil.copytree(
        demo,
        folder,
        copy_function=linking(shutil.copyfile),
        ignore=shutil.ignore_patterns(".snakemake"),
    )
    weights = {path: path.stat().st_ino for path in folder.glob("checkpoints/*/*.safetensors")}
    done = run_snakemake(folder, "all")
    assert done.returncode == 0, done.stdout[-3000:]
    assert {*jobs(done.stdout[done.stdout.rindex("Building DAG") :])} == set()
    assert weights == {path: path.stat().st_ino for path in weights}


def test_settings_that_a_copy_was_not_made_with_are_not_printed(demo, tmp_path):
    folder = tmp_path / "starred"
    ignored = shutil.ignore_patterns(".snakemake")
    shutil.copytree(demo, folder, copy_function=linking(shutil.copy2), ignore=ignored)
    rate = "training: {models_and_optimizers: {minilm_lion: {learning_rate: 9.0e-3}}}"
    (folder / "paper" / "main.tex").unlink()
    done = run_snakemake(folder, "paper/main.tex", overlay=rate)
    assert done.returncode
    assert "learning_rate" in done.stdout
    assert "--forcerun train_epoch" in done.stdout
    assert not (folder / "paper" / "main.tex").exists()


def test_an_edit_of_what_is_published_leaves_the_checkpoint_alone(demo):
    published = [*demo.glob("hub/*/*.safetensors")]
    assert published
    for path in published:
        assert not path.samefile(demo / "checkpoints" / path.parent.name / path.name)


def lionrank(*arguments: str | Path) -> Finished:
    return subprocess.run([LIONRANK, *arguments], capture_output=True, text=True)


def test_every_file_behind_the_paper_is_as_it_was_recorded(demo):
    told = lionrank("verify", demo)
    assert told.returncode == 0, told.stderr
    for name in (CHECKPOINT, RUN, "collections/pydocs/corpus", "results/metrics.csv"):
        assert f"✓ {name} [" in told.stdout
    assert "✗" not in told.stdout


def test_an_archive_tells_what_its_paper_was_made_from(harmed):
    packed = run_snakemake(harmed, "archive")
    assert packed.returncode == 0, packed.stdout[-3000:]
    [archive] = harmed.glob("*.zip")
    told = lionrank("verify", archive)
    assert told.returncode == 0, told.stderr
    assert f"✓ {RUN} [rerank]" in told.stdout
    assert f"· {CHECKPOINT} [train_epoch] (not here)" in told.stdout


def test_the_files_behind_the_paper_are_in_its_provenance(demo):
    files = json.loads((demo / "paper" / "provenance.json").read_text())["files"]
    with open(demo / RUN, "rb") as handle:
        assert files[RUN] == hashlib.file_digest(handle, "sha256").hexdigest()
    assert {CHECKPOINT, "results/metrics.csv", "collections/pydocs/corpus"} <= files.keys()


def test_a_file_that_changed_is_shown_in_the_chain_of_all_that_was_made_from_it(harmed):
    lose_tokenizer(harmed / CHECKPOINT)
    told = lionrank("verify", harmed / "results" / "minilm_lion_e2.trec")
    assert told.returncode == 1
    assert f"✗ {CHECKPOINT} [train_epoch]" in told.stdout
    assert "tokenizer.json is missing" in told.stderr
    assert lionrank("verify", harmed / "results" / "minilm_adamw_e1.trec").returncode == 0


def test_a_number_is_explained_by_its_topics_and_the_chain_behind_its_run_file(demo):
    with open(demo / "results" / "metrics.csv", newline="") as handle:
        [row] = [
            row
            for row in csv.DictReader(handle)
            if (row["system"], row["metric"]) == ("minilm_lion_e1", "ndcg_cut_10")
        ]
    told = lionrank("explain", f"{float(row['mean']):.4f}", demo / "paper" / "main.pdf")
    assert told.returncode == 0, told.stderr
    for name in (RUN, CHECKPOINT, "training/minilm_lion_e1.jsonl", "learning_rate", row["mean"]):
        assert name in told.stdout
    values = re.findall(r"[0-9]\.[0-9]{4}(?= |$)", told.stdout.partition(RUN)[0], re.MULTILINE)
    assert sum(map(float, values)) / len(values) == pytest.approx(float(row["mean"]), abs=1e-4)


def test_a_number_that_is_nowhere_is_not_explained(demo):
    told = lionrank("explain", "0.98765432", demo)
    assert (told.returncode, told.stdout) == (1, "")
    assert lionrank("explain", "much", demo).returncode == 1
    assert "columns model" in lionrank("explain", "results:9999:model", demo).stderr


def test_a_cell_of_a_table_is_explained_as_the_number_in_it(demo):
    told = lionrank("explain", "results:2:pydocs_ndcg_cut_10", demo)
    assert told.returncode == 0, told.stderr
    assert "results/bm25.trec" in told.stdout
    assert "paper/tables/results.csv:2" in told.stdout
