"""The first stage on a real JVM: an index is made or unpacked, and BM25 retrieves."""

import io
import tarfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lionrank import trec
from lionrank.errors import UserError
from lionrank.files import read_json, write_json_lines
from lionrank.retrieval.bm25 import bm25, build_index, difference_in_size, rank, unpack_index

PASSAGES = {
    "d1": "the lion sleeps tonight",
    "d2": "lions and tigers and bears",
    "d3": "an optimizer for neural networks",
    "d4": "optimizer " * 12_000,
}
TOPICS = {"q1": "sleeping lion", "q2": "neural optimizer", "q3": "the of and"}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    folder = tmp_path_factory.mktemp("corpus")
    records = ({"id": docid, "contents": text} for docid, text in PASSAGES.items())
    write_json_lines(folder / "documents.jsonl", records)
    return folder


@pytest.fixture(scope="module")
def index(corpus, tmp_path_factory):
    index = tmp_path_factory.mktemp("index") / "lucene"
    build_index(corpus, index, threads=1)
    return index


@pytest.fixture(scope="module")
def run(index):
    return bm25(index, TOPICS, depth=10, k1=0.9, b=0.4, threads=1)


def test_bm25_ranks_and_leaves_out_a_topic_without_candidates(run):
    assert list(run) == ["q1", "q2"]
    assert list(run["q1"]) == ["d1", "d2"]
    assert next(iter(run["q2"])) == "d3"


def test_a_topic_of_thousands_of_terms_is_answered_beside_others(index, run):
    """As a document that is a query is; Lucene's own limit is 1,024 terms."""
    long = " ".join([*(f"word{number}" for number in range(3_000)), "tigers"])
    found = bm25(index, TOPICS | {"long": long}, depth=10, k1=0.9, b=0.4, threads=1)
    assert list(found.pop("long")) == ["d2"]
    assert found == run


def test_a_corpus_of_parquet_files_gives_the_same_run_and_leaves_nothing_else(run, tmp_path):
    folder = tmp_path / "corpus"
    folder.mkdir()
    columns = {"id": list(PASSAGES), "contents": list(PASSAGES.values())}
    pq.write_table(pa.table(columns), folder / "documents.parquet")
    index = tmp_path / "indexes" / "lucene"
    build_index(folder, index, threads=1)
    assert bm25(index, TOPICS, depth=10, k1=0.9, b=0.4, threads=1) == run
    assert list(index.parent.iterdir()) == [index]


def test_a_damaged_corpus_is_not_indexed(tmp_path):
    (tmp_path / "documents.jsonl").write_text('{"id": "d1", "contents": "x"}\n{"id": "d2", "con')
    with pytest.raises(UserError, match=r"documents.jsonl:2: expected one JSON object a line"):
        build_index(tmp_path, tmp_path / "index", threads=1)


@pytest.mark.parametrize(
    ("record", "told"),
    [
        (
            {"id": "d2", "contents": "\x01\x02\t "},
            "document 'd2' has no text but white space and con",
        ),
        ({"id": "d 2", "contents": "x"}, "document id 'd 2' is empty or holds white space"),
        ({"id": "d2", "contents": ["x"]}, "'contents' is neither text nor a number"),
    ],
)
def test_a_document_that_lucene_does_not_index_is_named_by_file_and_line(tmp_path, record, told):
    write_json_lines(tmp_path / "documents.jsonl", [{"id": "d1", "contents": "x"}, record])
    with pytest.raises(UserError, match=f"documents.jsonl:2: {told}"):
        build_index(tmp_path, tmp_path / "index", threads=1)


def test_a_row_of_a_parquet_corpus_that_lucene_does_not_index_is_named(tmp_path):
    columns = {"id": ["d1", "d2"], "contents": ["x", " \x1f"]}
    pq.write_table(pa.table(columns), tmp_path / "documents.parquet")
    with pytest.raises(UserError, match=r"1 documents, 'd2' first, have .* no text but white spac"):
        build_index(tmp_path, tmp_path / "index", threads=1)


