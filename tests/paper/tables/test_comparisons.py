import io
import json
import re
from dataclasses import asdict, replace

import pandas as pd
import pytest

from lionrank.grid import Grid
from lionrank.paper.latex import escape
from lionrank.paper.tables import comparisons
from lionrank.published.per_query import LABELS as PUBLISHED
from tests.support.papers import rows_of, tex
from tests.support.published_as_measured import STUDY
from tests.support.published_topics import compared_as_published, compared_of, made_up
from tests.support.rankings import LION, PER_QUERY, run_scripts
from tests.support.results import (
    BESIDE_OTHERS,
    FAST,
    GRID,
    NOTHING_TRAINED,
    RANKED,
    SCENARIOS,
    TEST_SETS,
    TWO_TEST_SETS,
    experiment,
    made_up_scores,
)
from tests.support.rule_scripts import of_repository
from tests.support.scored import DOCS, SCORINGS, scored_experiment, with_scorings

LABELS = {name: entry["label"] for name, entry in TEST_SETS.items()}


@pytest.mark.parametrize("spread", [0.001, 0.01, 0.1])
@pytest.mark.parametrize("seeds", [(12,), (12, 13)])
def test_the_table_of_comparisons_prints_what_was_tested(tmp_path, spread, seeds):
    made = experiment(
        tmp_path, SCENARIOS["made up 2"], layout=TWO_TEST_SETS, spread=spread, seeds=seeds
    )
    rows = rows_of(tex("comparisons", comparisons.chosen(made.compared, LABELS, "pydocs", GRID)))
    shown = [
        each
        for each in made.compared["contrasts"]
        if each["family"] != "optimizers_by_epoch"
        and (each["family"] == "optimizers" or each["test_set"] == "pydocs")
    ]
    labels = {each.name: each.labels for each in GRID.trainings()}
    assert len(rows) == len(shown) == 3 + 3 + 6 + 6
    for row, each in zip(rows, sorted(shown, key=lambda e: ORDER.index(e["family"])), strict=True):
        told, left, right, difference, bounds, p_holm, p, p_t, size, counts, detectable = row[:11]
        for name in set(labels[each["left"]["training"]]) | set(
            labels.get(each["right"]["training"], {"BM25"})
        ):
            assert name in told
        epochs = [", ".join(map(str, sorted(set(each[f"{side}_epochs"])))) for side in SIDES]
        assert re.findall(r"\(([\d, ]+)\)", told) == [e for e in epochs if e]
        numbers = [left, right, difference, *re.findall(r"-?0\.\d{4}", bounds), detectable]
        keys = ("left_mean", "right_mean", "difference", "low", "high", "detectable")
        for value, key in zip(numbers, keys, strict=True):
            assert float(value) == pytest.approx(each[key], abs=0.5001e-4)
        assert p_holm.startswith(r"\bfseries") == (each["p_holm"] < 0.05)
        for value, key in ((p_holm, "p_holm"), (p, "p_randomization"), (p_t, "p_t")):
            bound = float(re.search(r"\d\.\d{4}", value)[0])
            assert each[key] < bound if "<" in value else abs(each[key] - bound) < 0.5001e-4
        assert float(re.search(r"-?\d+\.\d\d", size)[0]) == pytest.approx(
            each["effect_size"], abs=0.5001e-2
        )
        assert counts == f"{each['wins']}/{each['ties']}/{each['losses']}"
        if len(seeds) == 2:
            assert float(row[11]) == pytest.approx(each["spread"], abs=0.5001e-4)
        else:
            assert len(row) == 11


ORDER = ("optimizers", "models", "first_stage")
SIDES = ("left", "right")


def test_the_table_by_epoch_has_every_epoch_of_the_primary_measure(tmp_path):
    made = experiment(tmp_path, SCENARIOS["made up 2"], layout=TWO_TEST_SETS, spread=0.01)
    table = comparisons.by_epoch(made.compared, "pydocs", GRID)
    rows = rows_of(tex("comparisons_by_epoch", table), at_least="num{")
    shown = [
        each
        for each in made.compared["contrasts"]
        if each["family"] == "optimizers_by_epoch" and each["test_set"] == "pydocs"
    ]
    assert len(rows) == len(shown) == 9
    assert [row[0] for row in rows] == [
        cell for m in GRID.models for cell in (m.label, "Lion $-$ AdamW", "")
    ]
    for (_, epoch, difference, _, p, counts), each in zip(rows, shown, strict=True):
        assert int(epoch) == each["left"]["epoch"] == each["right"]["epoch"]
        assert float(difference) == pytest.approx(each["difference"], abs=0.5001e-4)
        assert p.startswith(r"\bfseries") == (each["p_holm"] < 0.05)
        assert counts == f"{each['wins']}/{each['ties']}/{each['losses']}"
    made.compared["contrasts"] = []
    none = comparisons.by_epoch(made.compared, "pydocs", GRID)
    assert tex("comparisons_by_epoch", none).count("\n") == 1


