"""Candidates: a run file joined with its texts, or those that a collection brings."""

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lionrank import parquet, trec
from lionrank.collections.corpus import ROW_GROUP
from lionrank.errors import UserError
from lionrank.files import write_json_lines
from lionrank.retrieval.candidates import (
    CANDIDATES,
    given_candidates,
    join_candidates,
    tell_queries,
    without_queries,
    write_candidates,
)
from tests.support.importing import write_parquet
from tests.support.marco_qa import marco_qa
from tests.support.nanobeir import nanobeir, one_of_many

NANO = {"format": "nanobeir", "source": "nano_msmarco"}
MARCO = {"format": "marco_qa", "source": "marco_qa"}
MARCO_QUERIES = [
    (9652, "do lions\tswim", ["Lions sleep.", "Lions swim.", "Lions eat."], [0, 1, 0]),
    (12, "do tigers swim", ["Tigers swim.", ""], [0, 0]),
]
PASSAGES = {
    "d1": "the lion sleeps tonight",
    "d2": "lions and tigers and bears",
    "d3": "an optimizer for neural networks",
    "d4": "optimizer " * 12_000,
}
TOPICS = {"q1": "sleeping lion", "q2": "neural optimizer"}


# A run file joined with its texts


@pytest.fixture
def join(tmp_path):
    """Join the lines of a run file with the module's topics and passages."""
    corpus = tmp_path / "corpus"
    records = ({"id": docid, "contents": text} for docid, text in PASSAGES.items())
    write_json_lines(corpus / "documents.jsonl", records)

    def joined(
        lines: list[str], threads: int = 2, relevant: dict[str, list[str]] | None = None
    ) -> Path:
        (tmp_path / "run.trec").write_text("".join(f"{line}\n" for line in lines))
        trec.write_topics(tmp_path / "topics.tsv", TOPICS)
        output = tmp_path / f"candidates.{threads}.parquet"
        files = (tmp_path / "run.trec", tmp_path / "topics.tsv", corpus, output)
        join_candidates(*files, threads, relevant)
        return output

    return joined


def test_candidates_are_in_the_run_files_order_with_their_text(join):
    """Even where topics alternate, ranks and scores disagree and a text has 100,000 characters."""
    lines = ["q2 Q0 d4 7 2.5 t", "q1 Q0 d1 1 1 t", "q2 Q0 d3 1 3e0 t", "q1 Q0 d2 2 -1.5 t"]
    rows = pq.read_table(join(lines))
    assert rows.column_names == CANDIDATES.names
    assert [tuple(row.values()) for row in rows.to_pylist()] == [
        ("q2", "d4", 1, 2.5, TOPICS["q2"], PASSAGES["d4"]),
        ("q1", "d1", 1, 1.0, TOPICS["q1"], PASSAGES["d1"]),
        ("q2", "d3", 2, 3.0, TOPICS["q2"], PASSAGES["d3"]),
        ("q1", "d2", 2, -1.5, TOPICS["q1"], PASSAGES["d2"]),
    ]


def test_relevant_documents_that_a_ranking_lacks_come_after_those_of_their_topic(join):
    """Topics without judgements are left out, and those without a ranking come last."""
    lines = ["q2 Q0 d4 1 3 t", "q3 Q0 d1 1 1 t", "q2 Q0 d3 2 2 t"]
    relevant = {"q1": ["d2"], "q2": ["d1", "d3"]}
    rows = pq.read_table(join(lines, relevant=relevant)).to_pylist()
    assert [tuple(row.values()) for row in rows] == [
        ("q2", "d4", 1, 3.0, TOPICS["q2"], PASSAGES["d4"]),
        ("q2", "d3", 2, 2.0, TOPICS["q2"], PASSAGES["d3"]),
        ("q2", "d1", None, None, TOPICS["q2"], PASSAGES["d1"]),
        ("q1", "d2", None, None, TOPICS["q1"], PASSAGES["d2"]),
    ]
    rows = pq.read_table(join(lines, relevant={"q2": [], "q1": []})).to_pylist()
    assert [(row["qid"], row["docid"]) for row in rows] == [("q2", "d4"), ("q2", "d3")]


