"""Which trials of a search go on after an epoch."""

import pytest

from lionrank.search.halving import stopped_after


def ended(scores, keep):
    return {trial: stopped_after(scores, trial, keep) for trial in scores}


def test_the_better_half_goes_on_after_each_epoch():
    scores = {
        "a": [0.1, None, None],
        "b": [0.4, 0.5, 0.6],
        "c": [0.2, None, None],
        "d": [0.3, 0.6, 0.7],
    }
    first, second = ({trial: of[:epoch] for trial, of in scores.items()} for epoch in (1, 2))
    assert ended(first, 0.5) == {"a": 1, "b": None, "c": 1, "d": None}
    assert ended(second, 0.5) == {"a": 1, "b": 2, "c": 1, "d": None}
    # The last one is trained to the end.
    assert ended(scores, 0.5) == {"a": 1, "b": 2, "c": 1, "d": None}


def test_all_go_on_that_did_not_diverge_where_all_are_kept():
    scores = {"a": [0.1], "b": [None], "c": [0.3]}
    assert ended(scores, 1.0) == {"a": None, "b": 1, "c": None}


def test_a_trial_that_diverged_goes_on_nowhere():
    assert ended({"a": [None], "b": [0.1], "c": [None], "d": [None]}, 0.5) == {
        "a": 1,
        "b": None,
        "c": 1,
        "d": 1,
    }
    assert ended({"a": [None], "b": [None]}, 0.5) == {"a": 1, "b": 1}


def test_of_level_trials_those_that_come_first_go_on():
    assert ended({"b": [0.2], "a": [0.2], "c": [0.2], "d": [0.2]}, 0.5) == {
        "b": None,
        "a": None,
        "c": 1,
        "d": 1,
    }


@pytest.mark.parametrize(
    ("trials", "keep", "left"),
    [(100, 0.29, 29), (5, 0.5, 2), (3, 0.1, 1), (1, 0.5, 1), (30, 0.1, 3)],
)
def test_the_share_is_rounded_down_and_leaves_one(trials, keep, left):
    scores = {f"t{number}": [number / 100] for number in range(trials)}
    assert [*ended(scores, keep).values()].count(None) == left
