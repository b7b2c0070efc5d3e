"""Means over the seeds of a training, their spread, and the value of each seed."""

import json
from dataclasses import asdict, replace
from statistics import fmean, stdev

import numpy as np
import pandas as pd
import pytest

from lionrank.evaluation.means import means
from lionrank.evaluation.over_seeds import over_seeds
from lionrank.evaluation.significance import interval
from lionrank.measures import PRIMARY
from lionrank.paper.results import Layout
from tests.support.rankings import best_files, draw, run_scripts
from tests.support.results import (
    AVERAGED,
    AVERAGED_AT_BEST,
    FAST,
    GRID,
    averages_of,
    made_up_scores,
    plain,
    seeded_table,
)

SCORES = made_up_scores(3)
SEEDS = (12, 13, 14)
SEEDED = replace(GRID, seeds=SEEDS)
LABELS = ["test_set", "system", "metric", "level"]


def averaged(table: pd.DataFrame, chosen: dict[str, int], layout: Layout) -> pd.DataFrame:
    return over_seeds(table, chosen, FAST, averages_of(layout), GRID.first_stages)


def by_checkpoint(table: pd.DataFrame, layout: Layout) -> pd.DataFrame:
    """Return the means of each seed's checkpoints."""
    return means(table, FAST, averages_of(layout), GRID.first_stages)


def key(row, system: str) -> tuple:
    return row.test_set, system, row.metric, None if pd.isna(row.level) else row.level


def of_training(row, seed: int) -> str:
    return f"{row.model}_{row.optimizer}{'' if seed == SEEDS[0] else f'_s{seed}'}"


@pytest.mark.parametrize("layout", [AVERAGED, AVERAGED_AT_BEST], ids=["all epochs", "chosen ones"])
def test_a_mean_is_of_the_checkpoints_of_every_seed_and_tells_them(layout):
    table, chosen = seeded_table(SCORES, SEEDED, layout)
    singles = {key(row, row.system): row.mean for row in by_checkpoint(table, layout).itertuples()}
    found = averaged(table, chosen, layout)
    assert not found.duplicated(LABELS).any()
    trained = found[found["model"].notna()]
    assert set(trained["system"]) == {
        f"{each.name}_{after}" for each in GRID.trainings() for after in ("e1", "e2", "e3", "best")
    }
    for row in trained.itertuples():
        of_seeds = []
        for seed in SEEDS:
            name = of_training(row, seed)
            epoch = chosen[name] if pd.isna(row.epoch) else row.epoch
            names = (
                [f"{name}_best", f"{name}_e{epoch}"] if pd.isna(row.epoch) else [f"{name}_e{epoch}"]
            )
            of_seeds.append(next(singles[k] for k in (key(row, n) for n in names) if k in singles))
        assert [float(each) for each in row.by_seed.split(";")] == pytest.approx(of_seeds)
        assert row.mean == pytest.approx(fmean(of_seeds))
        assert row.sd == pytest.approx(stdev(of_seeds))


def test_the_interval_is_over_topics_of_the_mean_over_seeds_of_each():
    table, chosen = seeded_table(SCORES, SEEDED, AVERAGED)
    rows = table.query("test_set == 'pydocs' and metric == @PRIMARY")
    rows = rows[rows["epoch"].eq(2) & rows["model"].eq("gte") & rows["optimizer"].eq("lion")]
    values = rows.groupby("qid")["value"].mean().to_numpy()
    low, high = interval(values[:, np.newaxis], FAST.resamples, FAST.confidence, FAST.seed)
    found = averaged(table, chosen, AVERAGED).set_index(["test_set", "system", "metric"])
    row = found.loc["pydocs", "gte_lion_e2", PRIMARY]
    assert (row["low"], row["high"]) == pytest.approx((low.item(), high.item()))


def test_what_was_not_trained_is_as_it_is_and_has_no_seeds():
    table, chosen = seeded_table(SCORES, SEEDED, AVERAGED)
    found = averaged(table, chosen, AVERAGED)
    first = found[found["system"] == "bm25"]
    same = [*LABELS, "mean", "low", "high", "queries"]
    alone = by_checkpoint(table, AVERAGED)
    expected = alone[alone["system"] == "bm25"][same].reset_index(drop=True)
    pd.testing.assert_frame_equal(first[same].reset_index(drop=True), expected)
    assert first["sd"].isna().all() and (first["by_seed"] == "").all()


def test_an_epoch_that_a_seed_did_not_have_is_left_out():
    table, chosen = seeded_table(SCORES, SEEDED)
    chosen |= {"minilm_lion_s13": 1}
    without = table[table["system"] != "minilm_lion_s13_e3"]
    found = over_seeds(without, chosen, FAST)
    names = set(found[found["system"].str.startswith("minilm_lion")]["system"])
    assert names == {"minilm_lion_e1", "minilm_lion_e2", "minilm_lion_best"}


def test_the_rule_writes_them(tmp_path):
    draw(tmp_path, SEEDED)
    results = tmp_path / "results"
    written = (results / "over_seeds.csv").read_text()
    given = {"per_query": results / "per_query.parquet", "best": best_files(tmp_path, SEEDED)}
    params = {"grid": plain(SEEDED), "averages": {}, "draws": asdict(FAST)}
    output = {"over_seeds": results / "over_seeds.csv"}
    (results / "over_seeds.csv").unlink()
    jobs = [("over_seeds", given, output, params)]
    run_scripts(tmp_path, json.loads(json.dumps(jobs, default=str)))
    assert (results / "over_seeds.csv").read_text() == written
