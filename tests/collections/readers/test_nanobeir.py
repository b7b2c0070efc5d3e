"""NanoBEIR's sets: queries, documents and positives, in Parquet."""

import pytest

from lionrank.collections.convert import reader
from lionrank.errors import UserError
from tests.support.importing import imported, write_parquet
from tests.support.nanobeir import nanobeir

NANO = {"format": "nanobeir", "source": "nano_msmarco"}


def test_nanobeir_gives_positives_as_grade_one(tmp_path):
    passages, topics, qrels = imported(NANO, nanobeir(tmp_path / "nano"), "test", tmp_path)
    assert passages == {"d1": "lions", "d2": "tigers", "d3": "bears"}
    assert topics == {"q2": "big cats", "q1": "climbing"}
    assert qrels == {"q1": {"d3": 1}, "q2": {"d2": 1, "d1": 1}}


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
