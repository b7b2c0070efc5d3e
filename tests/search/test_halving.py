"""Which trials of a search go on after an epoch."""

import pytest

from lionrank.search.halving import going_on


def test_the_better_half_goes_on_after_each_epoch():
    scores = {
        "a": [0.1, None, None],
        "b": [0.4, 0.5, 0.6],
        "c": [0.2, None, None],
        "d": [0.3, 0.6, 0.7],
    }
    first, second = ({trial: of[:epoch] for trial, of in scores.items()} for epoch in (1, 2))
    assert going_on(first, 0.5) == ["b", "d"]
    assert going_on(second, 0.5) == ["d"]
    # The last one is trained to the end.
    assert going_on(scores, 0.5) == ["d"]


def test_a_trial_goes_on_by_its_newest_score_and_not_by_its_best():
    assert going_on({"a": [0.9, 0.1], "b": [0.8, 0.2], "c": [0.1, None]}, 0.7) == ["b"]


def test_all_go_on_that_did_not_diverge_where_all_are_kept():
    assert going_on({"a": [0.1], "b": [None], "c": [0.3]}, 1.0) == ["c", "a"]


def test_a_trial_that_diverged_goes_on_nowhere():
    assert going_on({"a": [None], "b": [0.1], "c": [None], "d": [None]}, 0.5) == ["b"]
    assert going_on({"a": [None], "b": [None]}, 0.5) == []
    # It has its place among those that were trained, as it had the work of one.
    assert going_on({"a": [0.4], "b": [0.3], "c": [0.2], "d": [None]}, 0.5) == ["a", "b"]
    diverged = {"a": [0.4, None], "b": [0.3, 0.2], "c": [0.2, None], "d": [0.1, None]}
    assert going_on(diverged, 0.5) == ["b"]


def test_of_level_trials_those_that_come_first_go_on():
    assert going_on({"b": [0.2], "a": [0.2], "c": [0.2], "d": [0.2]}, 0.5) == ["b", "a"]


@pytest.mark.parametrize(
    ("trials", "keep", "left"),
    [(100, 0.29, 29), (5, 0.5, 2), (3, 0.1, 1), (1, 0.5, 1), (30, 0.1, 3)],
)
def test_the_share_is_rounded_down_and_leaves_one(trials, keep, left):
    scores = {f"t{number}": [number / 100] for number in range(trials)}
    assert len(going_on(scores, keep)) == left
