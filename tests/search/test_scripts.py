"""The jobs that choose settings, and that decide which trials go on."""

import json
import os

import pytest

from lionrank.files import write_json
from lionrank.search.choice import Choice
from lionrank.training.development import scores
from tests.support.rule_scripts import run_script

POINTS = {f"t{number}": {"learning_rate": 10.0**-number} for number in (3, 4, 5)}
UNTUNED = {"t2": {"learning_rate": 0.01}}


@pytest.fixture
def run(tmp_path):
    """Run a script on the scores of trials' epochs."""

    def run(name: str, ndcg: dict[str, list[float]], **job: object):
        paths = {}
        for trial, values in ndcg.items():
            for epoch, value in enumerate(values, start=1):
                path = f"training/search/gte_lion_{trial}_e{epoch}.dev.json"
                write_json(tmp_path / path, scores(epoch, None, {"dev": value}))
                paths[f"{trial}_{epoch}"] = path
        done = run_script(f"search/{name}.py", {"input": paths, **job}, tmp_path, dict(os.environ))
        assert done.status == 0, done.log

    return run


def test_the_choice_and_its_point_are_written_apart(run, tmp_path):
    files = {name: f"training/gte_lion.{name}.json" for name in ("choice", "point")}
    run(
        "choose_settings",
        {"t3": [0.1, 0.4], "t4": [0.3, 0.3], "t5": [0.2, 0.1], "t2": [0.5, 0.6]},
        output=files,
        wildcards={"model": "gte", "optimizer": "lion"},
        params={
            "dev_sets": ["dev"],
            "budget": {"trials": 3, "epochs": 2, "share": 1.0, "keep": 1.0},
            "space": {"learning_rate": {"low": 1e-5, "high": 1e-3, "log": True}},
            "points": POINTS | UNTUNED,
            "untuned": "t2",
        },
    )
    choice = Choice.read(tmp_path / files["choice"])
    assert (choice.chosen, choice.best.score, choice.reference.score) == ("t3", 0.4, 0.6)
    assert choice.edges == {"learning_rate": "high"}
    assert json.loads((tmp_path / files["point"]).read_text()) == POINTS["t3"]


def test_trials_go_on_by_the_scores_of_all(run, tmp_path):
    decision = "training/search/gte_lion_e2.stop.json"
    run(
        "halving",
        {"t3": [0.3], "t4": [0.4], "t5": [0.2]},
        output=[decision],
        params={"trials": [*POINTS], "keep": 0.5},
    )
    assert json.loads((tmp_path / decision).read_text()) == {"going_on": ["t4"]}
