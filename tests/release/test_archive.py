"""The archive of an experiment: whole, verifiable, and never half of one."""

import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import time
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml

from lionrank.config.settings import digest
from lionrank.errors import UserError
from lionrank.release.archive import CHECKSUMS, find_files, naming, pack
from tests.support.rule_scripts import of_repository, run_script
from tests.support.running import ROOT, run_snakemake

CONFIG = yaml.safe_load((ROOT / "config.yaml").read_text())
STUDIES = [
    ROOT / "paper/published" / name / "study.yaml" for name in ("lion", "objectives", "sizes")
]
MADE = {
    "results/bm25.trec": "q1 Q0 d1 1 2.5 bm25\n" * 1000,
    "results/dl20/bm25.trec": "q2 Q0 d1 1 2.5 bm25\n",
    "results/metrics.csv": "system,value\n",
    "training/minilm_lion.best.json": "{}",
    "paper/main.pdf": "%PDF",
    "paper/tables/results.tex": "table",
    "paper/figures/curves.pdf": "%PDF",
}
BESIDE = {
    "paper/tables/results.csv": "a,b\n",
    "paper/tables/results.tex.map": "[]",
    "paper/tables/old.tex": "of an earlier paper",
    "paper/figures/curves.png": "PNG",
    "logs/training/minilm_lion_e1.log": "reading /home/ada/data\n",
    "logs/archive.log": "half of it",
    "logs/.hidden": "",
    "timings/training/minilm_lion_e1.tsv": "s\n1\n",
}


@pytest.fixture
def experiment(tmp_path, monkeypatch) -> Path:
    """The working directory of a small experiment."""
    folder = tmp_path / "experiment"
    for name, text in (MADE | BESIDE).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    (folder / "paper/provenance.json").write_text(json.dumps(provenance()))
    monkeypatch.chdir(folder)
    return folder


def provenance() -> dict:
    run = hashlib.sha256(MADE["results/bm25.trec"].encode()).hexdigest()
    return {
        "git": {"commit": "a" * 40, "dirty": False, "time": 1_700_000_000, "remote": None},
        "config_sha256": digest(CONFIG),
        "run_files": {"results/bm25.trec": run},
        "last_epochs": {"minilm_lion": 3},
    }


def files() -> dict[str, Path]:
    repository = [ROOT / "CITATION.cff", ROOT / "LICENSE"]
    return find_files(MADE, repository, ["logs", "timings"], ["logs/archive.log"])


def unpack(archive: Path, folder: Path) -> Path:
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(folder)
    return folder / archive.stem


def verify(folder: Path) -> subprocess.CompletedProcess[str]:
    """Verify an unpacked archive as its README says."""
    command = ["sha256sum", "-c", "--quiet", CHECKSUMS]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


def test_every_file_comes_out_as_it_was_and_is_in_the_checksums(experiment, tmp_path):
    pack("lion-rerank-x.zip", files(), CONFIG, provenance())
    folder = unpack(experiment / "lion-rerank-x.zip", tmp_path / "out")
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    beside = BESIDE.keys() - {
        "paper/tables/old.tex",
        "paper/tables/results.tex.map",
        "logs/archive.log",
        "logs/.hidden",
    }
    texts = {"README.md", "config.yaml", "CITATION.cff", "LICENSE"}
    assert names == MADE.keys() | beside | texts | {CHECKSUMS}
    for name in MADE.keys() | beside:
        assert (folder / name).read_bytes() == (experiment / name).read_bytes()
    listed = [line.split("  ")[1] for line in (folder / CHECKSUMS).read_text().splitlines()]
    assert listed == sorted(names - {CHECKSUMS})
    assert verify(folder).returncode == 0
    assert not list(experiment.glob(".*partial"))


def test_the_config_in_it_is_the_whole_one(experiment, tmp_path):
    pack("x.zip", files(), CONFIG, provenance())
    config = yaml.safe_load((unpack(experiment / "x.zip", tmp_path) / "config.yaml").read_text())
    assert config == CONFIG
    assert digest(config) == digest(CONFIG)


def test_the_readme_names_trainings_that_stopped_early(experiment, tmp_path):
    told = provenance() | {"last_epochs": {"minilm_lion": 2, "gte_lion": 3}}
    pack("x.zip", files(), CONFIG, told)
    text = (unpack(experiment / "x.zip", tmp_path) / "README.md").read_text()
    assert "`minilm_lion` stopped early, after epoch 2." in text
    assert "no result of the paper" in text and "gte_lion` stopped" not in text


