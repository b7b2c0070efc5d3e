"""Shards of a test set: the jobs among which its topics are divided, and the run file they make."""

import os
import random
from itertools import pairwise

import pandas as pd
import pytest

from lionrank import parquet, trec
from lionrank.config.scorings import Division
from lionrank.errors import UserError
from lionrank.reranking import score as reranking
from lionrank.reranking import shards
from tests.support import tiny_training as tiny
from tests.support import vouching
from tests.support.rerankers import CPU
from tests.support.rule_scripts import run_script
from tests.support.running import jobs, snakemake_command

NAME = "minilm_lion_e1"
OVERLAY = "training: {{defaults: {{precision: fp32}}}}\nreranking: {{shards: {}}}\n"
HARDWARE = {"tokens_at_once": 100, "workers": 0}


def vouch(directory, target):
    """Write the records of the made-up files that a target is made from."""
    vouching.vouch(snakemake_command(directory, target, overlay=OVERLAY.format(3)))


def write_candidates(path, sizes):
    """Write candidates of topics that have so many of them; return their qids, a row each."""
    rows = [
        (f"q{topic}", f"d{place}", f"query {topic}", f"{place} of {topic}" + " more" * (place % 7))
        for topic, size in enumerate(sizes)
        for place in range(size)
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    table = pd.DataFrame(rows, columns=["qid", "docid", "query", "passage"])
    table.to_parquet(path)
    return table["qid"].tolist()


def blocks(path, number):
    """Return the rows of each of so many shards."""
    return [shards.rows(path, f"{shard}-of-{number}") for shard in range(1, number + 1)]


@pytest.mark.parametrize("number", [1, 2, 3, 5, 8, 50])
def test_shards_are_blocks_of_whole_topics_with_about_as_many_rows(tmp_path, number):
    dice = random.Random(number)
    sizes = [dice.randint(1, 20) for _ in range(40)]
    qids = write_candidates(tmp_path / "candidates", sizes)
    found = blocks(tmp_path / "candidates", number)
    assert (found[0].start, found[-1].stop) == (0, len(qids))
    for left, right in pairwise(found):
        assert left.stop == right.start
        assert left.stop in (0, len(qids)) or qids[left.stop - 1] != qids[left.stop]
    for rows in found:
        assert abs(rows.stop - rows.start - len(qids) / number) <= max(sizes)


def test_what_is_more_than_there_are_topics_stays_empty(tmp_path):
    qids = write_candidates(tmp_path / "candidates", [4, 4])
    topics = [set(qids[rows]) for rows in blocks(tmp_path / "candidates", 7)]
    assert sorted(topics, key=sorted) == [set()] * 5 + [{"q0"}, {"q1"}]


def test_a_topic_that_would_be_in_two_shards_is_refused(tmp_path):
    path = tmp_path / "candidates"
    pd.DataFrame({"qid": ["q1", "q1", "q2", "q2", "q1"]}).to_parquet(path)
    assert shards.rows(path, "1-of-1") == slice(0, 5)
    for shard in ("1-of-2", "2-of-2"):
        with pytest.raises(UserError, match="candidates: the rows of topic 'q1' are not next to"):
            shards.rows(path, shard)


def write_shard(checkpoint, candidates, shard, run, tag=NAME):
    """Write the run file of a shard."""
    rows = shards.rows(candidates, shard)
    logits = reranking.score(checkpoint, candidates, "fp32", HARDWARE, CPU, rows).scores.tolist()
    frame = pd.read_parquet(candidates)[rows]
    trec.write_run(run, trec.to_run(frame, logits), tag)


def run_of(path):
    """Return the run of a run file, its topics and documents in the order of the lines."""
    return trec.read_run(path)[0]


def assert_same_rankings(left, right):
    """Check that two runs have the same topics, documents and, to rounding, scores."""
    assert list(left) == list(right)
    for qid in left:
        assert list(left[qid]) == list(right[qid])
        assert list(left[qid].values()) == pytest.approx(list(right[qid].values()), abs=1e-5)


def test_a_run_file_is_the_same_whatever_the_number_of_shards(tmp_path):
    start = tiny.write_start(tmp_path / "start", "modernbert")
    candidates = tmp_path / "candidates.parquet"
    write_candidates(candidates, [3, 9, 1, 14, 6, 8])
    runs = []
    for number in (1, 2, 5):
        parts = [tmp_path / f"{shard}-of-{number}" for shard in range(1, number + 1)]
        for part in parts:
            write_shard(start, candidates, part.name, part)
        shards.join(parts, tmp_path / f"{number}.trec")
        runs.append(run_of(tmp_path / f"{number}.trec"))
    assert len({score for ranking in runs[0].values() for score in ranking.values()}) > 30
    for run in runs[1:]:
        assert_same_rankings(runs[0], run)


def test_windows_are_the_same_whatever_the_number_of_shards(tmp_path):
    start = tiny.write_start(tmp_path / "start", "bert")
    candidates = tmp_path / "candidates.parquet"
    write_candidates(candidates, [3, 9, 1, 14])
    tables = []
    for number in (1, 3, 7):  # more than there are topics, so that some have no rows
        parts = [
            reranking.score_windows(
                *(start, candidates, "fp32", HARDWARE, CPU, Division(4, 2)),
                shards.rows(candidates, f"{shard}-of-{number}"),
            )
            for shard in range(1, number + 1)
        ]
        for number_of_part, part in enumerate(parts):
            parquet.write_table(tmp_path / f"{number_of_part}.parquet", part)
        job = {
            "input": {f"part{it}": f"{it}.parquet" for it in range(len(parts))},
            "output": ["windows.parquet"],
        }
        done = run_script("reranking/join_windows.py", job, tmp_path, os.environ)
        assert done.status == 0, done.log
        tables.append(pd.read_parquet(tmp_path / "windows.parquet"))
    for table in tables[1:]:
        pd.testing.assert_frame_equal(table, tables[0], rtol=0, atol=1e-5)


@pytest.mark.slow
def test_snakemake_scores_the_shards_that_lack_and_joins_them(snakemake, tmp_path):
    checkpoint = tiny.write_start(tmp_path / "checkpoints" / NAME, "bert")
    candidates = tmp_path / "retrieval/pydocs/test.candidates.parquet"
    write_candidates(candidates, [12, 7])
    # Of two topics one shard gets none. The last shard is there, as is seen by its tag.
    there = tmp_path / f"reranking/{NAME}.3-of-3.trec"
    write_shard(checkpoint, candidates, "3-of-3", there, tag="there")
    target = f"results/{NAME}.trec"
    vouch(tmp_path, target)
    there.touch()  # it is made from the checkpoint, which got a list of its files

    told = snakemake(target, overlay=OVERLAY.format(3))
    assert told.returncode == 0, told.stdout
    assert jobs(told.stdout) == {"rerank_shard": 2, "join_shards": 1}
    assert not there.exists()
    lines = [line.split() for line in (tmp_path / target).read_text().splitlines()]
    assert {(qid, tag) for qid, *_, tag in lines} == {("q0", NAME), ("q1", "there")}
    write_shard(checkpoint, candidates, "1-of-1", tmp_path / "whole.trec")
    assert_same_rankings(run_of(tmp_path / target), run_of(tmp_path / "whole.trec"))

    # A shard that is gone is still asked whether its settings are the same.
    told = snakemake("-n", target, overlay=OVERLAY.format(3).replace("fp32", "bf16"))
    assert jobs(told.stdout) == {"rerank_shard": 3, "join_shards": 1}
    assert "Nothing to be done" in snakemake("-n", target, overlay=OVERLAY.format(3)).stdout
    # With another number, after what docs/cluster.md says.
    assert snakemake("--cleanup-metadata", target, overlay=OVERLAY.format(3)).returncode == 0
    for number in (1, 2):
        told = snakemake("-n", target, overlay=OVERLAY.format(number))
        assert "Nothing to be done" in told.stdout


def test_every_run_file_has_its_shards_and_the_audit_counts_them(snakemake, tmp_path):
    overlay = """
grid: {test_sets: [pydocs, pydocs_dev], dev_sets: [], every_epoch_on: [pydocs_dev]}
test_sets:
  pydocs_dev: {label: "pydocs, development topics", collection: pydocs, topics: dev}
reranking: {shards: 4}
"""
    told = snakemake("-n", "run_files", overlay=overlay)
    assert "Joining the shards of results/pydocs_dev/gte_lion_e1.trec" in told.stdout
    counts = jobs(told.stdout)
    run_files = 3 * 2 * 2 * 2
    assert (counts["rerank_shard"], counts["join_shards"]) == (4 * run_files, run_files)
    assert "rerank" not in counts
    assert snakemake("audit", overlay=overlay).returncode == 0
    page = (tmp_path / "audit.md").read_text()
    assert f"| rerank_shard | {4 * run_files} |" in page
    assert f"| join_shards | {run_files} |" in page
    assert "| rerank |" not in page
