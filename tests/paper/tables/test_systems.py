"""The table of systems: what was published, the study's own trainings, and ours among them."""

import re
import shutil
from dataclasses import replace
from itertools import groupby

import pandas as pd
import pytest

from lionrank.measures import Measure
from lionrank.paper.results import Layout, Score
from lionrank.paper.tables import systems
from lionrank.paper.tables.systems import OTHERS_GROUP, OUR_GROUP, STUDY_GROUP
from tests.support.around_published import CHOSEN, PUBLISHED, measured
from tests.support.papers import PAPER, tex
from tests.support.papers import TABLE2 as SYSTEMS
from tests.support.published_as_measured import STUDY, TABLE, TABLE2, write_best
from tests.support.rankings import run_scripts
from tests.support.results import BESIDE_OTHERS, GRID, MIXED, experiment, plain
from tests.support.results import LAYOUT as ON_PYDOCS
from tests.support.rule_scripts import of_repository
from tests.support.typeset import COLUMN, size_of

PRIMARY = Measure("dl19", "ndcg_cut_10")
TEST_SETS = {"dl19": {"label": "TREC DL 2019", "level": 1, "levels": [1, 2]}}
COLUMNS = [{"test_set": "dl19", "metrics": ["ndcg_cut_10", "map"]}]
DL19 = Layout.build(TEST_SETS, COLUMNS)
KEYS = set(re.findall(r"^@\w+\{([^,\s]+),", (PAPER / "refs.bib").read_text(), re.MULTILINE))


def table_with(results, grid=GRID, chosen=CHOSEN):
    return systems.table(SYSTEMS, PUBLISHED, STUDY, results, grid, chosen)


def test_the_published_systems_stand_as_they_were_printed():
    made = table_with(measured(0.02))
    table = pd.read_csv(TABLE2, dtype=str)
    printed = [
        (each["group"], each["system"], each["ndcg_cut_10"], each["reference"])
        for each in made.rows[: len(table)]
    ]
    assert printed == list(table.itertuples(index=False, name=None))
    latex = tex("systems", made)
    assert r"BM25 $\rightarrow$ NCE Neg & \cite{xiong2020approximate} & 0.608 \\" in latex
    assert "textgreater" not in latex


def test_the_study_has_its_best_epoch_on_the_test_topics_and_ours_the_chosen_one():
    results = measured(0.02)
    rows = table_with(results).rows
    study = {each["system"]: each for each in rows if each["group"] == STUDY_GROUP}
    assert len(study) == 6
    for (model, optimizer), found in TABLE.groupby(["model", "optimizer"]):
        best = found.loc[found["ndcg_cut_10"].idxmax()]
        shown = study[", ".join(GRID.training(f"{model}_{optimizer}").labels)]
        assert (shown["epoch"], float(shown["ndcg_cut_10"])) == (best["epoch"], best["ndcg_cut_10"])
        assert shown["reference"] == STUDY.cite
    first_stage, *ours = [each for each in rows if each["group"] == OUR_GROUP]
    assert (first_stage["system"], first_stage["epoch"]) == ("BM25", None)
    for training, shown in zip(GRID.trainings(), ours, strict=True):
        name = training.checkpoint(CHOSEN[training.name])
        assert float(shown["ndcg_cut_10"]) == results.mean(PRIMARY, name)
        assert shown["epoch"] == int(name[-1])
        assert shown["reference"] is None


def test_our_first_stage_is_that_of_dl_2019(tmp_path):
    grid = replace(GRID, first_stages={**GRID.first_stages, "dl19": MIXED["pydocs"]})
    scores = PUBLISHED[PRIMARY] | {"bm25": 0.5, "sparse": 0.6}
    made = experiment(tmp_path, scores, grid, DL19)
    first_stage, *_ = [
        each
        for each in table_with(made.results, grid, made.chosen).rows
        if each["group"] == OUR_GROUP
    ]
    assert (first_stage["system"], first_stage["ndcg_cut_10"]) == ("SPLADE++", "0.6000")


def test_without_our_scores_on_dl_2019_only_published_ones_stand_there(tmp_path):
    made = experiment(tmp_path, PUBLISHED[PRIMARY] | {"bm25": 0.4}, layout=ON_PYDOCS)
    table = table_with(made.results, chosen=made.chosen)
    assert len(table.rows) == len(SYSTEMS) + 6
    assert "Ours" not in tex("systems", table)
    assert "Ours" in tex("systems", table_with(measured(0.02)))


def test_the_best_of_each_group_is_bold():
    table = table_with(measured(0.02))
    lines = [line for line in tex("systems", table).splitlines() if re.search(r"\d \\\\$", line)]
    assert len(lines) == len(table.rows)
    for _, pairs in groupby(zip(table.rows, lines, strict=True), lambda pair: pair[0]["group"]):
        among = list(pairs)
        top = max(float(row["ndcg_cut_10"]) for row, _ in among)
        assert [r"\bfseries" in line for _, line in among] == [
            float(row["ndcg_cut_10"]) == top for row, _ in among
        ]


def test_every_reference_is_in_the_bibliography():
    cited = set(re.findall(r"\\cite\{(.+?)\}", tex("systems", table_with(measured(0.02)))))
    assert cited == {each.reference for each in SYSTEMS} | {STUDY.cite}
    assert cited <= KEYS


def test_the_rules_script_writes_the_table_as_latex_and_as_csv(tmp_path):
    made = experiment(tmp_path, PUBLISHED[PRIMARY] | {"bm25": 0.5}, layout=DL19)
    best = write_best(tmp_path, made.chosen)
    inputs = {"metrics": str(tmp_path / "metrics.csv"), "best": list(map(str, best))}
    outputs = {name: str(tmp_path / f"systems.{name}") for name in ("tex", "csv")}
    params = {
        "grid": plain(GRID),
        "columns": COLUMNS,
        "test_sets": TEST_SETS,
        "study": [of_repository("paper/published/lion/study.yaml")],
    }
    run_scripts(tmp_path, [("systems_table", inputs, outputs, params)])
    table = table_with(made.results, chosen=made.chosen)
    assert (tmp_path / "systems.tex").read_text() == tex("systems", table)
    assert (tmp_path / "systems.csv").read_text() == table.csv()
    written = pd.read_csv(tmp_path / "systems.csv")
    assert list(written["ndcg_cut_10"]) == [float(row["ndcg_cut_10"]) for row in table.rows]
    assert len(written) == len(SYSTEMS) + 6 + 7


def test_systems_of_others_have_a_group_of_their_own_where_they_were_evaluated():
    results = measured(0.02)
    (other,) = BESIDE_OTHERS.systems[:1]
    grid = replace(GRID, systems=BESIDE_OTHERS.systems)
    scores = results.scores[PRIMARY] | {other.name: Score(0.7, 0.6, 0.8)}
    evaluated = replace(results, scores={**results.scores, PRIMARY: scores})
    made = table_with(evaluated, grid)
    last = made.rows[-1]
    assert (last["group"], last["system"], last["ndcg_cut_10"]) == (
        *(OTHERS_GROUP, other.label),
        "0.7000",
    )
    assert len(made.rows) == len(table_with(results).rows) + 1
    latex = tex("systems", made)
    assert rf"{other.label}$^\ddagger$ &" in latex
    assert latex.endswith("$^\\ddagger$~Not trained here.\n")
    assert "ddagger" not in tex("systems", table_with(results, grid))


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="LaTeX is not installed")
def test_the_table_fits_a_column(tmp_path):
    assert size_of(tex("systems", table_with(measured(0.02))), tmp_path).width < COLUMN
