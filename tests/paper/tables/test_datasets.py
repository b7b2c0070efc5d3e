"""The table of the data: what is counted, of small files of every kind that the grid has."""

import io
import shutil
from dataclasses import replace

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lionrank import trec
from lionrank.collections.corpus import CANDIDATES, open_database
from lionrank.collections.describe import DataSet, of_pairs, of_topics, passages_in
from lionrank.collections.pairs import PAIRS
from lionrank.errors import UserError
from lionrank.files import write_json_lines
from lionrank.paper.tables.datasets import datasets_rows, datasets_table
from lionrank.paper.tables.tabular import to_csv
from tests.paper.tables.test_setup_tables import overfull
from tests.support.importing import write_parquet
from tests.support.rankings import run_scripts

TOPICS = {"q1": "two words", "q2": "three whole words", "q3": "one"}
QRELS = {"q1": {"d1": 3, "d2": 0}, "q2": {"d1": 1, "d9": 1}}
PASSAGES = {"d1": "a b c", "d2": "d", "d3": "e\u00a0f"}
RANKED = [("q1", "d1"), ("q1", "d2"), ("q1", "d3"), ("q2", "d1")]
EXAMPLES = [("q1", "d1", 1.0), ("q1", "d3", 0.0), ("q1", "d1", 1.0), ("q1", "d2", 0.0)]
EXAMPLES += [("q2", "d1", 1.0), ("q2", "d2", 0.0)]

LARGE = DataSet(
    use="test",
    label="MS MARCO QA v1.1 validation",
    topics=100_470,
    judged=100_470,
    passages=8_841_823,
    candidates=1000.0,
    grades=dict.fromkeys(range(4), 123456),
    query_words=16.1,
    passage_words=157.3,
)


@pytest.fixture
def database(tmp_path):
    with open_database(tmp_path / "output", threads=1) as connection:
        yield connection


def write_pairs(path, examples):
    rows = [
        dict(zip(PAIRS.names, (qid, docid, TOPICS[qid], PASSAGES[docid], label), strict=True))
        for qid, docid, label in examples
    ]
    pq.write_table(pa.Table.from_pylist(rows, PAIRS), path)
    return str(path)


def write_topics(folder, ranked=RANKED):
    """Write topics, qrels and candidates; return their paths."""
    paths = [folder / name for name in ("topics.tsv", "qrels.txt", "candidates.parquet")]
    trec.write_topics(paths[0], TOPICS)
    trec.write_qrels(paths[1], QRELS)
    rows = [
        dict(zip(CANDIDATES.names, (qid, docid, 1, 0.5, TOPICS[qid], PASSAGES[docid]), strict=True))
        for qid, docid in ranked
    ]
    pq.write_table(pa.Table.from_pylist(rows, CANDIDATES), paths[2])
    return [str(path) for path in paths]


def test_topics_are_counted_with_and_without_judgements(tmp_path, database):
    found = of_topics(database, *write_topics(tmp_path), use="test", label="DL", passages=3)
    assert found == DataSet(
        use="test",
        label="DL",
        topics=3,
        judged=2,
        passages=3,
        candidates=4 / 3,
        grades={0: 1, 1: 2, 3: 1},
        query_words=2.0,
        passage_words=(3 + 1 + 2 + 3) / 4,
    )


def test_queries_of_pairs_are_counted_once_and_labels_are_grades(tmp_path, database):
    pairs = write_pairs(tmp_path / "pairs.parquet", EXAMPLES)
    found = of_pairs(database, pairs, use="training", label="c", passages=9)
    assert (found.topics, found.judged, found.passages) == (2, 2, 9)
    assert found.grades == {0: 3, 1: 3}
    assert found.candidates == 3.0
    assert found.query_words == 2.5
    assert found.passage_words == pytest.approx((3 + 2 + 3 + 1 + 3 + 1) / 6)


def test_without_pairs_that_are_held_out_there_is_no_row(tmp_path, database):
    pairs = write_pairs(tmp_path / "pairs.parquet", [])
    assert of_pairs(database, pairs, use="held_out", label="c", passages=9) is None


def test_damaged_or_empty_files_are_named(tmp_path, database):
    paths = write_topics(tmp_path, ranked=[])
    with pytest.raises(UserError, match=r"candidates\.parquet holds no candidate"):
        of_topics(database, *paths, use="test", label="DL", passages=3)
    (tmp_path / "candidates.parquet").write_bytes(b"PAR1 damaged PAR1")
    with pytest.raises(UserError, match=r"candidates\.parquet is damaged"):
        of_topics(database, *paths, use="test", label="DL", passages=3)