def test_many_candidates_come_in_small_row_groups_the_same_on_any_number_of_threads(
    tmp_path, monkeypatch
):
    """Across batches of lines and spills to the scratch folder: 150,000 rows of 200 topics."""
    passages = {f"d{number}": f"{number} " * (number % 60) for number in range(10_000)}
    columns = {"id": list(passages), "contents": list(passages.values())}
    (tmp_path / "corpus").mkdir()
    pq.write_table(pa.table(columns), tmp_path / "corpus" / "documents.parquet")
    topics = {f"q{number}": f"query {number}" for number in range(200)}
    trec.write_topics(tmp_path / "topics.tsv", topics)
    run = {
        qid: {f"d{(number * 131 + rank * 17) % 10_000}": -float(rank) for rank in range(750)}
        for number, qid in enumerate(topics)
    }
    trec.write_run(tmp_path / "run.trec", run, tag="t")
    monkeypatch.setattr("lionrank.collections.corpus.MEMORY", "48MiB")
    inputs = [tmp_path / name for name in ("run.trec", "topics.tsv", "corpus")]
    contents = set()
    for threads in (1, 2, 4):
        join_candidates(*inputs, tmp_path / "candidates.parquet", threads)
        contents.add((tmp_path / "candidates.parquet").read_bytes())
    assert len(contents) == 1
    written = pq.ParquetFile(tmp_path / "candidates.parquet")
    groups = [written.metadata.row_group(group) for group in range(written.num_row_groups)]
    assert max(group.num_rows for group in groups) <= ROW_GROUP
    expected = [
        (qid, docid, rank, score, topics[qid], passages[docid])
        for qid, ranking in run.items()
        for rank, (docid, score) in enumerate(ranking.items(), start=1)
    ]
    assert [tuple(row.values()) for row in written.read().to_pylist()] == expected


@pytest.mark.parametrize(
    "line",
    [
        "q1 Q0 d3 1 1.0",
        "q1 Q0 d3 1 high t",
        "q1 Q0 d3 1 nan t",
        "q1 Q0 d3 1 inf t",
        "q1 Q0 d1 9 0.5 t",
    ],
)
def test_a_bad_line_of_a_run_file_is_refused_as_reading_the_run_refuses_it(join, line, tmp_path):
    """The last of them is a document that appears twice, with another topic in between."""
    with pytest.raises(UserError, match=r"run\.trec:3: ") as told:
        join(["q1 Q0 d1 1 2.0 t", "q2 Q0 d1 1 2.0 t", line, "q1 Q0 d2 2 1.0 t"])
    with pytest.raises(UserError) as expected:
        trec.read_run(tmp_path / "run.trec")
    assert str(told.value) == str(expected.value)


def test_a_run_of_another_collection_is_refused(join, tmp_path):
    with pytest.raises(UserError, match=r"corpus: 2 documents of .*run\.trec .*'d9' first"):
        join(["q1 Q0 d9 1 3 t", "q1 Q0 d1 2 2 t", "q2 Q0 d8 1 1 t", "q2 Q0 d9 2 0 t"])
    with pytest.raises(UserError, match=r"topics\.tsv: 1 topics of .*run\.trec .*'q7' first"):
        join(["q7 Q0 d1 1 1.0 t"])
    assert not list(tmp_path.glob("*candidates*"))


# Candidates that a collection brings


@pytest.mark.parametrize("write", [nanobeir, one_of_many])
def test_candidates_of_nanobeir_are_bm25s_down_to_the_depth(tmp_path, write):
    candidates = given_candidates(NANO, write(tmp_path / "nano"), "test", depth=2)
    assert candidates.column_names == CANDIDATES.names
    assert [tuple(row.values()) for row in candidates.to_pylist()] == [
        ("q1", "d3", 1, -1.0, "climbing", "bears"),
        ("q1", "d1", 2, -2.0, "climbing", "lions"),
        ("q2", "d2", 1, -1.0, "big cats", "tigers"),
    ]


