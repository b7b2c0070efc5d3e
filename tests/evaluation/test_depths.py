"""What a ranking is worth where fewer candidates had been reranked, from one scoring of all."""

import csv
import os
import random
from dataclasses import asdict
from pathlib import Path

import pandas as pd
import pytest

from lionrank import parquet, trec
from lionrank.evaluation import depths
from lionrank.evaluation import trec_eval as evaluation
from lionrank.evaluation.significance import Draws
from lionrank.files import write_json
from lionrank.measures import METRICS, PRIMARY
from tests.support.results import FAST
from tests.support.rule_scripts import run_script

LABELS = ("test_set", "system", "model", "optimizer", "epoch", "seed", "protocol")
BM25 = ("bm25", None, None, None, None)
SYSTEMS = [
    BM25,
    ("m_o_e1", "m", "o", 1, 12),
    ("m_o_e2", "m", "o", 2, 12),
    ("other", "m", "o", 1, None),
]


def labels_of(*system: str | int | None, test_set: str = "pydocs") -> dict:
    return dict(zip(LABELS, (test_set, *system, "demo"), strict=True))


def drawn(topics: int = 6, candidates: int = 60) -> tuple[trec.Qrels, dict[str, dict[str, int]]]:
    """Return judgements and the ranks of candidates; one topic has five, and one none."""
    dice = random.Random(12)
    ranks = {
        f"q{topic}": {f"d{rank}": rank for rank in range(1, candidates + 1)}
        for topic in range(topics)
    }
    ranks[f"q{topics - 1}"] = {f"d{rank}": rank for rank in range(1, 6)}
    docids = [f"d{rank}" for rank in range(1, candidates + 10)]
    qrels = {qid: {d: dice.randrange(-1, 3) for d in dice.sample(docids, 20)} for qid in ranks}
    for judged in qrels.values():
        judged["d3"] = 2
    return qrels | {"unretrieved": {"x": 1}}, ranks


def scored(ranks: dict[str, dict[str, int]], seed: int) -> trec.Run:
    dice = random.Random(seed)
    return {qid: {docid: dice.gauss() for docid in ranked} for qid, ranked in ranks.items()}


def values_at(depth: int, run: trec.Run) -> pd.DataFrame:
    qrels, ranks = drawn()
    table = depths.evaluate_at(run, ranks, qrels, 1, labels_of(*BM25))
    return table[table["depth"] == depth].drop(columns="depth").reset_index(drop=True)


@pytest.mark.parametrize(
    ("deepest", "at"),
    [
        (1, [10]),
        (10, [10]),
        (11, [10, 11]),
        (20, [10, 20]),
        (60, [10, 20, 50, 60]),
        (1000, [10, 20, 50, 100, 200, 1000]),
        (2000, [10, 20, 50, 100, 200, 1000, 2000]),
    ],
)
def test_depths_are_round_numbers_up_to_that_of_the_candidates(deepest, at):
    assert depths.depths_of({"q": {"a": 1}, "r": {"b": deepest}}) == at


def test_with_all_candidates_values_are_those_of_the_run_file():
    qrels, ranks = drawn()
    run = scored(ranks, 1)
    whole = evaluation.evaluate(qrels, run, 1, complete=True)
    expected = evaluation.tidy({1: whole}, **labels_of(*BM25))
    pd.testing.assert_frame_equal(values_at(60, run), expected)


def test_with_fewer_candidates_values_are_those_of_a_run_file_of_these_alone():
    qrels, ranks = drawn()
    run = scored(ranks, 1)
    for depth in (10, 20, 50):
        first = {qid: {d for d, rank in of.items() if rank <= depth} for qid, of in ranks.items()}
        alone = {qid: {d: run[qid][d] for d in docids} for qid, docids in first.items()}
        expected = evaluation.evaluate(qrels, alone, 1, complete=True)
        tidy = evaluation.tidy({1: expected}, **labels_of(*BM25))
        pd.testing.assert_frame_equal(values_at(depth, run), tidy)


def test_no_order_of_candidates_surpasses_that_by_their_grades():
    qrels, ranks = drawn()
    for depth in (10, 20, 50, 60):
        ceiling = values_at(depth, depths.by_grade(ranks, qrels))["value"]
        for seed in range(10):
            assert (values_at(depth, scored(ranks, seed))["value"] <= ceiling + 1e-12).all()


