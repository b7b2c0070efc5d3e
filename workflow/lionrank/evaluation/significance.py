"""Is a difference of means over queries more than chance? Paired tests, intervals and power.

Arrays are (queries,) or (queries, contrasts), each column one contrast; results are (contrasts,).
Every contrast of a call meets the same signs and resamples, which depend on nothing but the seed
and the numbers of queries and draws: the figures of a contrast do not depend on its neighbours.

`strata` are the numbers of queries of several sets, whose rows follow each other: the mean is then
that of the sets' means, so that each set has the same weight whatever its size. None is one set.

What a test is to show is a `ToShow`: that the mean is not 0, that it is no further than a margin
from 0, or that it is not below 0 by more than a margin.

SciPy and statsmodels are imported where they are used: `lionrank --help` does not wait for them.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from lionrank.errors import UserError

FloatArray = NDArray[np.float64]
Counts = NDArray[np.int64]

# The conventional ones (Cohen 1988, Statistical power analysis for the behavioral sciences).
POWER = 0.8
ALPHA = 0.05
# Two values that mathematics calls equal may differ by the rounding of sums in another order.
_ROUNDING = 1e-11
# Numbers drawn at a time: they bound memory at some 100 MiB, however many queries or draws.
_BATCH_NUMBERS = 2**22
_BATCH_ROWS = 2**13


@dataclass(frozen=True)
class Draws:
    """How a contrast is tested: random draws, and the confidence of its interval (0 to 1)."""

    permutations: int = 100_000
    resamples: int = 10_000
    confidence: float = 0.95
    seed: int = 12


Kind = Literal["two_sided", "equivalent", "not_below"]
Alternative = Literal["two-sided", "greater"]
"""That the mean is not 0, or above 0, as SciPy calls them."""


@dataclass(frozen=True)
class ToShow:
    """What is to be shown of a mean difference; the test rejects that it is otherwise.

    two_sided: it is not 0. not_below: it is above -`margin` (non-inferiority), by a one-sided test
    of the differences plus the margin. equivalent: it is between -`margin` and `margin`, by such a
    test at either end, the larger p-value being that of the claim (Schuirmann 1987, A comparison of
    the two one-sided tests procedure and the power approach for assessing the equivalence of
    average bioavailability). The margin is above 0, in the units of the differences.
    """

    kind: Kind = "two_sided"
    margin: float = 0.0

    def p_values(self, differences: FloatArray, test: Callable[..., FloatArray]) -> FloatArray:
        """Return the p-values by a test, which is given differences and an `alternative`."""
        if self.kind == "two_sided":
            return test(differences, alternative="two-sided")
        above_low = test(_minus(differences, -self.margin), alternative="greater")
        if self.kind == "not_below":
            return above_low
        return np.maximum(above_low, test(_minus(self.margin, differences), alternative="greater"))


@dataclass(frozen=True)
class Contrast:
    """Two systems on the same queries: `difference` is the mean of left - right.

    `low` and `high` bound the difference, `effect_size` is Cohen's d_z, `detectable` the smallest
    true difference that the two-sided t-test would probably have found, and a win is a query on
    which left has the higher value. The p-values are those of what is claimed of the difference.
    They are not corrected: give those of a family to `holm`.
    """

    queries: int
    left_mean: float
    right_mean: float
    difference: float
    low: float
    high: float
    p_randomization: float
    p_t: float
    effect_size: float
    detectable: float
    wins: int
    ties: int
    losses: int


def compare(
    left: FloatArray,
    right: FloatArray,
    settings: Draws,
    strata: Sequence[int] | None = None,
    claims: Sequence[ToShow] | None = None,
) -> list[Contrast]:
    """Compare two systems in each column of (queries, contrasts); row by row the same query.

    Values that differ by no more than the rounding of floats are a tie, and their difference is 0.
    `claims` are what is to be shown of each contrast; None is of all that there is a difference.

    Raises:
        UserError: fewer than two queries in a set, which have no spread.
        ValueError: the shapes or the number of claims differ, or a value is not finite.
    """
    left, right = _columns(left), _columns(right)
    if left.shape != right.shape:
        raise ValueError(f"left has the shape {left.shape} and right {right.shape}")
    if (fewest := min(map(len, _sets(left, strata)))) < 2:
        raise UserError(
            f"systems are compared over queries, and there is {fewest}: evaluate two or more"
        )
    differences = _minus(left, right)
    of_columns = [ToShow()] * left.shape[1] if claims is None else claims
    flipped = partial(
        randomization_test,
        permutations=settings.permutations,
        seed=settings.seed,
        strata=strata,
    )
    columns = (
        mean(left, strata),
        mean(right, strata),
        mean(differences, strata),
        *interval(differences, settings.resamples, settings.confidence, settings.seed, strata),
        _p_values(differences, of_columns, flipped),
        _p_values(differences, of_columns, partial(t_test, strata=strata)),
        effect_size(differences, strata),
        detectable_difference(differences, strata=strata),
        *wins_ties_losses(differences),
    )
    rows = zip(*(column.tolist() for column in columns), strict=True)
    return [Contrast(len(left), *row) for row in rows]


def mean(values: FloatArray, strata: Sequence[int] | None = None) -> FloatArray:
    """Return the mean over queries or, of several sets, the mean of their means."""
    means = [each.mean(axis=0) for each in _sets(_columns(values), strata)]
    return np.mean(means, axis=0)


def randomization_test(
    differences: FloatArray,
    permutations: int,
    seed: int,
    strata: Sequence[int] | None = None,
    alternative: Alternative = "two-sided",
) -> FloatArray:
    """Return p-values of the paired randomization test of the mean.

    If the systems were alike, each query's difference could as well have had the other sign. The
    test counts how many assignments of signs give a mean at least as far from zero as the observed
    one or, where the alternative is a greater mean, one at least as great (Smucker, Allan and
    Carterette 2007, A comparison of statistical significance tests for information retrieval
    evaluation). With at most `permutations` assignments all are gone through and the p-value is
    exact. Otherwise `permutations` are drawn, and the observed one is counted with them, so that no
    p-value is 0 (Phipson and Smyth 2010, Permutation p-values should never be zero). Of
    several sets the mean of a set weighs the same as that of another, and so a query of a large set
    less: signs are assigned to the weighted differences.
    """
    differences = _weighted(_columns(differences), strata)
    queries = len(differences)
    exact = is_exact(queries, permutations)
    flips = _every_flip(queries) if exact else _drawn_flips(queries, permutations, seed)
    total = differences.sum(axis=0)
    size: Callable[[FloatArray], FloatArray] = np.abs if alternative == "two-sided" else np.positive
    at_least = size(total) - _ROUNDING * np.abs(differences).sum(axis=0)
    extreme = np.zeros(differences.shape[1], dtype=np.int64)
    for batch in flips:
        # A flipped difference leaves the sum and enters it again with the other sign.
        extreme += (size(total - 2 * (batch @ differences)) >= at_least).sum(axis=0)
    return extreme / 2**queries if exact else (extreme + 1) / (permutations + 1)


def is_exact(queries: int, permutations: int) -> bool:
    """Tell whether the randomization test goes through all 2**queries assignments of signs."""
    return queries < permutations.bit_length()


def t_test(
    differences: FloatArray,
    strata: Sequence[int] | None = None,
    alternative: Alternative = "two-sided",
) -> FloatArray:
    """Return p-values of the paired t-test.

    Of several sets the variances of their means are added, and the degrees of freedom are
    Satterthwaite's: no set need have the spread of another (Welch 1947, The generalization of
    'Student's' problem when several different population variances are involved; Satterthwaite
    1946, An approximate distribution of estimates of variance components).

    Without any spread t is 0/0 or infinite, and SciPy gives NaN. Where the mean is what the null
    hypothesis says, p is then 1. Otherwise it is 0.
    """
    from scipy import stats

    differences = _columns(differences)
    means = mean(differences, strata)
    p_values = np.where(means == 0 if alternative == "two-sided" else means <= 0, 1.0, 0.0)
    varied = _spread(differences, strata) > 0
    differences = differences[:, varied]
    if len(_sets(differences, strata)) == 1:
        tested = stats.ttest_1samp(differences, 0, axis=0, alternative=alternative)
        p_values[varied] = tested.pvalue
    else:
        error, degrees = _standard_error(differences, strata)
        t = means[varied] / error
        p_values[varied] = (
            2 * stats.t.sf(np.abs(t), degrees)
            if alternative == "two-sided"
            else stats.t.sf(t, degrees)
        )
    return p_values


def effect_size(differences: FloatArray, strata: Sequence[int] | None = None) -> FloatArray:
    """Return Cohen's d_z, the mean of the differences in units of their standard deviation.

    It is 0 where all differences are 0, and infinite where all are the same but not 0. (Cohen 1988,
    Statistical power analysis for the behavioral sciences, section 2.3.5.) Of several sets the
    variance is the mean of the variances within the sets.
    """
    differences = _columns(differences)
    means, spread = mean(differences, strata), _spread(differences, strata)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(means == 0, 0.0, means / spread)


def detectable_difference(
    differences: FloatArray,
    power: float = POWER,
    alpha: float = ALPHA,
    strata: Sequence[int] | None = None,
) -> FloatArray:
    """Return the smallest true mean difference that the t-test would probably have found.

    That is, with the probability `power`, at the two-sided level `alpha`, on as many queries with
    as much spread as here; in the units of `differences`. Several sets are as one that gives the
    mean the same standard error with the same degrees of freedom.
    """
    differences = _columns(differences)
    if len(_sets(differences, strata)) == 1:
        return _detectable_effect(len(differences), power, alpha) * _spread(differences)
    detectable = np.zeros(differences.shape[1])
    varied = _spread(differences, strata) > 0
    error, degrees = _standard_error(differences[:, varied], strata)
    effects = np.array([_detectable_effect(each + 1, power, alpha) for each in degrees.tolist()])
    detectable[varied] = effects * np.sqrt(degrees + 1) * error
    return detectable


@cache
def _detectable_effect(queries: float, power: float, alpha: float) -> float:
    from statsmodels.stats.power import TTestPower

    solved = TTestPower().solve_power(
        nobs=queries, alpha=alpha, power=power, alternative="two-sided"
    )
    return float(solved)


def interval(
    values: FloatArray,
    resamples: int,
    confidence: float,
    seed: int,
    strata: Sequence[int] | None = None,
) -> tuple[FloatArray, FloatArray]:
    """Return the bounds of the percentile bootstrap interval of the mean over queries.

    `values` are those of a system or the differences of two. (Efron and Tibshirani 1993, An
    introduction to the bootstrap, chapter 13.) Of several sets the queries of each are resampled
    within it (Davison and Hinkley 1997, Bootstrap methods and their application, section 3.2).
    """
    random = np.random.default_rng(seed)
    sets = _sets(_columns(values), strata)
    means = np.zeros((resamples, sets[0].shape[1]))
    for each in sets:
        counts = _resampled_counts(len(each), resamples, random)
        means += np.concatenate([batch @ each / len(each) for batch in counts])
    tail = (1 - confidence) / 2
    low, high = np.quantile(means / len(sets), [tail, 1 - tail], axis=0)
    return low, high


def wins_ties_losses(differences: FloatArray) -> tuple[Counts, Counts, Counts]:
    """Count the queries above, at and below 0; a difference within the rounding of floats is 0."""
    differences = _columns(differences)
    wins = (differences > _ROUNDING).sum(axis=0)
    losses = (differences < -_ROUNDING).sum(axis=0)
    return wins, len(differences) - wins - losses, losses


def holm(p_values: FloatArray) -> FloatArray:
    """Return the p-values of one family, adjusted for its size, in the order given.

    Whoever rejects what is at most alpha errs anywhere in the family with at most that probability
    (Holm 1979, A simple sequentially rejective multiple test procedure).
    """
    # Not by statsmodels' multipletests: it collects garbage at each call, for a fifth of a second.
    p_values = np.asarray(p_values, dtype=np.float64)
    order = p_values.argsort()
    adjusted = np.empty_like(p_values)
    multiplied = p_values[order] * np.arange(p_values.size, 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(multiplied), 1)
    return adjusted


def _p_values(
    differences: FloatArray, claims: Sequence[ToShow], test: Callable[..., FloatArray]
) -> FloatArray:
    """Return the p-value of each column's claim, those of one claim tested together."""
    if len(claims) != differences.shape[1]:
        raise ValueError(f"there are {differences.shape[1]} contrasts and {len(claims)} claims")
    p_values = np.empty(differences.shape[1])
    for claim in dict.fromkeys(claims):
        of_claim = np.array([each == claim for each in claims])
        p_values[of_claim] = claim.p_values(differences[:, of_claim], test)
    return p_values


