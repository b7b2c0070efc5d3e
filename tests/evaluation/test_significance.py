"""Tests of significance: against SciPy, published cases, cases by hand and simulated truths."""

import math
import tracemalloc
from dataclasses import asdict

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from lionrank.errors import UserError
from lionrank.evaluation import significance
from lionrank.evaluation.significance import Draws
from tests.support.differences import DARWIN, SETS, drawn

# The randomization test


def test_darwins_plants_have_the_exact_p_value_that_fisher_counted():
    assert significance.randomization_test(DARWIN, 2**15, seed=1) == [2 * 863 / 2**15]


def test_random_assignments_of_signs_come_near_the_exact_p_value():
    exact = 2 * 863 / 2**15
    [p_value] = significance.randomization_test(DARWIN, 2**15 - 1, seed=1)
    assert p_value != exact
    assert p_value == pytest.approx(exact, abs=4 * math.sqrt(exact / 2**15))


@pytest.mark.parametrize(
    ("differences", "extreme"),
    [
        # Flipping the 1 makes 15 of 13, flipping anything else makes less: two, and their mirrors.
        ([-1, 2, 3, 4, 5], 4),
        ([1, 2, 3, 4, 5], 2),
        # The signs of a zero are two ways to the same sum.
        ([0, 2, 3, 4, 5], 4),
        # The sum is 1, and every sum of five odd numbers is at least 1 from zero.
        ([1, 1, 1, -1, -1], 32),
        ([0, 0, 0, 0, 0], 32),
    ],
)
def test_five_queries_are_enumerated_as_by_hand(differences, extreme):
    assert significance.randomization_test(np.array(differences), 32, seed=1) == [extreme / 32]


def test_the_exact_test_is_that_of_scipy():
    differences = drawn(10, 6, mean=0.3)
    reference = stats.permutation_test(
        (differences, np.zeros_like(differences)),
        lambda left, right, axis: np.mean(left - right, axis=axis),
        permutation_type="samples",
        vectorized=True,
        n_resamples=np.inf,
    )
    ours = significance.randomization_test(differences, 2**10, seed=1)
    assert ours == pytest.approx(reference.pvalue, abs=1e-12)


def test_the_drawn_test_is_that_of_scipy_but_for_chance():
    differences = drawn(43, 8, mean=0.25)
    permutations = 20_000
    reference = stats.permutation_test(
        (differences, np.zeros_like(differences)),
        lambda left, right, axis: np.mean(left - right, axis=axis),
        permutation_type="samples",
        vectorized=True,
        n_resamples=permutations,
        rng=np.random.default_rng(3),
    ).pvalue
    ours = significance.randomization_test(differences, permutations, seed=1)
    # SciPy doubles the smaller tail, which errs more than a count of both.
    error = np.sqrt(3 * reference * (1 - reference) / permutations)
    assert (np.abs(ours - reference) < 4 * error).all()
    assert (reference < 0.1).any() and (reference > 0.1).any()


def test_under_the_null_hypothesis_the_p_values_are_uniform():
    p_values = significance.randomization_test(drawn(25, 2_000), 20_000, seed=1)
    assert stats.kstest(p_values, "uniform").pvalue > 0.01
    shifted = significance.randomization_test(drawn(25, 2_000, mean=0.1), 20_000, seed=1)
    assert stats.kstest(shifted, "uniform").pvalue < 0.0001


def test_sums_that_are_equal_but_for_rounding_count_as_equal():
    whole = np.random.default_rng(2).integers(-3, 4, size=(12, 40))
    exact = significance.randomization_test(whole, 2**12, seed=1)
    assert (significance.randomization_test(whole * 0.1, 2**12, seed=1) == exact).all()


def test_a_drawn_p_value_is_never_zero():
    assert significance.randomization_test(np.full(43, 0.2), 999, seed=1) == [1 / 1000]


