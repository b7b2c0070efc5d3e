import io
import re

import pandas as pd
import pytest

from lionrank.errors import UserError
from lionrank.paper.results import Layout, read_results
from lionrank.paper.tables import comparisons, results
from tests.support.papers import (
    GRID,
    LAYOUT,
    RISING,
    SCENARIOS,
    TEST_SETS,
    TWO_TEST_SETS,
    experiment,
    tex,
)

LABELS = {name: entry["label"] for name, entry in TEST_SETS.items()}


def means_in(folder):
    return pd.read_csv(folder / "metrics.csv", dtype={"level": "Int64", "queries": "Int64"})


def rows_of(table, at_least=" 0."):
    return [
        [cell.strip() for cell in line.removesuffix(r"\\").split("&")]
        for line in table.splitlines()
        if at_least in line
    ]


@pytest.mark.parametrize("scores", SCENARIOS.values(), ids=SCENARIOS)
def test_the_bold_cells_are_the_highest_of_their_columns(tmp_path, scores):
    made = experiment(tmp_path, scores, shuffled=True)
    rows = rows_of(tex("results", results.table(made.results, GRID, made.chosen)))
    assert len(rows) == 19
    interval_beside_ndcg = 4
    for place, column in enumerate(zip(*(row[3:] for row in rows), strict=True), start=3):
        if place != interval_beside_ndcg:
            values = [float(cell.split()[-1]) for cell in column]
            bold = [cell.startswith(r"\bfseries") for cell in column]
            assert bold == [value == max(values) for value in values]


def test_the_chosen_epochs_are_marked(tmp_path):
    made = experiment(tmp_path, RISING | {"bm25": 0.4})
    table = tex("results", results.table(made.results, GRID, made.chosen))
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
    rows = rows_of(tex("results", results.table(made.results, GRID, made.chosen)))
    for system, row in zip(["bm25", *GRID.checkpoints()], rows, strict=True):
        low, high = re.fullmatch(r"\[\\num\{(.+)\}, \\num\{(.+)\}\]", row[4]).groups()
        assert float(low) == pytest.approx(primary.low[system], abs=0.5001e-4)
        assert float(high) == pytest.approx(primary.high[system], abs=0.5001e-4)
        assert float(low) < float(row[3].split()[-1]) < float(high)


def test_several_test_sets_have_a_head_each_and_a_dash_where_there_is_no_first_stage(tmp_path):
    made = experiment(tmp_path, RISING | {"bm25": 0.4}, layout=TWO_TEST_SETS)
    table = tex("results", results.table(made.results, GRID, made.chosen))
    assert r"\multicolumn{3}{c}{pydocs} & \multicolumn{1}{c}{Given}" in table
    assert r"\cmidrule(lr){4-6}\cmidrule(lr){7-7}" in table
    first, *others = rows_of(table)
    assert first[-1] == "{--}"
    assert all(0 <= float(row[-1].split()[-1]) <= 1 for row in others)
    assert r"\multicolumn" not in tex(
        "results",
        results.table(experiment(tmp_path, RISING | {"bm25": 0.4}).results, GRID, made.chosen),
    )


def test_binary_measures_are_shown_at_each_level_at_the_chosen_epochs(tmp_path):
    made = experiment(tmp_path, RISING | {"bm25": 0.4}, layout=TWO_TEST_SETS, shuffled=True)
    means = means_in(tmp_path)
    means = means[means["test_set"] == "pydocs"]
    table = tex("levels", results.levels(made.results, GRID, made.chosen))
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
    assert tex("levels", results.levels(made.results, GRID, made.chosen)).count("\n") == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"minilm_lion_e2": None}, "pydocs has no ndcg_cut_10 for minilm_lion_e2"),
        ({"bm25": None}, "for bm25"),
        (
            {"gte_lion_e1": float("nan")},
            r"metrics\.csv:\d+: mean of ndcg_cut_10 of gte_lion_e1",
        ),
        ({"gte_lion_e1": 1.5}, "not a number from 0 to 1"),
    ],
)
def test_incomplete_metrics_are_named(tmp_path, change, message):
    experiment(tmp_path, RISING | {"bm25": 0.4})
    path = tmp_path / "metrics.csv"
    means = means_in(tmp_path)
    ((system, value),) = change.items()
    if value is None:
        means = means[means["system"] != system]
    else:
        means.loc[means["system"] == system, "mean"] = value
    means.to_csv(path, index=False)
    with pytest.raises(UserError, match=message):
        read_results(path, LAYOUT, GRID)


def test_metrics_of_other_columns_or_of_different_topics_are_refused(tmp_path):
    experiment(tmp_path, RISING | {"bm25": 0.4})
    path = tmp_path / "metrics.csv"
    means = means_in(tmp_path)
    means.drop(columns=["low", "queries"]).to_csv(path, index=False)
    with pytest.raises(UserError, match=r"metrics\.csv: no column low, queries"):
        read_results(path, LAYOUT, GRID)
    means.loc[means["system"] == "bm25", "queries"] = 7
    means.to_csv(path, index=False)
    with pytest.raises(UserError, match=r"different numbers of queries \(7, 24\)"):
        read_results(path, LAYOUT, GRID)


def test_a_paper_needs_a_first_stage_on_its_first_test_set():
    with pytest.raises(UserError, match=r"grid\.test_sets: given is the first one"):
        Layout.build({"given": TEST_SETS["given"], "pydocs": TEST_SETS["pydocs"]}, [])


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
