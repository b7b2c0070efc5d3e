"""NanoBEIR's sets: queries, documents and positives, in Parquet."""

import csv

import pytest

from lionrank.collections.convert import reader
from lionrank.errors import UserError
from tests.support.downloading import workplace
from tests.support.importing import imported, write_parquet
from tests.support.nanobeir import files_of_many, nanobeir, one_of_many
from tests.support.running import ROOT

NANO = {"format": "nanobeir", "source": "nano_msmarco"}
ALL_SETS = "sentence-transformers/NanoBEIR-en"


@pytest.mark.parametrize("write", [nanobeir, one_of_many])
def test_nanobeir_gives_positives_as_grade_one(tmp_path, write):
    passages, topics, qrels = imported(NANO, write(tmp_path / "nano"), "test", tmp_path)
    assert passages == {"d1": "lions", "d2": "tigers", "d3": "bears"}
    assert topics == {"q2": "big cats", "q1": "climbing"}
    assert qrels == {"q1": {"d3": 1}, "q2": {"d2": 1, "d1": 1}}


def test_several_sets_in_a_folder_are_refused(tmp_path):
    folders = one_of_many(tmp_path)
    one_of_many(tmp_path, "NanoNQ")
    with pytest.raises(UserError, match=r"holds 2 sets \(NanoMSMARCO, NanoNQ\): let the column"):
        reader(NANO, folders)


def test_the_tables_rows_fetch_one_set_of_the_repository_of_all(tmp_path):
    with open(ROOT / "config" / "sources.csv", newline="") as lines:
        rows = [row for row in csv.DictReader(lines) if row["id"] == ALL_SETS]
    sets = {row["name"]: row["files"].split("-*")[0].rpartition("/")[2] for row in rows}
    assert len(set(sets.values())) == len(rows) == 3
    with workplace(tmp_path) as work:
        contents = {"README.md": b"unasked"}
        for name in sets.values():
            contents |= files_of_many(name)
        (revision,) = {row["revision"] for row in rows}
        work.hub.commit(("dataset", ALL_SETS), contents, commit=revision)
        for row in rows:
            work.source(row.pop("name"), **row | {"bytes": "", "checksums": ""})
        for name, of in sets.items():
            assert work.fetch(name).status == 0
            assert set(work.content(name)) == set(files_of_many(of))
            folders = {"nano_msmarco": str(work.output(name))}
            _, topics, _ = imported(NANO, folders, "test", tmp_path / of)
            assert len(topics) == 2


@pytest.mark.parametrize(
    ("name", "row", "what", "told"),
    [
        ("queries", {"_id": "q1", "text": "a"}, "topics", "row 2: query 'q1' appears twice"),
        (
            "relevance",
            {"query-id": "q1", "positive-corpus-ids": ["d1"], "bm25-ranked-ids": ["d1"]},
            "qrels",
            "row 2: query 'q1' appears twice",
        ),
    ],
)
def test_a_query_that_is_there_twice_is_refused(tmp_path, name, row, what, told):
    folders = nanobeir(tmp_path)
    write_parquet(tmp_path / name / "train-00000-of-00001.parquet", [row, row])
    with pytest.raises(UserError, match=told):
        getattr(reader(NANO, folders), what)("test")


def test_a_source_of_another_schema_is_named_by_its_columns(tmp_path):
    folders = nanobeir(tmp_path)
    file = tmp_path / "queries" / "train-00000-of-00001.parquet"
    write_parquet(file, [{"query_id": "q1", "text": "a"}])
    with pytest.raises(UserError, match=r"missing columns: _id; found: query_id, text: is this a"):
        reader(NANO, folders).topics("test")
    file.write_text("version https://git-lfs.github.com/spec/v1\n")
    with pytest.raises(UserError, match=r"queries/train-.*\.parquet is damaged"):
        reader(NANO, folders).topics("test")
    file.unlink()
    with pytest.raises(UserError, match=r"no file queries/\*\.parquet is there"):
        reader(NANO, folders).topics("test")
    with pytest.raises(UserError, match=r"no file relevance/\*\.parquet is there"):
        reader(NANO, {"nano_msmarco": str(tmp_path / "empty")}).qrels("test")