def test_the_same_seed_gives_the_same_p_values_and_another_seed_others():
    differences = drawn(43, 5, mean=0.2)
    first, again, other = (
        significance.randomization_test(differences, 5_000, seed) for seed in (1, 1, 2)
    )
    assert (first == again).all()
    assert (first != other).any()


def test_a_contrast_has_the_same_figures_with_any_neighbours():
    values = drawn(43, 5, mean=0.2)
    together = significance.compare(values, np.zeros_like(values), Draws(5_000, 500))
    [alone] = significance.compare(values[:, 3], np.zeros(43), Draws(5_000, 500))
    assert asdict(together[3]) == pytest.approx(asdict(alone), rel=1e-12)


def test_ten_thousand_queries_and_sixty_contrasts_need_little_memory():
    differences = drawn(10_047, 60)
    tracemalloc.start()
    significance.randomization_test(differences, 8_000, seed=1)
    significance.interval(differences, 4_000, 0.95, seed=1)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 300 * 2**20


# The t-test, effect sizes and power


def test_darwins_plants_have_fishers_t():
    [p_value] = significance.t_test(DARWIN)
    assert p_value == pytest.approx(2 * stats.t.sf(2.148, 14), rel=1e-3)
    assert p_value == pytest.approx(0.0497, abs=5e-5)
    # d_z is t over the root of the number of pairs.
    assert significance.effect_size(DARWIN) == pytest.approx(2.148 / math.sqrt(15), rel=1e-3)


def test_the_t_test_is_scipys_paired_one():
    left, right = drawn(43, 4, mean=0.1, seed=1), drawn(43, 4, seed=2)
    reference = stats.ttest_rel(left, right, axis=0).pvalue
    assert significance.t_test(left - right) == pytest.approx(reference, rel=1e-12)


@pytest.mark.filterwarnings("error")
def test_differences_without_spread_have_p_values_and_effects():
    differences = np.column_stack([np.zeros(43), np.full(43, 0.1), np.full(43, -0.1)])
    assert significance.t_test(differences).tolist() == [1, 0, 0]
    assert significance.effect_size(differences).tolist() == [0, math.inf, -math.inf]
    assert significance.detectable_difference(differences).tolist() == [0, 0, 0]
    low, high = significance.interval(differences, 100, 0.95, seed=1)
    assert low == pytest.approx([0, 0.1, -0.1])
    assert high == pytest.approx([0, 0.1, -0.1])


def test_detectable_effects_are_those_of_gpower():
    # G*Power 3 (Faul, Erdfelder, Lang and Buchner 2007) asks for 34 pairs where d_z is 0.5, alpha
    # 0.05 and the power 0.8, so 33 are too few.
    def effect(queries):
        differences = drawn(queries, 1)
        found = significance.detectable_difference(differences)
        return (found / differences.std(axis=0, ddof=1)).item()

    assert effect(34) < 0.5 < effect(33)
    assert effect(43) == pytest.approx(0.437, abs=5e-4)


@pytest.mark.parametrize("power", [0.8, 0.5])
def test_a_detectable_difference_is_detected_as_often_as_it_says(power):
    experiments = 20_000
    noise = drawn(43, experiments)
    as_noisy = stats.zscore(np.arange(43), ddof=1)
    [detectable] = significance.detectable_difference(as_noisy, power=power)
    found = (significance.t_test(noise + detectable) <= 0.05).mean()
    assert found == pytest.approx(power, abs=4 * math.sqrt(0.25 / experiments))


# Intervals


@pytest.mark.parametrize("confidence", [0.95, 0.8])
def test_the_interval_is_scipys_percentile_bootstrap_but_for_chance(confidence):
    values = np.random.default_rng(4).beta(2, 3, size=(43, 3))
    reference = stats.bootstrap(
        (values,),
        np.mean,
        n_resamples=20_000,
        confidence_level=confidence,
        method="percentile",
        rng=np.random.default_rng(1),
    ).confidence_interval
    low, high = significance.interval(values, 20_000, confidence, seed=1)
    width = reference.high - reference.low
    assert (np.abs(low - reference.low) < 0.03 * width).all()
    assert (np.abs(high - reference.high) < 0.03 * width).all()


