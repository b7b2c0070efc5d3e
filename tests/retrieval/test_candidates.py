"""Collections that bring their candidates: NanoBEIR, and the QA data of MS MARCO."""

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lionrank import trec
from lionrank.collections import convert as importers
from lionrank.errors import UserError
from lionrank.retrieval import bm25 as retrieval
from tests.support.importing import imported, write_parquet
from tests.support.marco_qa import marco_qa

NANO = {"format": "nanobeir", "source": "nano_msmarco"}


def nanobeir(folder: Path) -> dict[str, str]:
    """Write a set in the schema of NanoBEIR with BM25's candidates; return the source folders."""
    documents = [("d1", "lions"), ("d2", "tigers"), ("d3", "bears")]
    for name, rows in {
        "corpus": [{"_id": docid, "text": text} for docid, text in documents],
        "queries": [{"_id": "q2", "text": "big\ncats"}, {"_id": "q1", "text": "climbing"}],
        "relevance": [
            {
                "query-id": "q1",
                "positive-corpus-ids": ["d3"],
                "bm25-ranked-ids": ["d3", "d1", "d2"],
            },
            {"query-id": "q2", "positive-corpus-ids": ["d2", "d1"], "bm25-ranked-ids": ["d2"]},
        ],
    }.items():
        write_parquet(folder / name / "train-00000-of-00001.parquet", rows)
    return {"nano_msmarco": str(folder)}


def test_nanobeir_gives_positives_as_grade_one(tmp_path):
    passages, topics, qrels = imported(NANO, nanobeir(tmp_path / "nano"), "test", tmp_path)
    assert passages == {"d1": "lions", "d2": "tigers", "d3": "bears"}
    assert topics == {"q2": "big cats", "q1": "climbing"}
    assert qrels == {"q1": {"d3": 1}, "q2": {"d2": 1, "d1": 1}}


def test_candidates_of_nanobeir_are_bm25s_down_to_the_depth(tmp_path):
    candidates = importers.given_candidates(NANO, nanobeir(tmp_path / "nano"), "test", depth=2)
    assert candidates.column_names == retrieval.CANDIDATE_COLUMNS
    assert [tuple(row.values()) for row in candidates.to_pylist()] == [
        ("q1", "d3", 1, -1.0, "climbing", "bears"),
        ("q1", "d1", 2, -2.0, "climbing", "lions"),
        ("q2", "d2", 1, -1.0, "big cats", "tigers"),
    ]


def test_given_candidates_are_written_in_row_groups_and_make_a_run_in_their_order(tmp_path):
    candidates = importers.given_candidates(NANO, nanobeir(tmp_path / "nano"), "test", depth=1000)
    many = pa.concat_tables([candidates] * 20_000)
    importers.write_candidates(tmp_path / "many.parquet", many)
    written = pq.ParquetFile(tmp_path / "many.parquet").metadata
    assert written.num_rows == 80_000
    assert written.row_group(0).num_rows == importers.ROW_GROUP
    importers.write_candidates(tmp_path / "candidates.parquet", candidates)
    frame = pd.read_parquet(tmp_path / "candidates.parquet")
    trec.write_run(tmp_path / "run", trec.to_run(frame, frame["score"]), tag="bm25")
    run, _ = trec.read_run(tmp_path / "run")
    assert [list(ranking) for ranking in run.values()] == [["d3", "d1", "d2"], ["d2"]]


def test_candidates_that_the_corpus_lacks_are_an_error(tmp_path):
    folders = nanobeir(tmp_path)
    write_parquet(tmp_path / "corpus/train-00000-of-00001.parquet", [{"_id": "d1", "text": "a"}])
    with pytest.raises(UserError, match="row 1: query 'q1' or document 'd3' is not in"):
        importers.given_candidates(NANO, folders, "test", depth=2)


def test_a_source_of_another_schema_is_named_by_its_columns(tmp_path):
    folders = nanobeir(tmp_path)
    file = tmp_path / "queries" / "train-00000-of-00001.parquet"
    write_parquet(file, [{"query_id": "q1", "text": "a"}])
    with pytest.raises(UserError, match=r"missing columns: _id; found: query_id, text; is this a"):
        importers.reader(NANO, folders).topics("test")
    file.write_text("version https://git-lfs.github.com/spec/v1\n")
    with pytest.raises(UserError, match=r"queries/train-.*\.parquet: not a Parquet file"):
        importers.reader(NANO, folders).topics("test")
    file.unlink()
    with pytest.raises(UserError, match=r"no file queries/\*\.parquet is there"):
        importers.reader(NANO, folders).topics("test")


MARCO = {"format": "marco_qa", "source": "marco_qa"}
MARCO_QUERIES = [
    (9652, "do lions\tswim", ["Lions sleep.", "Lions swim.", "Lions eat."], [0, 1, 0]),
    (12, "do tigers swim", ["Tigers swim.", ""], [0, 0]),
]


def test_every_passage_of_the_qa_data_is_a_judged_document_of_its_query(tmp_path):
    folders = marco_qa(tmp_path / "marco", *MARCO_QUERIES)
    passages, topics, qrels = imported(MARCO, folders, "validation", tmp_path)
    assert passages == {
        "9652_0": "Lions sleep.",
        "9652_1": "Lions swim.",
        "9652_2": "Lions eat.",
        "12_0": "Tigers swim.",
    }
    assert topics == {"9652": "do lions swim", "12": "do tigers swim"}
    assert qrels == {"9652": {"9652_0": 0, "9652_1": 1, "9652_2": 0}, "12": {"12_0": 0, "12_1": 0}}


def test_candidates_of_the_qa_data_are_its_passages_in_their_order(tmp_path):
    folders = marco_qa(tmp_path, *MARCO_QUERIES)
    candidates = importers.given_candidates(MARCO, folders, "validation", depth=2)
    assert [tuple(row.values()) for row in candidates.to_pylist()] == [
        ("9652", "9652_0", 1, -1.0, "do lions swim", "Lions sleep."),
        ("9652", "9652_1", 2, -2.0, "do lions swim", "Lions swim."),
        ("12", "12_0", 1, -1.0, "do tigers swim", "Tigers swim."),
        ("12", "12_1", 2, -2.0, "do tigers swim", ""),
    ]


def test_a_query_twice_or_without_all_its_grades_is_refused(tmp_path):
    with pytest.raises(UserError, match="row 3: query 12 is there twice"):
        imported(MARCO, marco_qa(tmp_path, *MARCO_QUERIES, MARCO_QUERIES[1]), "", tmp_path / "out")
    folders = marco_qa(tmp_path, (1, "do bears swim", ["Bears swim.", "Bears climb."], [1]))
    with pytest.raises(UserError, match="has 2 passages and 1 grades"):
        importers.given_candidates(MARCO, folders, "validation", depth=1000)


def test_a_source_without_candidates_is_an_error(tmp_path):
    with pytest.raises(UserError, match="marco_qa brings no candidates"):
        importers.given_candidates(MARCO, marco_qa(tmp_path), "validation", depth=1000)
