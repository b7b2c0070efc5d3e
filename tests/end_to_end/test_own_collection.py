"""A collection from anywhere, named in the config, as training source and test set at once."""

import csv
from pathlib import Path

import pytest

from lionrank import trec
from tests.support.cranfield import write_beir
from tests.support.running import ROOT, run_snakemake

CRANFIELD = ROOT.parent / "shared" / "data" / "cranfield"
OVERLAY = """
grid:
  models: [minilm]
  optimizers: [adamw]
  epochs: 1
  test_sets: [cranfield]
collections:
  cranfield: {{format: beir, folder: {folder}}}
test_sets:
  cranfield: {{label: Cranfield, collection: cranfield, topics: test}}
training_pairs:
  collection: cranfield
  triplets: 60
  held_out: {{pairs: 10}}
"""


@pytest.fixture(scope="module")
def cranfield(tmp_path_factory) -> Path:
    """The working directory of an experiment on Cranfield, down to the PDF."""
    if not CRANFIELD.exists():
        pytest.skip(f"the Cranfield collection is not beside the repository ({CRANFIELD.name}/)")
    directory = tmp_path_factory.mktemp("cranfield")
    folder = directory / "beir"
    write_beir(CRANFIELD, folder)
    built = run_snakemake(directory, "paper/main.pdf", overlay=OVERLAY.format(folder=folder))
    assert built.returncode == 0, built.stdout[-6000:]
    return directory


@pytest.mark.slow
def test_a_folder_in_beirs_format_is_trained_on_and_reranked(cranfield):
    qrels = trec.read_qrels(cranfield / "collections/cranfield/qrels.test.txt")
    first_stage, _ = trec.read_run(cranfield / "results/bm25.trec")
    reranked, _ = trec.read_run(cranfield / "results/minilm_adamw_e1.trec")
    assert first_stage.keys() == reranked.keys() == qrels.keys()
    for qid, ranking in reranked.items():
        assert ranking.keys() == first_stage[qid].keys()
    with open(cranfield / "results/metrics.csv", newline="") as lines:
        scores = {row["system"]: float(row["mean"]) for row in csv.DictReader(lines)}
    assert all(0 < score < 1 for score in scores.values())


@pytest.mark.slow
def test_its_paper_has_its_name_and_numbers(cranfield):
    text = " ".join((cranfield / "paper/main.tex").read_text().split())
    assert "test topics of Cranfield" in text
    assert r"The collection is \texttt{cranfield}, of" in text
    assert (cranfield / "paper/main.pdf").read_bytes().startswith(b"%PDF")


def test_a_folder_that_is_not_there_is_named(tmp_path):
    told = run_snakemake(tmp_path, "-n", "paper/main.pdf", overlay=OVERLAY.format(folder="/none"))
    assert told.returncode == 1
    assert "MissingInputException" in told.stdout
    assert "/none/" in told.stdout
