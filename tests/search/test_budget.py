"""Expected best scores against all searches that there can be, one by one."""

from itertools import product
from math import ceil
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lionrank.search.budget import area, expected_best

# Of five trials there are 5 ** 5 searches of five.
_MOST = 5
_SCORES = st.none() | st.floats(0, 1) | st.sampled_from([0.1, 0.25, 0.5])


def all_searches(scores, trials):
    """Return the best score of every search of so many trials, in ascending order."""
    known = [score or 0.0 for score in scores]
    return sorted(max(drawn) for drawn in product(known, repeat=trials))


@given(st.lists(_SCORES, min_size=1, max_size=_MOST))
def test_the_expectation_is_the_mean_over_all_searches_and_half_of_them_are_in_between(scores):
    found = expected_best(scores)
    assert [best.trials for best in found] == [*range(1, len(scores) + 1)]
    for best in found:
        searches = all_searches(scores, best.trials)
        low, high = (searches[ceil(part * len(searches)) - 1] for part in (0.25, 0.75))
        assert best.expected == pytest.approx(fmean(searches))
        assert (best.low, best.high) == (low, high)


def test_two_trials_by_hand():
    one, two = expected_best([0.4, 0.8])
    assert (one.expected, one.low, one.high) == (pytest.approx(0.6), 0.4, 0.8)
    assert (two.expected, two.low, two.high) == (pytest.approx(0.7), 0.4, 0.8)
    assert area([0.4, 0.8]) == pytest.approx(0.65)


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=40))
def test_of_more_trials_the_best_is_no_worse_and_never_better_than_that_of_all(thousandths):
    scores = [part / 1000 for part in thousandths]
    found = [best.expected for best in expected_best(scores)]
    assert found[0] == pytest.approx(fmean(scores))
    assert found == pytest.approx(sorted(found))
    assert found[-1] <= max(scores) + 1e-12


def test_a_trial_that_diverged_is_as_bad_as_can_be():
    assert expected_best([0.5, None]) == expected_best([0.0, 0.5])
    assert [best.expected for best in expected_best([None])] == [0.0]


def test_where_all_trials_score_alike_none_depends_on_the_budget():
    assert area([0.5] * 16) == pytest.approx(0.5)
    assert area([0.1] * 15 + [0.5]) < area([0.4] * 15 + [0.5]) < 0.5
    assert expected_best([]) == []
