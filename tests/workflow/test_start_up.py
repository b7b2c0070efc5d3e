"""What the jobs import that come by the dozen: for small data it takes longer than their work."""

import json
import os
import re

import pandas as pd
import pytest

from tests.support import tiny_training as tiny
from tests.support.rule_scripts import run_script

IMPORT = re.compile(r"^import time: .*\| +([\w.]+)$", re.MULTILINE)
"""A line of Python's own account of what a process imports, which is in the job's log."""

OF_NO_JOB = {"matplotlib", "seaborn", "duckdb", "snakemake.api", "pyserini", "ranx"}
OF_NO_JOB |= {"sentence_transformers", "sklearn", "scipy.stats", "transformers.pipelines"}
OF_NO_SCORING = {"datasets", "pandas", "lionrank.training.trainer"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with a checkpoint and data to train with, and to score."""
    folder = tmp_path_factory.mktemp("jobs")
    tiny.write_start(folder / "tiny_e0", "bert")
    tiny.write_data(folder)
    texts = [("q1", f"d{i}", "a query", f"passage {i}") for i in range(3)]
    candidates = pd.DataFrame(texts, columns=["qid", "docid", "query", "passage"])
    candidates.to_parquet(folder / "candidates.parquet")
    (folder / "qrels.txt").write_text("q1 0 d1 1\n")
    (folder / "log.jsonl").write_text(json.dumps({"eval_loss": 0.5}) + "\n")
    return folder


def imported_by(script, folder, **job) -> set[str]:
    """Run a rule's script and return the modules that its process has imported."""
    own = {"config": {}, "resources": {"gpu": 0}, "threads": 1}
    own["config"] |= {"hardware": tiny.HARDWARE | {"gpus": 0}, "tracking": None}
    own["config"] |= {"grid": {"epochs": 1}}
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPROFILEIMPORTTIME": "1"}
    done = run_script(script, own | job, folder, environment)
    assert done.status == 0, done.told
    return {*IMPORT.findall(done.log)}


def test_scoring_imports_no_library_for_training_and_none_for_tables(folder):
    scored = {"checkpoint": "tiny_e0", "candidates": "candidates.parquet"}
    of_run_file = imported_by(
        "reranking/rerank.py",
        folder,
        input=scored,
        output=["tiny_e0.trec"],
        params={"precision": "fp32", "scoring": None, "tag": "tiny_e0"},
    )
    lists = {"candidates": ["candidates.parquet"], "qrels": ["qrels.txt"]}
    of_development = imported_by(
        "training/dev_scores.py",
        folder,
        input={"checkpoint": "tiny_e0", "log": "log.jsonl"} | lists,
        output=["tiny_e1.dev.json"],
        params={"precision": "fp32", "dev_sets": ["dev"], "scorings": [None]},
        wildcards={"epoch": "1"},
    )
    for imported in (of_run_file, of_development):
        assert {"torch", "transformers"} <= imported
        assert not imported & (OF_NO_JOB | OF_NO_SCORING)


def test_training_imports_nothing_for_figures_and_no_second_trainer(folder):
    request = tiny.request(folder / "tiny_e0", {}, 1, folder)
    imported = imported_by(
        "training/train_epoch.py",
        folder,
        input={
            "previous": "tiny_e0",
            "pairs": "pairs.parquet",
            "held_out": "pairs.held_out.parquet",
        },
        output={"checkpoint": "tiny_e1", "log": "tiny_e1.jsonl"},
        params={"settings": request["settings"], "code": "train_epoch.py 1"},
        wildcards={"epoch": "1"},
    )
    assert {"torch", "accelerate"} <= imported
    assert not imported & OF_NO_JOB
