"""A folder in BEIR's format with graded judgements of few topics is trained on, in every shape."""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from lionrank import trec
from lionrank.collections.readers.beir import Beir
from lionrank.files import write_json_lines
from tests.support.running import ROOT, run_snakemake

GRADED = ROOT / "tests" / "data" / "graded"
OVERLAY = """
grid:
  models: [gte]
  optimizers: [adamw, infonce, marginmse, ranknet]
  dev_sets: []
  epochs: 1
  test_sets: [repairs]
collections:
  repairs: {{format: beir, folder: {folder}}}
test_sets:
  repairs: {{label: Repairs, collection: repairs, topics: test}}
training_pairs:
  collection: repairs
  triplets: 90
  held_out: {{pairs: 20}}
  negative_depth: 30
objectives:
  infonce: {{label: InfoNCE, loss: infonce}}
  marginmse: {{label: MarginMSE, loss: margin_mse}}
  ranknet: {{label: RankNet, loss: ranknet}}
training_data:
  lists:
    collection: repairs
    ranking: bm25
    examples: 40
    passages: 4
    threshold: 2
    ranks: [1, 30]
    negatives: any
    random_negatives: 0.2
    margin: null
    exclude: true
    seed: 12
    held_out: {{passages: 8, by: example, seed: 12}}
  scored:
    collection: repairs
    format: hofstaetter
    file: scored.tsv
    examples: 12
    held_out: {{passages: 4, by: query, seed: 12}}
  mine:
    collection: repairs
    format: lists
    file: mine.jsonl
    passages: 5
    examples: 12
    held_out: {{passages: 5, by: query, seed: 12}}
treatments:
  infonce: {{label: InfoNCE, optimizer: adamw, objective: infonce, data: lists}}
  marginmse: {{label: MarginMSE, optimizer: adamw, objective: marginmse, data: scored}}
  ranknet: {{label: RankNet, optimizer: adamw, objective: ranknet, data: mine}}
"""
TREATMENTS = ["adamw", "infonce", "marginmse", "ranknet"]


def write_own(folder: Path) -> None:
    """Write scored triplets, and lists with scores, as users have them."""
    qrels = Beir(GRADED).qrels("train")
    with open(folder / "scored.tsv", "w", encoding="utf-8") as lines:
        for qid, judged in qrels.items():
            best, *_, worst = judged
            lines.write(f"{len(qid)}.5\t-{len(worst)}.25\t{qid}\t{best}\t{worst}\n")
    lists = (
        {
            "query_id": qid,
            "doc_ids": [*judged],
            "scores": [grade - 1.5 for grade in judged.values()],
        }
        for qid, judged in qrels.items()
    )
    write_json_lines(folder / "mine.jsonl", lists)


@pytest.fixture(scope="module")
def repairs(tmp_path_factory) -> Path:
    """The working directory of an experiment on graded judgements, with its run files."""
    directory = tmp_path_factory.mktemp("repairs")
    write_own(directory)
    run_files = [f"results/gte_{name}_e1.trec" for name in TREATMENTS]
    built = run_snakemake(directory, *run_files, overlay=OVERLAY.format(folder=GRADED))
    assert built.returncode == 0, built.stdout[-6000:]
    return directory


def read(repairs: Path, data: str) -> dict:
    return json.loads((repairs / f"collections/repairs/{data}.json").read_text())


@pytest.mark.slow
def test_every_treatment_has_a_run_file(repairs):
    for name in TREATMENTS:
        run, _ = trec.read_run(repairs / f"results/gte_{name}_e1.trec")
        assert run.keys() == Beir(GRADED).qrels("test").keys()


@pytest.mark.slow
def test_topics_give_several_triplets_of_what_was_judged_relevant_and_not(repairs):
    judged = Beir(GRADED).qrels("train")
    triplets = pq.read_table(repairs / "collections/repairs/triplets.parquet").to_pylist()
    assert len(triplets) == 90
    assert {row["query_id"] for row in triplets} == judged.keys()
    for row in triplets:
        own = judged[row["query_id"]]
        assert own[row["positive_id"]] > 0 >= own.get(row["negative_id"], 0)
    assert len({tuple(row.values()) for row in triplets}) == 90


@pytest.mark.slow
def test_what_was_drawn_and_imported_is_counted(repairs):
    drawn = json.loads((repairs / "collections/repairs/lists.ids.json").read_text())
    assert drawn["examples"] * 4 == drawn["passages"]
    assert read(repairs, "lists")["scores"] is None and read(repairs, "lists")["skipped"] == 0
    assert read(repairs, "scored")["scores"] == {"lowest": -3.25, "highest": 3.5}
    mine = pq.read_table(repairs / "collections/repairs/mine.parquet")
    assert "labels" not in mine.column_names
    assert {len(each) for each in mine["passages"].to_pylist()} == {5}


@pytest.mark.slow
def test_fewer_examples_than_asked_for_are_said_and_fewer_than_half_refused(repairs):
    overlay = OVERLAY.format(folder=GRADED)
    target = "collections/repairs/triplets.parquet"
    some = overlay.replace("triplets: 90", "triplets: 1200")
    told = run_snakemake(repairs, target, overlay=some)
    assert told.returncode == 0, told.stdout
    assert "training_pairs: " in told.stdout and "and 1200 asked for" in told.stdout
    many = run_snakemake(
        repairs, target, overlay=overlay.replace("triplets: 90", "triplets: 90000")
    )
    assert many.returncode == 1
    assert "and 90000 asked for: " in many.stdout and "ask for fewer" in many.stdout
