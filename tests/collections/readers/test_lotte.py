"""LoTTE's own files, unpacked and in its one archive."""

import gzip

import pytest

from lionrank.collections.readers.lotte import Lotte, unpack
from lionrank.config.lotte import FILES
from lionrank.errors import UserError
from tests.support import lotte
from tests.support.importing import imported


@pytest.fixture
def folder(tmp_path):
    return lotte.write(tmp_path / "lotte")


def settings(folder):
    return {"format": "lotte", "folder": str(folder)}


@pytest.mark.parametrize("name", ["search", "forum"])
def test_a_split_has_its_passages_and_both_kinds_of_topics(folder, tmp_path, name):
    passages, topics, qrels = imported(settings(folder), {}, name, tmp_path)
    assert passages == lotte.PASSAGES
    assert topics == lotte.QUERIES[name]
    assert qrels == {
        qid: {str(pid): 1 for pid in pids} for qid, pids in lotte.ANSWERS[name].items()
    }


def test_it_is_read_as_ir_datasets_reads_it(folder):
    from ir_datasets.datasets.lotte import LotteQrels
    from ir_datasets.formats import TsvDocs, TsvQueries
    from ir_datasets.util import LocalDownload

    def local(name):
        return LocalDownload(folder / name, mkdir=False)

    ours = Lotte(folder)
    assert [(each.docid, each.text) for each in ours.documents()] == [
        (each.doc_id, each.text) for each in TsvDocs(local("collection.tsv")).docs_iter()
    ]
    queries = TsvQueries(local("questions.forum.tsv")).queries_iter()
    assert ours.topics("forum") == {each.query_id: each.text for each in queries}
    judged = {(each.query_id, each.doc_id): each.relevance for each in qrels_of(local, LotteQrels)}
    assert judged == {
        (qid, docid): grade
        for qid, docids in ours.qrels("forum").items()
        for docid, grade in docids.items()
    }


def qrels_of(local, kind):
    return kind(local("qas.forum.jsonl")).qrels_iter()


def test_packed_files_are_read_as_they_are(folder):
    for name in FILES:
        content = (folder / name).read_bytes()
        (folder / f"{name}.gz").write_bytes(gzip.compress(content))
        (folder / name).unlink()
    assert len([*Lotte(folder).documents()]) == 4
    assert Lotte(folder).qrels("search")["0"] == {"0": 1, "1": 1}


@pytest.mark.parametrize(
    ("file", "line", "complaint"),
    [
        ("collection.tsv", "4", r"collection\.tsv:5: expected docid<TAB>text, found '4'"),
        ("collection.tsv", "3\tagain", r"collection\.tsv:5: document '3' appears twice"),
        ("collection.tsv", "4\ta\tb", r"collection\.tsv:5: expected docid<TAB>text, found '4"),
        ("questions.search.tsv", "1\tagain", r"questions\.search\.tsv:3: topic '1' appears twice"),
        ("questions.search.tsv", "2\t ", r"questions\.search\.tsv:3: topic '2' has no text"),
        ("qas.search.jsonl", '{"qid": 2}', r"qas\.search\.jsonl:3: the key 'answer_pids' is miss"),
        ("qas.search.jsonl", '{"qid": 1, "answer_pids": [0]}', r"l:3: query '1' appears twice"),
        ("qas.search.jsonl", '{"qid": 2, "answer_pids": []}', r"l:3: query 2 has no answers"),
        ("qas.search.jsonl", '{"qid": 2, "answer_pids": 3}', r"l:3: expected a qid and a list of"),
        ("qas.search.jsonl", '{"qid": 2, "answer_pids": [0.5]}', r"l:3: expected a qid and a list"),
        ("qas.search.jsonl", '{"qid": true, "answer_pids": [1]}', r"l:3: expected a qid and a "),
        ("qas.search.jsonl", '{"qid": 2, "answer_pids": [1]}', "1 of 3 judged topics are not"),
        ("qas.search.jsonl", "2", r"qas\.search\.jsonl:3: expected a JSON object"),
    ],
)
def test_a_damaged_line_is_named(folder, tmp_path, file, line, complaint):
    with open(folder / file, "a") as lines:
        lines.write(f"{line}\n")
    with pytest.raises(UserError, match=complaint):
        imported(settings(folder), {}, "search", tmp_path)


def test_only_what_is_asked_for_is_unpacked(tmp_path):
    for domain, split in (("writing", "dev"), ("writing", "test"), ("science", "test")):
        lotte.write(tmp_path / "lotte", domain, split)
    (tmp_path / "lotte" / "writing" / "test" / "metadata.jsonl").write_text("{}\n")
    archive = lotte.pack(tmp_path / "lotte", tmp_path / "lotte.tar.gz")
    made = tmp_path / "made"
    made.mkdir()
    unpack(archive, "writing", "test", made)
    assert {path.name for path in made.iterdir()} == {*FILES}
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
    assert Lotte(made).topics("forum") == lotte.QUERIES["forum"]


def test_an_archive_that_lacks_a_file_leaves_none(folder, tmp_path):
    (folder / "qas.forum.jsonl").unlink()
    archive = lotte.pack(tmp_path / "lotte", tmp_path / "lotte.tar.gz")
    made = tmp_path / "made"
    made.mkdir()
    complaint = r"lotte\.tar\.gz lacks writing/test/qas\.forum\.jsonl: is it LoTTE's"
    with pytest.raises(UserError, match=complaint):
        unpack(archive, "writing", "test", made)
    assert [*made.iterdir()] == []


def test_a_link_is_no_file_of_it(folder, tmp_path):
    (folder / "qas.forum.jsonl").unlink()
    (folder / "qas.forum.jsonl").symlink_to("/etc/hostname")
    archive = lotte.pack(tmp_path / "lotte", tmp_path / "lotte.tar.gz")
    with pytest.raises(UserError, match=r"lacks writing/test/qas\.forum\.jsonl"):
        unpack(archive, "writing", "test", tmp_path)


@pytest.mark.parametrize("content", [b"no archive", gzip.compress(b"x" * 2000, mtime=0)[:-9]])
def test_a_damaged_archive_is_named(tmp_path, content):
    archive = tmp_path / "lotte.tar.gz"
    archive.write_bytes(content)
    with pytest.raises(UserError, match=r"lotte\.tar\.gz cannot be unpacked .* delete the folder"):
        unpack(archive, "writing", "test", tmp_path)


def test_half_of_an_archive_is_named(tmp_path):
    lotte.write(tmp_path / "lotte")
    archive = lotte.pack(tmp_path / "lotte", tmp_path / "lotte.tar.gz")
    archive.write_bytes(archive.read_bytes()[:-200])
    with pytest.raises(UserError, match=r"lotte\.tar\.gz cannot be unpacked"):
        unpack(archive, "writing", "test", tmp_path)