def test_gains_are_over_the_least_depth_topic_by_topic():
    qrels, ranks = drawn()
    run = scored(ranks, 1)
    table = depths.evaluate_at(run, ranks, qrels, 1, labels_of(*BM25))
    found = depths.summarised([table], Draws(**asdict(FAST)))
    assert len(found) == 4 * len(METRICS)
    primary = found[found["metric"] == PRIMARY].set_index("depth")
    assert list(primary.index) == [10, 20, 50, 60]
    assert (primary["queries"] == 7).all()
    assert (primary.loc[10, ["gain", "gain_low", "gain_high"]] == 0).all()
    for depth, row in primary.iterrows():
        expected = values_at(depth, run).query("metric == @PRIMARY")["value"].mean()
        assert row["mean"] == pytest.approx(expected)
        assert row["gain"] == pytest.approx(row["mean"] - primary["mean"][10])
        assert row["low"] <= row["mean"] <= row["high"]
        assert row["gain_low"] <= row["gain"] <= row["gain_high"]
    # Paired: the difficulty of topics is not in it.
    last = primary.loc[60]
    assert last["gain_high"] - last["gain_low"] < 2 * (last["high"] - last["low"])


@pytest.mark.parametrize(
    ("system", "is_so"),
    [
        (BM25, True),
        (("m_o_e1", "m", "o", 1, 12), False),
        (("m_o_e2", "m", "o", 2, 12), True),
        (("m_o_best", "m", "o", None, 12), True),
        (("other", "m", "o", 1, None), True),
    ],
)
def test_of_trainings_the_chosen_epoch_is_taken(system, is_so):
    assert depths.is_chosen(labels_of(*system), {"m_o": 2}) == is_so


def write_candidates(path: Path, ranks: dict[str, dict[str, int]]) -> None:
    rows = [(qid, docid, rank) for qid, of in ranks.items() for docid, rank in of.items()]
    frame = pd.DataFrame(rows, columns=["qid", "docid", "rank"])
    parquet.write(path, frame.assign(score=1.0, query="a", passage="b"))


def test_the_script_writes_every_test_set_with_its_chosen_epochs(tmp_path):
    qrels, ranks = drawn()
    runs, labels = [], []
    for place, test_set in enumerate(("pydocs", "deep")):
        folder = tmp_path / "results" / ("" if place == 0 else test_set)
        for number, system in enumerate(SYSTEMS):
            runs.append(str(folder / f"{system[0]}.trec"))
            folder.mkdir(parents=True, exist_ok=True)
            trec.write_run(runs[-1], scored(ranks, number), system[0])
            labels.append(labels_of(*system, test_set=test_set))
    trec.write_qrels(tmp_path / "qrels.txt", qrels)
    write_candidates(tmp_path / "candidates.parquet", ranks)
    best = tmp_path / "training" / "m_o.best.json"
    write_json(best, {"epoch": 2, "epochs": [{"epoch": 1}, {"epoch": 2}]})
    shared = {qid: {"dev": "1"} for qid in [*qrels][:3]}
    overlap = {"pydocs": {"shared": {}}, "deep": {"shared": shared}}
    write_json(tmp_path / "results" / "overlap.json", overlap)
    job = {
        "input": {
            "runs": runs,
            "candidates": ["candidates.parquet"] * 2,
            "qrels": ["qrels.txt"] * 2,
            "overlap": ["results/overlap.json"],
            "best": [str(best)],
        },
        "output": ["results/depths.csv"],
        "params": {
            "labels": labels,
            "levels": {"pydocs": 1, "deep": 2},
            "draws": asdict(FAST),
        },
    }
    done = run_script("evaluation/depths.py", job, tmp_path, dict(os.environ))
    assert done.status == 0, done.log
    with open(tmp_path / "results" / "depths.csv", newline="") as lines:
        rows = list(csv.DictReader(lines))
    systems = ["bm25", "m_o_e2", "other", "best possible"]
    assert list(dict.fromkeys(row["system"] for row in rows)) == systems
    assert len(rows) == 2 * len(systems) * 4 * len(METRICS)
    levels = {(row["test_set"], row["level"]) for row in rows}
    assert levels == {("pydocs", "1"), ("pydocs", ""), ("deep", "2"), ("deep", "")}
    assert f"deep: 3 of {len(qrels)} topics are development queries" in done.log
    kept = {qid: judged for qid, judged in qrels.items() if qid not in shared}
    label = labels_of(*BM25, test_set="deep")
    expected = depths.evaluate_at(scored(ranks, 0), ranks, kept, 2, label)
    means = depths.summarised([expected], FAST).set_index(["depth", "metric"])["mean"]
    for row in rows:
        if (row["test_set"], row["system"]) == ("deep", "bm25"):
            mean = means[int(row["depth"]), row["metric"]]
            assert float(row["mean"]) == pytest.approx(mean)