@pytest.mark.parametrize("grid", [BESIDE_OTHERS, NOTHING_TRAINED], ids=["beside", "alone"])
def test_the_table_of_systems_has_every_difference_to_those_of_others(tmp_path, grid):
    made = experiment(tmp_path, made_up_scores(1, grid), grid, TWO_TEST_SETS, spread=0.01)
    found = comparisons.between_systems(made.compared, "pydocs", grid)
    rows = rows_of(tex("comparisons_systems", found), at_least="0.")
    tested = [
        each
        for each in made.compared["contrasts"]
        if each["family"] == "systems" and each["test_set"] == "pydocs"
    ]
    assert len(tested) == (4 * 3 if grid.trainings() else 3)
    printed = [cell for row in rows for cell in row[-2 - bool(grid.trainings()) :] if cell]
    assert sorted(float(cell.removeprefix(r"\bfseries ")) for cell in printed) == pytest.approx(
        sorted(each["difference"] for each in tested), abs=0.5001e-4
    )
    bold = sum(cell.startswith(r"\bfseries") for cell in printed)
    assert bold == sum(each["p_holm"] < 0.05 for each in tested)
    written = csv_of(found)
    assert written["difference"].tolist() == [each["difference"] for each in tested]
    assert set(written["right_model"]) <= {each.label for each in grid.systems}
    against = tex("comparisons", comparisons.chosen(made.compared, LABELS, "pydocs", grid))
    for other in grid.systems:
        assert rf"{escape(other.label)}$^\ddagger$ $-$ BM25" in against
    assert against.count("Not trained here.") == 1


def test_more_systems_than_fit_beside_each_other_go_on_below(tmp_path):
    many = {f"s{place}": {"label": f"S{place}", "kind": "checkpoint"} for place in range(20)}
    grid = Grid.build({}, {}, (), systems=many, first_stages=RANKED)
    made = experiment(tmp_path, made_up_scores(1, grid), grid)
    found = comparisons.between_systems(made.compared, "pydocs", grid)
    widths = [len(block["heads"]) for block in found.facts["blocks_of_systems"]]
    assert widths == [10, 9]
    cells = [c for b in found.facts["blocks_of_systems"] for line in b["lines"] for c in line if c]
    assert len(cells) == len(found.rows) == 20 * 19 / 2
    assert tex("comparisons_systems", found).count(r"\begin{tabular}") == 2
    made.compared["contrasts"] = []
    none = comparisons.between_systems(made.compared, "pydocs", grid)
    assert tex("comparisons_systems", none).count("\n") == 1


@pytest.mark.parametrize("grid", [GRID, BESIDE_OTHERS, NOTHING_TRAINED])
def test_the_table_of_scorings_has_every_difference_between_two_of_them(tmp_path, grid):
    made = scored_experiment(tmp_path, with_scorings(grid), seed=1)
    names = {name: entry["label"] for name, entry in DOCS.items()}
    ways = {name: how["label"] for name, how in SCORINGS.items()}
    found = comparisons.between_scorings(made.compared, names, made.grid, ways)
    tested = [each for each in made.compared["contrasts"] if each["family"] == "scorings"]
    systems = len([*made.grid.trainings(), *made.grid.scorers])
    assert len(tested) == systems * (6 + 1)
    labels = {each.name: ", ".join(each.labels) for each in made.grid.trainings()}
    labels |= {each.name: each.label for each in made.grid.scorers}
    text = tex("contrasts", found)
    printed = [row for row in rows_of(text, at_least="num{") if "multicolumn" not in row[0]]
    for row, cells, each in zip(found.rows, printed, tested, strict=True):
        later, earlier = (
            ways.get(name, "own length") for name in (each["test_set"], each["right"]["test_set"])
        )
        label = f"{labels[each['left']['training']]}: {later} \N{MINUS SIGN} {earlier}"
        assert row["label"] == label and f"\n{escape(label)} & " in text
        assert float(cells[-7]) == pytest.approx(each["difference"], abs=0.5001e-4)
        assert cells[-5].startswith(r"\bfseries") == (each["p_holm"] < 0.05)
        assert cells[-2] == f"{each['wins']}/{each['ties']}/{each['losses']}"
    assert csv_of(found)["p_t"].tolist() == [each["p_t"] for each in tested]


def test_more_differences_between_scorings_than_fit_on_a_page_go_on_on_the_next(tmp_path):
    made = scored_experiment(tmp_path, with_scorings(), seed=1)
    ways = {name: how["label"] for name, how in SCORINGS.items()}
    names = {name: entry["label"] for name, entry in DOCS.items()}
    found = comparisons.between_scorings(made.compared, names, made.grid, ways)
    twice = replace(found, rows=[*found.rows, *found.rows])
    text = tex("contrasts", twice)
    assert text.count(r"\continued") >= 1
    assert text.count(r"\toprule") == text.count(r"\bottomrule") == text.count(r"\continued") + 1


def csv_of(table):
    return pd.read_csv(io.StringIO(table.csv()))


