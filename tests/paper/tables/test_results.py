"""The table of results: ours beside the published ones, its CSV, and its size on the page."""

import csv
import dataclasses
import io
import re
import shutil

import pandas as pd
import pytest

from lionrank.grid import VARIOUS, Grid
from lionrank.measures import METRICS, PRIMARY, Measure
from lionrank.paper.results import Layout, Score
from lionrank.paper.tables import results as tables
from lionrank.published.scores import rounded
from tests.support.around_published import CHOSEN, PUBLISHED, layout, measured
from tests.support.papers import ACCOUNTS, rows_of, tex
from tests.support.published_as_measured import STUDY, TABLE, write_best
from tests.support.rankings import run_scripts
from tests.support.results import (
    AT_BEST,
    AVERAGED,
    BESIDE_OTHERS,
    GRID,
    MIXED,
    NOTHING_TRAINED,
    RANDOM,
    RANKED,
    RISING,
    SCENARIOS,
    TEST_SETS,
    TWO_TEST_SETS,
    experiment,
    made_up_scores,
    means_in,
    plain,
)
from tests.support.rule_scripts import of_repository
from tests.support.typeset import PAGE, size_of

# How a cell says that the published value lies beyond our interval.
ABOVE, BELOW, BEYOND = "oursabove", "oursbelow", r"$^\ast$"
needs_latex = pytest.mark.skipif(shutil.which("pdflatex") is None, reason="LaTeX is not installed")


def cells_below(table: str) -> list[list[str]]:
    """Return the cells of the second lines, the interval's empty one left out."""
    lines = [line for line in table.splitlines() if r"\hspace{0.3em}" in line]
    rows = [line.removesuffix(r" \\[2pt]").split(" & ")[3:] for line in lines]
    return [[cell for place, cell in enumerate(row) if place != 1] for row in rows]


def test_as_it_was_published_is_read_the_table_whole():
    table = TABLE
    assert sorted(PUBLISHED, key=str) == sorted(layout().columns, key=str)
    for measure, values in PUBLISHED.items():
        column = {"recip_rank_10": "mrr_10"}.get(measure.metric, measure.metric)
        assert list(values.values()) == list(table[column])
        assert list(values) == [
            f"{row.model}_{row.optimizer}_e{row.epoch}" for row in table.itertuples()
        ]


@pytest.mark.parametrize("scores", SCENARIOS.values(), ids=SCENARIOS)
def test_the_bold_cells_are_the_highest_of_their_columns(tmp_path, scores):
    made = experiment(tmp_path, scores, shuffled=True)
    rows = rows_of(tex("results", tables.table(made.results, GRID, made.chosen)))
    assert len(rows) == 19
    interval_beside_ndcg = 4
    for place, column in enumerate(zip(*(row[3:] for row in rows), strict=True), start=3):
        if place != interval_beside_ndcg:
            values = [float(cell.split()[-1]) for cell in column]
            bold = [cell.startswith(r"\bfseries") for cell in column]
            assert bold == [value == max(values) for value in values]


def test_the_chosen_epochs_are_marked(tmp_path):
    made = experiment(tmp_path, RISING | {"bm25": 0.4})
    table = tex("results", tables.table(made.results, GRID, made.chosen))
    epochs = [row[2] for row in rows_of(table)[1:]]
    marked = [
        (training, epoch)
        for training, epoch in zip(
            [each.name for each in GRID.trainings() for _ in GRID.epochs], epochs, strict=True
        )
        if r"$^\dagger$" in epoch
    ]
    assert [training for training, _ in marked] == list(made.chosen)
    assert [int(epoch[0]) for _, epoch in marked] == list(made.chosen.values())


def test_the_interval_of_the_primary_measure_is_that_of_the_means(tmp_path):
    made = experiment(tmp_path, RISING | {"bm25": 0.4})
    means = means_in(tmp_path)
    primary = means[means["metric"] == "ndcg_cut_10"].set_index("system")
    rows = rows_of(tex("results", tables.table(made.results, GRID, made.chosen)))
    for system, row in zip(["bm25", *GRID.checkpoints()], rows, strict=True):
        low, high = re.fullmatch(r"\[\\num\{(.+)\}, \\num\{(.+)\}\]", row[4]).groups()
        assert float(low) == pytest.approx(primary.low[system], abs=0.5001e-4)
        assert float(high) == pytest.approx(primary.high[system], abs=0.5001e-4)
        assert float(low) < float(row[3].split()[-1]) < float(high)