def test_the_bounds_of_two_queries_are_known():
    # The mean of a resample is 0, 1/2 or 1 with the probabilities 1/4, 1/2 and 1/4.
    values = np.array([0.0, 1.0])
    assert significance.interval(values, 10_000, 0.6, seed=1) == ([0], [1])
    assert significance.interval(values, 10_000, 0.4, seed=1) == ([0.5], [0.5])


def test_an_interval_is_the_same_for_the_same_seed_only():
    values = drawn(43, 1)
    assert significance.interval(values, 500, 0.95, 1) == significance.interval(
        values, 500, 0.95, 1
    )
    assert significance.interval(values, 500, 0.95, 1) != significance.interval(
        values, 500, 0.95, 2
    )


# Several sets of equal weight


def test_one_set_has_to_the_bit_the_figures_that_it_has_without_being_named():
    left, right = drawn(43, 3, mean=0.3, seed=1), drawn(43, 3, seed=2)
    settings = Draws(2_000, 500)
    named = significance.compare(left, right, settings, strata=[43])
    assert named == significance.compare(left, right, settings)


def test_sets_of_the_same_size_are_tested_as_their_queries_together():
    left, right = drawn(44, 3, mean=0.3, seed=1), drawn(44, 3, seed=2)
    together = significance.compare(left, right, Draws(2_000, 500))
    apart = significance.compare(left, right, Draws(2_000, 500), strata=[11] * 4)
    for one, several in zip(together, apart, strict=True):
        assert several.p_randomization == one.p_randomization < 1
        assert several.difference == pytest.approx(one.difference, rel=1e-12)
        assert several.left_mean == pytest.approx(one.left_mean, rel=1e-12)
        assert several.queries == one.queries == 44


def test_a_set_weighs_the_same_whatever_its_size_as_by_hand():
    # A mean of 1 and one of -1 cancel, though four of the five queries are 1: no assignment of
    # signs is nearer to zero. Of the queries together, 3 is reached by 2 + 10 of 32 assignments.
    differences = np.array([1.0, 1, 1, 1, -1])
    assert significance.mean(differences, [4, 1]) == [0]
    assert significance.randomization_test(differences, 32, 1, [4, 1]) == [1]
    assert significance.randomization_test(differences, 32, 1) == [12 / 32]
    # (1 + 3) / 2: the queries weigh 1/8, 1/8, 1/8, 1/8 and 1/2, and only all signs as they are, and
    # all changed, are as far from zero.
    assert significance.randomization_test(np.array([1.0, 1, 1, 1, 3]), 32, 1, [4, 1]) == [2 / 32]


def test_the_exact_test_of_a_weighted_mean_is_that_of_scipy():
    differences, sizes = drawn(11, 6, mean=0.3), [2, 3, 6]
    weights = np.repeat([1 / (3 * size) for size in sizes], sizes)
    reference = stats.permutation_test(
        (differences, np.zeros_like(differences)),
        lambda left, right, axis: np.moveaxis(left - right, axis, -1) @ weights,
        permutation_type="samples",
        vectorized=True,
        n_resamples=np.inf,
    )
    ours = significance.randomization_test(differences, 2**11, 1, sizes)
    assert ours == pytest.approx(reference.pvalue, abs=1e-12)


def test_queries_are_resampled_within_their_sets_and_apart_from_those_of_others():
    # Each of the two sets has a mean of 0, 1/2 or 1. Theirs is at most 1/4 with the probability
    # 5/16, and 0 with 1/16. Were the same places drawn in both, it would never be 1/4.
    values = np.array([0.0, 1, 0, 1])
    assert significance.interval(values, 10_000, 0.6, 1, [2, 2]) == ([0.25], [0.75])
    # And no query of one set is drawn for another.
    assert significance.interval(np.array([0.0, 0, 1, 1, 1]), 100, 0.99, 1, [2, 3]) == (
        [0.5],
        [0.5],
    )