def _minus(left: FloatArray | float, right: FloatArray | float) -> FloatArray:
    """Return left - right, exactly 0 where they differ by no more than the rounding of floats."""
    return np.where(np.isclose(left, right, rtol=0, atol=_ROUNDING), 0.0, np.subtract(left, right))


def _columns(values: FloatArray) -> FloatArray:
    values = np.asarray(values, dtype=np.float64)
    if not np.isfinite(values).all():
        raise ValueError("a value is not a finite number")
    return values[:, np.newaxis] if values.ndim == 1 else values


def _sets(values: FloatArray, strata: Sequence[int] | None) -> list[FloatArray]:
    """Return the rows of each set."""
    if strata is None:
        return [values]
    if sum(strata) != len(values):
        raise ValueError(f"the sets have {sum(strata)} queries and the values {len(values)}")
    return np.split(values, np.cumsum(strata)[:-1])


def _weighted(values: FloatArray, strata: Sequence[int] | None) -> FloatArray:
    """Return values whose plain mean is the mean of the sets' means."""
    sets = _sets(values, strata)
    return np.concatenate([len(values) / (len(sets) * len(each)) * each for each in sets])


def _spread(differences: FloatArray, strata: Sequence[int] | None = None) -> FloatArray:
    """Return the standard deviations, exactly 0 where all differences of a set are the same."""
    variances = [_variance(each) for each in _sets(differences, strata)]
    return np.sqrt(np.mean(variances, axis=0))


