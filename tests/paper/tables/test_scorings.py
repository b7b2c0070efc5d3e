"""The table of how documents are scored."""

import csv
import io
import shutil
from dataclasses import replace

import pytest

from lionrank.paper.scorings import read_scorings
from lionrank.paper.tables.scorings import table
from tests.support.papers import rows_of, tex
from tests.support.results import BESIDE_OTHERS, GRID, NOTHING_TRAINED
from tests.support.scored import (
    DOCS,
    GROUPS,
    NAMES,
    SCORINGS,
    counted,
    groups_of,
    scored_experiment,
    with_scorings,
    write_scorings,
)
from tests.support.typeset import PAGE, size_of


@pytest.fixture(params=[GRID, BESIDE_OTHERS, NOTHING_TRAINED], scope="module", name="made")
def _made(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("scored")
    return scored_experiment(folder, with_scorings(request.param), seed=1)


def scorers(made) -> list[str]:
    """Return the names of what scores documents."""
    trained = [each.name for each in made.grid.trainings()]
    return [*trained, *(each.name for each in made.grid.systems if each.kind == "checkpoint")]


def means(made, system: str) -> list[float]:
    scores = [
        {measure.test_set: of for measure, of in made.results.scores.items()}[name]
        for name in NAMES
    ]
    training = {each.name: each for each in made.grid.trainings()}.get(system)
    name = training.checkpoint(made.chosen[system]) if training else system
    return [of[name].mean for of in scores]


def test_each_system_has_its_value_in_each_scoring_the_best_of_a_group_bold(made):
    printed = rows_of(tex("scorings", table(groups_of(made), made.grid)), "0.")
    lines = [row[-len(NAMES) :] for row in printed if "0.0" not in row]
    assert len(lines) == len(scorers(made))
    for line, system in zip(lines, scorers(made), strict=True):
        expected, at = [], 0
        for group in GROUPS:
            own = [f"{mean:.4f}" for mean in means(made, system)[at : at + len(group)]]
            expected += [rf"\textbf{{{mean}}}" if mean == max(own) else mean for mean in own]
            at += len(group)
        assert line == expected


def test_what_was_read_is_told_once_of_a_model_whose_trainings_read_the_same(tmp_path):
    made = scored_experiment(tmp_path, with_scorings())
    told = tex("scorings", table(groups_of(made), made.grid))
    *_, read, cut = told.split(r"\midrule")
    for section in (read, cut):
        assert section.count("MiniLM") == section.count("ModernBERT") == 1
        assert "Lion" not in section
    assert r"MiniLM &  & \num{400} & \num{1800}" in read
    assert "MiniLM &  & 80.0 & 0.0" in cut and "GTE &  & 70.0 & 0.0" in cut


def test_trainings_of_a_model_that_read_differently_have_a_line_each(tmp_path):
    def told(measure, run_file):
        found = counted(measure, run_file)
        return found | {"read": 2 * found["read"]} if "gte_lion" in run_file else found

    made = scored_experiment(tmp_path, with_scorings())
    *_, read, cut = tex("scorings", table(groups_of(made, told), made.grid)).split(r"\midrule")
    assert r"GTE & AdamW & \num{400}" in read and r"& Lion & \num{800}" in read
    assert "Lion" not in cut


def test_what_is_not_known_of_a_run_file_leaves_a_dash_and_of_all_no_section(tmp_path):
    made = scored_experiment(tmp_path, with_scorings())

    def of_gte(measure, run_file):
        return counted(measure, run_file) if "gte" in run_file else {}

    told = tex("scorings", table(groups_of(made, of_gte), made.grid))
    assert told.count("GTE") == 3 and told.count("MiniLM") == 1
    nothing = table(groups_of(made, lambda *_: {}), made.grid)
    assert "Tokens read" not in tex("scorings", nothing)
    assert {row["read"] for row in nothing.rows} == {None}


def test_the_csv_has_a_row_a_scoring_and_system(made):
    rows = list(csv.DictReader(io.StringIO(table(groups_of(made), made.grid).csv())))
    assert len(rows) == len(NAMES) * len(scorers(made))
    assert [*dict.fromkeys(row["test_set"] for row in rows)] == NAMES
    assert {row["group"] for row in rows} == {"Long & Old documents", "More"}
    for row in rows:
        assert float(row["read"]) in (400, 1000, 1800)
        assert 0 <= float(row["left_out"]) < 100


def test_groups_whose_labels_begin_alike_are_called_by_all_of_them(tmp_path):
    made = scored_experiment(tmp_path, with_scorings())
    path = write_scorings(tmp_path / "scorings.csv", made.per_query, made.grid)
    alike = {name: {**DOCS[name], "label": f"Documents {name}"} for name in NAMES}
    groups = read_scorings(path, made.grid, alike, SCORINGS)
    assert [each.label for each in groups] == [
        "Documents docs_first, Documents docs_max, Documents docs_top and Documents docs_full",
        "Documents more_own and Documents more_full",
    ]
    told = tex("scorings", table(groups, made.grid))
    assert r"\multicolumn{4}{c}{Documents docs\_first" in told


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="LaTeX is not installed")
@pytest.mark.parametrize("seeds", [(12,), (12, 13)])
def test_the_table_fits_a_page(tmp_path, seeds):
    grid = with_scorings(replace(BESIDE_OTHERS, seeds=seeds))
    made = scored_experiment(tmp_path / "made", grid)
    assert size_of(tex("scorings", table(groups_of(made), made.grid)), tmp_path).width < PAGE[0]
