import io
import re

import pandas as pd
import pytest

from lionrank.paper.tables import comparisons
from tests.support.papers import (
    GRID,
    SCENARIOS,
    TEST_SETS,
    TWO_TEST_SETS,
    experiment,
    rows_of,
    tex,
)

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
