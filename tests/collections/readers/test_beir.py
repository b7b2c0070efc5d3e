"""BEIR's format, good and damaged."""

import csv
import gzip
import io
import zipfile
from pathlib import Path

import pyarrow as pa
import pytest

from lionrank.collections.convert import reader
from lionrank.errors import UserError
from lionrank.files import write_json_lines
from tests.support import beir_sets
from tests.support.importing import imported, write


def beir(folder: Path) -> dict:
    """Write a small collection in BEIR's format and return its config."""
    documents = [
        {"_id": "d1", "title": "Lions", "text": "sleep\tby day", "metadata": {"year": 1931}},
        {"_id": "d2", "title": "", "text": "Tigers swim."},
        {"_id": "d3", "text": "Bears.\nThey climb.\u2028"},
        {"_id": "d4", "title": "A title and no text", "text": ""},
    ]
    write_json_lines(folder / "corpus.jsonl", documents)
    queries = [
        {"_id": "q2", "text": "who swims"},
        {"_id": "q1", "text": " who\tsleeps \n  by day?"},
        {"_id": "q3", "text": "never judged"},
    ]
    write_json_lines(folder / "queries.jsonl", queries)
    header = "query-id\tcorpus-id\tscore\n"
    write(folder / "qrels" / "train.tsv", header + "q1\td1\t2\nq1\td2\t0\n")
    write(folder / "qrels" / "test.tsv", header + "q2\td2\t1\r\n")
    return {"format": "beir", "folder": str(folder)}


def test_a_beir_folder_gives_its_corpus_and_the_topics_of_each_split(tmp_path):
    settings = beir(tmp_path / "beir")
    passages, topics, qrels = imported(settings, {}, "train", tmp_path)
    assert passages == {
        "d1": "Lions sleep\tby day",
        "d2": "Tigers swim.",
        "d3": "Bears.\nThey climb.\u2028",
        "d4": "A title and no text",
    }
    assert topics == {"q1": "who sleeps by day?"}
    assert qrels == {"q1": {"d1": 2, "d2": 0}}
    _, topics, qrels = imported(settings, {}, "test", tmp_path)
    assert topics == {"q2": "who swims"}
    assert qrels == {"q2": {"d2": 1}}


@pytest.mark.parametrize(
    ("suffix", "pack"),
    [
        (".gz", gzip.compress),
        (".zst", lambda content: pa.compress(content, "zstd", asbytes=True)),
    ],
)
def test_the_files_of_a_beir_folder_may_be_packed(tmp_path, suffix, pack):
    settings = beir(tmp_path / "beir")
    plain = imported(settings, {}, "train", tmp_path)
    for file in [*(tmp_path / "beir").rglob("*.jsonl"), tmp_path / "beir" / "qrels" / "train.tsv"]:
        Path(f"{file}{suffix}").write_bytes(pack(file.read_bytes()))
        file.unlink()
    assert imported(settings, {}, "train", tmp_path / "packed") == plain
    with pytest.raises(UserError, match=r"dev\.tsv does not exist; .*/qrels has: test, train$"):
        reader(settings, {}).qrels("dev")


