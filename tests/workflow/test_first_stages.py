"""`snakemake check_first_stages`: BM25, beside what was published of it."""

import json
import tarfile

import pytest

from lionrank import trec
from lionrank.java import start_jvm
from tests.support import published_facts, small_msmarco
from tests.support.running import OF_TRAININGS, ROOT, jobs, run_overlaid

OVERLAY = """
grid:
  test_sets: [{name}]
collections:
  {name}:
    format: anserini
    corpus: {folder}/documents.jsonl
    topics: {{all: {topics}}}
    topic_reader: {reader}
    qrels: {{all: {qrels}}}
test_sets:
  {name}: {{label: Small, collection: {name}, topics: all}}
"""


def write(folder, name="cacm", reader="TsvString", topics=None, qrels=None, more=""):
    topics, qrels = topics or folder / "topics.tsv", qrels or folder / "qrels.txt"
    text = OVERLAY.format(name=name, folder=folder, reader=reader, topics=topics, qrels=qrels)
    (folder / "overlay.yaml").write_text(text + more)
    return folder / "overlay.yaml"


@pytest.fixture
def small(tmp_path):
    """A small collection of JSON lines whose topics all find their passage first."""
    with open(tmp_path / "documents.jsonl", "w") as lines:
        for docid, text in small_msmarco.PASSAGES.items():
            lines.write(json.dumps({"id": docid, "contents": text}) + "\n")
    asked = [*small_msmarco.PASSAGES][:5]
    trec.write_topics(tmp_path / "topics.tsv", {each: small_msmarco.ask(each) for each in asked})
    trec.write_qrels(tmp_path / "qrels.txt", {each: {each: 1} for each in asked})
    return tmp_path


def checked(folder, overlay, *arguments):
    return run_overlaid(folder, "-c2", "check_first_stages", *arguments, overlays=[overlay])


def test_nothing_but_bm25_is_made_and_its_own_ranking_is_taken_where_it_is_that(small):
    told = checked(small, write(small), "-n")
    assert told.returncode == 0, told.stderr
    assert jobs(told.stdout + told.stderr) == {
        **dict.fromkeys(("import_corpus", "import_topics", "index", "bm25"), 1),
        **dict.fromkeys(("first_stages", "check_first_stages"), 1),
    }


def test_where_it_is_not_it_is_ranked_as_it_was_published(small):
    told = checked(small, write(small, more="retrieval: {depth: 100}"), "-n")
    assert told.returncode == 0, told.stderr
    counts = jobs(told.stdout + told.stderr)
    assert counts["published_bm25"] == 1
    assert "bm25" not in counts


@pytest.mark.parametrize(
    ("overlay", "own", "ranked_again"), [("beir", 0, 13), ("deep_learning", 5, 0)]
)
def test_overlays_of_published_sets_have_a_value_of_each(tmp_path, overlay, own, ranked_again):
    told = checked(tmp_path, ROOT / "config" / f"{overlay}.yaml", "-n")
    assert told.returncode == 0, told.stderr
    counts = jobs(told.stdout + told.stderr)
    assert (counts["bm25"], counts["published_bm25"]) == (own, ranked_again)
    assert not counts.keys() & OF_TRAININGS


def test_where_nothing_was_published_that_is_said_before_any_work(small):
    told = checked(small, write(small, name="mine"), "-n")
    assert told.returncode == 1
    complaint = "config: grid.test_sets: none is in paper/published/first_stages.csv"
    assert complaint in told.stdout + told.stderr


@pytest.mark.slow
def test_a_collection_that_is_not_the_published_one_fails(small):
    told = checked(small, write(small))
    assert told.returncode == 1
    text = (small / "results" / "first_stages.txt").read_text()
    assert text in told.stdout
    line = " ".join(text.splitlines()[1].split())
    assert line == "cacm [1] MAP P@30 1.0000 0.0333 0.3123 0.1942 +0.6877 -0.1609 differs"
    # Snakemake shows the log of what failed.
    assert (small / "logs/evaluation/check_first_stages.log").read_text() in text


@pytest.mark.slow
def test_bm25_on_cacm_is_as_published(tmp_path):
    cacm = published_facts.full("cacm")
    write_text_of_html(cacm / "cacm.tar.gz", tmp_path)
    files = {"topics": cacm / "topics.cacm.txt", "qrels": cacm / "qrels.cacm.txt"}
    told = checked(tmp_path, write(tmp_path, reader="Cacm", **files))
    assert told.returncode == 0, told.stdout + told.stderr
    line = " ".join(told.stdout.splitlines()[1].split())
    assert line == "cacm [1] MAP P@30 0.3123 0.1942 0.3123 0.1942 +0.0000 +0.0000 reproduced"


def write_text_of_html(archive, folder):
    """Write the pages of CACM as JSON lines, their text as Anserini takes it out of HTML."""
    start_jvm()
    from jnius import autoclass

    with tarfile.open(archive) as members:
        members.extractall(folder / "html", filter="data")
    paths = autoclass("java.nio.file.Paths")
    pages = autoclass("io.anserini.collection.HtmlCollection")(paths.get(str(folder / "html")))
    segments = pages.iterator()
    with open(folder / "documents.jsonl", "w") as lines:
        while segments.hasNext():
            documents = segments.next().iterator()
            while documents.hasNext():
                page = documents.next()
                record = {"id": page.id(), "contents": page.contents()}
                lines.write(json.dumps(record) + "\n")
