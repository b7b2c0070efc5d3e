"""Training data of treatments: the jobs that make them, what they tell, and what reruns them."""

import json

import pyarrow.parquet as pq
import pytest

from tests.support.made_up import Experiment, of
from tests.support.running import jobs
from tests.support.treated import OWN, TREATED, treated, write_own

slow = pytest.mark.slow
TOPICS = 20
RANKED = """
grid: {optimizers: [infonce]}
training_data:
  lists:
    collection: mine
    ranking: ./theirs.trec
    examples: 40
    passages: 3
    random_negatives: 0.0
    exclude: false
"""
GRID = """
grid: {models: [minilm], systems: [], test_sets: [ours], dev_sets: [one]}
training_data:
  lists: {collection: mine, ranking: ./others.trec}
  given: {collection: mine}
"""


def test_what_a_treatment_learns_from_is_drawn_and_joined(snakemake):
    asked = "checkpoints/minilm_infonce_e2"
    told = snakemake("-n", asked, overlay=TREATED)
    assert told.returncode == 0, told.stdout
    assert jobs(told.stdout) == {
        "pydocs": 1,
        "index": 1,
        "bm25": 1,
        "draw_examples": 1,
        "join_examples": 1,
        "initialise": 1,
        "train_epoch": 2,
    }


def test_the_paper_has_treatments_beside_optimizers(snakemake):
    more = """
grid: {optimizers: [adamw, infonce, mse]}
training_data: {lists: {random_negatives: 0.0, threshold: null}}
treatments: {mse: {label: MSE, optimizer: adamw, objective: mse, data: lists}}
"""
    told = snakemake("-n", "paper/main.pdf", "audit", overlay=treated(more))
    assert told.returncode == 0, told.stdout
    counts = jobs(told.stdout)
    assert counts["draw_examples"] == counts["join_examples"] == counts["training_pairs"] == 1
    assert counts["train_epoch"] == counts["rerank"] == 3 * 2


def write_collection(directory, ranked):
    """Write a collection whose topics have a relevant passage each, and a ranking of some."""
    topics = {f"q{i}": f"query {i}" for i in range(TOPICS)}
    passages = {f"d{i}": f"passage {i} of words" for i in range(TOPICS)}
    write_own(directory, topics, passages, dict(zip(topics, passages, strict=True)))
    lines = [
        f"q{i} Q0 d{(i + rank) % TOPICS} {rank + 1} {9 - rank} t\n"
        for i in range(ranked)
        for rank in range(6)
    ]
    (directory / "theirs.trec").write_text("".join(lines))


@slow
def test_examples_are_counted_and_fewer_than_asked_for_are_told_on_the_terminal(
    snakemake, tmp_path
):
    """A run file of one's own is the ranking; under half of what is asked for is an error."""
    write_collection(tmp_path, ranked=15)
    folder = tmp_path / "collections" / "mine"
    told = snakemake("collections/mine/lists.parquet", overlay=treated(OWN, RANKED))
    assert told.returncode == 0, told.stdout
    said = "lists: 30 examples of 15 topics, and 40 asked for: of 20 judged topics 5 are in no rank"
    assert said in told.stdout
    assert said in (tmp_path / "logs/training_data/mine.lists.ids.log").read_text()
    counts = json.loads((folder / "lists.ids.json").read_text())
    assert (counts["used"], counts["in no ranking"]) == (15, 5)
    assert (counts["topics"], counts["examples"], counts["passages"]) == (20, 30, 90)
    record = json.loads((folder / "lists.json").read_text())
    sides = {"train": "lists.parquet", "held_out": "lists.held_out.parquet"}
    rows = {side: pq.read_table(folder / name) for side, name in sides.items()}
    assert record["passages"] == {side: 3 * len(table) for side, table in rows.items()}
    assert sum(map(len, rows.values())) == 30 and record["queries"]["shared"] == 0
    first = rows["train"].to_pylist()[0]
    number = first["query_id"][1:]
    assert first["query"] == f"query {number}" and first["passage_ids"][0] == f"d{number}"
    assert first["passages"][0] == f"passage {number} of words"
    assert first["labels"] == [1.0, 0.0, 0.0]
    assert first["scores"][0] == 9 == record["scores"]["highest"]

    write_collection(tmp_path, ranked=8)
    told = snakemake("collections/mine/lists.parquet", overlay=treated(OWN, RANKED))
    assert told.returncode == 1
    log = (tmp_path / "logs/training_data/mine.lists.ids.log").read_text()
    assert "error: 16 examples of 8 topics, and 40 asked for" in log
    assert not (folder / "lists.ids.parquet").exists()


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    experiment = Experiment(tmp_path_factory.mktemp("finished") / "run", treated(GRID))
    experiment.directory.mkdir()
    for name in ("theirs", "others"):
        (experiment.directory / f"{name}.trec").write_text("made up")
    experiment.finish()
    return experiment


@slow
def test_other_examples_train_again_what_learns_from_them_alone(finished):
    planned = finished.planned("training_data: {lists: {passages: 5}}")
    assert of(planned, "collections/") == {
        *(f"collections/mine/lists{ending}" for ending in (".ids.parquet", ".ids.json", ".json")),
        *(f"collections/mine/lists{ending}" for ending in (".parquet", ".held_out.parquet")),
    }
    assert of(planned, "checkpoints/", ".dev.json", ".trec") == {
        f"{folder}/minilm_infonce_e{epoch}{ending}"
        for epoch in (1, 2, 3)
        for folder, ending in (("checkpoints", ""), ("training", ".dev.json"), ("results", ".trec"))
    }


@slow
def test_another_objective_trains_again_its_treatments_on_the_same_data(finished):
    planned = finished.planned("objectives: {infonce: {arguments: {temperature: 1.0}}}")
    assert not of(planned, "collections/")
    assert of(planned, "checkpoints/") == {
        f"checkpoints/minilm_infonce_e{epoch}" for epoch in (1, 2, 3)
    }


@slow
def test_a_treatment_more_trains_nothing_else(finished):
    more = """
grid: {optimizers: [adamw, infonce, ranknet, ranklists]}
treatments: {ranklists: {label: Other, optimizer: adamw, objective: ranknet, data: lists}}
"""
    planned = finished.planned(more)
    assert not of(planned, "collections/")
    trained = of(planned, "checkpoints/", ".trec") - {"checkpoints/minilm_ranklists_e0"}
    assert trained == {
        f"{folder}/minilm_ranklists_e{epoch}{ending}"
        for epoch in (1, 2, 3)
        for folder, ending in (("checkpoints", ""), ("results", ".trec"))
    }


@slow
def test_names_of_treatments_and_objectives_rerun_no_training(finished):
    labels = "treatments: {infonce: {label: Other}}\nobjectives: {ranknet: {label: Another}}"
    assert of(finished.planned(labels), "checkpoints/", "collections/", ".trec", ".eval") == set()
