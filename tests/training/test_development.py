"""The best epoch and the early end of a training, from scores on development data."""

import json
import math

import pytest

from lionrank.errors import UserError
from lionrank.files import write_json
from lionrank.training import development


def history(*epochs: tuple[float | None, list[float]]) -> list[development.EpochScores]:
    """Return the scores of epochs with (loss, nDCG@10 on each dev set)."""
    return [
        development.scores(number, loss, {f"set{place}": ndcg for place, ndcg in enumerate(own)})
        for number, (loss, own) in enumerate(epochs, start=1)
    ]


def test_an_epoch_has_the_mean_over_its_dev_sets():
    assert development.scores(1, 0.61, {"a": 0.5, "b": 0.25}) == {
        "epoch": 1,
        "eval_loss": 0.61,
        "ndcg_cut_10": {"a": 0.5, "b": 0.25},
        "mean_ndcg_cut_10": 0.375,
    }
    assert development.scores(2, None, {})["mean_ndcg_cut_10"] is None


def test_the_end_of_a_trial_is_read_as_it_was_written(tmp_path):
    told = [development.scores(1, 0.5, {"a": 0.5}), development.no_scores(2, "diverged")]
    assert told[1] == development.scores(2, None, {}) | {"ending": "diverged"}
    paths = [tmp_path / "e1.json", tmp_path / "e2.json"]
    for path, each in zip(paths, told, strict=True):
        write_json(path, each)
    assert development.read(paths) == told


def best_epoch(*epochs: tuple[float | None, list[float]]) -> int:
    return development.best(history(*epochs))["epoch"]


def test_the_best_epoch_has_the_highest_mean_whatever_the_loss():
    assert best_epoch((0.3, [0.5, 0.2]), (0.5, [0.4, 0.4]), (0.2, [0.6, 0.1])) == 2


def test_of_level_epochs_the_earlier_is_best():
    assert best_epoch((0.3, [0.1]), (0.2, [0.5]), (0.1, [0.5])) == 2
    assert best_epoch((0.3, []), (0.2, []), (0.2, [])) == 2


def test_without_a_dev_set_the_lowest_loss_is_best():
    assert best_epoch((0.3, []), (0.1, []), (0.2, [])) == 2


@pytest.mark.parametrize("scored", [[], history((None, []), (None, []))])
def test_without_scores_there_is_no_best_epoch(scored):
    with pytest.raises(UserError, match=r"name dev sets in grid\.dev_sets, or hold some"):
        development.best(scored)


@pytest.mark.parametrize(
    ("scores", "patience", "over"),
    [
        ([], 1, False),
        ([0.5], 1, False),
        ([0.5, 0.6], 1, False),
        ([0.5, 0.4], 1, True),
        ([0.5, 0.5], 1, True),  # level is not better
        ([0.5, 0.4], 2, False),
        ([0.5, 0.4, 0.45], 2, True),
        ([0.5, 0.4, 0.51], 2, False),
        ([0.5, 0.4, 0.3, 0.2], None, False),
    ],
)
def test_a_training_stops_after_so_many_epochs_that_are_not_better(scores, patience, over):
    scored = history(*((0.1, [score]) for score in scores))
    assert development.stopped_after(scored, patience) == (len(scores) if over else None)


@pytest.mark.parametrize("third", [0.4, 0.6])
def test_what_comes_after_the_stop_is_no_part_of_a_training(third):
    """Be it a copy, which scores as the last epoch does, or an epoch of when none stopped."""
    scored = history((0.1, [0.5]), (0.1, [0.4]), (0.1, [third]))
    assert development.stopped_after(scored, 1) == 2
    assert development.trained(scored, 1) == scored[:2]
    assert development.trained(scored, None) == scored


def test_scores_are_read_bit_for_bit(tmp_path):
    scored = history((1 / 3, [math.pi / 4, 0.1 + 0.2]), (math.e / 4, [1 / 7, 0.0]))
    paths = [tmp_path / f"e{epoch['epoch']}.dev.json" for epoch in scored]
    for path, epoch in zip(paths, scored, strict=True):
        write_json(path, epoch)
    assert development.read(paths) == scored
    assert development.read([]) == []


def test_the_chosen_epochs_are_read_by_training(tmp_path):
    path = tmp_path / "gte_lion.best.json"
    write_json(path, {"epoch": 2})
    assert development.chosen([path]) == {"gte_lion": 2}


def test_what_an_epoch_was_chosen_by_is_read_by_training(tmp_path):
    scored = history((0.3, [0.5]), (0.2, [0.6]))
    path = tmp_path / "gte_lion.best.json"
    write_json(path, {**development.best(scored), "epochs": scored})
    assert development.histories([path]) == {"gte_lion": scored}


def test_the_last_epochs_are_read_by_training(tmp_path):
    scored = history((0.3, [0.6]), (0.2, [0.5]))
    path = tmp_path / "gte_lion.best.json"
    write_json(path, {**development.best(scored), "epochs": scored})
    assert development.last_epochs([path]) == {"gte_lion": 2}


def test_a_damaged_file_is_named(tmp_path):
    path = tmp_path / "e1.dev.json"
    path.write_text(json.dumps(history((0.1, [0.2])))[:40])
    with pytest.raises(UserError, match=r"e1.dev\.json is damaged .*: delete it and run again"):
        development.read([path])