def test_the_readme_says_what_there_is_of_searches_where_there_are_any(experiment, tmp_path):
    choice = Path("training/minilm_lion.chosen.json")
    choice.write_text("{}")
    for name, packed in (("x", files()), ("y", files() | {choice.as_posix(): choice})):
        pack(f"{name}.zip", packed, CONFIG, provenance())
    plain, searched = (
        (unpack(experiment / f"{name}.zip", tmp_path) / "README.md").read_text() for name in "xy"
    )
    assert "search" not in plain
    assert "`search.csv`" in searched and "(`.chosen.json`)" in searched


def test_the_readme_says_where_it_comes_from_and_what_is_in_it(experiment, tmp_path):
    pack("lion-rerank-x.zip", files(), CONFIG, provenance())
    text = (unpack(experiment / "lion-rerank-x.zip", tmp_path) / "README.md").read_text()
    assert "a" * 40 in text and digest(CONFIG) in text
    assert "unzip -q lion-rerank-x.zip" in text
    assert "with uncommitted changes" not in text
    for folder, count in (("paper", 5), ("results", 3), ("training", 1), ("logs", 1)):
        (row,) = [line for line in text.splitlines() if line.startswith(f"| `{folder}/` |")]
        assert f"| {count} |" in row
    assert "\n\n\n" not in text


def test_a_changed_file_is_noticed_and_named(experiment, tmp_path):
    pack("x.zip", files(), CONFIG, provenance())
    folder = unpack(experiment / "x.zip", tmp_path / "out")
    run = folder / "results/bm25.trec"
    run.write_bytes(run.read_bytes().replace(b"2.5", b"2.6", 1))
    told = verify(folder)
    assert told.returncode == 1
    assert told.stdout == "results/bm25.trec: FAILED\n"


def test_a_truncated_archive_is_noticed(experiment):
    pack("x.zip", files(), CONFIG, provenance())
    whole = (experiment / "x.zip").read_bytes()
    (experiment / "x.zip").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(zipfile.BadZipFile):
        zipfile.ZipFile("x.zip")


def test_the_same_experiment_has_the_same_bytes(experiment):
    pack("x.zip", files(), CONFIG, provenance())
    first = (experiment / "x.zip").read_bytes()
    for name in MADE:
        os.utime(name, (1e9, 1e9))
    pack("x.zip", files(), CONFIG, provenance())
    assert (experiment / "x.zip").read_bytes() == first


def test_a_missing_file_is_named(experiment):
    (experiment / "results/metrics.csv").unlink()
    with pytest.raises(UserError, match=r"results/metrics\.csv is missing"):
        files()


def test_a_run_file_that_the_paper_was_not_made_of_is_refused(experiment):
    (experiment / "results/bm25.trec").write_text("q1 Q0 d2 1 2.5 bm25\n")
    with pytest.raises(UserError, match=r"results/bm25\.trec is not the run file that the paper"):
        pack("x.zip", files(), CONFIG, provenance())
    assert not (experiment / "x.zip").exists()


def test_logs_that_name_a_home_are_told_of(experiment):
    assert naming(files(), "/home/ada") == ["logs/training/minilm_lion_e1.log"]
    assert naming(files(), "/home/bob") == []


def job(target: str) -> dict:
    return {
        "output": [target],
        "input": {
            "results": [name for name in MADE if name.startswith("results")],
            "computed": [],
            "training": ["training/minilm_lion.best.json"],
            "paper": [
                *(name for name in MADE if name.startswith("paper")),
                "paper/provenance.json",
            ],
        },
        "params": {
            "config": CONFIG,
            "timing": "timings/paper/archive.tsv",
            "repository": [of_repository(name) for name in ("CITATION.cff", "LICENSE")],
        },
    }


def test_a_full_disk_leaves_the_archive_of_before(experiment):
    (experiment / "x.zip").write_bytes(b"of before")
    # Python's own caches of modules would be cut at that size, too.
    environment = {"HOME": "/home/ada", "PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"}
    done = run_script("release/archive.py", job("x.zip"), experiment, environment, largest=2000)
    assert done.status == 1
    assert done.told.startswith("error: x.zip could not be written (File too large).")
    assert (experiment / "x.zip").read_bytes() == b"of before"
    assert not list(experiment.glob(".*partial"))
    done = run_script("release/archive.py", job("x.zip"), experiment, environment)
    assert done.status == 0, done.log
    assert "x.zip has" in done.log and "packing: 100%" in done.log
    assert done.told.endswith("/home/ada: logs/training/minilm_lion_e1.log")


KILLED = """
import json, sys
from lionrank.release import archive
archive._BLOCK = 1
files = archive.find_files(json.loads(sys.argv[1]), [], [])
archive.pack("x.zip", files, *json.loads(sys.argv[2]))
"""