@pytest.mark.parametrize("grid", [BESIDE_OTHERS, NOTHING_TRAINED], ids=["beside", "alone"])
def test_systems_of_others_are_rows_below_the_checkpoints_and_marked(tmp_path, grid):
    scores = made_up_scores(2, grid) | {"splade": 0.9}
    made = experiment(tmp_path, scores, grid, TWO_TEST_SETS)
    found = tables.table(made.results, grid, made.chosen)
    table = tex("results", found)
    marked = [line for line in table.splitlines() if r"$^\ddagger$} &" in line]
    labels = ("MiniLM-L6 v2", r"The Authors' GTE \& Lion", "SPLADE")
    for line, label, epoch in zip(marked, labels, ("", "2", ""), strict=True):
        assert line.startswith(rf"\multicolumn{{2}}{{@{{}}l}}{{{label}$^\ddagger$}} & {epoch} & ")
    # The best of all is among them, and it has no run file on the other test set.
    assert r"\bfseries 0.9000" in marked[2] and marked[2].endswith(r"& {--} \\")
    assert (
        table.splitlines()[-1] == r"$^\ddagger$~Not trained here. SPLADE has no run file on Given."
    )
    assert (r"Model & Optimizer" in table) == bool(grid.trainings())
    written = pd.read_csv(io.StringIO(found.csv()))
    assert written["trained_here"].tolist()[1:] == [True] * len(grid.checkpoints()) + [False] * 3
    assert written["model"].tolist()[-3:] == ["l6", "authors", "splade"]


def test_a_checkpoint_of_the_authors_stands_beside_its_published_row():
    grid = dataclasses.replace(GRID, models=GRID.models[:1], systems=BESIDE_OTHERS.systems[1:2])
    results = measured(0.02)
    scores = {
        measure: {
            **{name: values[name] for name in grid.checkpoints()},
            **({"bm25": values["bm25"]} if "bm25" in values else {}),
            "authors": values["gte_lion_e2"],
        }
        for measure, values in results.scores.items()
    }
    table = tex(
        "results",
        tables.table(dataclasses.replace(results, scores=scores), grid, CHOSEN, PUBLISHED),
    )
    below = cells_below(table)
    assert len(below) == 6 + 1
    for measure, cell in zip(results.layout.columns, below[-1], strict=True):
        assert f"{PUBLISHED[measure]['gte_lion_e2']:.4f}" in cell


def test_several_test_sets_have_a_head_each_and_a_dash_where_there_is_no_first_stage(tmp_path):
    made = experiment(tmp_path, RISING | {"bm25": 0.4}, layout=TWO_TEST_SETS)
    table = tex("results", tables.table(made.results, GRID, made.chosen))
    assert r"\multicolumn{3}{c}{pydocs} & \multicolumn{1}{c}{Given}" in table
    assert r"\cmidrule(lr){4-6}\cmidrule(lr){7-7}" in table
    first, *others = rows_of(table)
    assert first[-1] == "{--}"
    assert all(0 <= float(row[-1].split()[-1]) <= 1 for row in others)
    assert r"\multicolumn" not in tex(
        "results",
        tables.table(experiment(tmp_path, RISING | {"bm25": 0.4}).results, GRID, made.chosen),
    )


def test_a_test_set_with_the_chosen_epochs_alone_has_a_dash_at_the_others(tmp_path):
    made = experiment(tmp_path, RISING | {"bm25": 0.4}, layout=AT_BEST)
    found = tables.table(made.results, GRID, made.chosen)
    first, *rows = rows_of(tex("results", found))
    assert first[-1] == "{--}"
    assert [row[-1] != "{--}" for row in rows] == [r"$^\dagger$" in row[2] for row in rows]
    values = [(row[-1].split()[-1], "bfseries" in row[-1]) for row in rows if row[-1] != "{--}"]
    assert len(values) == 6
    assert [number for number, bold in values if bold] == [max(values)[0]]
    written = pd.read_csv(io.StringIO(found.csv()))
    is_chosen = written["chosen"].map(str) == "True"
    assert written["given_recip_rank_10"].notna().tolist() == is_chosen.tolist()


def test_binary_measures_are_shown_at_each_level_at_the_chosen_epochs(tmp_path):
    made = experiment(tmp_path, RISING | {"bm25": 0.4}, layout=TWO_TEST_SETS, shuffled=True)
    means = means_in(tmp_path)
    means = means[means["test_set"] == "pydocs"]
    table = tex("levels", tables.levels(made.results, GRID, made.chosen))
    assert "Given" not in table
    systems = ["bm25", *(f"{name}_e{epoch}" for name, epoch in made.chosen.items())]
    rows = rows_of(table)
    columns = [
        (m, n) for m in ("map", "recip_rank_10", "recall_10", "Rprec", "P_10") for n in (1, 2)
    ]
    for place, (metric, level) in enumerate(columns, start=3):
        found = means[(means["metric"] == metric) & (means["level"] == level)].set_index("system")
        for system, row in zip(systems, rows, strict=True):
            value = float(row[place].split()[-1])
            assert value == pytest.approx(found["mean"][system], abs=0.5001e-4)
            top = max(round(found["mean"][name], 4) for name in systems)
            assert row[place].startswith(r"\bfseries") == (value == top)


