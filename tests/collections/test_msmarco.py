"""MS MARCO's tables in the schema that the hub has."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lionrank import trec
from lionrank.collections import msmarco
from lionrank.collections.corpus import TRIPLET
from lionrank.errors import UserError


def write_shards(folder: Path, columns: dict[str, list[str]], shards: int, row_group: int) -> Path:
    """Write a table as a source of the hub has it: text columns, in so many files."""
    folder.mkdir(parents=True, exist_ok=True)
    table = pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})
    size = -(-len(table) // shards)
    for shard in range(shards):
        path = folder / f"train-{shard:05}-of-{shards:05}.parquet"
        pq.write_table(table.slice(shard * size, size), path, row_group_size=row_group)
    return folder.parent


def test_the_passages_become_a_corpus_in_their_order(tmp_path):
    ids = [str(number) for number in range(30_000)]
    passages = [f"passage {number},\t\"quoted\"\nand 'so' â\u0080\u0099" for number in ids]
    source = write_shards(
        tmp_path / "source" / "corpus", {"passage_id": ids, "passage": passages}, 3, 1000
    )
    msmarco.write_corpus(source, tmp_path / "it's" / "corpus", threads=2)
    (file,) = (tmp_path / "it's" / "corpus").iterdir()
    written = pq.read_table(file)
    assert written.column_names == ["id", "contents"]
    assert set(written.schema.types) == {pa.string()}
    assert written["id"].to_pylist() == ids
    assert written["contents"].to_pylist() == passages


def test_queries_stay_as_they_are_except_for_tabs_and_line_ends(tmp_path):
    queries = {
        "1185869": ")what was the immediate  impact of the success of the manhattan project?",
        "007": 'a "quoted" \\ query, with a comma â\u0080\u0099 and \u2028',
        "3": " one\ttab\r\nand a line ",
    }
    columns = {"query_id": list(queries), "query": list(queries.values())}
    source = write_shards(tmp_path / "source" / "queries", columns, 1, 10)
    msmarco.write_training_topics(source, tmp_path / "topics.tsv", threads=2)
    written = trec.read_topics(tmp_path / "topics.tsv")
    assert written == queries | {"3": " one tab  and a line "}
    assert list(written) == list(queries)


def triplets(folder: Path, count: int) -> Path:
    columns = {name: [f"{name[0]}{number}" for number in range(count)] for name in TRIPLET.names}
    return write_shards(folder / "triplets", columns, 4, 500)


@pytest.mark.parametrize("count", [1, 2500, 7001, 10_000])
def test_triplets_are_the_first_in_the_order_of_the_files(tmp_path, count):
    msmarco.write_triplets(
        triplets(tmp_path, 10_000), tmp_path / "triplets.parquet", count, threads=2
    )
    written = pq.read_table(tmp_path / "triplets.parquet")
    assert written.column_names == TRIPLET.names
    assert set(written.schema.types) == {pa.string()}
    assert written["query_id"].to_pylist() == [f"q{number}" for number in range(count)]
    assert written["negative_id"][count - 1].as_py() == f"n{count - 1}"


def test_fewer_triplets_than_asked_for_are_refused_with_both_numbers(tmp_path):
    path = tmp_path / "out" / "triplets.parquet"
    with pytest.raises(
        UserError, match=r"training_pairs\.triplets asks for 1000000 and .* holds 100:"
    ):
        msmarco.write_triplets(triplets(tmp_path, 100), path, 1_000_000, threads=2)
    assert list(path.parent.iterdir()) == []


def test_missing_columns_and_missing_files_are_named(tmp_path):
    write_shards(tmp_path / "corpus", {"_id": ["1"], "text": ["a"]}, 1, 1)
    with pytest.raises(
        UserError, match=r"00001\.parquet: missing columns: passage_id, passage; found: _id, text"
    ):
        msmarco.write_corpus(tmp_path, tmp_path / "out", threads=2)
    with pytest.raises(UserError, match=r"no file queries/\*\.parquet is there"):
        msmarco.write_training_topics(tmp_path, tmp_path / "topics.tsv", threads=2)


def test_a_damaged_file_is_an_error_that_leaves_nothing(tmp_path):
    source = triplets(tmp_path, 1000)
    file = source / "triplets" / "train-00000-of-00004.parquet"
    content = bytearray(file.read_bytes())
    content[4:200] = bytes(196)
    file.write_bytes(content)
    with pytest.raises(UserError, match=r"triplets cannot be read: .*; download it again"):
        msmarco.write_triplets(source, tmp_path / "out" / "triplets.parquet", 1000, threads=2)
    assert list((tmp_path / "out").iterdir()) == []