def test_a_corpus_without_documents_is_refused(tmp_path):
    (tmp_path / "documents.jsonl").touch()
    with pytest.raises(UserError, match="holds no document"):
        build_index(tmp_path, tmp_path / "index", threads=1)


@pytest.mark.parametrize("damage", ["absent", "empty", "cut"])
def test_an_index_that_is_damaged_is_named_with_the_remedy(tmp_path, damage):
    write_json_lines(tmp_path / "corpus" / "documents.jsonl", [{"id": "d1", "contents": "lion"}])
    build_index(tmp_path / "corpus", tmp_path / "index", threads=1)
    for path in (tmp_path / "index").iterdir():
        path.write_bytes(path.read_bytes()[:-5]) if damage == "cut" else path.unlink()
    if damage == "absent":
        (tmp_path / "index").rmdir()
    with pytest.raises(UserError, match=r"index is no Lucene index, or a damaged one \(.*: delete"):
        bm25(tmp_path / "index", {"q": "lion"}, 10, 0.9, 0.4, threads=1)


def test_white_space_that_is_not_ascii_is_a_text_as_it_is_to_lucene(tmp_path):
    records = [
        {"id": docid, "contents": text} for docid, text in (("d1", "lion"), ("d2", "\u00a0"))
    ]
    write_json_lines(tmp_path / "corpus" / "documents.jsonl", records)
    build_index(tmp_path / "corpus", tmp_path / "index", threads=1)
    assert bm25(tmp_path / "index", {"q": "lion"}, 10, 0.9, 0.4, threads=1).keys() == {"q"}


def test_an_id_that_is_twice_in_an_index_is_named(tmp_path):
    records = [{"id": "d1", "contents": "lion"}, {"id": "d1", "contents": "lions"}]
    write_json_lines(tmp_path / "corpus" / "documents.jsonl", records)
    build_index(tmp_path / "corpus", tmp_path / "index", threads=1)
    with pytest.raises(UserError, match="a document is retrieved twice for topic 'q'"):
        bm25(tmp_path / "index", {"q": "lion"}, 10, 0.9, 0.4, threads=1)


# Prebuilt indexes


@pytest.fixture
def archive(tmp_path):
    folder = tmp_path / "lucene-index"
    folder.mkdir()
    (folder / "segments_1").write_bytes(bytes(range(256)) * 400)
    with tarfile.open(tmp_path / "index.tar.gz", "w:gz") as members:
        members.add(folder, "lucene-index")
    return tmp_path / "index.tar.gz"


def test_the_folder_in_the_archive_becomes_the_index(archive, tmp_path):
    unpack_index(archive, tmp_path / "indexes" / "msmarco")
    assert [path.name for path in (tmp_path / "indexes" / "msmarco").iterdir()] == ["segments_1"]
    assert [path.name for path in (tmp_path / "indexes").iterdir()] == ["msmarco"]


def test_an_index_of_another_number_of_documents_is_told_with_both(corpus, tmp_path):
    index = tmp_path / "indexes" / "lions"
    build_index(corpus, index, threads=1)
    assert difference_in_size(index, corpus, threads=1) is None
    larger = tmp_path / "corpus"
    records = ({"id": docid, "contents": text} for docid, text in (PASSAGES | {"d5": "x"}).items())
    write_json_lines(larger / "documents.jsonl", records)
    told = difference_in_size(index, larger, threads=1)
    assert f"{index} has 4 documents, and {larger} has 5" in told


def test_a_truncated_archive_leaves_nothing_and_says_what_to_do(archive, tmp_path):
    archive.write_bytes(archive.read_bytes()[:-200])
    with pytest.raises(UserError, match=r"index\.tar\.gz cannot be unpacked .* run again"):
        unpack_index(archive, tmp_path / "indexes" / "msmarco")
    assert list((tmp_path / "indexes").iterdir()) == []


