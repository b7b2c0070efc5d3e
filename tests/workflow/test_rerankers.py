"""config/rerankers.yaml: public cross-encoders are scored, and compared with what was published."""

import pytest

from lionrank.config.sources import read_table
from lionrank.jobs import records
from tests.support.configs import overlaid
from tests.support.running import OF_TRAININGS, ROOT, jobs, run_overlaid

OVERLAY = ROOT / "config" / "rerankers.yaml"
CONFIG = overlaid(OVERLAY.read_text())
CHECKPOINTS = CONFIG["grid"]["systems"]
METRICS = """\
test_set,system,metric,level,mean,low,high,queries
dl19,minilm_l6_v2,ndcg_cut_10,,0.73004,0.70,0.76,43
marco_dev,minilm_l6_v2,recip_rank_10,1,0.36,0.35,0.37,6980
"""


@pytest.fixture
def rerankers(tmp_path):
    return lambda *arguments, overlay=OVERLAY: run_overlaid(
        tmp_path, *arguments, overlays=[overlay]
    )


def test_each_is_pinned_and_scored_on_each_test_set_and_nothing_is_trained(rerankers):
    table = read_table(ROOT / "config" / "sources.csv")
    entries = [CONFIG["systems"][name] for name in CHECKPOINTS]
    assert all(table[entry["checkpoint"]].pinned for entry in entries)
    told = rerankers("-n", "paper/main.pdf", "check_rerankers")
    assert told.returncode == 0, told.stderr
    counts = jobs(told.stdout + told.stderr)
    assert not counts.keys() & OF_TRAININGS
    assert counts["import_checkpoint"] == len(CHECKPOINTS)
    assert counts["rerank"] == 3 * len(CHECKPOINTS)
    assert counts["rerankers"] == counts["check_rerankers"] == 1


def test_the_audit_says_so(rerankers, tmp_path):
    told = rerankers("audit")
    assert told.returncode == 0, told.stderr
    page = (tmp_path / "audit.md").read_text()
    assert f"Nothing is trained.** {len(CHECKPOINTS)} systems of others" in page
    assert all(f"| {name} | " in page for name in CHECKPOINTS)


def test_the_check_prints_a_line_a_published_value(rerankers, tmp_path, monkeypatch):
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "metrics.csv").write_text(METRICS)
    monkeypatch.chdir(tmp_path)
    records.write(["results/metrics.csv"], "of_the_test", {}, {})
    done = rerankers("check_rerankers", "--allowed-rules", "rerankers", "check_rerankers")
    assert done.returncode == 0, done.stderr
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert "minilm_l6_v2 dl19 nDCG@10 0.7300 0.7000 to 0.7600 0.7430 -0.0130 [1]" in lines
    assert "minilm_l6_v2 marco_dev MRR@10 0.3600 0.3500 to 0.3700 0.3901 * -0.0301 [1]" in lines
    assert (tmp_path / "results" / "rerankers.txt").read_text() == done.stdout


def test_without_a_public_checkpoint_nothing_is_trained_for_the_check(rerankers):
    told = rerankers("-n", "check_rerankers", overlay=ROOT / "config" / "as_run.yaml")
    assert told.returncode == 1
    complaint = "config: grid.systems: names no checkpoint of the table of sources"
    assert complaint in told.stdout + told.stderr