def test_given_candidates_are_written_in_row_groups_and_make_a_run_in_their_order(tmp_path):
    candidates = given_candidates(NANO, nanobeir(tmp_path / "nano"), "test", depth=1000)
    many = pa.concat_tables([candidates] * 20_000)
    write_candidates(tmp_path / "many.parquet", [many])
    written = pq.ParquetFile(tmp_path / "many.parquet").metadata
    assert written.num_rows == 80_000
    assert written.row_group(0).num_rows == ROW_GROUP
    write_candidates(tmp_path / "candidates.parquet", [candidates])
    frame = pd.read_parquet(tmp_path / "candidates.parquet")
    trec.write_run(tmp_path / "run", trec.to_run(frame, frame["score"]), tag="bm25")
    run, _ = trec.read_run(tmp_path / "run")
    assert [list(ranking) for ranking in run.values()] == [["d3", "d1", "d2"], ["d2"]]


def test_candidates_that_the_corpus_lacks_are_an_error(tmp_path):
    folders = nanobeir(tmp_path)
    write_parquet(tmp_path / "corpus/train-00000-of-00001.parquet", [{"_id": "d1", "text": "a"}])
    with pytest.raises(UserError, match="row 1: query 'q1' or document 'd3' is not in"):
        given_candidates(NANO, folders, "test", depth=2)


def test_candidates_of_the_qa_data_are_its_passages_in_their_order(tmp_path):
    folders = marco_qa(tmp_path, *MARCO_QUERIES)
    candidates = given_candidates(MARCO, folders, "validation", depth=2)
    assert [tuple(row.values()) for row in candidates.to_pylist()] == [
        ("9652", "9652_0", 1, -1.0, "do lions swim", "Lions sleep."),
        ("9652", "9652_1", 2, -2.0, "do lions swim", "Lions swim."),
        ("12", "12_0", 1, -1.0, "do tigers swim", "Tigers swim."),
        ("12", "12_1", 2, -2.0, "do tigers swim", ""),
    ]


def test_a_source_without_candidates_is_an_error(tmp_path):
    with pytest.raises(UserError, match="marco_qa brings no candidates"):
        given_candidates(MARCO, marco_qa(tmp_path), "validation", depth=1000)


def test_the_query_itself_takes_no_place_of_the_given_candidates():
    rows = [("a", "a"), ("a", "b"), ("a", "c"), ("a", "d"), ("b", "c"), ("b", "a"), ("c", "c")]
    ranks = [1, 2, 3, 4, 1, 2, 1]
    table = pa.Table.from_pylist(
        [
            {"qid": qid, "docid": docid, "rank": rank, "score": -float(rank)}
            | {"query": qid, "passage": docid}
            for (qid, docid), rank in zip(rows, ranks, strict=True)
        ],
        CANDIDATES,
    )
    kept, removed = without_queries(table, 2)
    assert kept.schema == CANDIDATES and removed == 2
    columns = (kept[name].to_pylist() for name in ("qid", "docid", "rank", "score"))
    assert [*zip(*columns, strict=True)] == [
        ("a", "b", 1, -1.0),
        ("a", "c", 2, -2.0),
        ("b", "c", 1, -1.0),
        ("b", "a", 2, -2.0),
    ]


@pytest.mark.parametrize(("itself", "told"), [(0, ""), (9, ""), (10, "10 of 100 topics have a c")])
def test_it_is_said_where_topics_often_have_a_candidate_with_their_own_id(tmp_path, itself, told):
    pairs = [(str(number), str(number + (number >= itself))) for number in range(100)]
    parquet.write(tmp_path / "c.parquet", pd.DataFrame(pairs, columns=["qid", "docid"]))
    found = tell_queries(tmp_path / "c.parquet", "arguana")
    assert found.startswith(told) and bool(found) == bool(told)
    assert not found or "set collections.arguana.remove_query to true" in found