def test_without_several_levels_there_is_no_table_of_them(tmp_path):
    layout = Layout.build(
        {"pydocs": TEST_SETS["pydocs"] | {"levels": [1]}},
        [{"test_set": "pydocs", "metrics": ["map"]}],
    )
    made = experiment(tmp_path, RISING | {"bm25": 0.4}, layout=layout)
    assert tex("levels", tables.levels(made.results, GRID, made.chosen)).count("\n") == 1


def test_each_cell_shows_ours_the_published_value_and_the_difference():
    results = measured(0.02)
    table = tex("results", tables.table(results, GRID, CHOSEN, PUBLISHED))
    below = cells_below(table)
    assert len(below) == 18
    columns = results.layout.columns
    for system, cells in zip(GRID.checkpoints(), below, strict=True):
        for measure, cell in zip(columns, cells, strict=True):
            there, sign, size = re.search(
                r"\\scriptsize (0\.\d{4})\\hspace\{0.3em\}.*?(\+|\\textminus |\\textpm )(0\.\d{4})",
                cell,
            ).groups()
            ours = results.mean(measure, system)
            assert float(there) == PUBLISHED[measure][system]
            difference = {"+": 1, r"\textminus ": -1, r"\textpm ": 0}[sign] * float(size)
            assert difference == pytest.approx(ours - float(there), abs=1e-9)
    above = [line for line in table.splitlines() if re.search(r"& \d\\rlap", line)]
    values = [re.findall(r"(?<![{\d.])0\.\d{4}(?!\d|\})", line) for line in above]
    assert [[float(value) for value in row] for row in values] == [
        [results.mean(measure, system) for measure in columns] for system in GRID.checkpoints()
    ]


def test_a_difference_is_coloured_and_marked_only_beyond_our_interval():
    results = measured(0.02)
    colours = {ABOVE: 0, BELOW: 0, None: 0}
    table = tex("results", tables.table(results, GRID, CHOSEN, PUBLISHED))
    for system, cells in zip(GRID.checkpoints(), cells_below(table), strict=True):
        for measure, cell in zip(results.layout.columns, cells, strict=True):
            ours, there = results.scores[measure][system], PUBLISHED[measure][system]
            expected = ABOVE if there < ours.low else BELOW if there > ours.high else None
            found = re.search(r"\\textcolor\{(\w+)\}", cell)
            assert (found and found[1]) == expected
            assert (BEYOND in cell) == (expected is not None)
            colours[expected] += 1
    assert all(number > 5 for number in colours.values())
    for name in (ABOVE, BELOW):
        assert table.count(rf"\definecolor{{{name}}}{{HTML}}") == 1


@pytest.mark.parametrize(("low", "high"), [(0.7008, 0.8), (0.6, 0.7008)])
def test_the_bounds_belong_to_the_interval(low, high):
    results = measured(0.0)
    primary = results.layout.primary
    score = Score(0.7008, low, high)
    scores = {**results.scores, primary: results.scores[primary] | {"minilm_adamw_e1": score}}
    cell = cells_below(
        tex(
            "results",
            tables.table(dataclasses.replace(results, scores=scores), GRID, CHOSEN, PUBLISHED),
        )
    )[0][0]
    assert r"0.7008\hspace{0.3em}\textpm 0.0000" in cell
    assert "color" not in cell


def test_without_the_setting_the_table_shows_ours_alone():
    table = tex("results", tables.table(measured(0.02), GRID, CHOSEN))
    assert cells_below(table) == []
    assert "color" not in table
    assert tables.table(measured(0.02), GRID, CHOSEN).columns == [
        *("model", "optimizer", "epoch", "chosen"),
        *(
            f"{measure.test_set}_{measure.metric}{end}"
            for measure in layout().columns
            for end in ("", "_low", "_high")
        ),
    ]


def test_only_measures_that_mean_the_same_stand_beside_each_other():
    results = measured(0.0, shown=layout(level=2))
    first, *_ = cells_below(tex("results", tables.table(results, GRID, CHOSEN, PUBLISHED)))
    shown = [bool(cell) for cell in first]
    assert [METRICS[c.metric] for c, has in zip(layout().columns, shown, strict=True) if has] == [
        "nDCG@10",
        "MRR@10",
    ]


