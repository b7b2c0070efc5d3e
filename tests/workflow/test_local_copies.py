"""Data sets of ir_datasets in the layouts of their publishers, from local copies alone."""

import re
from shutil import rmtree

import pytest

from lionrank import trec
from lionrank.files import read_json_lines
from tests.support.published_catalogue import write_miracl, write_robust04
from tests.support.running import run_overlaid

ROBUST04 = """
grid: {test_sets: [robust04]}
collections:
  robust04: {format: ir_datasets, ids: {test: disks45/nocr/trec-robust-2004}}
test_sets:
  robust04: {label: Robust04, collection: robust04, topics: test}
"""
MIRACL = """
grid: {{test_sets: [miracl_en, own]}}
collections:
  miracl_en: {{format: ir_datasets, ids: {{dev: miracl/en/dev}}}}
  own:
    format: anserini
    corpus: {corpus}
    topics: {{dev: {topics}}}
    qrels: {{dev: {qrels}}}
test_sets:
  miracl_en: {{label: MIRACL, collection: miracl_en, topics: dev}}
  own: {{label: MIRACL's own files, collection: own, topics: dev}}
"""
LIONS = {"12#0": ("Lion", "Lions sleep in the sun."), "12#1": ("Lion", "They hunt at night.")}
FILES_OF_ENGLISH = 66


@pytest.fixture
def run(tmp_path):
    """Run the workflow with an overlay, and what is in ir_datasets/ as all that there is."""

    def run(overlay, *targets):
        (tmp_path / "overlay.yaml").write_text(overlay)
        environment = {"IR_DATASETS_HOME": f"{tmp_path}/ir_datasets"}
        overlays = [tmp_path / "overlay.yaml"]
        return run_overlaid(tmp_path, *targets, overlays=overlays, environment=environment)

    return run


def passages(folder):
    records = read_json_lines(folder / "corpus" / "documents.jsonl")
    return {record["id"]: record["contents"] for record in records}


def test_a_collection_under_a_licence_asks_for_a_copy_before_any_work(run, tmp_path):
    told = run(ROBUST04, "-n", "results/bm25.eval")
    assert told.returncode == 1
    place = tmp_path / "ir_datasets" / "disks45" / "corpus"
    text = told.stdout + told.stderr
    assert "config: collections.robust04: ir_datasets does not download the documents" in text
    assert f"{place} does not exist" in text
    assert "agreements to be filed with NIST" in text


def test_what_needs_no_documents_does_without_the_copy_and_the_audit_asks_for_it(run, tmp_path):
    told = run(ROBUST04, "-c1", "audit")
    assert told.returncode == 0, told.stderr
    page = (tmp_path / "audit.md").read_text()
    place = tmp_path / "ir_datasets" / "disks45" / "corpus"
    assert f"are not downloaded: a copy belongs at `{place}`. The TREC Robust document" in page
    assert "is downloaded by ir_datasets" not in page


@pytest.mark.slow
def test_half_a_copy_is_told_by_its_number_of_files(run, tmp_path):
    write_robust04(tmp_path / "ir_datasets")
    rmtree(tmp_path / "ir_datasets" / "disks45" / "corpus" / "NEWS_data" / "FR94")
    made = run(ROBUST04, "-c1", "collections/robust04/corpus")
    assert made.returncode == 1
    complaint = "found 1795 files of the expected 2295 .* damaged ones or not all, put whole ones"
    assert re.search(complaint, made.stdout + made.stderr)
    assert not (tmp_path / "collections" / "robust04" / "corpus").exists()


@pytest.mark.slow
def test_with_the_copy_its_titles_are_the_topics(run, tmp_path):
    write_robust04(tmp_path / "ir_datasets")
    made = run(ROBUST04, "-c2", "retrieval/robust04/test.trec")
    assert made.returncode == 0, made.stdout + made.stderr
    folder = tmp_path / "collections" / "robust04"
    assert len(passages(folder)) == 2295
    text = " ".join(passages(folder)["LA0007"].split())
    assert text == "News 7 organized crime across borders"
    topics = trec.read_topics(folder / "topics.test.tsv")
    assert topics == {"301": "International Organized Crime"}
    ranking, _ = trec.read_run(tmp_path / "retrieval" / "robust04" / "test.trec")
    assert {"FB0007", "LA0007"} <= ranking["301"].keys()


@pytest.mark.slow
def test_miracl_is_read_by_its_identifier_and_from_its_own_files(run, tmp_path):
    files = [LIONS, *({f"{place}#0": ("Page", "text")} for place in range(100, 165))]
    assert len(files) == FILES_OF_ENGLISH
    own = write_miracl(tmp_path / "ir_datasets" / "miracl", "en", files)
    targets = ["retrieval/miracl_en/dev.trec", "retrieval/own/dev.trec"]
    made = run(MIRACL.format(**own), "-c2", *targets)
    assert made.returncode == 0, made.stdout + made.stderr
    for name in ("miracl_en", "own"):
        folder = tmp_path / "collections" / name
        assert len(passages(folder)) == 67
        assert passages(folder)["12#0"] == "Lion Lions sleep in the sun."
        assert trec.read_topics(folder / "topics.dev.tsv")["0"] == "Who sleeps in the sun?"
        assert trec.read_qrels(folder / "qrels.dev.txt") == {"0": {"12#0": 1, "12#1": 0}}
        ranking, _ = trec.read_run(tmp_path / "retrieval" / name / "dev.trec")
        assert next(iter(ranking["0"])) == "12#0"
