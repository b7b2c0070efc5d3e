"""The table of the variance between topics, between seeds, and of the rest."""

import csv
import io
from math import sqrt
from statistics import stdev

import pytest

from lionrank.evaluation.per_query import System
from lionrank.evaluation.variance import of_experiment
from lionrank.measures import PRIMARY, Measure
from lionrank.paper.tables import variance
from tests.support.papers import tex
from tests.support.results import AVERAGED, AVERAGED_SETS, experiment, made_up_scores

LABELS = {name: entry["label"] for name, entry in AVERAGED_SETS.items()}
MEASURES = [Measure("pydocs", PRIMARY), Measure("ranked", PRIMARY)]
# Of a column that was never below 0, and of one that was.
BELOW = r"{\rlap{$^\ast$}}"


@pytest.fixture(name="made", scope="module")
def _made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("variance")
    return experiment(folder, made_up_scores(5), layout=AVERAGED, seeds=(12, 13, 14))


def table_of(made):
    found = of_experiment(made.per_query, made.grid, MEASURES)
    return found, variance.table(found, LABELS, made.grid)


def test_a_row_has_the_deviations_of_a_training_and_that_of_its_means(made):
    found, table = table_of(made)
    rows = list(csv.DictReader(io.StringIO(table.csv())))
    assert len(rows) == 2 * (6 + 3)
    trainings = [row for row in rows if not row["minus"]]
    for row, each in zip(trainings, found["trainings"], strict=True):
        for name in variance.COMPONENTS:
            assert float(row[name]) == pytest.approx(sqrt(max(each[name], 0)), abs=5.1e-5)
            assert (name in row["below_zero"].split(";")) == (each[name] < 0)
        measure = Measure(row["test_set"], PRIMARY)
        system = System(each["training"])
        means = [replicate.mean(measure, system) for replicate in made.per_query.replicates]
        assert float(row["mean_of_a_seed"]) == pytest.approx(stdev(means), abs=5.1e-5)


def test_an_estimate_below_zero_is_printed_as_zero_with_a_star(made):
    found, table = table_of(made)
    records = [*found["trainings"], *found["differences"]]
    below = sum(each[name] < 0 for each in records for name in variance.COMPONENTS)
    latex = tex("variance", table)
    assert latex.count(BELOW) == latex.count(f"0.0000{BELOW}") == below > 0
    assert r"\emph{nDCG@10 on More, \num{8} topics}" in latex


def test_differences_between_optimizers_follow_the_trainings_of_their_measure(made):
    _, table = table_of(made)
    of_measure = [row for row in table.rows if row["test_set"] == "more"]
    assert [row["minus"] for row in of_measure] == [None] * 6 + ["AdamW"] * 3
    for row, model in zip(of_measure[6:], made.grid.models, strict=True):
        assert (row["model"], row["optimizer"]) == (model.label, "Lion")
        means = {each["model"] + each["optimizer"]: each["mean"] for each in of_measure[:6]}
        difference = means[f"{model.label}Lion"] - means[f"{model.label}AdamW"]
        assert row["mean"] == pytest.approx(difference)
    assert "Lion $-$ AdamW" in tex("variance", table)
