"""Parquet files: read in the types that are asked for, or named with what is wrong with them."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lionrank import parquet
from lionrank.errors import UserError

COLUMNS = pa.schema({"qid": pa.string(), "score": pa.float64(), "texts": pa.list_(pa.string())})
ROWS = {"qid": ["q1", "q2"], "score": [0.5, 2.0], "texts": [["a", "b"], []]}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "table.parquet"


def test_columns_are_read_in_the_types_that_are_asked_for(path):
    large = pa.schema(
        {"more": pa.int8(), "qid": pa.large_string(), "score": pa.float32()}
        | {"texts": pa.large_list(pa.large_string())}
    )
    pq.write_table(pa.table({"more": [1, 2], **ROWS}, large), path)
    assert parquet.read(path, COLUMNS) == pa.table(ROWS, COLUMNS)
    one_by_one = list(parquet.batches(path, COLUMNS, rows=1))
    assert [batch.num_rows for batch in one_by_one] == [1, 1]
    assert pa.Table.from_batches(one_by_one) == pa.table(ROWS, COLUMNS)
    assert parquet.count(path) == 2
    assert parquet.schema(path).names == ["more", *COLUMNS.names]


def test_a_number_is_text_where_text_is_asked_for_as_ids_are(path):
    pq.write_table(pa.table({"qid": [7]}), path)
    assert parquet.read(path, pa.schema({"qid": pa.string()}))["qid"].to_pylist() == ["7"]


def test_a_file_without_rows_has_none(path):
    pq.write_table(COLUMNS.empty_table(), path)
    assert parquet.read(path, COLUMNS).num_rows == 0
    assert parquet.count(path) == 0


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"qid": None}, "missing columns: qid; found: score, texts: get it again"),
        ({"qid": [["q1"], ["q2"]]}, "column 'qid' is of type list<.*>, not string: get it again"),
        ({"qid": [b"q1", b"\xff"]}, "column 'qid' is of type binary, not string"),
        ({"score": ["0.5", "high"]}, "column 'score' is of type string, not double"),
        ({"texts": ["a", "b"]}, "column 'texts' is of type string, not list"),
        ({"qid": ["q1", None]}, "row 2: 'qid' has no value: get it again"),
        ({"score": [None, 1.0]}, "row 1: 'score' has no value"),
        ({"texts": [[], ["a", None]]}, "row 2: 'texts' has no value"),
    ],
)
def test_a_column_that_is_not_as_asked_is_named(path, change, told):
    columns = {name: values for name, values in (ROWS | change).items() if values is not None}
    pq.write_table(pa.table(columns), path)
    with pytest.raises(UserError, match=rf"table\.parquet.*{told}"):
        parquet.read(path, COLUMNS, "get it again")


def test_a_column_may_lack_values_where_that_is_said(path):
    pq.write_table(pa.table(ROWS | {"score": [None, 2.0]}, COLUMNS), path)
    assert parquet.read(path, COLUMNS, nullable=("score",))["score"].to_pylist() == [None, 2.0]


def test_two_columns_of_one_name_are_refused(path):
    pq.write_table(pa.table([["a"], ["b"]], names=["qid", "qid"]), path)
    with pytest.raises(UserError, match="missing columns: qid; found: qid, qid"):
        parquet.read(path, pa.schema({"qid": pa.string()}))


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[:-1],
        lambda content: content[: len(content) // 2],
        lambda content: content[:4] + bytes(40) + content[44:],
        lambda content: content.replace(b"q1", b"\xff\xff"),
        lambda content: b"version https://git-lfs.github.com/spec/v1\n",
    ],
)
def test_a_damaged_file_is_named_with_the_remedy(path, damage):
    pq.write_table(pa.table(ROWS, COLUMNS), path, compression="none", use_dictionary=False)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(UserError, match=r"table\.parquet is damaged \(.*\): delete it and") as told:
        parquet.read(path, COLUMNS)
    assert "\n" not in str(told.value)
