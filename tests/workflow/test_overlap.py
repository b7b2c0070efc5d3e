"""A sample of a test set as its dev set, with other ids and in another case, through the rules."""

import json

import pytest

from tests.support.arguments import ARGUMENTS, write_arguments, write_nano
from tests.support.running import run_snakemake

OVERLAY = """
grid: {{test_sets: [arguments], dev_sets: [nano]}}
collections:
  beir: {{format: beir, folder: {folder}/beir}}
  sample: {{format: nanobeir, source: nano_nq}}
sources:
  local: {{nano_nq: {folder}/sample}}
test_sets:
  arguments: {{label: Arguments, collection: beir, topics: test}}
dev_sets:
  nano: {{label: Nano, collection: sample, topics: test}}
evaluation: {{drop_development_queries: {drop}}}
"""


@pytest.mark.slow
def test_development_queries_among_test_topics_are_told_and_left_out_on_demand(tmp_path):
    write_arguments(tmp_path)
    queries = {"NANO-7": f"{ARGUMENTS['pro1a'].upper()}!", "NANO-8": "are lions lazy"}
    write_nano(tmp_path / "sample", queries, {"NANO-7": "pro1b", "NANO-8": "pro2b"})
    for drop, topics, told in (
        ("false", "2", "which evaluation.drop_development_queries leaves out"),
        ("true", "1", "which are left out"),
    ):
        overlay = OVERLAY.format(folder=tmp_path, drop=drop)
        targets = ("results/overlap.json", "results/bm25.eval")
        made = run_snakemake(tmp_path, *targets, overlay=overlay)
        assert made.returncode == 0, made.stdout[-6000:]
        found = json.loads((tmp_path / "results" / "overlap.json").read_text())
        assert found == {"arguments": {"topics": 2, "shared": {"pro1a": {"nano": "NANO-7"}}}}
        line = f"arguments: 1 of its 2 topics are development queries, {told}"
        assert line in made.stdout
        lines = (tmp_path / "results" / "bm25.eval").read_text().splitlines()
        assert ["num_q", "all", topics] in map(str.split, lines)
        assert ("pro1a" in "".join(lines)) == (drop == "false")
