"""Small overlays on config.yaml, and what its own config means in names and files."""

from lionrank.config.plan import Plan
from tests.support.configs import CONFIG, ROOT

PLAN = Plan.read(CONFIG, ROOT)
SMALL = """
protocol: small
grid:
  models: [gte, minilm]
  optimizers: [lion]
  epochs: 2
  test_sets: [dl20, marco_qa_dev]
  dev_sets: [nano_nq]
  seeds: [7]
paper: {columns: [], beside_published: null}
comparisons: {measures: []}
"""
BEST_ON_SECOND = SMALL.replace("dev_sets:", "every_epoch_on: [dl19]\n  dev_sets:")
SEEDED = SMALL.replace("[7]", "[7, 13, 0]")
OTHERS = """
grid: {test_sets: [dl19, marco_qa_dev], systems: [theirs, given, mine]}
systems:
  theirs: {label: Theirs, checkpoint: minilm, optimizer: lion, max_length: 128, precision: fp32}
  given: {label: Given, run_files: {dl19: runs/given.trec.gz}}
  mine: {label: Mine, checkpoint: ../other/hub/mine}
  unused: {label: Unused, checkpoint: nowhere/near}
"""
NOTHING_TRAINED = OTHERS.replace("grid: {", "grid: {models: [], ")