def test_a_model_that_was_not_published_has_lines_of_ours_alone():
    grid = Grid.build(
        {"minilm": {"label": "M", "start": RANDOM}, "other": {"label": "O", "start": RANDOM}},
        {"adamw": "AdamW"},
        epochs=(1,),
        first_stages=RANKED,
    )
    results = measured(0.0)
    scores = {
        measure: {"minilm_adamw_e1": found["minilm_adamw_e1"]}
        | {"other_adamw_e1": Score(0.5, 0.4, 0.6)}
        | ({"bm25": found["bm25"]} if "bm25" in found else {})
        for measure, found in results.scores.items()
    }
    results = dataclasses.replace(results, scores=scores)
    chosen = {"minilm_adamw": 1, "other_adamw": 1}
    table = tex("results", tables.table(results, grid, chosen, PUBLISHED))
    assert len(cells_below(table)) == 1
    assert table.count(RANDOM) == 2
    rows = tables.table(results, grid, chosen, PUBLISHED).rows
    assert [row["dl19_map_published"] for row in rows] == [None, 0.4814, None]
    assert [row["dl19_map_difference"] for row in rows] == [None, 0.0, None]


def test_the_csv_has_what_the_table_prints_and_the_bounds():
    results = measured(0.02)
    rows = list(csv.DictReader(io.StringIO(tables.table(results, GRID, CHOSEN, PUBLISHED).csv())))
    assert [row["model"] for row in rows] == [
        "bm25",
        *(m.name for m in GRID.models for _ in "ab3" * 2),
    ]
    assert [row["chosen"] for row in rows[1:]] == ["False", "True", "False"] * 6
    for system, row in zip(["bm25", *GRID.checkpoints()], rows, strict=True):
        for measure in results.layout.columns:
            name = f"{measure.test_set}_{measure.metric}"
            found = results.scores[measure].get(system)
            there = PUBLISHED[measure].get(system)
            assert row[name] == (str(found.mean) if found else "")
            assert row[f"{name}_low"] == (str(found.low) if found else "")
            assert row[f"{name}_published"] == (str(there) if there else "")
            if found and there:
                assert float(row[f"{name}_difference"]) == pytest.approx(found.mean - there)


def test_the_levels_are_the_same_in_the_csv_and_in_the_table():
    results = measured(0.02, shown=layout(levels=(1, 2, 3)))
    rows = tables.levels(results, GRID, CHOSEN).rows
    printed = [
        [float(value) for value in re.findall(r"0\.\d{4}", line)]
        for line in tex("levels", tables.levels(results, GRID, CHOSEN)).splitlines()
        if " 0." in line
    ]
    assert printed == [[row[key] for key in row if "_from_" in key] for row in rows]
    assert [row["test_set"] for row in rows] == ["dl19"] * 7 + ["dl20"] * 7
    assert len(printed[0]) == 15


@pytest.mark.parametrize("beside", [None, *ACCOUNTS])
def test_the_rules_script_writes_both_tables_as_latex_and_as_csv(tmp_path, beside):
    test_sets = {
        name: dataclasses.asdict(entry)
        for name, entry in layout().test_sets.items()
        if name != "dl20"
    }
    columns = [
        {"test_set": "dl19", "metrics": ["ndcg_cut_10", "map"]},
        {"test_set": "marco_qa_dev", "metrics": ["recip_rank_10"]},
    ]
    scores = PUBLISHED[Measure("dl19", "ndcg_cut_10")] | {"bm25": 0.5}
    made = experiment(tmp_path, scores, layout=Layout.build(test_sets, columns))
    best = write_best(tmp_path, made.chosen)
    names = ("results", "results_csv", "levels", "levels_csv")
    outputs = {name: str(tmp_path / f"{name}.out") for name in names}
    inputs = {"metrics": str(tmp_path / "metrics.csv")}
    inputs |= {"best": list(map(str, best))}
    params = {
        "grid": plain(GRID),
        "columns": columns,
        "test_sets": test_sets,
        "account": beside,
        "study": [of_repository("paper/published/lion/study.yaml")] if beside else [],
        "compared": {"models": [*STUDY.models], "measures": [vars(each) for each in PUBLISHED]},
    }
    run_scripts(tmp_path, [("results_table", inputs, outputs, params)])
    written = {name: (tmp_path / f"{name}.out").read_text() for name in names}
    published = rounded(ACCOUNTS[beside]) if beside else None
    assert written == {
        "results": tex("results", tables.table(made.results, GRID, made.chosen, published)),
        "results_csv": tables.table(made.results, GRID, made.chosen, published).csv(),
        "levels": tex("levels", tables.levels(made.results, GRID, made.chosen)),
        "levels_csv": tables.levels(made.results, GRID, made.chosen).csv(),
    }
    assert len(cells_below(written["results"])) == (18 if beside else 0)