def test_passages_are_those_of_the_corpus_or_of_the_source(tmp_path, database):
    write_json_lines(
        tmp_path / "corpus" / "documents.jsonl",
        [{"id": docid, "contents": text} for docid, text in PASSAGES.items()],
    )
    assert passages_in(database, {"format": "beir"}, str(tmp_path / "corpus")) == 3
    rows = [{"_id": docid, "text": "t"} for docid in "abcde"]
    write_parquet(tmp_path / "nano" / "corpus" / "train-00000-of-00001.parquet", rows)
    settings = {"format": "nanobeir", "source": "nano_nq"}
    assert passages_in(database, settings, str(tmp_path / "nano")) == 5


def test_the_table_has_a_block_a_use_and_a_column_a_grade():
    held_out = replace(LARGE, use="held_out", label="m_s", grades={0: 5, 1: 5})
    dev = replace(LARGE, use="development", label="Nano", grades={1: 57}, query_words=3.0)
    table = datasets_table([held_out, dev, LARGE])
    assert table.count(r"\midrule") == 3
    assert r"\multicolumn{4}{c}{Judgements of grade}" in table
    assert r"{\num{0}} & {\num{1}} & {\num{2}} & {\num{3}}" in table
    assert r"m\_s, held out & 100470 & 100470 & 8841823 & 1000.0 & 5 & 5 & {--} & {--}" in table
    assert r"Nano & 100470 & 100470 & 8841823 & 1000.0 & {--} & 57 & {--} & {--} & 3.0" in table


def test_many_grades_are_summed_up_in_the_table_and_not_in_the_csv():
    many = replace(LARGE, grades=dict.fromkeys(range(-2, 9), 10))
    table = datasets_table([many])
    assert "{Judgements}" in table and r"\num" not in table
    assert "& 1000.0 & 110 & 16.1 & 157.3" in table
    (row,) = datasets_rows([many])
    assert [row[f"grade_{grade}"] for grade in range(-2, 9)] == [10] * 11


def test_the_csv_has_the_same_columns_for_every_data_set():
    rows = datasets_rows([replace(LARGE, use="training", grades={0: 5, 1: 5}), LARGE])
    table = pd.read_csv(io.StringIO(to_csv(rows)))
    assert table.use.tolist() == ["training", "test"]
    assert table.grade_3.isna().tolist() == [True, False]
    assert table.passage_words.tolist() == [157.3] * 2


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("latexmk") is None, reason="latexmk is not installed")
def test_the_table_fits_on_a_page(tmp_path):
    five = replace(LARGE, grades=dict.fromkeys(range(-1, 4), 123456))
    many = replace(LARGE, grades=dict.fromkeys(range(-2, 9), 123456))
    tables = [datasets_table([five]), datasets_table([many])]
    assert overfull(tmp_path, tables, star="*", gap="4pt") == []


def test_the_rule_counts_pairs_dev_sets_and_test_sets(tmp_path):
    write_json_lines(tmp_path / "corpus" / "d.jsonl", [{"id": "d1", "contents": "x"}])
    topics, qrels, candidates = write_topics(tmp_path)
    outputs = {kind: str(tmp_path / f"datasets.{kind}") for kind in ("tex", "csv")}
    given = {
        "training": write_pairs(tmp_path / "pairs.parquet", EXAMPLES),
        "held_out": write_pairs(tmp_path / "held_out.parquet", []),
        "corpora": [str(tmp_path / "corpus")],
        "topics": [topics] * 2,
        "qrels": [qrels] * 2,
        "candidates": [candidates] * 2,
    }
    sets = [
        {"use": use, "label": use.title(), "collection": "mine"} for use in ("development", "test")
    ]
    params = {"collections": {"mine": {"format": "beir"}}, "trained_on": "mine", "sets": sets}
    run_scripts(tmp_path, [("datasets_table", given, outputs, params)])
    table = pd.read_csv(outputs["csv"])
    assert table.use.tolist() == ["training", "development", "test"]
    assert table.label.tolist() == ["mine", "Development", "Test"]
    assert table.passages.tolist() == [1, 1, 1]
    assert table.grade_3.tolist()[1:] == [1, 1]
    assert "held out" not in (tmp_path / "datasets.tex").read_text()