@pytest.mark.parametrize(
    ("file", "added", "complaint"),
    [
        ("corpus.jsonl", '{"_id": "d5"}', r"corpus.jsonl:5: the key 'text' is missing; found: _id"),
        ("corpus.jsonl", '{"text": "a"}', r"corpus.jsonl:5: the key '_id' is missing"),
        ("corpus.jsonl", '{"_id": 5, "text": "a"}', r"5: '_id' is not text but 5: put it in quo"),
        ("corpus.jsonl", '{"_id": true, "text": "a"}', r"'_id' is not text but true: put it in q"),
        ("corpus.jsonl", '{"_id": "d5", "text": null}', r":5: 'text' is not text but null: giv"),
        ("corpus.jsonl", '{"_id": "d5", "text": ["a"]}', r"'text' is not text but .*: expected o"),
        ("corpus.jsonl", '{"_id": "d5", "text": "a", "title": {}}', r"5: 'title' is not text"),
        ("corpus.jsonl", '{"_id": "d5", "text', r"corpus.jsonl:5: expected one JSON object a line"),
        ("corpus.jsonl", '{"_id": "d1", "text": "a"}', r"corpus.jsonl:5: document 'd1' appears tw"),
        ("corpus.jsonl", '{"_id": "", "text": "a"}', r"corpus.jsonl:5: document id '' is empty"),
        ("corpus.jsonl", '{"_id": "d 5", "text": "a"}', r":5: document id 'd 5' is .* white space"),
        ("queries.jsonl", '{"_id": "q4"}', r"queries.jsonl:4: the key 'text' is missing"),
        ("queries.jsonl", '{"_id": "q1", "text": "a"}', r"queries.jsonl:4: query 'q1' appears tw"),
        ("qrels/train.tsv", "q1\td3", r"train.tsv:4: expected query-id<TAB>corpus-id<TAB>score, f"),
        ("qrels/train.tsv", "q1 d3 1", r"train.tsv:4: expected query-id<TAB>corpus-id<TAB>score"),
        ("qrels/train.tsv", "q1\td3\thigh", r"train.tsv:4: grade 'high' is not an integer"),
        ("qrels/train.tsv", "q1\td3\t1_0", r"train.tsv:4: grade '1_0' is not an integer"),
        ("qrels/train.tsv", "q1\td3\t128", r"train.tsv:4: grade '128' is not an integer between"),
        ("qrels/train.tsv", "q1\td1\t1", r"train.tsv:4: document 'd1' is judged twice for query"),
        (
            "qrels/train.tsv",
            "q9\td1\t1",
            r"topics train: 1 of 2 judged topics are not there, 'q9' f",
        ),
        ("qrels/train.tsv", "q1\td 3\t1", r"qrels train, topic q1: document id 'd 3' is empty or"),
    ],
)
def test_a_damaged_beir_folder_is_named_by_file_and_line(tmp_path, file, added, complaint):
    settings = beir(tmp_path / "beir")
    with open(tmp_path / "beir" / file, "a") as handle:
        handle.write(added + "\n")
    with pytest.raises(UserError, match=complaint):
        imported(settings, {}, "train", tmp_path)


def test_qrels_are_read_with_the_quotation_marks_that_beirs_own_loader_takes(tmp_path):
    folder = tmp_path / "beir"
    settings = beir(folder)
    rows = [["query-id", "corpus-id", "score"], ['q"1"', "d1", "1"], ["q2", '"d" 2', "2"]]
    rows.append(["q3", "a\u00a0b", "0"])
    with open(folder / "qrels" / "train.tsv", "w", newline="") as handle:
        csv.writer(handle, delimiter="\t", quoting=csv.QUOTE_MINIMAL).writerows(rows)
    assert reader(settings, {}).qrels("train") == {
        'q"1"': {"d1": 1},
        "q2": {'"d" 2': 2},
        "q3": {"a\u00a0b": 0},
    }
    write(folder / "qrels" / "train.tsv", '"query-id"\t"corpus-id"\t"score"\n"q1"\t"d1"\t"1"\n')
    assert reader(settings, {}).qrels("train") == {"q1": {"d1": 1}}
    write(folder / "qrels" / "train.tsv", 'query-id\tcorpus-id\tscore\nq1\t"d1\t1\nq2\td2\t1\n')
    with pytest.raises(
        UserError, match=r"train\.tsv:2: a column that begins with a quotation mark"
    ):
        reader(settings, {}).qrels("train")


def test_a_line_of_qrels_that_is_there_twice_says_nothing_new(tmp_path):
    settings = beir(tmp_path / "beir")
    with open(tmp_path / "beir" / "qrels" / "train.tsv", "a") as handle:
        handle.write("q1\td1\t2\n")
    assert reader(settings, {}).qrels("train") == {"q1": {"d1": 2, "d2": 0}}


def test_qrels_without_their_header_are_refused_as_they_would_lose_a_judgement(tmp_path):
    settings = beir(tmp_path / "beir")
    write(tmp_path / "beir" / "qrels" / "train.tsv", "q1\td1\t2\n")
    with pytest.raises(UserError, match=r"train.tsv:1: expected the header query-id<TAB>corpus-id"):
        imported(settings, {}, "train", tmp_path)


def test_an_unknown_split_is_answered_with_those_that_exist(tmp_path):
    settings = beir(tmp_path / "beir")
    with pytest.raises(UserError, match=r"dev\.tsv does not exist; .*/qrels has: test, train$"):
        imported(settings, {}, "dev", tmp_path)


def test_a_missing_file_and_one_that_is_not_utf8_are_named_with_a_remedy(tmp_path):
    settings = beir(tmp_path / "beir")
    (tmp_path / "beir" / "corpus.jsonl").write_bytes('{"_id": "d1", "text": "é"}'.encode("latin-1"))
    with pytest.raises(UserError, match=r"corpus.jsonl:1: expected UTF-8, found the byte 0xe9"):
        imported(settings, {}, "train", tmp_path)
    (tmp_path / "beir" / "corpus.jsonl").unlink()
    with pytest.raises(UserError, match=r"corpus.jsonl does not exist: fix the path"):
        imported(settings, {}, "train", tmp_path)


