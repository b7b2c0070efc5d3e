"""Training data that others published, from a local server, become examples with their text."""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.support import small_msmarco
from tests.support.running import run_overlaid

ENTRIES = """
objectives:
  infonce: {label: InfoNCE, loss: infonce}
training_data:
  zephyr:
    collection: msmarco
    ranking: rankzephyr_colbert_50
    examples: 60
    passages: 8
    threshold: 1
    ranks: [1, 50]
    negatives: any
    random_negatives: 0.0
    margin: null
    exclude: true
    seed: 12
    held_out: {passages: 16, by: query, seed: 12}
  ensemble:
    collection: msmarco
    format: hofstaetter
    source: hofstaetter_ensemble
    examples: 60
    held_out: {passages: 10, by: query, seed: 12}
  margins:
    collection: msmarco
    format: triplets
    source: msmarco_margins
    examples: 20
    held_out: {passages: 10, by: query, seed: 12}
  listed:
    collection: msmarco
    format: lists
    source: msmarco_lists
    passages: 5
    examples: 90
    held_out: {passages: 10, by: query, seed: 12}
treatments:
  infonce: {label: InfoNCE, optimizer: adamw, objective: infonce, data: listed}
"""
DATA = ("zephyr", "ensemble", "margins", "listed")


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> tuple[Path, str]:
    """The collection's folder with the data, and what was said on the terminal."""
    directory = tmp_path_factory.mktemp("published")
    with small_msmarco.serve(tmp_path_factory.mktemp("served")) as hub:
        table = directory / "sources.csv"
        small_msmarco.write_table(table, hub)
        (directory / "overlay.yaml").write_text(small_msmarco.OVERLAY.format(table=table))
        (directory / "data.yaml").write_text(ENTRIES)
        overlays = [directory / name for name in ("overlay.yaml", "data.yaml")]
        targets = [f"collections/msmarco/{data}.parquet" for data in DATA]
        environment = {"HF_ENDPOINT": hub.url, "HF_HOME": str(directory / "home")}
        environment["XDG_CACHE_HOME"] = str(directory / "cache")
        done = run_overlaid(directory, *targets, overlays=overlays, environment=environment)
    assert done.returncode == 0, done.stderr[-6000:]
    return directory / "collections" / "msmarco", done.stdout + done.stderr


def read(folder: Path, data: str) -> tuple[list[dict], dict]:
    """Return the examples of both sides, and the record."""
    files = [folder / f"{data}.parquet", folder / f"{data}.held_out.parquet"]
    rows = [row for file in files for row in pq.read_table(file).to_pylist()]
    return rows, json.loads((folder / f"{data}.json").read_text())


@pytest.mark.slow
def test_lists_are_drawn_of_ms_marcos_judgements_and_a_published_ranking(made):
    folder, told = made
    examples, record = read(folder, "zephyr")
    # A ranking of a quarter of the topics, each of which gives at most twice its share.
    assert (
        "zephyr: 40 examples of 20 topics, and 60 asked for" in told
        and "60 are in no ranking" in told
    )
    for example in examples:
        assert example["passage_ids"][0] == small_msmarco.QUERIES[example["query_id"]]
        assert example["labels"] == [1.0] + [0.0] * 7
        assert len({*example["passage_ids"]}) == 8
    assert record["scores"]["highest"] <= 49


@pytest.mark.slow
def test_scores_and_margins_are_those_that_were_published(made):
    folder, _ = made
    scored, record = read(folder, "ensemble")
    assert len(scored) == 60
    assert record["scores"] == {"lowest": -59.5, "highest": 9.25}
    margins, _ = read(folder, "margins")
    assert sorted(each["scores"][0] for each in margins) == [9.5 - n for n in reversed(range(20))]
    for example in [*scored, *margins]:
        positive, negative = example["passage_ids"]
        assert positive == small_msmarco.QUERIES[example["query_id"]] != negative
        assert example["passages"][0] == small_msmarco.PASSAGES[positive]


@pytest.mark.slow
def test_lists_are_cut_and_one_without_a_relevant_passage_is_skipped(made):
    folder, told = made
    examples, record = read(folder, "listed")
    assert record["skipped"] == 1 and len(examples) == 79
    assert {len(each["passages"]) for each in examples} == {5}
    assert "listed: 80 examples of 80 topics, and 90 asked for; 80 lists are longer" in told
    assert "listed: 1 examples were skipped" in told