def test_the_interval_of_several_sets_is_scipys_stratified_bootstrap_but_for_chance():
    values = np.random.default_rng(4).beta(2, 3, size=sum(SETS))
    reference = stats.bootstrap(
        np.split(values, np.cumsum(SETS)[:-1]),
        lambda *sets, axis: np.mean([each.mean(axis=axis) for each in sets], axis=0),
        n_resamples=20_000,
        method="percentile",
        rng=np.random.default_rng(1),
    ).confidence_interval
    low, high = significance.interval(values, 20_000, 0.95, 1, SETS)
    width = reference.high - reference.low
    assert low == pytest.approx(reference.low, abs=0.03 * width)
    assert high == pytest.approx(reference.high, abs=0.03 * width)


def test_the_t_test_of_two_sets_is_welchs_of_one_and_the_other_with_its_sign_changed():
    differences = drawn(52, 4, mean=0.2) * np.repeat([[1.0], [3.0]], [12, 40], axis=0)
    reference = stats.ttest_ind(differences[:12], -differences[12:], equal_var=False).pvalue
    assert significance.t_test(differences, [12, 40]) == pytest.approx(reference, rel=1e-10)


@pytest.mark.parametrize("test", ["t_test", "randomization_test"])
def test_p_values_of_unlike_sets_that_average_to_nothing_are_uniform(test):
    noise = drawn(sum(SETS), 2_000) * np.repeat([[1.0], [0.2], [2.0]], SETS, axis=0)
    tests = {
        "t_test": lambda each: significance.t_test(each, SETS),
        "randomization_test": lambda each: significance.randomization_test(each, 5_000, 1, SETS),
    }
    assert stats.kstest(tests[test](noise), "uniform").pvalue > 0.01
    assert stats.kstest(tests[test](noise + 0.3), "uniform").pvalue < 0.0001


def test_a_difference_detectable_on_unlike_sets_is_detected_as_often_as_it_says():
    experiments = 20_000
    scales = np.repeat([[1.0], [0.2], [2.0]], SETS, axis=0)
    as_noisy = np.concatenate([stats.zscore(np.arange(size), ddof=1) for size in SETS])
    [detectable] = significance.detectable_difference(as_noisy * scales[:, 0], strata=SETS)
    noise = drawn(sum(SETS), experiments) * scales
    found = (significance.t_test(noise + detectable, SETS) <= 0.05).mean()
    assert found == pytest.approx(0.8, abs=0.02)


def test_an_effect_is_in_units_of_the_spread_within_the_sets():
    # The variances are 2 and 4, and the means 1 and 4.
    assert significance.effect_size(np.array([0.0, 2, 2, 6, 4]), [2, 3]) == pytest.approx(
        (1 + 4) / 2 / math.sqrt((2 + 4) / 2)
    )


@pytest.mark.filterwarnings("error")
def test_sets_without_spread_have_p_values_and_effects():
    differences = np.column_stack([[0.0, 0, 0, 0], [1, 1, 2, 2], [1, 1, -1, -1], [1, 1, 0, 2]])
    sets = [2, 2]
    assert significance.t_test(differences, sets)[:3].tolist() == [1, 0, 1]
    # Without spread, the first set adds nothing to the standard error of the mean of 1, which is
    # 1/2, and no degree of freedom to the one of the second.
    assert significance.t_test(differences, sets)[3] == pytest.approx(2 * stats.t.sf(2, 1))
    assert significance.effect_size(differences, sets)[:3].tolist() == [0, math.inf, 0]
    assert significance.detectable_difference(differences, strata=sets)[:3].tolist() == [0, 0, 0]


def test_a_set_of_one_query_cannot_be_compared_and_sizes_have_to_fit():
    values = np.zeros(5)
    with pytest.raises(UserError, match="there is 1: evaluate two or more"):
        significance.compare(values, values, Draws(), strata=[4, 1])
    with pytest.raises(ValueError, match="the sets have 6 queries and the values 5"):
        significance.mean(values, [4, 2])