def test_an_archive_that_is_no_index_is_refused(tmp_path):
    (tmp_path / "a").write_text("a")
    with tarfile.open(tmp_path / "x.tar.gz", "w:gz") as members:
        members.add(tmp_path / "a", "a")
    with pytest.raises(UserError, match="expected one folder, found 0"):
        unpack_index(tmp_path / "x.tar.gz", tmp_path / "indexes" / "msmarco")


def test_plain_files_beside_the_folder_are_left_out(tmp_path, archive):
    with tarfile.open(tmp_path / "stray.tar.gz", "w:gz") as members:
        members.add(tmp_path / "lucene-index", "lucene-index")
        members.add(tmp_path / "lucene-index" / "segments_1", "._lucene-index")
    unpack_index(tmp_path / "stray.tar.gz", tmp_path / "indexes" / "msmarco")
    assert [path.name for path in (tmp_path / "indexes" / "msmarco").iterdir()] == ["segments_1"]


@pytest.mark.parametrize(
    ("name", "kind", "target"),
    [
        ("index/../../out", tarfile.REGTYPE, ""),
        ("/tmp/out", tarfile.REGTYPE, ""),
        ("index/link", tarfile.SYMTYPE, "/etc/passwd"),
        ("index/link", tarfile.SYMTYPE, "segments_1"),
        ("index/link", tarfile.LNKTYPE, "../out"),
        ("index/device", tarfile.CHRTYPE, ""),
    ],
)
def test_a_member_that_leaves_the_folder_is_refused(tmp_path, name, kind, target):
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, target
    with tarfile.open(tmp_path / "x.tar.gz", "w:gz") as members:
        members.addfile(tarfile.TarInfo("index/segments_1"), io.BytesIO())
        members.addfile(member, io.BytesIO())
    with pytest.raises(UserError, match=r"x\.tar\.gz: the member .* is a link or leaves"):
        unpack_index(tmp_path / "x.tar.gz", tmp_path / "indexes" / "msmarco")
    assert not list((tmp_path / "indexes").iterdir())
    assert not (tmp_path / "out").exists()


def test_the_query_itself_takes_no_place_of_the_depth(corpus, tmp_path, capsys):
    build_index(corpus, tmp_path / "index", threads=1)
    trec.write_topics(tmp_path / "topics.tsv", {"d1": PASSAGES["d1"], "d3": PASSAGES["d3"]})
    files = [tmp_path / name for name in ("index", "topics.tsv", "run.trec", "run.json")]
    how = {"threads": 1, "k1": 0.9, "b": 0.4}

    def ranked(**changes):
        rank(*files[:2], 1, *files[2:], **how, **changes)
        return {qid: [*own] for qid, own in trec.read_run(files[2])[0].items()}, read_json(files[3])

    found, counts = ranked(remove_query=True)
    assert found == {"d1": ["d2"], "d3": ["d4"]}
    assert (counts["lines"], counts["removed_queries"], counts["without_candidates"]) == (2, 2, 0)
    assert "run.trec: 2 documents are the query itself, and left out" in capsys.readouterr().out
    found, counts = ranked()
    assert found == {"d1": ["d1"], "d3": ["d3"]} and not counts["removed_queries"]


def test_a_topic_that_finds_nothing_but_itself_is_named_and_counted(tmp_path, capsys):
    write_json_lines(tmp_path / "corpus" / "documents.jsonl", [{"id": "d1", "contents": "lion"}])
    build_index(tmp_path / "corpus", tmp_path / "index", threads=1)
    trec.write_topics(tmp_path / "topics.tsv", {"d1": "lion", "d2": "lion"})
    files = [tmp_path / name for name in ("index", "topics.tsv", "run.trec", "run.json")]
    rank(*files[:2], 9, *files[2:], threads=1, k1=0.9, b=0.4, remove_query=True)
    assert trec.read_run(files[2])[0].keys() == {"d2"}
    assert read_json(files[3])["without_candidates"] == 1
    assert "1 topics have no candidate, and score 0 if judged: d1" in capsys.readouterr().out
