import pytest

from lionrank.paper.tables.published_scores import table
from lionrank.published.scores import read_scores
from lionrank.published.study import Study
from tests.support.papers import PAPER, rows_of, tex
from tests.support.studied import SCORES

STUDY = Study.read(PAPER / "published" / "objectives")


def test_a_row_is_a_training_in_the_order_of_the_study_and_the_best_of_a_model_are_bold():
    made = table(SCORES, STUDY)
    text = tex("published_scores", made)
    assert rows_of(text) == [
        ["BERT", "BCE", "0.6250", r"\bfseries 0.5000"],
        ["", "InfoNCE", r"\bfseries 0.7500", "0.2500"],
        ["", "RankNet", r"\bfseries 0.7500", "0.1250"],
        ["MiniLM-L12", "BCE", "0.5000", "0.2500"],
    ]
    assert "{DL19} & {Robust04}" in text
    header, first, *_ = made.csv().splitlines()
    assert header == "model,treatment,dl19_ndcg_cut_10,robust04_ndcg_cut_10,best"
    assert first == "BERT,BCE,0.625,0.5,robust04_ndcg_cut_10"


@pytest.mark.parametrize("study", ["objectives", "sizes"])
def test_every_published_value_is_in_the_table(study):
    folder = PAPER / "published" / study
    found = Study.read(folder)
    scores = read_scores(folder / "table.csv", found)[found.primary]
    rows = table(scores, found).rows
    shown = [value for row in rows for value in row.values() if isinstance(value, float)]
    assert sorted(shown) == sorted(value for of in scores.values() for value in of.values())