# A family


def test_holm_adjusts_as_by_hand():
    # In ascending order the factors are 4, 3, 2 and 1, and no p-value falls below the one before.
    adjusted = significance.holm(np.array([0.01, 0.04, 0.03, 0.005]))
    assert adjusted == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert significance.holm(np.array([0.6, 0.7])).tolist() == [1, 1]
    assert significance.holm(np.array([])).size == 0


@pytest.mark.parametrize("size", [1, 2, 7, 40])
def test_holm_adjusts_to_the_bit_as_statsmodels_does(size):
    # Rounded, so that some are level.
    p_values = np.random.default_rng(size).random(size).round(2) ** 3
    expected = multipletests(p_values, method="holm")[1]
    assert significance.holm(p_values).tolist() == expected.tolist()


# Two systems


def test_a_comparison_has_the_figures_of_its_parts():
    right = np.random.default_rng(1).beta(2, 3, size=(43, 2))
    left = right + drawn(43, 2, mean=0.5) * 0.1
    left[:7] = right[:7]
    settings = Draws(permutations=2_000, resamples=300, confidence=0.9, seed=7)
    differences = left - right
    low, high = significance.interval(differences, 300, 0.9, 7)
    for column, contrast in enumerate(significance.compare(left, right, settings)):
        assert asdict(contrast) == pytest.approx(
            {
                "queries": 43,
                "left_mean": left[:, column].mean(),
                "right_mean": right[:, column].mean(),
                "difference": differences[:, column].mean(),
                "low": low[column],
                "high": high[column],
                "p_randomization": significance.randomization_test(differences, 2_000, 7)[column],
                "p_t": stats.ttest_rel(left[:, column], right[:, column]).pvalue,
                "effect_size": significance.effect_size(differences)[column],
                "detectable": significance.detectable_difference(differences)[column],
                "wins": (left[:, column] > right[:, column]).sum(),
                "ties": 7,
                "losses": (left[:, column] < right[:, column]).sum(),
            }
        )
        assert contrast.low < contrast.difference < contrast.high


def test_the_order_of_two_systems_changes_signs_and_nothing_else():
    left, right = drawn(43, 1, mean=0.3, seed=1), drawn(43, 1, seed=2)
    [there] = significance.compare(left, right, Draws(5_000, 500))
    [back] = significance.compare(right, left, Draws(5_000, 500))
    assert back.p_randomization == there.p_randomization < 1
    assert back.p_t == pytest.approx(there.p_t)
    assert (back.low, back.high) == pytest.approx((-there.high, -there.low))
    assert back.effect_size == pytest.approx(-there.effect_size)
    assert back.detectable == there.detectable
    assert (back.wins, back.ties, back.losses) == (there.losses, there.ties, there.wins)


def test_values_that_differ_by_rounding_are_ties_and_no_difference():
    right = np.full(43, 0.3)
    left = np.full(43, 0.1 + 0.2)
    assert (left != right).all()
    [contrast] = significance.compare(left, right, Draws(1_000, 100))
    assert (contrast.wins, contrast.ties, contrast.losses) == (0, 43, 0)
    assert (contrast.difference, contrast.low, contrast.high) == (0, 0, 0)
    assert (contrast.p_randomization, contrast.p_t, contrast.effect_size) == (1, 1, 0)


def test_one_query_cannot_be_compared():
    with pytest.raises(UserError, match="there is 1: evaluate two or more"):
        significance.compare(np.array([0.5]), np.array([0.4]), Draws())


def test_values_that_cannot_be_paired_are_refused():
    with pytest.raises(ValueError, match="shape"):
        significance.compare(np.zeros((43, 2)), np.zeros((43, 3)), Draws())
    with pytest.raises(ValueError, match="finite"):
        significance.compare(np.array([0.1, np.nan]), np.array([0.1, 0.2]), Draws())
