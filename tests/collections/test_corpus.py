"""Corpora of both kinds, good and damaged, read out of core."""

import json
import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lionrank.collections import corpus
from lionrank.errors import UserError
from lionrank.files import write_json_lines

PASSAGES = {
    "d1": 'the lion\'s "mane"\tand\ntwo lines',
    "d 2": "naïve café, 東京 and 🦁",
    "3": "no-break\u00a0space, a file\x1cseparator and  two spaces ",
    "d4": "",
    "d5": "x" * 300_000,
}
TWO_LINES = '{"id": "d1", "contents": "x"}\n{"id": "d2", "contents": "y"}\n'


@pytest.fixture(params=["jsonl", "parquet"])
def folder(request, tmp_path) -> Path:
    """The passages as a corpus of either kind, in two files of an awkward name."""
    made = tmp_path / "a collection's corpus"
    made.mkdir()
    for name, docids in (("a", ["d1", "d 2"]), ("b", ["3", "d4", "d5"])):
        rows = [{"id": docid, "contents": PASSAGES[docid], "more": 1} for docid in docids]
        if request.param == "jsonl":
            write_json_lines(made / f"{name}.jsonl", rows)
        else:
            pq.write_table(pa.Table.from_pylist(rows), made / f"{name}.parquet")
    return made


def read(folder: Path) -> dict[str, str]:
    with (
        corpus.open_database(folder / "output", threads=2) as database,
        corpus.readable_by_duckdb(folder),
    ):
        return dict(database.execute(f"FROM {corpus.relation(folder)}").fetchall())


def test_both_kinds_of_corpus_hold_the_same_documents(folder):
    assert read(folder) == PASSAGES


def test_nothing_is_left_beside_the_output(folder):
    before = sorted(folder.iterdir())
    read(folder)
    assert sorted(folder.iterdir()) == before


def test_identifiers_that_are_numbers_are_read_as_text(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"id": 12, "contents": "x"}\n')
    assert read(tmp_path) == {"12": "x"}
    (tmp_path / "a.jsonl").unlink()
    pq.write_table(pa.table({"id": [12], "contents": ["x"]}), tmp_path / "a.parquet")
    assert read(tmp_path) == {"12": "x"}


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (b'{"id": "d3", "cont', "expected one JSON object a line"),
        (b'["d3", "z"]', "expected a JSON object"),
        (b'{"contents": "z"}', "the document has no 'id'"),
        (b'{"id": "d3"}', "the document has no 'contents'"),
        (b'{"id": "d3", "contents": null}', "the document has no 'contents'"),
    ],
)
def test_a_damaged_line_is_named_by_file_and_number(tmp_path, line, told):
    (tmp_path / "good.jsonl").write_text(TWO_LINES)
    (tmp_path / "poor.jsonl").write_bytes(TWO_LINES.encode() + line + b"\n")
    with pytest.raises(UserError, match=rf"poor\.jsonl:3: {told}"):
        read(tmp_path)


def test_a_line_longer_than_duckdb_reads_is_told_in_true_words(tmp_path):
    long = json.dumps({"id": "d3", "contents": "word " * 7_000_000})
    (tmp_path / "poor.jsonl").write_text(f"{TWO_LINES}{long}\n")
    with pytest.raises(UserError, match=r"poor\.jsonl:3: the document has 35,0.* at most 16 MiB"):
        read(tmp_path)


def test_text_that_is_not_utf_8_is_named_by_file_and_line(tmp_path):
    (tmp_path / "poor.jsonl").write_bytes(
        TWO_LINES.encode() + b'{"id": "d3", "contents": "\xff"}\n'
    )
    with pytest.raises(UserError, match=r"poor\.jsonl:3: expected UTF-8"):
        read(tmp_path)


