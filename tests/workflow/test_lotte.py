"""Domains of LoTTE as test sets: out of the one archive, and from a folder."""

import hashlib

import pytest

from lionrank import trec
from tests.support import lotte
from tests.support.running import ROOT, jobs, run_overlaid

OVERLAY = """
grid:
  test_sets: [writing, science_forum]
sources:
  table: {table}
  local: {{lotte: {archive}}}
collections:
  writing: {{format: lotte, source: lotte, domain: writing, split: test}}
  science: {{format: lotte, folder: {folder}, domain: science, split: test}}
test_sets:
  writing: {{label: Writing, collection: writing, topics: search}}
  science_forum: {{label: Science, collection: science, topics: forum}}
"""
TARGETS = ("retrieval/writing/search.trec", "retrieval/science/forum.trec")


@pytest.fixture
def overlay(tmp_path):
    for domain in ("science", "technology", "writing"):
        lotte.write(tmp_path / "lotte", domain)
    archive = lotte.pack(tmp_path / "lotte", tmp_path / "lotte.tar.gz")
    table = (ROOT / "config" / "sources.csv").read_text().splitlines(keepends=True)
    rows = [row for row in table if not row.startswith("lotte,")]
    md5 = hashlib.md5(archive.read_bytes()).hexdigest()
    row = f"lotte,url,https://example.org/lotte.tar.gz,,unknown,,lotte.tar.gz=md5:{md5},,,\n"
    (tmp_path / "sources.csv").write_text("".join([*rows, row]))
    text = OVERLAY.format(
        table=tmp_path / "sources.csv", archive=archive, folder=tmp_path / "lotte"
    )
    (tmp_path / "overlay.yaml").write_text(text)
    return tmp_path / "overlay.yaml"


def test_only_a_domain_of_the_archive_is_unpacked_once(overlay, tmp_path):
    told = run_overlaid(tmp_path, "-n", *TARGETS, overlays=[overlay])
    assert told.returncode == 0, told.stderr
    counts = jobs(told.stdout + told.stderr)
    assert counts["fetch"] == counts["unpack_lotte"] == 1
    assert counts["import_corpus"] == counts["import_topics"] == counts["bm25"] == 2


def test_the_overlay_takes_five_domains_out_of_one_download(tmp_path):
    told = run_overlaid(tmp_path, "-n", "run_files", overlays=[ROOT / "config" / "lotte.yaml"])
    assert told.returncode == 0, told.stderr
    counts = jobs(told.stdout + told.stderr)
    assert counts["unpack_lotte"] == counts["index"] == counts["bm25"] == 5
    assert (told.stdout + told.stderr).count("Fetching lotte\n") == 1


@pytest.mark.slow
def test_domains_are_ranked_from_archive_and_folder(overlay, tmp_path):
    made = run_overlaid(tmp_path, "-c2", *TARGETS, overlays=[overlay])
    assert made.returncode == 0, made.stdout + made.stderr
    writing, science = (trec.read_run(tmp_path / target)[0] for target in TARGETS)
    assert next(iter(writing["1"])) == "3"
    assert next(iter(science["1"])) == "2"
    qrels = trec.read_qrels(tmp_path / "collections" / "writing" / "qrels.search.txt")
    assert qrels == {"0": {"0": 1, "1": 1}, "1": {"3": 1}}
    # What was taken out of the archive is needed no longer.
    unpacked = tmp_path / "collections" / "unpacked" / "lotte"
    assert [path for path in unpacked.rglob("*") if path.is_file()] == []
    again = run_overlaid(tmp_path, "-n", *TARGETS, overlays=[overlay])
    assert "Nothing to be done" in again.stdout + again.stderr
