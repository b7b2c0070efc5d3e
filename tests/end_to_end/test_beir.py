"""A set of BEIR's from its source: downloaded, unpacked, ranked with the index that others made."""

import os
from pathlib import Path

import pytest

from lionrank import trec
from lionrank.files import read_json_lines
from tests.support import beir_sets
from tests.support.hub import Hub
from tests.support.packages import HUB, catalogue_entry, index_entry, install
from tests.support.running import ROOT, Finished, run_overlaid

REPOSITORY = ("dataset", "castorini/prebuilt-indexes-beir")
PATH = f"lucene-inverted/flat/{beir_sets.INDEX}.tar.gz"
OVERLAY = """
grid:
  test_sets: [scifact]
collections:
  scifact: {format: beir, source: scifact, index: scifact_index}
test_sets:
  scifact: {label: SciFact, collection: scifact, topics: test, depth: 2}
"""


def built(folder: Path, hub: Hub, index: bytes) -> Finished:
    """Download by the project's own table, and rank; the archives are those of the local server."""
    archive = beir_sets.archive()
    hub.files["scifact.zip"] = archive
    hub.commit(REPOSITORY, {PATH: index})
    zipped = catalogue_entry(f"{hub.url}/files/scifact.zip", archive)
    known = index_entry("beir-v1.0.0-scifact.flat", f"{HUB}/{PATH}", index)
    install(folder / "packages", {"beir": {"scifact": zipped}}, [known])
    (folder / "overlay.yaml").write_text(OVERLAY)
    overlays = [ROOT / "config" / "demo.yaml", folder / "overlay.yaml"]
    caches = {"HF_HOME": str(folder / "hf"), "XDG_CACHE_HOME": str(folder / "cache")}
    environment = os.environ | caches | {"HF_ENDPOINT": hub.url}
    downloads = environment | {"PYTHONPATH": str(folder / "packages")}
    work = folder / "work"
    fetched = run_overlaid(
        *(work, "--cores", "2", "sources/scifact", "sources/scifact_index"),
        overlays=overlays,
        environment=downloads,
    )
    assert fetched.returncode == 0, fetched.stderr
    # By the real Anserini, and without a network.
    return run_overlaid(
        *(work, "--cores", "2", "retrieval/scifact/test.candidates.parquet"),
        overlays=overlays,
        environment=environment,
    )


@pytest.mark.slow
def test_a_set_is_downloaded_and_ranked_with_the_index_of_others(tmp_path):
    with Hub({}) as hub:
        ran = built(tmp_path, hub, beir_sets.index_archive(tmp_path / "made"))
    assert ran.returncode == 0, ran.stderr
    work = tmp_path / "work"
    documents = read_json_lines(work / "collections/scifact/corpus/documents.jsonl")
    assert {each["id"]: each["contents"] for each in documents} == beir_sets.CONTENTS
    assert trec.read_qrels(work / "collections/scifact/qrels.test.txt") == beir_sets.QRELS["test"]
    run, _ = trec.read_run(work / "retrieval/scifact/test.trec")
    assert next(iter(run["q1"])) == "d1" and next(iter(run["q2"])) == "d2"
    assert "Unpacking the prebuilt index of scifact" in ran.stderr
    assert "Indexing scifact" not in ran.stderr
    assert "an index of another version" not in ran.stderr


@pytest.mark.slow
def test_an_index_of_fewer_documents_than_the_set_is_said_on_the_terminal(tmp_path):
    fewer = {docid: beir_sets.CONTENTS[docid] for docid in ("d1", "d2")}
    with Hub({}) as hub:
        ran = built(tmp_path, hub, beir_sets.index_archive(tmp_path / "made", fewer))
    assert ran.returncode == 0, ran.stderr
    assert "indexes/scifact has 2 documents, and collections/scifact/corpus has 3" in ran.stderr