def test_a_job_killed_in_the_middle_leaves_the_archive_of_before(experiment):
    (experiment / "x.zip").write_bytes(b"of before")
    (experiment / "results/large.trec").write_bytes(os.urandom(20_000_000))
    made = json.dumps([*MADE, "results/large.trec"])
    facts = json.dumps([CONFIG, provenance()])
    job = subprocess.Popen(
        [sys.executable, "-c", KILLED, made, facts], cwd=experiment, stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 60
    while not list(experiment.glob(".x.zip.*.partial")) and time.monotonic() < deadline:
        time.sleep(0.01)
    job.kill()
    assert job.wait() == -signal.SIGKILL
    assert (experiment / "x.zip").read_bytes() == b"of before"
    pack("x.zip", files(), CONFIG, provenance())
    assert zipfile.ZipFile("x.zip").testzip() is None


def test_the_archive_has_what_the_paper_is_made_of(snakemake):
    told = snakemake("-n", "archive", "--config", "protocol=tried")
    assert told.returncode == 0, told.stdout
    assert "Packing the experiment into lion-rerank-tried.zip" in told.stdout
    for rule in ("arxiv", "compile_paper", "efficiency", "evaluate", "dev_scores"):
        assert f"\n{rule} " in told.stdout
    assert "\nmodel_card " not in told.stdout


def test_nothing_is_scored_for_the_archive_that_the_paper_does_not_need(tmp_path):
    told = subprocess.run(
        [sys.executable, "-m", "snakemake", "-n", "archive", "--directory", tmp_path],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert told.returncode == 0, told.stderr
    assert "results/marco_qa_dev/minilm_lion_e3.trec" in told.stdout
    assert "results/marco_dev/minilm_lion_e3.trec" not in told.stdout


@pytest.mark.slow
def test_the_demo_s_archive_is_whole(demo, tmp_path):
    told = run_snakemake(demo, "archive")
    assert told.returncode == 0, told.stdout[-3000:]
    (archive,) = demo.glob("lion-rerank-*.zip")
    folder = unpack(archive, tmp_path)
    assert verify(folder).returncode == 0
    kept = json.loads((folder / "paper/provenance.json").read_text())
    assert digest(yaml.safe_load((folder / "config.yaml").read_text())) == kept["config_sha256"]
    runs = {path.relative_to(folder).as_posix() for path in folder.glob("results/**/*.trec")}
    assert runs >= kept["run_files"].keys()
    for table in (folder / "paper/tables").glob("*.tex"):
        assert table.with_suffix(".csv").exists(), table
    assert not list(folder.rglob("*.safetensors"))


# How to cite it


def test_the_citation_agrees_with_config_licence_and_version():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert citation.keys() >= {"cff-version", "message", "title", "authors"}
    assert citation["cff-version"] == "1.2.0"
    # Whoever is no person has no affiliation in the format.
    names = [author["name"] for author in CONFIG["paper"]["authors"]]
    assert [author["name"] for author in citation["authors"]] == names
    assert citation["keywords"] == CONFIG["paper"]["keywords"]
    assert citation["version"] == project["version"]
    assert citation["license"] == project["license"] == "Apache-2.0"
    assert "Apache License" in (ROOT / "LICENSE").read_text()


def test_the_citation_names_the_published_paper():
    paper, *_ = yaml.safe_load((ROOT / "CITATION.cff").read_text())["references"]
    assert paper["type"] == "article" and paper["year"] == 2025
    assert [each["family-names"] for each in paper["authors"]] == ["Kumar", "Pande", "Damle"]
    assert paper["identifiers"][0]["value"] == "arXiv:2506.18297"
    assert paper["title"].startswith("Comparative Analysis of Lion and AdamW Optimizers")


def test_the_citation_names_what_each_study_cites():
    papers = yaml.safe_load((ROOT / "CITATION.cff").read_text())["references"]
    bibliography = (ROOT / "paper" / "refs.bib").read_text()
    cited = [yaml.safe_load(path.read_text())["cite"] for path in STUDIES]
    for key, paper in zip(cited, papers, strict=True):
        (entry,) = re.findall(rf"^@\w+\{{{key},(.*?)^\}}", bibliography, re.M | re.S)
        assert paper["identifiers"][0]["value"] in entry and f"{{{paper['year']}}}" in entry
        title = re.sub("[{}]", "", re.search(r"title += \{(.*)\},", entry)[1])
        assert paper["title"] == title
        families = [each["family-names"] for each in paper["authors"]]
        found = re.sub("[{}]", "", re.search(r"author += \{(.*)\},", entry)[1]).split(" and ")
        assert [each.partition(",")[0] for each in found] == families
