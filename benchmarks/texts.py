"""Generated texts of words that follow Zipf's law, at the speed that millions of them need."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

VOCABULARY = 200_000
SEED = 12
# Words of a passage of MS MARCO, in the mean, and their deviation.
WORDS, DEVIATION = 55, 22


def vocabulary(draw: np.random.Generator) -> pa.Array:
    """Return distinct words by falling frequency: as in English, the frequent ones are short."""
    lengths = np.clip(2.2 + np.log10(np.arange(1, 2 * VOCABULARY + 1)) * 1.15, 1, 12)
    lengths = np.maximum(1, np.round(draw.normal(lengths, 1.2))).astype(int)
    letters = draw.choice(list("etaoinsrhldcumfpgwybvkxjqz"), p=_zipf(26, 0.7), size=lengths.sum())
    text, ends = "".join(letters), np.cumsum(lengths)
    words = dict.fromkeys(
        text[end - length : end] for end, length in zip(ends, lengths, strict=True)
    )
    return pa.array(list(words)[:VOCABULARY])


def _zipf(number: int, exponent: float = 1.0) -> np.ndarray:
    weights = np.arange(1, number + 1) ** -exponent
    return weights / weights.sum()


class Writer:
    """Texts of words that follow Zipf's law, a million of them in a second."""

    def __init__(self) -> None:
        self.words = vocabulary(np.random.default_rng(SEED))
        # Drawing from a table of quantiles is much faster than from the distribution itself.
        quantiles = (np.arange(2**21) + 0.5) / 2**21
        cumulative = np.cumsum(_zipf(len(self.words)))
        self.table = np.searchsorted(cumulative, quantiles).astype(np.int32)

    def texts(self, number: int, mean: float, deviation: float, seed: list[int]) -> pa.Array:
        """Return `number` texts of about `mean` words."""
        draw = np.random.default_rng(seed)
        lengths = np.maximum(1, np.round(draw.normal(mean, deviation, number))).astype(np.int32)
        offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
        words = self.words.take(pa.array(self.table[draw.integers(0, 2**21, offsets[-1])]))
        return pc.binary_join(pa.ListArray.from_arrays(pa.array(offsets), words), " ")
