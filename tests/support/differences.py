"""Differences over queries, for the tests of significance."""

import numpy as np

# Heights of crossed minus self-fertilised maize of 15 pairs, in eighths of an inch: Charles Darwin
# 1876, The effects of cross and self fertilisation in the vegetable kingdom. Fisher analyses them
# in chapter III of The design of experiments, 1935: t is 2.148, and of the 32,768 assignments of
# signs 863 make the sum at least as great as the observed one.
DARWIN = np.array([49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48])
# Queries of three sets.
SETS = [5, 12, 40]


def drawn(queries: int, contrasts: int, mean: float = 0.0, seed: int = 5) -> np.ndarray:
    """Return normal differences (queries, contrasts) of this mean."""
    return np.random.default_rng(seed).normal(mean, 1, size=(queries, contrasts))