def _variance(differences: FloatArray) -> FloatArray:
    same = np.ptp(differences, axis=0) == 0
    return np.where(same, 0.0, differences.var(axis=0, ddof=1))


def _standard_error(
    differences: FloatArray, strata: Sequence[int] | None
) -> tuple[FloatArray, FloatArray]:
    """Return the standard error of the mean of sets that vary, and its degrees of freedom."""
    sets = _sets(differences, strata)
    variances = np.stack([_variance(each) / len(each) for each in sets])
    of_each = np.array([[len(each) - 1] for each in sets])
    total = variances.sum(axis=0)
    return np.sqrt(total) / len(sets), total**2 / (variances**2 / of_each).sum(axis=0)


def _batches(draws: int, queries: int) -> Iterator[range]:
    rows = min(_BATCH_ROWS, max(1, _BATCH_NUMBERS // queries))
    for start in range(0, draws, rows):
        yield range(start, min(start + rows, draws))


def _every_flip(queries: int) -> Iterator[FloatArray]:
    """Yield all 2**queries rows of 0 and 1: row i is i in binary."""
    places = np.arange(queries)
    for numbers in _batches(2**queries, queries):
        yield ((np.asarray(numbers)[:, np.newaxis] >> places) & 1).astype(np.float64)


def _drawn_flips(queries: int, permutations: int, seed: int) -> Iterator[FloatArray]:
    """Yield rows of random 0 and 1, a random bit each."""
    random = np.random.default_rng(seed)
    for batch in _batches(permutations, queries):
        bits = random.integers(256, size=(len(batch), -(-queries // 8)), dtype=np.uint8)
        yield np.unpackbits(bits, axis=1, count=queries).astype(np.float64)


def _resampled_counts(
    queries: int, resamples: int, random: np.random.Generator
) -> Iterator[FloatArray]:
    """Yield how often each query is in each resample, rows of multinomial counts.

    Drawing the queries and counting them takes a third of the time of NumPy's multinomial.
    """
    for batch in _batches(resamples, queries):
        drawn = random.integers(queries, size=(len(batch), queries))
        drawn += queries * np.arange(len(batch))[:, np.newaxis]
        counts = np.bincount(drawn.ravel(), minlength=drawn.size)
        yield counts.reshape(drawn.shape).astype(np.float64)