@pytest.fixture
def packed(tmp_path) -> Path:
    """Where the archive of a source lies, and its folder."""
    return write(tmp_path / "sources" / "scifact" / "scifact.zip", "")


def read(packed: Path, name: str, tmp_path: Path):
    folders = {"scifact": str(packed.parent)}
    return imported({"format": "beir", "source": "scifact"}, folders, name, tmp_path)


def test_the_zip_archive_of_a_source_is_read_as_its_folder_would_be(packed, tmp_path):
    packed.write_bytes(beir_sets.archive())
    passages, topics, qrels = read(packed, "test", tmp_path)
    assert passages == beir_sets.CONTENTS
    assert topics == {qid: beir_sets.QUERIES[qid] for qid in ("q1", "q2")}
    assert qrels == beir_sets.QRELS["test"]
    _, topics, qrels = read(packed, "train", tmp_path)
    assert (topics, qrels) == ({"q3": "who climbs"}, beir_sets.QRELS["train"])
    assert [*packed.parent.iterdir()] == [packed]


def test_a_zip_archive_of_a_mac_or_without_a_folder_is_read_too(packed, tmp_path):
    files = beir_sets.members()
    packed.write_bytes(beir_sets.archive(files | {"__MACOSX/scifact/._corpus.jsonl": "x"}))
    assert read(packed, "test", tmp_path)[0] == beir_sets.CONTENTS
    flat = {name.partition("/")[2]: text for name, text in files.items()}
    for others in (flat, {f"./{name}": text for name, text in files.items()}):
        packed.write_bytes(beir_sets.archive(others))
        assert read(packed, "test", tmp_path)[2] == beir_sets.QRELS["test"]


@pytest.mark.parametrize(
    ("without", "more", "complaint"),
    [
        ("corpus.jsonl", {}, r"scifact\.zip: expected one folder with corpus.jsonl.*, found 0 "),
        ("none", {"b/corpus.jsonl": ""}, r"scifact\.zip: .* found 2 corpus.jsonl, scifact, b$"),
        ("queries.jsonl", {}, r"scifact\.zip/scifact/queries\.jsonl does not exist"),
        ("qrels/test.tsv", {}, r"zip/scifact/qrels/test\.tsv does not exist; .* has: train$"),
        ("qrels/", {}, r"qrels/test\.tsv does not exist; .* has: no \*\.tsv file$"),
        ("none", {"scifact/qrels/test.tsv": "q1\td1\t1\n"}, r"scifact\.zip/.*/test\.tsv:1: expect"),
        ("none", {"scifact/corpus.jsonl": '{"_id": 5}\n'}, r"zip/scifact/corpus\.jsonl:1: "),
    ],
)
def test_a_zip_archive_of_other_files_is_named(packed, tmp_path, without, more, complaint):
    files = {name: text for name, text in beir_sets.members().items() if without not in name}
    packed.write_bytes(beir_sets.archive(files | more))
    with pytest.raises(UserError, match=complaint):
        read(packed, "test", tmp_path)


def test_nothing_is_written_where_a_member_would_leave_the_folder(packed, tmp_path):
    files = beir_sets.members() | {"../../out": "x", "scifact/../../../out": "x", "/tmp/out": "x"}
    packed.write_bytes(beir_sets.archive(files))
    read(packed, "test", tmp_path)
    assert [*packed.parent.iterdir()] == [packed]
    assert not any(path.name == "out" for path in tmp_path.rglob("*"))


def changed(archive: bytes) -> bytes:
    """Return an archive with other bytes in the middle of its corpus."""
    with zipfile.ZipFile(io.BytesIO(archive)) as members:
        start = members.getinfo("scifact/corpus.jsonl").header_offset + 80
    return archive[:start] + b"\0" * 9 + archive[start + 9 :]


@pytest.mark.parametrize("damage", ["cut", "changed", "changed LZMA", "no archive", "two files"])
def test_a_damaged_zip_archive_is_named_with_a_remedy(packed, tmp_path, damage):
    content = {
        "cut": beir_sets.archive()[:-200],
        "changed": changed(beir_sets.archive()),
        "changed LZMA": changed(beir_sets.archive(method=zipfile.ZIP_LZMA)),
        "no archive": b"<html>Not found</html>",
        "two files": beir_sets.archive(),
    }
    packed.write_bytes(content[damage])
    if damage == "two files":
        write(packed.parent / "another.zip", "")
    with pytest.raises(UserError, match=r"(zip is no zip|corpus\.jsonl is damaged|found 2)"):
        read(packed, "test", tmp_path)
