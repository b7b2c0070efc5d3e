"""Queries that are documents, as in ArguAna, are left out by the rules of all first stages."""

import json

import pytest

from lionrank import trec
from tests.support.arguments import ANSWERS, write_arguments
from tests.support.bi_encoders import package
from tests.support.running import run_snakemake

OVERLAY = """
grid:
  systems: [others]
  test_sets: [bm25, dense, given, kept]
collections:
  removing: {{format: beir, folder: {folder}/beir}}
  keeping: {{format: beir, folder: {folder}/beir, remove_query: false}}
  nano: {{format: nanobeir, source: nano_nq, remove_query: true}}
sources:
  local: {{nano_nq: {folder}/nano}}
first_stages:
  encoder: {{label: Dense, bi_encoder: {encoder}}}
  theirs: {{label: Theirs, run_files: {{given: {folder}/theirs.trec}}}}
systems:
  others: {{label: Others, run_files: {{bm25: {folder}/theirs.trec}}}}
test_sets:
  bm25: {{label: BM25, collection: removing, topics: test, depth: 1}}
  dense: {{label: Dense, collection: removing, topics: test, first_stage: encoder, depth: 1}}
  given: {{label: Given, collection: removing, topics: test, first_stage: theirs, depth: 1}}
  kept: {{label: Kept, collection: keeping, topics: test, depth: 2}}
  nano: {{label: Nano, collection: nano, topics: test, depth: 1}}
"""


@pytest.mark.slow
def test_what_is_relevant_is_first_by_every_first_stage_and_second_where_the_query_is_kept(
    tmp_path,
):
    write_arguments(tmp_path)
    ranked = {
        "bm25": "results/bm25",
        "others": "results/others",
        "dense": "results/dense/encoder",
        "given": "results/given/theirs",
        "kept": "results/kept/bm25",
    }
    records = {
        "bm25": "retrieval/removing/test.json",
        "dense": "retrieval/removing/test.encoder.json",
        "given": "retrieval/removing/test.theirs.json",
        "kept": "retrieval/keeping/test.json",
        "nano": "retrieval/nano/test.json",
    }
    targets = [f"{path}.eval" for path in ranked.values()]
    overlay = OVERLAY.format(folder=tmp_path, encoder=package())
    made = run_snakemake(
        tmp_path, *targets, "retrieval/nano/test.candidates.parquet", overlay=overlay
    )
    assert made.returncode == 0, made.stdout[-6000:]
    for name, path in ranked.items():
        lines = (tmp_path / f"{path}.eval").read_text().split("\n")
        (score,) = (line.split()[2] for line in lines if line.split()[:2] == ["ndcg_cut_10", "all"])
        assert score == ("0.6309" if name == "kept" else "1.0000"), name
        run, _ = trec.read_run(tmp_path / f"{path}.trec")
        assert {qid: [*own] for qid, own in run.items()} == {
            qid: [qid, docid] if name == "kept" else [docid] for qid, docid in ANSWERS.items()
        }
    counted = {name: json.loads((tmp_path / path).read_text()) for name, path in records.items()}
    removed = {name: counts["removed_queries"] for name, counts in counted.items()}
    assert removed == {"bm25": 2, "dense": 2, "given": 2, "kept": 0, "nano": 2}
