"""config/published.yaml: the checkpoints of the authors are scored, and nothing is trained."""

import pytest

from tests.support.configs import CONFIG, overlaid
from tests.support.running import OF_TRAININGS, ROOT, jobs, run_overlaid

OVERLAY = ROOT / "config" / "published.yaml"
CHECKPOINTS = overlaid(OVERLAY.read_text())["grid"]["systems"]


@pytest.fixture
def published(tmp_path):
    return lambda *arguments: run_overlaid(tmp_path, *arguments, overlays=[OVERLAY])


def test_nothing_is_trained_and_each_checkpoint_scores_in_two_precisions(published):
    told = published("-n", "paper/main.pdf")
    assert told.returncode == 0, told.stderr
    counts = jobs(told.stdout + told.stderr)
    assert not counts.keys() & OF_TRAININGS
    assert counts["import_checkpoint"] == len(CHECKPOINTS)
    assert counts["rerank"] == 3 * len(CHECKPOINTS)
    # No values were published on DL 2020.
    assert counts["rerank_again"] == 2 * len(CHECKPOINTS)
    assert counts["replication"] == counts["replication_tables"] == 1


def test_the_audit_says_so(published, tmp_path):
    told = published("audit")
    assert told.returncode == 0, told.stderr
    page = (tmp_path / "audit.md").read_text()
    assert "Nothing is trained" in page
    for name in CHECKPOINTS:
        assert f"| {name} | " in page
    assert page.count("512, bf16 and fp32") == len(CHECKPOINTS)
    # Every checkpoint twice.
    assert f"| {2 * len(CHECKPOINTS) * 43_000:,} |" in page


def test_the_checkpoints_are_of_the_models_of_the_config():
    systems = overlaid(OVERLAY.read_text())["systems"]
    assert {each["model"] for each in systems.values()} == {*CONFIG["grid"]["models"]}
