"""Which windows have the highest logits, by hand and one by one."""

import csv
import os
from math import nan
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from lionrank import parquet, trec
from lionrank.evaluation.winning_windows import read, summarised
from lionrank.files import write_json
from tests.support.rule_scripts import run_script

STRIDE = 256
# Tokens are those of windows of 512: one that ends with the document begins before it ends.
LOGITS = {
    ("q1", "tied_later"): [1.0, 3.0, 3.0],
    ("q1", "short"): [5.0],
    ("q1", "empty"): [0.0],
    ("q1", "last_of_four"): [0.0, -1.0, -2.0, 7.0],
    ("q1", "tied_first"): [2.0, 2.0],
    ("q2", "tied_later"): [-5.0, -4.0, -3.0],
    ("q2", "first_of_two"): [1.0, 0.0],
    ("q3", "of_no_topic"): [0.0, 1.0],
}
QRELS = {
    "q1": {"tied_later": 2, "short": 1, "empty": 1, "last_of_four": 0, "never_retrieved": 3},
    "q2": {"tied_later": 3, "first_of_two": 1, "tied_first": 2},
}
COLUMNS = ("documents", "windows", "several", "first", "beyond", "median_place")
EXPECTED = {
    (1, "relevant"): (5, 2, 3, 1 / 3, 1 / 3, 2 / 3),
    (2, "relevant"): (2, 3, 2, 0, 1 / 2, 5 / 6),
    (3, "relevant"): (1, 3, 1, 0, 1, 1),
    (1, "all"): (7, 16 / 7, 5, 2 / 5, 2 / 5, 2 / 3),
}


def write_windows(path: Path, logits: dict[tuple[str, str], list[float]]) -> Path:
    rows = []
    for (qid, docid), own in logits.items():
        length = 0 if docid == "empty" else STRIDE * (len(own) + 1)
        for window, logit in enumerate(own):
            begin = STRIDE * window
            end = min(begin + 2 * STRIDE, length)
            row = (qid, docid, window, begin, end, end - begin + 9, 0, length, logit)
            rows.append(dict(zip(parquet.WINDOWS.names, row, strict=True)))
    path.parent.mkdir(parents=True, exist_ok=True)
    parquet.write_table(path, pa.Table.from_pylist(rows, parquet.WINDOWS))
    return path


@pytest.fixture(name="path")
def _path(tmp_path):
    return write_windows(tmp_path / "windows.parquet", LOGITS)


def rows_of(path: Path, qrels: trec.Qrels = QRELS, level: int = 1) -> dict[str, tuple]:
    found = summarised(read(path, qrels, level))
    return {each["candidates"]: tuple(each[name] for name in COLUMNS) for each in found}


@pytest.mark.parametrize(("level", "candidates"), EXPECTED)
def test_values_are_those_by_hand(path, level, candidates):
    expected = EXPECTED[level, candidates]
    assert rows_of(path, level=level)[candidates] == pytest.approx(expected)


def test_the_earliest_of_the_highest_windows_wins(path):
    found = read(path, QRELS, 1)
    assert found["place"].tolist() == [2, 1, 1, 4, 1, 3, 1]
    assert found["begin"].tolist() == [256, 0, 0, 768, 0, 512, 0]


def test_of_no_document_there_is_no_share(tmp_path, path):
    none = (0, nan, 0, nan, nan, nan)
    assert rows_of(path, level=4)["relevant"] == pytest.approx(none, nan_ok=True)
    empty = write_windows(tmp_path / "empty.parquet", {})
    assert rows_of(empty)["all"] == pytest.approx(none, nan_ok=True)
    short = write_windows(tmp_path / "short.parquet", {("q1", "short"): [5.0]})
    assert rows_of(short)["all"] == pytest.approx((1, 1, 0, nan, nan, nan), nan_ok=True)


def test_winners_are_those_of_documents_one_by_one_in_a_file_of_many_batches(tmp_path):
    dice = np.random.default_rng(12)
    logits = {
        ("q1", f"d{place}"): dice.integers(-3, 3, dice.integers(1, 9)).astype(float).tolist()
        for place in range(4000)
    }
    assert sum(map(len, logits.values())) > parquet.ROWS
    path = write_windows(tmp_path / "windows.parquet", logits)
    found = read(path, {"q1": {f"d{place}": place % 3 for place in range(4000)}}, 2)
    assert found["windows"].tolist() == [len(own) for own in logits.values()]
    assert found["place"].tolist() == [own.index(max(own)) + 1 for own in logits.values()]
    assert (found["begin"] == STRIDE * (found["place"] - 1)).all()
    assert found["relevant"].tolist() == [place % 3 == 2 for place in range(4000)]


def test_the_script_reads_the_chosen_epoch_of_every_system_on_topics_that_are_evaluated(tmp_path):
    folder = tmp_path / "reranking" / "windows"
    backwards = {pair: [*reversed(own)] for pair, own in LOGITS.items()}
    given = {"m_o_e1": backwards, "m_o_e2": LOGITS, "other": backwards, "m_o_best": LOGITS}
    files = [str(write_windows(folder / f"{name}.parquet", own)) for name, own in given.items()]
    trec.write_qrels(tmp_path / "qrels.txt", QRELS)
    shared = {"docs": {"shared": {}}, "more": {"shared": {"q2": {"dev": "1"}}}}
    write_json(tmp_path / "results" / "overlap.json", shared)
    best = tmp_path / "training" / "m_o.best.json"
    write_json(best, {"epoch": 2, "epochs": [{"epoch": 1}, {"epoch": 2}]})
    labels = [
        {"system": "m_o_e1", "epoch": 1, "seed": 12},
        {"system": "m_o_e2", "epoch": 2, "seed": 12},
        {"system": "other", "epoch": None, "seed": None},
        {"system": "m_o_best", "epoch": None, "seed": 12},
    ]
    divided = {"window": 2 * STRIDE, "stride": STRIDE}
    job = {
        "input": {
            "windows": files,
            "qrels": ["qrels.txt"] * 2,
            "overlap": ["results/overlap.json"],
            "best": [str(best)],
        },
        "output": ["results/winning_windows.csv"],
        "params": {
            "divisions": [
                divided | {"test_set": "docs", "level": 2, "systems": labels[:3]},
                divided | {"test_set": "more", "level": 1, "systems": labels[3:]},
            ]
        },
    }
    done = run_script("evaluation/winning_windows.py", job, tmp_path, dict(os.environ))
    assert done.status == 0, done.log
    assert "more: 1 of 2 topics are development queries" in done.log
    with open(tmp_path / "results" / "winning_windows.csv", newline="") as lines:
        rows = list(csv.DictReader(lines))
    named = ("test_set", "level", "system", "epoch", "candidates")
    assert [tuple(row[name] for name in named) for row in rows] == [
        (*system, candidates)
        for system in (
            ("docs", "2", "m_o", "2"),
            ("docs", "2", "other", ""),
            ("more", "1", "m_o", "2"),
        )
        for candidates in ("relevant", "all")
    ]
    assert {(row["window"], row["stride"]) for row in rows} == {("512", "256")}
    values = [tuple(float(row[name]) for name in COLUMNS) for row in rows]
    assert values[0] == pytest.approx(EXPECTED[2, "relevant"])
    assert values[1] == pytest.approx(EXPECTED[1, "all"])
    # Of logits in the other order, "tied_later" of the first topic wins by the first two.
    assert values[2] == pytest.approx((2, 3, 2, 1, 0, 1 / 3))
    assert values[5] == pytest.approx((5, 11 / 5, 3, 1 / 3, 1 / 3, 2 / 3))
