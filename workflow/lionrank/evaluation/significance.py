"""Is a difference of means over queries more than chance? Paired tests, intervals and power.

Arrays are (queries,) or (queries, contrasts), each column one contrast; results are (contrasts,).
Every contrast of a call meets the same signs and resamples, which depend on nothing but the seed
and the numbers of queries and draws: the figures of a contrast do not depend on its neighbours.

SciPy and statsmodels are imported where they are used: `lionrank --help` does not wait for them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

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


@dataclass(frozen=True)
class Contrast:
    """Two systems on the same queries: `difference` is the mean of left - right.

    `low` and `high` bound the difference, `effect_size` is Cohen's d_z, `detectable` the smallest
    true difference that the t-test would probably have found, and a win is a query on which left
    has the higher value. The p-values are not corrected: give those of a family to `holm`.
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


def compare(left: FloatArray, right: FloatArray, settings: Draws) -> list[Contrast]:
    """Compare two systems in each column of (queries, contrasts); row by row the same query.

    Values that differ by no more than the rounding of floats are a tie, and their difference is 0.

    Raises:
        UserError: fewer than two queries, which have no spread.
        ValueError: the shapes differ, or a value is not finite.
    """
    left, right = _columns(left), _columns(right)
    if left.shape != right.shape:
        raise ValueError(f"left has the shape {left.shape} and right {right.shape}")
    if len(left) < 2:
        raise UserError(
            f"systems are compared over queries, and there is {len(left)}: evaluate two or more"
        )
    differences = np.where(np.isclose(left, right, rtol=0, atol=_ROUNDING), 0.0, left - right)
    low, high = interval(differences, settings.resamples, settings.confidence, settings.seed)
    columns = (
        left.mean(axis=0),
        right.mean(axis=0),
        differences.mean(axis=0),
        low,
        high,
        randomization_test(differences, settings.permutations, settings.seed),
        t_test(differences),
        effect_size(differences),
        detectable_difference(differences),
        *wins_ties_losses(differences),
    )
    rows = zip(*(column.tolist() for column in columns), strict=True)
    return [Contrast(len(left), *row) for row in rows]


def randomization_test(differences: FloatArray, permutations: int, seed: int) -> FloatArray:
    """Return two-sided p-values of the paired randomization test of the mean.

    If the systems were alike, each query's difference could as well have had the other sign. The
    test counts how many assignments of signs give a mean at least as far from zero as the observed
    one (Smucker, Allan and Carterette 2007, A comparison of statistical significance tests for
    information retrieval evaluation). With at most `permutations` assignments all are gone
    through and the p-value is exact. Otherwise `permutations` are drawn, and the observed one is
    counted with them, so that no p-value is 0 (Phipson and Smyth 2010, Permutation p-values should
    never be zero).
    """
    differences = _columns(differences)
    queries = len(differences)
    exact = is_exact(queries, permutations)
    flips = _every_flip(queries) if exact else _drawn_flips(queries, permutations, seed)
    total = differences.sum(axis=0)
    at_least = np.abs(total) - _ROUNDING * np.abs(differences).sum(axis=0)
    extreme = np.zeros(differences.shape[1], dtype=np.int64)
    for batch in flips:
        # A flipped difference leaves the sum and enters it again with the other sign.
        extreme += (np.abs(total - 2 * (batch @ differences)) >= at_least).sum(axis=0)
    return extreme / 2**queries if exact else (extreme + 1) / (permutations + 1)


def is_exact(queries: int, permutations: int) -> bool:
    """Tell whether the randomization test goes through all 2**queries assignments of signs."""
    return queries < permutations.bit_length()


def t_test(differences: FloatArray) -> FloatArray:
    """Return two-sided p-values of the paired t-test.

    Without any difference t is 0/0, and SciPy gives NaN. Nothing then speaks against the null
    hypothesis: p is 1. With the same difference on every query t is infinite: p is 0.
    """
    from scipy import stats

    differences = _columns(differences)
    p_values = np.where(differences.any(axis=0), 0.0, 1.0)
    varied = np.ptp(differences, axis=0) > 0
    p_values[varied] = stats.ttest_1samp(differences[:, varied], 0, axis=0).pvalue
    return p_values


def effect_size(differences: FloatArray) -> FloatArray:
    """Return Cohen's d_z, the mean of the differences in units of their standard deviation.

    It is 0 where all differences are 0, and infinite where all are the same but not 0. (Cohen 1988,
    Statistical power analysis for the behavioral sciences, section 2.3.5.)
    """
    differences = _columns(differences)
    means, spread = differences.mean(axis=0), _spread(differences)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(differences.any(axis=0), means / spread, 0.0)


def detectable_difference(
    differences: FloatArray, power: float = POWER, alpha: float = ALPHA
) -> FloatArray:
    """Return the smallest true mean difference that the t-test would probably have found.

    That is, with the probability `power`, at the two-sided level `alpha`, on as many queries with
    as much spread as here; in the units of `differences`.
    """
    differences = _columns(differences)
    return _detectable_effect(len(differences), power, alpha) * _spread(differences)


@cache
def _detectable_effect(queries: int, power: float, alpha: float) -> float:
    from statsmodels.stats.power import TTestPower

    solved = TTestPower().solve_power(
        nobs=queries, alpha=alpha, power=power, alternative="two-sided"
    )
    return float(solved)


def interval(
    values: FloatArray, resamples: int, confidence: float, seed: int
) -> tuple[FloatArray, FloatArray]:
    """Return the bounds of the percentile bootstrap interval of the mean over queries.

    `values` are those of a system or the differences of two. (Efron and Tibshirani 1993, An
    introduction to the bootstrap, chapter 13.)
    """
    values = _columns(values)
    means = [
        counts @ values / len(values) for counts in _resampled_counts(len(values), resamples, seed)
    ]
    tail = (1 - confidence) / 2
    low, high = np.quantile(np.concatenate(means), [tail, 1 - tail], axis=0)
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


def _columns(values: FloatArray) -> FloatArray:
    values = np.asarray(values, dtype=np.float64)
    if not np.isfinite(values).all():
        raise ValueError("a value is not a finite number")
    return values[:, np.newaxis] if values.ndim == 1 else values


def _spread(differences: FloatArray) -> FloatArray:
    """Return the standard deviations, exactly 0 where all differences are the same."""
    same = np.ptp(differences, axis=0) == 0
    return np.where(same, 0.0, differences.std(axis=0, ddof=1))


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


def _resampled_counts(queries: int, resamples: int, seed: int) -> Iterator[FloatArray]:
    """Yield how often each query is in each resample, rows of multinomial counts.

    Drawing the queries and counting them takes a third of the time of NumPy's multinomial.
    """
    random = np.random.default_rng(seed)
    for batch in _batches(resamples, queries):
        drawn = random.integers(queries, size=(len(batch), queries))
        drawn += queries * np.arange(len(batch))[:, np.newaxis]
        counts = np.bincount(drawn.ravel(), minlength=drawn.size)
        yield counts.reshape(drawn.shape).astype(np.float64)