@needs_latex
@pytest.mark.slow
@pytest.mark.parametrize("published", [None, PUBLISHED], ids=["ours", "beside the published"])
def test_the_whole_table_fits_a_page(tmp_path, published):
    size = size_of(tex("results", tables.table(measured(0.02), GRID, CHOSEN, published)), tmp_path)
    assert 400 < size.width < PAGE[0]
    assert 200 < size.height < 0.7 * PAGE[1]


@needs_latex
@pytest.mark.slow
@pytest.mark.parametrize("levels", [(1, 2), (1, 2, 3)])
def test_the_levels_fit_a_page(tmp_path, levels):
    table = tex("levels", tables.levels(measured(0.02, shown=layout(levels=levels)), GRID, CHOSEN))
    assert size_of(table, tmp_path).width < PAGE[0]


def test_an_average_is_a_group_of_columns_with_the_means_of_its_sets(tmp_path):
    made = experiment(tmp_path, RISING | {"bm25": 0.4}, layout=AVERAGED)
    table = tables.table(made.results, GRID, made.chosen)
    written = list(csv.DictReader(io.StringIO(table.csv())))
    means = means_in(tmp_path).set_index(["test_set", "system", "metric"])["mean"]
    for row in written[1:]:
        system = f"{row['model']}_{row['optimizer']}_e{row['epoch']}"
        for name, metric in (("ranked", "ndcg_cut_10"), ("ranked", "map"), ("whole", PRIMARY)):
            expected = means[name, system, metric]
            assert float(row[f"{name}_{metric}"]) == pytest.approx(expected, abs=5.001e-5)
    printed = tex("results", table)
    # With the intervals of averages in the primary metric.
    assert r"\multicolumn{3}{c}{Ranked \& Averaged} & \multicolumn{2}{c}{Whole}" in printed
    bounds = means_in(tmp_path).set_index(["test_set", "system", "metric"])
    low, high = bounds.loc["whole", "gte_lion_e2", PRIMARY][["low", "high"]]
    assert rf"[\num{{{low:.4f}}}, \num{{{high:.4f}}}] \\" in printed
    first = rows_of(printed)[0]
    # No first stage ranked the candidates of all sets of the whole.
    assert first[-2:] == ["{--}", ""] and "{--}" not in first[:-2]


def test_the_first_stage_of_an_average_is_that_of_each_of_its_sets(tmp_path):
    grid = dataclasses.replace(GRID, first_stages=MIXED)
    made = experiment(tmp_path, RISING | {"sparse": 0.4, "dense": 0.46}, grid, AVERAGED)
    table = tables.table(made.results, grid, made.chosen)
    first, *_ = table.rows
    assert first["model"] == VARIOUS.name
    assert first["ranked_ndcg_cut_10"] == pytest.approx((0.4 + 0.46) / 2)
    assert first["whole_ndcg_cut_10"] == pytest.approx((0.4 + 0.46 + 0.46) / 3)
    printed, *_ = rows_of(tex("results", table))
    assert printed[0] == VARIOUS.label and "{--}" not in printed


@pytest.mark.parametrize("layout", [TWO_TEST_SETS, AT_BEST], ids=["every epoch", "the best alone"])
def test_a_training_of_one_epoch_has_one_row_whatever_the_number_of_seeds(tmp_path, layout):
    one = dataclasses.replace(GRID, epochs=(1,))
    made = experiment(tmp_path, made_up_scores(3, one), one, layout, seeds=(12, 13))
    found = tables.table(made.results, made.grid, made.chosen)
    _, *rows = found.rows
    assert [(row["epoch"], row["chosen"]) for row in rows] == [(1, True)] * len(one.trainings())
    assert None not in [
        row[f"{each.test_set}_{each.metric}"] for row in rows for each in layout.columns
    ]
    for row, training in zip(rows, one.trainings(), strict=True):
        assert (
            row["pydocs_ndcg_cut_10_sd"]
            == made.results.scores[layout.primary][training.checkpoint(1)].sd
        )
    several = experiment(tmp_path / "three", made_up_scores(3), seeds=(12, 13))
    epochs = [
        row["epoch"] for row in tables.table(several.results, several.grid, several.chosen).rows
    ]
    assert epochs[1:] == [1, 2, 3, "chosen"] * len(GRID.trainings())
