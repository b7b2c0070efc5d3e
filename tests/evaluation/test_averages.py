"""Averages over real test sets, from what was published of them to the means and the tests."""

from dataclasses import asdict
from pathlib import Path

import pandas as pd
import pytest
from scipy import stats

from lionrank import parquet
from lionrank.evaluation import trec_eval as evaluation
from lionrank.evaluation.significance import Draws
from lionrank.files import read_json
from tests.support import published_facts
from tests.support.rankings import run_scripts

LEVELS = {"dl19": 2, "cacm": 1}
TOPICS = {"dl19": 43, "cacm": 52}
MAP = {"dl19": 0.3013, "cacm": 0.3114}
"""Of BM25, as published."""
DRAWS = asdict(Draws(permutations=20_000, resamples=2_000))
GRID = {
    "models": {},
    "optimizers": {},
    "epochs": [],
    "systems": {"swapped": {"label": "Swapped", "kind": "run file"}},
    "first_stages": {name: {"name": "bm25", "label": "BM25"} for name in ("dl19", "cacm", "both")},
}


def swapped(ranking: dict[str, float]) -> dict[str, float]:
    """Return a ranking whose first two documents have changed places."""
    first, *others = sorted(ranking, key=ranking.__getitem__, reverse=True)
    return ranking | {first: ranking[others[0]], others[0]: ranking[first]} if others else ranking


@pytest.fixture(scope="module", name="folder")
def _folder(tmp_path_factory) -> Path:
    """Write what the rules of means and comparisons make of BM25 on two test sets."""
    folder = tmp_path_factory.mktemp("averages")
    for name, level in LEVELS.items():
        qrels, run = published_facts.run(f"{name}_bm25")
        runs = {"bm25": run, "swapped": {qid: swapped(each) for qid, each in run.items()}}
        tables = [
            evaluation.tidy(
                {level: evaluation.evaluate(qrels, ranked, level, complete=True)},
                test_set=name,
                system=system,
                protocol="as_written",
                **dict.fromkeys(("model", "optimizer", "epoch", "seed")),
            )
            for system, ranked in runs.items()
        ]
        table = pd.concat(tables, ignore_index=True).astype({"epoch": "Int64", "seed": "Int64"})
        parquet.write(folder / "results" / "per_query" / f"{name}.parquet", table)
    tables = [f"results/per_query/{name}.parquet" for name in LEVELS]
    whole = "results/per_query.parquet"
    averages = {"averages": {"both": LEVELS}, "draws": DRAWS}
    measures = [
        {"test_set": name, "metric": "map", "level": level} for name, level in LEVELS.items()
    ]
    measures.append({"test_set": "both", "metric": "map", "level": None})
    run_scripts(
        folder,
        [
            (
                "metrics",
                {"per_query": tables, "best": []},
                {"per_query": whole, "means": "results/metrics.csv"},
                averages | {"grid": GRID, "left_out": {"beir13": ["fever", "nq"]}},
            ),
            (
                "comparisons",
                {"per_query": whole, "best": [], "parameters": []},
                {"comparisons": "results/comparisons.json"},
                averages
                | {"grid": GRID, "measures": measures, "families": ["first_stage"]}
                | {"ladders": {}, "margin": 0.01, "contrasts": {}},
            ),
        ],
    )
    return folder


def test_the_average_of_published_values_counts_each_test_set_from_its_own_grade(folder):
    means = pd.read_csv(folder / "results" / "metrics.csv").set_index(
        ["test_set", "system", "metric"]
    )
    assert means.index.is_unique
    bm25 = means.xs(("bm25", "map"), level=["system", "metric"])
    for name in LEVELS:
        assert round(bm25.loc[name, "mean"], 4) == MAP[name]
        assert bm25.loc[name, "queries"] == TOPICS[name]
    both = bm25.loc["both"]
    assert both["mean"] == pytest.approx(sum(MAP.values()) / 2, abs=1e-4)
    assert both["queries"] == sum(TOPICS.values())
    # Two independent means: the half-width of the average's interval.
    squares = [((bm25.loc[n, "high"] - bm25.loc[n, "low"]) / 4) ** 2 for n in LEVELS]
    assert (both["high"] - both["low"]) / 2 == pytest.approx(sum(squares) ** 0.5, rel=0.1)


def test_an_average_that_is_left_out_is_told_with_what_the_grid_lacks(folder):
    told = (folder / "metrics.log").read_text()
    assert "averages.beir13 is left out: grid.test_sets lacks fever, nq" in told


def test_a_comparison_by_the_average_weighs_both_test_sets_alike(folder):
    contrasts = read_json(folder / "results" / "comparisons.json")["contrasts"]
    dl19, cacm, both = (each for each in contrasts)
    assert both["difference"] == pytest.approx((dl19["difference"] + cacm["difference"]) / 2)
    assert (both["wins"], both["losses"]) == tuple(
        dl19[key] + cacm[key] for key in ("wins", "losses")
    )
    assert [each["test_set"] for each in both["sets"]] == ["dl19", "cacm"]
    for single, within in zip((dl19, cacm), both["sets"], strict=True):
        assert within["p_randomization"] == single["p_randomization"]
        assert within["p_holm"] >= single["p_holm"]
    # Welch's test of one set and the other with its sign changed.
    table = pd.read_parquet(folder / "results" / "per_query.parquet")
    of_map = table[table["metric"] == "map"].pivot(
        index=["test_set", "qid"], columns="system", values="value"
    )
    differences = of_map["swapped"] - of_map["bm25"]
    welch = stats.ttest_ind(differences["dl19"], -differences["cacm"], equal_var=False)
    assert both["p_t"] == pytest.approx(welch.pvalue)
    assert both["p_randomization"] == pytest.approx(welch.pvalue, abs=0.02)
