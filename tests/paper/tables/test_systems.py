"""The table of systems: what was published, the study's own trainings, and ours among them."""

import re
import shutil
from itertools import groupby

import pandas as pd
import pytest

from lionrank.measures import Measure
from lionrank.paper.results import Layout
from lionrank.paper.tables.systems import (
    OUR_GROUP,
    STUDY,
    STUDY_GROUP,
    systems,
    systems_rows,
    systems_table,
)
from lionrank.paper.tables.tabular import to_csv
from lionrank.published.scores import read_table2
from tests.paper.tables.test_results import CHOSEN, PUBLISHED, TABLE1, TABLE2, measured
from tests.support.papers import GRID, PAPER, experiment
from tests.support.papers import LAYOUT as ON_PYDOCS
from tests.support.rankings import run_scripts
from tests.support.typeset import COLUMN, size_of

SYSTEMS = read_table2(TABLE2)
PRIMARY = Measure("dl19", "ndcg_cut_10")
TEST_SETS = {"dl19": {"label": "TREC DL 2019", "level": 1, "levels": [1, 2], "first_stage": True}}
COLUMNS = [{"test_set": "dl19", "metrics": ["ndcg_cut_10", "map"]}]
DL19 = Layout.build(TEST_SETS, COLUMNS)
KEYS = set(re.findall(r"^@\w+\{([^,\s]+),", (PAPER / "refs.bib").read_text(), re.MULTILINE))


def rows_with(results, grid=GRID, chosen=CHOSEN):
    return systems(SYSTEMS, PUBLISHED, results, grid, chosen)


def test_the_published_systems_stand_as_they_were_printed():
    rows = rows_with(measured(0.02))
    table = pd.read_csv(TABLE2, dtype=str)
    printed = [(each.group, each.name, each.score, each.reference) for each in rows[: len(table)]]
    assert printed == list(table.itertuples(index=False, name=None))
    latex = systems_table(rows)
    assert r"BM25 $\rightarrow$ NCE Neg & \cite{xiong2020approximate} & 0.608 \\" in latex
    assert "textgreater" not in latex


def test_the_study_has_its_best_epoch_on_the_test_topics_and_ours_the_chosen_one():
    results = measured(0.02)
    rows = rows_with(results)
    study = {each.name: each for each in rows if each.group == STUDY_GROUP}
    table = pd.read_csv(TABLE1)
    assert len(study) == 6
    for (model, optimizer), found in table.groupby(["model", "optimizer"]):
        best = found.loc[found["ndcg_cut_10"].idxmax()]
        shown = study[", ".join(GRID.training(f"{model}_{optimizer}").labels)]
        assert (shown.epoch, float(shown.score)) == (best["epoch"], best["ndcg_cut_10"])
        assert shown.reference == STUDY
    first_stage, *ours = [each for each in rows if each.group == OUR_GROUP]
    assert (first_stage.name, first_stage.epoch) == ("BM25", None)
    for training, shown in zip(GRID.trainings(), ours, strict=True):
        name = training.checkpoint(CHOSEN[training.name])
        assert float(shown.score) == results.mean(PRIMARY, name)
        assert shown.epoch == int(name[-1])
        assert shown.reference is None


def test_without_our_scores_on_dl_2019_only_published_ones_stand_there(tmp_path):
    made = experiment(tmp_path, PUBLISHED[PRIMARY] | {"bm25": 0.4}, layout=ON_PYDOCS)
    rows = rows_with(made.results, chosen=made.chosen)
    assert len(rows) == len(SYSTEMS) + 6
    assert "Ours" not in systems_table(rows)
    assert "Ours" in systems_table(rows_with(measured(0.02)))


def test_the_best_of_each_group_is_bold():
    rows = rows_with(measured(0.02))
    lines = [line for line in systems_table(rows).splitlines() if re.search(r"\d \\\\$", line)]
    assert len(lines) == len(rows)
    for _, pairs in groupby(zip(rows, lines, strict=True), lambda pair: pair[0].group):
        among = list(pairs)
        top = max(float(row.score) for row, _ in among)
        assert [r"\bfseries" in line for _, line in among] == [
            float(row.score) == top for row, _ in among
        ]


def test_every_reference_is_in_the_bibliography():
    cited = set(re.findall(r"\\cite\{(.+?)\}", systems_table(rows_with(measured(0.02)))))
    assert cited == {each.reference for each in SYSTEMS} | {STUDY}
    assert cited <= KEYS


def test_the_rules_script_writes_the_table_as_latex_and_as_csv(tmp_path):
    made = experiment(tmp_path, PUBLISHED[PRIMARY] | {"bm25": 0.5}, layout=DL19)
    best = []
    for training, epoch in made.chosen.items():
        best.append(tmp_path / f"{training}.best.json")
        best[-1].write_text(f'{{"epoch": {epoch}}}')
    inputs = {"metrics": str(tmp_path / "metrics.csv"), "best": list(map(str, best))}
    inputs |= {"table1": str(TABLE1), "table2": str(TABLE2)}
    outputs = {name: str(tmp_path / f"systems.{name}") for name in ("tex", "csv")}
    params = {
        "grid": {
            "models": {m.name: {"label": m.label, "start": m.start} for m in GRID.models},
            "optimizers": dict(GRID.optimizers),
            "epochs": list(GRID.epochs),
        },
        "columns": COLUMNS,
        "test_sets": TEST_SETS,
    }
    run_scripts(tmp_path, [("systems_table", inputs, outputs, params)])
    rows = rows_with(made.results, chosen=made.chosen)
    assert (tmp_path / "systems.tex").read_text() == systems_table(rows)
    assert (tmp_path / "systems.csv").read_text() == to_csv(systems_rows(rows))
    table = pd.read_csv(tmp_path / "systems.csv")
    assert list(table["ndcg_cut_10"]) == [float(each.score) for each in rows]
    assert len(table) == len(SYSTEMS) + 6 + 7


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="LaTeX is not installed")
def test_the_table_fits_a_column(tmp_path):
    assert size_of(systems_table(rows_with(measured(0.02))), tmp_path).width < COLUMN
