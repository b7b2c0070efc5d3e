import pytest

from lionrank.grid import Grid
from lionrank.measures import Measure
from lionrank.published.beside import as_ours, read_beside
from lionrank.published.scores import read_scores
from lionrank.published.study import Study
from tests.support.papers import PAPER

FOLDER = PAPER / "published" / "objectives"
STUDY = Study.read(FOLDER)
DL19 = Measure("dl19", "ndcg_cut_10")
PARTS = ("optimizer", "objective", "searched")


def grid_of(**recipes):
    return Grid.build(
        {"bert": {"label": "BERT", "start": "pretrained"}},
        {name: name for name in recipes},
        (1,),
        recipes={
            name: {"data": "pairs", **dict(zip(PARTS, recipe, strict=False))}
            for name, recipe in recipes.items()
        },
    )


@pytest.mark.parametrize(
    ("recipes", "named"),
    [
        ({"infonce": ("adamw", "infonce")}, {"bert_infonce"}),
        ({"mine": ("adamw", "infonce")}, {"bert_mine"}),
        ({"infonce": ("lion", "infonce")}, set()),
        # A control of the study, which has the same optimizer and objective.
        ({"infoncetriplets": ("adamw", "infonce")}, set()),
        ({"one": ("adamw", "infonce"), "two": ("adamw", "infonce")}, set()),
        ({"one": ("adamw", "infonce"), "infonce": ("adamw", "infonce")}, {"bert_infonce"}),
        ({"one": ("adamw", "infonce", True), "two": ("adamw", "infonce")}, {"bert_two"}),
        ({"one": ("adamw", "infonce", True)}, {"bert_one"}),
        ({"one": ("adamw", "infonce", True), "two": ("adamw", "infonce", True)}, set()),
        ({"infonce": ("adamw", "infonce", True), "two": ("adamw", "infonce")}, {"bert_infonce"}),
    ],
    ids=[
        *("same", "renamed", "another optimizer", "control", "several", "one of several"),
        *("given beside searched", "searched", "several searched", "searched by its name"),
    ],
)
def test_a_published_treatment_is_ours_with_its_optimizer_and_objective(recipes, named):
    values = {DL19: {"bert_infonce": 0.5, "bert_bce": 0.25, "bert_infonce_e1": 0.75}}
    found = as_ours(values, STUDY, grid_of(**recipes))
    assert found == {DL19: dict.fromkeys(named, 0.5)}


def test_only_models_and_measures_that_may_stand_beside_ours_are_read():
    compared = {"models": ["bert"], "measures": [vars(DL19)], "apart": []}
    found = read_beside(FOLDER, STUDY.primary, compared)
    assert [*found] == [DL19]
    assert {name.split("_")[0] for name in found[DL19]} == {"bert"}
    scores = read_scores(FOLDER / "table.csv", STUDY)[STUDY.primary][DL19]
    assert found[DL19].keys() == {name for name in scores if name.startswith("bert_")}
