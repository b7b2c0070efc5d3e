"""Rankings are read topic by topic, from run files and from Parquet."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lionrank import trec
from lionrank.collections import rankings
from lionrank.errors import UserError


def as_parquet(path, rows):
    columns = dict(zip(("qid", "docno", "score", "rank"), zip(*rows, strict=True), strict=True))
    pq.write_table(pa.table({name: [*values] for name, values in columns.items()}), path)
    return path


ROWS = [(7, "d1", 2.5, 1), (7, "d2", 2.5, 2), (7, "d3", 9.0, 3), (3, "d1", -1.0, 1)]


def test_a_ranking_in_parquet_is_that_of_the_run_file(tmp_path):
    lines = [f"{qid} Q0 {docid} x {score} made\n" for qid, docid, score, _ in ROWS]
    (tmp_path / "run.trec").write_text("".join(lines))
    (tmp_path / "source").mkdir()
    as_parquet(tmp_path / "source" / "run.parquet", ROWS)
    expected = [(qid, [*found.items()]) for qid, found in trec.rankings(tmp_path / "run.trec")]
    assert expected[0] == ("7", [("d3", 9.0), ("d2", 2.5), ("d1", 2.5)])
    for place in ("run.trec", "source", "source/run.parquet"):
        found = rankings.read(tmp_path / place)
        assert [(qid, [*ranked.items()]) for qid, ranked in found] == expected


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ((7, "d9", 1.0, 4), "row 5: topic '7' comes again"),
        ((3, "d1", 1.0, 4), "row 5: 'd1' appears twice for topic '3'"),
        ((3, "d9", float("nan"), 4), "row 5: the score nan is no finite number"),
        ((3, "d9", None, 4), "row 5: 'score' has no value"),
    ],
)
def test_what_is_wrong_in_a_ranking_in_parquet_is_named_by_its_row(tmp_path, row, message):
    path = as_parquet(tmp_path / "run.parquet", [*ROWS, row])
    with pytest.raises(UserError, match=message):
        list(rankings.read(path))