def test_what_json_allows_and_duckdb_does_not_is_told_in_one_line(tmp_path):
    (tmp_path / "poor.jsonl").write_text(TWO_LINES + '{"id": "d3", "contents": "\\ud800"}\n')
    with pytest.raises(UserError, match=r"poor\.jsonl:3: .*: half of a surrogate pair") as told:
        read(tmp_path)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ({"id": ["d1"], "text": ["x"]}, "missing columns: contents; found: id, text"),
        ({"id": ["d1"], "contents": [b"x"]}, "column 'contents' is of type binary"),
        ({"id": ["d1"], "contents": [None]}, "is damaged: .*no contents"),
    ],
)
def test_a_parquet_file_without_text_is_refused(tmp_path, columns, told):
    pq.write_table(pa.table(columns), tmp_path / "a.parquet")
    with pytest.raises(UserError, match=told):
        read(tmp_path)


@pytest.mark.parametrize(("start", "bytes_"), [(4, 196), (100_000, 500), (-1, 1)])
def test_a_damaged_parquet_file_is_named(tmp_path, start, bytes_):
    path = tmp_path / "poor.parquet"
    numbers = [str(number) for number in range(50_000)]
    pq.write_table(pa.table({"id": numbers, "contents": numbers}), path)
    content = bytearray(path.read_bytes())
    content[start : start + bytes_ or None] = bytes(bytes_)
    path.write_bytes(content)
    with pytest.raises(UserError, match=str(tmp_path)) as told:
        read(tmp_path)
    assert "\n" not in str(told.value)


def test_a_folder_of_neither_or_of_both_kinds_is_refused(tmp_path):
    with pytest.raises(UserError, match="found 0 and 0"):
        corpus.relation(tmp_path)
    (tmp_path / "a.jsonl").touch()
    (tmp_path / "a.parquet").touch()
    with pytest.raises(UserError, match="found 1 and 1"):
        corpus.relation(tmp_path)


def test_what_is_no_file_is_named_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "a.jsonl")
    with pytest.raises(UserError, match=r"a\.jsonl is a named pipe"):
        corpus.relation(tmp_path)


def test_too_little_memory_is_told_with_the_output(tmp_path, monkeypatch):
    monkeypatch.setattr(corpus, "MEMORY", "1MiB")
    with (
        pytest.raises(UserError, match=r"pairs\.parquet could not be made"),
        corpus.open_database(tmp_path / "pairs.parquet", threads=1) as database,
    ):
        database.execute("SELECT list(range) FROM range(10_000_000)").fetchall()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("threads", [1, 2, 4])
@pytest.mark.parametrize("rows", [0, 5, corpus.ROW_GROUP, 5 * corpus.ROW_GROUP + 5])
def test_rows_come_in_order_and_in_whole_tables(tmp_path, rows, threads):
    with corpus.open_database(tmp_path / "output", threads) as database:
        numbers = f"SELECT (range * 7919) % {rows or 1} AS number FROM range({rows})"
        database.execute(f"CREATE TABLE t AS {numbers}").fetchall()
        relation = database.sql("SELECT number, 'row ' || number AS text FROM t")
        tables = list(corpus.in_order(relation, tmp_path / "output"))
    whole, rest = divmod(rows, corpus.ROW_GROUP)
    assert [len(table) for table in tables] == [corpus.ROW_GROUP] * whole + [rest] * bool(rest)
    texts = [text for table in tables for (text,) in zip(*table.to_pydict().values(), strict=True)]
    assert texts == [f"row {number}" for number in range(rows)]
    assert list(tmp_path.iterdir()) == []


def test_judgements_of_documents_that_are_not_there_are_left_out(folder, capsys):
    qrels = {"q1": {"d1": 2, "elsewhere": 1}, "q2": {"nowhere": 1}}
    kept = corpus.keep_documents(qrels, folder, folder.parent / "output", threads=1)
    assert kept == {"q1": {"d1": 2}, "q2": {}}
    assert "2 judged documents are not in the corpus" in capsys.readouterr().out
