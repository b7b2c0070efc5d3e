"""A collection from anywhere, named in the config, as training source and test set at once."""

import csv
from pathlib import Path

import pytest

from lionrank import trec
from lionrank.files import atomic_write, write_json_lines
from tests.support import small_msmarco
from tests.support.running import run_snakemake

OVERLAY = """
grid:
  models: [gte]
  optimizers: [adamw]
  epochs: 1
  test_sets: [cranes]
collections:
  cranes: {{format: beir, folder: {folder}}}
test_sets:
  cranes: {{label: Cranes, collection: cranes, topics: test}}
training_pairs:
  collection: cranes
  triplets: 60
  held_out: {{pairs: 10}}
"""


def write_beir(folder: Path) -> None:
    """Write a collection in BEIR's format, with graded judgements and an empty document."""
    passages = small_msmarco.PASSAGES
    documents = [
        {"_id": f"crane-{docid}", "title": text[:20], "text": text[20:]}
        for docid, text in passages.items()
    ]
    write_json_lines(folder / "corpus.jsonl", [*documents, {"_id": "empty", "text": ""}])
    asked = [*passages][:100]
    write_json_lines(
        folder / "queries.jsonl",
        ({"_id": f"Q.{docid}", "text": small_msmarco.ask(docid)} for docid in asked),
    )
    for split, docids in {"train": asked[:80], "test": asked[80:]}.items():
        with atomic_write(folder / "qrels" / f"{split}.tsv") as qrels:
            qrels.write("query-id\tcorpus-id\tscore\n")
            for docid in docids:
                qrels.write(f"Q.{docid}\tcrane-{docid}\t2\n")
                qrels.write(f"Q.{docid}\tcrane-{int(docid) + 1}\t1\n")


@pytest.fixture(scope="module")
def cranes(tmp_path_factory) -> Path:
    """The working directory of an experiment on a user's collection, down to the PDF."""
    directory = tmp_path_factory.mktemp("cranes")
    write_beir(directory / "beir")
    overlay = OVERLAY.format(folder=directory / "beir")
    built = run_snakemake(directory, "paper/main.pdf", overlay=overlay)
    assert built.returncode == 0, built.stdout[-6000:]
    return directory


@pytest.mark.slow
def test_a_folder_in_beirs_format_is_trained_on_and_reranked(cranes):
    qrels = trec.read_qrels(cranes / "collections/cranes/qrels.test.txt")
    first_stage, _ = trec.read_run(cranes / "results/bm25.trec")
    reranked, _ = trec.read_run(cranes / "results/gte_adamw_e1.trec")
    assert first_stage.keys() == reranked.keys() == qrels.keys()
    for qid, ranking in reranked.items():
        assert ranking.keys() == first_stage[qid].keys()
    with open(cranes / "results/metrics.csv", newline="") as lines:
        scores = {row["system"]: float(row["mean"]) for row in csv.DictReader(lines)}
    assert all(0 < score < 1 for score in scores.values())


@pytest.mark.slow
def test_its_paper_has_its_name_and_numbers(cranes):
    text = " ".join((cranes / "paper/main.tex").read_text().split())
    assert "test topics of Cranes" in text
    assert r"The collection is \texttt{cranes}, of" in text
    assert (cranes / "paper/main.pdf").read_bytes().startswith(b"%PDF")


def test_a_folder_that_is_not_there_is_named(tmp_path):
    told = run_snakemake(tmp_path, "-n", "paper/main.pdf", overlay=OVERLAY.format(folder="/none"))
    assert told.returncode == 1
    assert "MissingInputException" in told.stdout
    assert "/none/" in told.stdout
