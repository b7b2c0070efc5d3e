"""The table of the data that is trained on, chosen by and tested on."""

import io
import shutil
from dataclasses import replace

import pandas as pd
import pytest

from lionrank.collections.describe import DataSet
from lionrank.files import write_json_lines
from lionrank.paper.tables import datasets
from tests.support.counted import EXAMPLES, write_pairs, write_topics
from tests.support.papers import BY_BM25, tex
from tests.support.rankings import run_scripts
from tests.support.typeset import overfull

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


def test_the_table_has_a_block_a_use_and_a_column_a_grade():
    held_out = replace(LARGE, use="held_out", label="m_s", grades={0: 5, 1: 5})
    dev = replace(LARGE, use="development", label="Nano", grades={1: 57}, query_words=3.0)
    table = tex("datasets", datasets.table([held_out, dev, LARGE]))
    assert table.count(r"\midrule") == 3
    assert r"\multicolumn{4}{c}{Judgements of grade}" in table
    assert r"{\num{0}} & {\num{1}} & {\num{2}} & {\num{3}}" in table
    assert r"m\_s, held out & 100470 & 100470 & 8841823 & 1000.0 & 5 & 5 & {--} & {--}" in table
    assert r"Nano & 100470 & 100470 & 8841823 & 1000.0 & {--} & 57 & {--} & {--} & 3.0" in table


def test_many_grades_are_summed_up_in_the_table_and_not_in_the_csv():
    many = replace(LARGE, grades=dict.fromkeys(range(-2, 9), 10))
    table = tex("datasets", datasets.table([many]))
    assert "{Judgements}" in table and r"\num" not in table
    assert "& 1000.0 & 110 & 16.1 & 157.3" in table
    (row,) = datasets.table([many]).rows
    assert [row[f"grade_{grade}"] for grade in range(-2, 9)] == [10] * 11


def test_the_csv_has_the_same_columns_for_every_data_set():
    found = datasets.table([replace(LARGE, use="training", grades={0: 5, 1: 5}), LARGE])
    table = pd.read_csv(io.StringIO(found.csv()))
    assert table.use.tolist() == ["training", "test"]
    assert table.grade_3.isna().tolist() == [True, False]
    assert table.passage_words.tolist() == [157.3] * 2


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("latexmk") is None, reason="latexmk is not installed")
def test_the_table_fits_on_a_page(tmp_path):
    five = replace(LARGE, grades=dict.fromkeys(range(-1, 4), 123456))
    many = replace(LARGE, grades=dict.fromkeys(range(-2, 9), 123456))
    tables = [tex("datasets", datasets.table([five])), tex("datasets", datasets.table([many]))]
    assert overfull(tmp_path, tables, star="*", gap="4pt") == []


def test_the_rule_counts_pairs_dev_sets_and_test_sets(tmp_path):
    write_json_lines(tmp_path / "corpus" / "d.jsonl", [{"id": "d1", "contents": "x"}])
    topics, qrels, candidates = write_topics(tmp_path)
    outputs = {kind: str(tmp_path / f"datasets.{kind}") for kind in ("tex", "csv")}
    given = {
        "training": [write_pairs(tmp_path / "pairs.parquet", EXAMPLES)],
        "held_out": [write_pairs(tmp_path / "held_out.parquet", [])],
        "corpora": [str(tmp_path / "corpus")],
        "topics": [topics] * 2,
        "qrels": [qrels] * 2,
        "candidates": [candidates] * 2,
    }
    sets = [
        {"use": use, "label": use.title(), "collection": "mine"} for use in ("development", "test")
    ]
    params = {
        "collections": {"mine": {"format": "beir"}},
        "trained_on": {"pairs": "mine"},
        "sets": sets,
        "first_stages": [
            BY_BM25 | {"use": "development", "test_set": "Development"},
            BY_BM25 | {"test_set": "Test", "label": "SPLADE++", "depth": 1000},
        ],
    }
    run_scripts(tmp_path, [("datasets_table", given, outputs, params)])
    table = pd.read_csv(outputs["csv"])
    assert table.use.tolist() == ["training", "development", "test"]
    assert table.label.tolist() == ["mine", "Development", "Test"]
    assert table.passages.tolist() == [1, 1, 1]
    assert table.grade_3.tolist()[1:] == [1, 1]
    assert table.first_stage.tolist()[1:] == ["BM25", "SPLADE++"]
    assert table.depth.tolist()[1:] == [50, 1000]
    latex = (tmp_path / "datasets.tex").read_text()
    assert "held out" not in latex
    assert (
        "at most \\num{50} of BM25 on Development;\nat most \\num{1000} of SPLADE++ on Test."
        in latex
    )


def test_first_stages_are_told_only_where_they_or_their_depths_differ():
    sets = [replace(LARGE, use="development", label="Nano"), LARGE]
    alike = [BY_BM25 | {"use": each.use, "test_set": each.label} for each in sets]
    plain = datasets.table(sets)
    same = datasets.table(sets, alike)
    assert tex("datasets", same) == tex("datasets", plain)
    assert same.csv() == plain.csv()
    deeper = datasets.table(sets, [alike[0], alike[1] | {"depth": 1000}])
    assert r"at most \num{50} of BM25 on Nano;" in tex("datasets", deeper)
    assert [row["depth"] for row in deeper.rows] == [50, 1000]
