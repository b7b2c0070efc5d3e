"""Kinds of tests on our results: what each verdict needs."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lionrank.claims.kinds import SameSettings
from lionrank.files import write_json_lines
from lionrank.grid import Grid
from tests.support.published_as_measured import CHOSEN, MEANS, PRINTED, STUDY, decide, ours
from tests.support.results import recipes

TUNED = [f"minilm_tunedlion_e{epoch}" for epoch in (1, 2, 3)]


@pytest.mark.parametrize(
    ("second", "verdict"), [(0.6, "replicated"), (0.5, "inconclusive"), (0.4, "contradicted")]
)
def test_a_rival_has_to_be_above_all_that_may_be_the_best(tmp_path, second, verdict):
    epochs = {"gte_adamw_e1": 0.3, "gte_adamw_e2": second, "gte_adamw_e3": 0.5}
    means = {metric: scores | epochs for metric, scores in MEANS.items()}
    result = decide(ours(tmp_path, means))["c5"]["ours"]
    assert result["verdict"] == verdict
    assert result["reason"] == "nDCG@10: GTE + AdamW, epoch 2 minus GTE + AdamW, epoch 3"


@pytest.mark.parametrize(
    ("gap", "noise", "verdict"),
    [
        (0.001, 1e-3, "replicated"),
        (0.02, 1e-3, "contradicted"),
        (0.001, 0.3, "inconclusive"),
        # Significantly different, but perhaps by less than the margin.
        (0.0049, 3e-3, "inconclusive"),
    ],
)
def test_a_tie_needs_an_interval_within_the_margin(tmp_path, gap, noise, verdict):
    levels = {"minilm_lion": 0.6, "modernbert_lion": 0.6 - gap}
    scores = {name: levels.get(name[:-3], 0.1) for name in MEANS["map"]}
    decided = decide(ours(tmp_path, MEANS | {"recip_rank_10": scores}, noise))
    result = decided["c9"]["tests"][1]["ours"]
    assert result["verdict"] == verdict
    assert (result["p"] < 0.05) == (noise < 0.1)


def log_line(training: str, step: int) -> dict:
    """A log of a GPU on which Lion has a steadier gradient and half the state."""
    lion = training.endswith("lion")
    wave = 0.01 if lion else 0.5
    return {
        "grad_norm": (100 if lion else 1) * float(np.exp(wave * (-1) ** step)),
        "gpu_utilisation": (90 if lion else 80) + step % 3,
        "optimizer_state_bytes": 500_000 if lion else 1_000_400,
    } | ({"eval_loss": 1 / step} if step % 10 == 0 else {})


def test_training_logs_decide_what_is_said_of_optimizers(tmp_path):
    decided = decide(ours(tmp_path / "lion", line=log_line))
    assert decided["c15"]["ours"]["verdict"] == "replicated"
    assert decided["c15"]["ours"]["reason"].startswith(
        "optimizer state bytes: MiniLM + Lion has 0.4998 times that of MiniLM + AdamW"
    )
    assert decided["c16"]["ours"]["verdict"] == "replicated"
    assert decided["c16"]["ours"]["difference"] == pytest.approx(10)
    even = [test["ours"] for test in decided["c13"]["tests"]]
    assert [each["verdict"] for each in even] == ["not testable", "replicated"]
    assert even[0]["reason"] == "the logs have no more than 3 values of eval loss"
    # |log| of one line by the next: twice the wave, whatever the gradient's size.
    assert even[1]["difference"] == pytest.approx(2 * 0.5 - 2 * 0.01)
    assert decided["c13"]["ours"]["verdict"] == "inconclusive"

    def swapped(training: str, step: int) -> dict:
        names = {"lion": "adamw", "adamw": "lion"}
        return log_line(names[training.split("_")[1]], step)

    other = decide(ours(tmp_path / "swapped", line=swapped))
    assert other["c15"]["ours"]["verdict"] == "contradicted"
    assert other["c16"]["ours"]["verdict"] == "contradicted"
    assert other["c13"]["ours"]["verdict"] == "contradicted"


def test_the_logs_of_several_seeds_are_averaged_step_by_step(tmp_path):
    one = ours(tmp_path, line=log_line)
    others = {}
    for name, paths in one.logs.items():
        # With another seed, Lion keeps as much as AdamW; it stopped after the first epoch.
        lines = [json.loads(line) for line in Path(paths[0]).read_text().splitlines()]
        path = tmp_path / f"{name}_s13.jsonl"
        write_json_lines(path, [line | {"optimizer_state_bytes": 1_000_400} for line in lines])
        others[f"{name}_s13"] = [path]
    both = replace(one, grid=replace(one.grid, seeds=(12, 13)), logs={**one.logs, **others})
    kept = both.log("minilm_lion", "optimizer_state_bytes")
    assert {*kept.values()} == {750_200} and len(kept) == 10
    assert decide(both)["c15"]["ours"]["verdict"] == "contradicted"


def test_settings_are_compared_as_they_were_resolved(tmp_path):
    other = {"modernbert_lion": {"learning_rate": 2e-6, "schedule": "cosine"}}
    result = decide(ours(tmp_path / "a", settings=other))["c10"]["ours"]
    assert result["verdict"] == "contradicted"
    assert "2e-06 for ModernBERT + Lion" in result["reason"]
    assert decide(ours(tmp_path / "b"))["c10"]["ours"]["verdict"] == "replicated"


@pytest.mark.parametrize(
    ("key", "verdict", "reason"),
    [
        ("optimizer.arguments.betas", "contradicted", "[0.9, 0.999] for ModernBERT + AdamW; [0.9"),
        ("steps_an_epoch", "not testable", "our trainings have no setting steps_an_epoch"),
    ],
)
def test_settings_are_compared_by_any_key_that_the_study_tells_of(tmp_path, key, verdict, reason):
    built = {"adamw": [0.9, 0.999], "lion": [0.9, 0.99]}
    settings = {
        f"modernbert_{name}": {"optimizer": {"arguments": {"betas": betas}}}
        for name, betas in built.items()
    }
    test = SameSettings(trainings=[*settings], settings=[key], sources=["code"])
    (part,) = test.parts(ours(tmp_path, settings=settings), PRINTED)
    outcome = part.decide({}, 0.05)
    assert outcome.verdict == verdict and reason in outcome.reason


def test_choosing_on_the_test_set_is_seen_where_it_takes_another_epoch(tmp_path):
    same = decide(ours(tmp_path / "best"))["c17"]["ours"]
    assert same["verdict"] == "contradicted" and "0 of 6 trainings" in same["reason"]
    # MiniLM with AdamW has 0.7008 after epoch 1 and 0.7127 after epoch 3.
    result = decide(ours(tmp_path, chosen=CHOSEN | {"minilm_adamw": 1}))["c17"]["ours"]
    assert result["verdict"] == "replicated"
    assert "1 of 6 trainings, which adds 0.0020 to their mean" in result["reason"]


def test_choosing_is_asked_of_the_treatments_of_the_study_and_of_no_others(tmp_path):
    treatments = {"adamw": False, "tunedlion": True, "lion": False}
    grid = Grid.build(
        {"minilm": {"label": "MiniLM", "start": "pretrained"}},
        {name: name for name in treatments},
        (1, 2, 3),
        recipes=recipes(
            **{
                name: (name.removeprefix("tuned"), "bce", "pairs", searched)
                for name, searched in treatments.items()
            }
        ),
    )
    # Of the searched one alone, development data would choose another epoch than the test set.
    means = {m: of | dict.fromkeys(TUNED, 0.4) | {TUNED[-1]: 0.9} for m, of in MEANS.items()}
    chosen = {name: CHOSEN[name] for name in ("minilm_adamw", "minilm_lion")}
    made = ours(tmp_path, means, grid=grid, chosen=chosen | {"minilm_tunedlion": 1})
    known = replace(made, recipes=STUDY.recipes)
    result = decide(known)["c17"]["ours"]
    assert result["verdict"] == "contradicted" and "0 of 2 trainings" in result["reason"]
    others = replace(grid, optimizers={"tunedlion": "Lion"}, recipes={"tunedlion": {}})
    result = decide(replace(known, grid=others))["c17"]["ours"]
    assert result["verdict"] == "not testable"
    assert result["reason"].startswith("no treatment of the study was trained here")