@pytest.mark.parametrize("seeds", [(12,), (12, 13)])
def test_the_csv_of_the_comparisons_has_the_rows_of_the_table_in_full(tmp_path, seeds):
    made = experiment(
        tmp_path, SCENARIOS["made up 2"], layout=TWO_TEST_SETS, spread=0.01, seeds=seeds
    )
    found = comparisons.chosen(made.compared, LABELS, "pydocs", GRID)
    table, printed = csv_of(found), rows_of(tex("comparisons", found))
    assert len(table) == len(printed) == 18
    assert [f"{value:.4f}" for value in table.left_mean] == [row[1] for row in printed]
    for key in ("difference", "low", "high", "p_holm", "p_randomization", "p_t", "detectable"):
        assert table[key].tolist() == [row[key] for row in found.rows]
    assert table.spread.isna().all() == (len(seeds) == 1)
    against = table[table.family == "first_stage"]
    assert (against.right_model == "BM25").all()
    assert against.right_optimizer.isna().all() and against.right_epochs.isna().all()
    assert against.left_model.tolist() == [training.model.label for training in GRID.trainings()]
    sides = table[table.family == "optimizers"]
    assert (sides.left_model == sides.right_model).all()
    assert (sides.left_optimizer + sides.right_optimizer == "LionAdamW").all()

    each_epoch = csv_of(comparisons.by_epoch(made.compared, "pydocs", GRID))
    assert len(each_epoch) == 9
    if len(seeds) == 1:
        assert each_epoch.left_epochs.tolist() == [1, 2, 3] * 3


def test_an_infinite_effect_is_infinite_in_the_csv(tmp_path):
    made = experiment(tmp_path, SCENARIOS["made up 2"], layout=TWO_TEST_SETS)
    contrast = made.compared["contrasts"][0] | {"effect_size": None, "difference": -0.5}
    compared = dict(made.compared) | {"contrasts": [contrast]}
    table = comparisons.chosen(compared, LABELS, "pydocs", GRID)
    assert csv_of(table).effect_size.tolist() == [float("-inf")]
    assert r"$-\infty$" in tex("comparisons", table)


@pytest.mark.parametrize("apart", [None, 0.01, 0.0])
def test_the_table_of_published_differences_prints_every_test(apart):
    compared = compared_as_published() if apart is None else compared_of(made_up(apart))
    table = comparisons.published(compared, STUDY)
    printed = rows_of(tex("published_comparisons", table), at_least="num{")
    assert len(printed) == 2 * 24
    assert len(csv_of(table)) == len(compared["contrasts"]) == 144
    by_metric = {
        metric: [each for each in compared["contrasts"] if each["metric"] == metric]
        for metric in PUBLISHED
    }
    cells = dict.fromkeys(PUBLISHED, ())
    for panel, metrics in enumerate([[*PUBLISHED][:3], [*PUBLISHED][3:]]):
        rows = printed[24 * panel : 24 * (panel + 1)]
        for place, metric in enumerate(metrics):
            cells[metric] = [row[1 + 4 * place : 5 + 4 * place] for row in rows]
    for metric, contrasts in by_metric.items():
        for (difference, bounds, p, detectable), each in zip(cells[metric], contrasts, strict=True):
            low, high = re.findall(r"-?0\.\d{4}", bounds)
            for value, key in (
                (difference, "difference"),
                (low, "low"),
                (high, "high"),
                (detectable, "detectable"),
            ):
                assert float(value) == pytest.approx(each[key], abs=0.5001e-4)
            assert p.startswith(r"\bfseries") == (each["p_holm"] < 0.05)
            bound = float(re.search(r"\d\.\d{4}", p)[0])
            assert each["p_holm"] < bound if "<" in p else abs(each["p_holm"] - bound) < 0.5001e-4
    told = [row[0] for row in printed[:24]]
    assert told == [row[0] for row in printed[24:]]
    assert told[:2] == ["MiniLM, 1: Lion $-$ AdamW", "MiniLM, 2: Lion $-$ AdamW"]
    assert told[6] == "AdamW, 1: GTE $-$ MiniLM"
    assert told[-1] == "GTE, Lion: 3 $-$ 2"


def test_the_scripts_test_the_published_values_and_make_their_table(tmp_path):
    made = {
        "per_query": "results/published_per_query/lion.parquet",
        "comparisons": "results/published_comparisons/lion.json",
    }
    tables = {kind: f"paper/tables/published_comparisons_lion.{kind}" for kind in ("tex", "csv")}
    study = {"study": [of_repository(f"{LION}/study.yaml")]}
    params = {"values": of_repository(PER_QUERY), "draws": asdict(FAST), **study}
    run_scripts(
        tmp_path,
        [
            ("published_comparisons", {}, made, params),
            ("published_comparisons_table", {"comparisons": made["comparisons"]}, tables, study),
        ],
    )
    assert json.loads((tmp_path / made["comparisons"]).read_text()) == compared_as_published()
    assert len(pd.read_parquet(tmp_path / made["per_query"])) == 12 * 43 * 6
    table = comparisons.published(compared_as_published(), STUDY)
    assert (tmp_path / tables["tex"]).read_text() == tex("published_comparisons", table)
    assert (tmp_path / tables["csv"]).read_text() == table.csv()
