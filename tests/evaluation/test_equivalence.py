"""Tests of claims of no difference, and of no loss: against statsmodels, SciPy and by hand."""

from dataclasses import asdict

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.weightstats import ttost_ind, ttost_paired

from lionrank.evaluation import significance
from lionrank.evaluation.significance import Draws, ToShow
from tests.support.differences import DARWIN, SETS, drawn


def claimed(differences, claim, strata=None, permutations=2_000):
    """Return the p-values, of the randomization test and of the t-test, of what is claimed."""
    differences = np.asarray(differences, dtype=float)
    contrasts = significance.compare(
        differences, np.zeros_like(differences), Draws(permutations, 100), strata, [claim]
    )
    return contrasts[0].p_randomization, contrasts[0].p_t


def test_darwins_plants_are_higher_by_the_one_sided_count_of_fisher():
    higher = significance.randomization_test(DARWIN, 2**15, seed=1, alternative="greater")
    assert higher == [863 / 2**15]
    # Ties with the observed sum are counted in both tails.
    lower = significance.randomization_test(-DARWIN, 2**15, seed=1, alternative="greater")
    assert lower > 1 - higher


@pytest.mark.parametrize("margin", [0.01, 0.1, 0.3, 1.0])
def test_equivalence_and_no_loss_are_the_two_one_sided_tests_of_statsmodels(margin):
    left, right = drawn(43, 2, mean=0.1, seed=1).T
    p_value, (_, p_low, _), (_, p_high, _) = ttost_paired(left, right, -margin, margin)
    differences = left - right
    assert claimed(differences, ToShow("equivalent", margin))[1] == pytest.approx(p_value)
    assert claimed(differences, ToShow("not_below", margin))[1] == pytest.approx(p_low)
    assert claimed(-differences, ToShow("not_below", margin))[1] == pytest.approx(p_high)


def test_of_two_sets_they_are_those_of_welch_on_twice_the_margin():
    first, second = drawn(12, 1, seed=1)[:, 0], 3 * drawn(40, 1, seed=2)[:, 0]
    # The mean of two sets is half the difference between one and the other with its sign changed.
    p_value, (_, p_low, _), _ = ttost_ind(first, -second, -0.8, 0.8, usevar="unequal")
    both = np.concatenate([first, second])
    assert claimed(both, ToShow("equivalent", 0.4), [12, 40])[1] == pytest.approx(p_value)
    assert claimed(both, ToShow("not_below", 0.4), [12, 40])[1] == pytest.approx(p_low)


@pytest.mark.parametrize("strata", [None, [2, 3, 6]])
def test_their_randomization_tests_are_those_of_scipy_about_the_margin(strata):
    differences, margin = 0.3 * drawn(11, 1, seed=4)[:, 0], 0.2
    weights = np.repeat([1 / (3 * size) for size in strata], strata) if strata else np.ones(11) / 11

    def one_sided(shifted):
        return stats.permutation_test(
            (shifted, np.zeros_like(shifted)),
            lambda left, right, axis: np.moveaxis(left - right, axis, -1) @ weights,
            permutation_type="samples",
            vectorized=True,
            n_resamples=np.inf,
            alternative="greater",
        ).pvalue

    low, high = one_sided(differences + margin), one_sided(margin - differences)
    assert low != high
    exact = 2**11
    assert claimed(differences, ToShow("not_below", margin), strata, exact)[0] == pytest.approx(low)
    both = claimed(differences, ToShow("equivalent", margin), strata, exact)
    assert both[0] == pytest.approx(max(low, high))


@pytest.mark.parametrize(
    ("differences", "strata", "margin", "not_below", "equivalent"),
    [
        # Plus 1, all five are 1, and only one assignment of signs reaches their sum.
        ([0, 0, 0, 0, 0], None, 1, 1, 1),
        # 3 each above the lower end; 1, -1, 1, 1 and 1 from the upper one, whose sum of 3 is that
        # of five assignments, and exceeded by one.
        ([1, 3, 1, 1, 1], None, 2, 1, 6),
        # At the upper end all are 0, which any assignment reaches.
        ([2, 2, 2, 2, 2], None, 2, 1, 32),
        # Weighing 1/8 each and 1/2, they are 2, 2, 2, 2 and 0 above the lower end, where the sign
        # of 0 is two ways to the same sum, and 0, 0, 0, 0 and 2 from the upper one.
        ([1, 1, 1, 1, -1], [4, 1], 1, 2, 16),
    ],
)
def test_claims_on_five_queries_are_enumerated_as_by_hand(
    differences, strata, margin, not_below, equivalent
):
    # One query has no spread to compare, so that sets of one are tested without.
    def test(each, alternative):
        return significance.randomization_test(each, 32, 1, strata, alternative)

    each = np.array(differences, dtype=float)[:, np.newaxis]
    assert ToShow("not_below", margin).p_values(each, test) == [not_below / 32]
    assert ToShow("equivalent", margin).p_values(each, test) == [equivalent / 32]


@pytest.mark.parametrize("strata", [None, SETS])
@pytest.mark.parametrize("test", ["t_test", "randomization_test"])
def test_at_the_margin_itself_p_values_are_uniform_and_nearer_equivalence_is_found(test, strata):
    def tested(differences, alternative):
        if test == "t_test":
            return significance.t_test(differences, strata, alternative)
        return significance.randomization_test(differences, 2_000, 1, strata, alternative)

    noise = drawn(sum(SETS), 1_000)
    at_margin = ToShow("not_below", 0.3).p_values(noise - 0.3, tested)
    assert stats.kstest(at_margin, "uniform").pvalue > 0.01
    # The margin is so wide that a mean at one end is never beyond the other.
    equivalent = ToShow("equivalent", 3.0)
    assert (equivalent.p_values(noise + 3, tested) < 0.05).mean() == pytest.approx(0.05, abs=0.02)
    assert (equivalent.p_values(noise, tested) < 0.05).all()


def test_a_difference_of_the_margin_but_for_rounding_is_not_within_it():
    differences = np.full(43, 0.3 - 0.4)
    for claim in (ToShow("not_below", 0.1), ToShow("equivalent", 0.1)):
        assert claimed(differences, claim) == (1, 1)
    assert claimed(differences, ToShow("not_below", 0.11))[1] == 0


def test_claims_change_the_p_values_of_their_own_contrasts_and_no_other_figure():
    left, right = drawn(43, 4, mean=0.1, seed=1), drawn(43, 4, seed=2)
    claims = [ToShow(), ToShow("not_below", 0.2), ToShow("equivalent", 0.5), ToShow()]
    plain = significance.compare(left, right, Draws(2_000, 500))
    mixed = significance.compare(left, right, Draws(2_000, 500), claims=claims)
    p_values = ("p_randomization", "p_t")
    for place, (one, other) in enumerate(zip(plain, mixed, strict=True)):
        changed = {key for key, value in asdict(one).items() if value != asdict(other)[key]}
        assert changed == ({*p_values} if place in (1, 2) else set())
    with pytest.raises(ValueError, match="4 contrasts and 3 claims"):
        significance.compare(left, right, Draws(2_000, 500), claims=claims[:3])
