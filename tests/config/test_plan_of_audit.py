"""What the audit counts."""

from lionrank.config.plan import Plan
from tests.support.configs import ROOT, overlaid
from tests.support.plans import SMALL


def test_logs_so_far_are_those_that_exist(small, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert small.audit.logs_so_far() == {}
    log = tmp_path / "training" / "gte_lion_e2.jsonl"
    log.parent.mkdir()
    log.touch()
    assert small.audit.logs_so_far() == {"training/gte_lion_e2.jsonl": log.stat().st_mtime}


def test_a_reranking_in_shards_has_more_jobs(small):
    assert small.audit.jobs()["rerank"] == 4 * 2
    plan = Plan.read(overlaid(SMALL + "reranking: {shards: 3}"), ROOT)
    assert (plan.audit.jobs()["rerank_shard"], plan.audit.jobs()["join_shards"]) == (24, 8)
    assert "rerank" not in plan.audit.jobs()
