"""The table of sources, and what is said of a row that is wrong."""

import re
from pathlib import Path

import pytest

from lionrank.config.sources import COLUMNS, read_table
from lionrank.errors import UserError
from tests.support import published_facts
from tests.support.downloading import workplace

ROOT = Path(__file__).parents[2]
TABLE = ROOT / "config" / "sources.csv"


@pytest.fixture
def work(tmp_path):
    with workplace(tmp_path) as work:
        yield work


def test_the_table_names_all_that_the_experiment_needs_and_no_code_or_pickles():
    table = read_table(TABLE)
    assert {"minilm", "gte", "modernbert", "msmarco_corpus", "msmarco_index"} <= table.keys()
    assert sum(name.startswith("nano_") for name in table) == 13
    unwanted = ["modeling.py", "pytorch_model.bin", "tf_model.h5", "x.pkl", "tokenization_new.py"]
    for source in table.values():
        assert source.matching(unwanted) == []
        assert source.licence


def test_the_table_cites_what_the_bibliography_has():
    keys = re.findall(r"^@\w+{(.+),", (ROOT / "paper" / "refs.bib").read_text(), re.MULTILINE)
    assert {source.cited for source in read_table(TABLE).values()} - {""} <= set(keys)


def test_the_table_agrees_with_the_published_topics_and_qrels():
    published = {row["file"]: row for row in published_facts.rows("checksums.tsv")}
    rows = [each for each in read_table(TABLE).values() if "anserini-tools" in each.id]
    assert len(rows) == 6
    for source in rows:
        ((path, checksum),) = source.checksums.items()
        assert source.url.endswith(f"/{path}") and "5b819c1a" in source.url
        assert (source.bytes, source.exact) == (int(published[path]["bytes"]), True)
        assert checksum == f"sha256:{published[path]['sha256']}"


def test_a_row_says_what_is_known(tmp_path):
    line = f"b,model,o/n,*.json x.bin,{'a' * 40},~12,x.bin=md5:{'0' * 32},MIT,key,all of it"
    (tmp_path / "t.csv").write_text(f"{','.join(COLUMNS)}\n{line}\n")
    source = read_table(tmp_path / "t.csv")["b"]
    assert source.files == ("*.json", "x.bin")
    assert (source.revision, source.bytes, source.exact) == ("a" * 40, 12, False)
    assert source.checksums == {"x.bin": f"md5:{'0' * 32}"}
    assert source.pinned and source.url == f"https://huggingface.co/o/n/tree/{'a' * 40}"
    assert source.matching(["deep/er/a.json", "x.bin", "y.bin"]) == ["deep/er/a.json", "x.bin"]


@pytest.mark.parametrize(
    ("names", "place"), [(["x"], f"blob/{'a' * 40}/x"), (["x", "y"], f"tree/{'a' * 40}")]
)
def test_one_file_is_known_by_its_name_and_checksum_and_several_are_a_repository(
    tmp_path, names, place
):
    checksums = " ".join(f"{name}=md5:{'0' * 32}" for name in names)
    line = f"b,dataset,o/n,{' '.join(names)},{'a' * 40},~12,{checksums},MIT,key,all of it"
    (tmp_path / "t.csv").write_text(f"{','.join(COLUMNS)}\n{line}\n")
    source = read_table(tmp_path / "t.csv")["b"]
    assert source.is_one_file == (len(names) == 1)
    assert source.url == f"https://huggingface.co/datasets/o/n/{place}"


@pytest.mark.parametrize(
    ("cells", "column"),
    [
        ({"name": "Crane"}, "name"),
        ({"kind": "repository"}, "kind"),
        ({"name": "a-b"}, "name"),
        ({"id": "crane"}, "id"),
        ({"id": "ówner/crane"}, "id"),
        ({"kind": "url", "id": "http://[h/a.txt", "files": ""}, "id"),
        ({"kind": "url", "id": "http://h/a b.txt", "files": ""}, "id"),
        ({"files": ""}, "files"),
        ({"revision": "main"}, "revision"),
        ({"revision": "4F" * 20}, "revision"),
        ({"bytes": "12 MB"}, "bytes"),
        ({"bytes": "9" * 5000}, "bytes"),
        ({"checksums": "corpus/x.parquet=sha256:12"}, "checksums"),
        ({"checksums": f"corpus/x.parquet=sha1:{'0' * 40}"}, "checksums"),
        ({"checksums": f"elsewhere.parquet=md5:{'0' * 32}"}, "checksums"),
        ({"kind": "url", "id": "http://h/a.txt", "files": ""}, "checksums"),
        ({"kind": "url", "id": "http://h/{revision}/a.txt", "files": ""}, "revision"),
        ({"kind": "ir_datasets", "id": "beir/sci fact", "files": ""}, "id"),
        ({"kind": "ir_datasets", "id": "beir/scifact"}, "files"),
        ({"kind": "anserini", "id": "x.flat", "files": "", "revision": "0" * 40}, "revision"),
        ({"kind": "anserini", "id": "x.flat", "files": "", "bytes": "12"}, "bytes"),
        ({"kind": "anserini", "files": "", "checksums": f"x=md5:{'0' * 32}"}, "checksums"),
    ],
)
def test_a_wrong_cell_is_named_with_file_and_line(work, cells, column):
    work.source("fine")
    work.source("crane", **cells)
    with pytest.raises(UserError, match=rf"sources\.csv:3: {column}: "):
        read_table(work.folder / "sources.csv")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", ":1: expected the columns name,kind,id"),
        (b"\xef\xbb\xbfname", ":1: expected text, found a byte-order mark"),
        (b"name\nh\xe9ron,model\n", ":2: expected UTF-8, found the byte 0xe9"),
        (b"name\0,kind\n", ":1: expected text, found a NUL"),
        (b'"name,kind\n', ": not a line of CSV"),
        (b"name;kind\n", ":1: expected the columns name,kind,id"),
    ],
)
def test_a_file_that_is_no_such_table_is_named(tmp_path, content, message):
    path = tmp_path / "sources.csv"
    path.write_bytes(content)
    with pytest.raises(UserError) as caught:
        read_table(path)
    assert str(caught.value).startswith(str(path)) and message in str(caught.value)


def test_a_table_that_a_spreadsheet_wrote_on_windows_is_the_same(tmp_path):
    path = tmp_path / "sources.csv"
    path.write_bytes(TABLE.read_bytes().replace(b"\n", b"\r\n"))
    assert read_table(path) == read_table(TABLE)


def test_a_name_twice_and_other_columns_are_refused(work):
    work.source("crane")
    table = work.folder / "sources.csv"
    header, row = table.read_text().splitlines()
    table.write_text(f"{header}\n{row}\n{row}\n")
    with pytest.raises(UserError, match=r"sources\.csv:3: name: 'crane' appears twice"):
        read_table(table)
    table.write_text(f"{header}\n{row},more\n")
    with pytest.raises(UserError, match=r"sources\.csv:2: expected 10 columns, found 11"):
        read_table(table)
    table.write_text("name,kind\n")
    with pytest.raises(UserError, match=r"sources\.csv:1: expected the columns name,kind,id"):
        read_table(table)
