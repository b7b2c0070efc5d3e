"""What a collection holds: its documents, topics and judgements in numbers."""

from collections import Counter
from pathlib import Path

import numpy as np

from lionrank.collections.corpus import ROW_GROUP, open_database, readable, relation
from lionrank.errors import UserError
from lionrank.trec import read_qrels, read_topics


def describe(
    corpus: Path, topics: dict[str, Path], qrels: dict[str, Path], threads: int
) -> dict[str, int | dict]:
    """Count documents, topics and judgements by grade, and give lengths in words.

    `topics` and `qrels` are files by the name of the topics. A word is what `str.split` takes for
    one, and the 95th percentile that of `statistics.quantiles`, as for
    `lionrank.collections.pydocs`.

    Raises:
        UserError: a file is damaged, or the corpus holds no document.
    """
    queries = {name: list(read_topics(path).values()) for name, path in topics.items()}
    query_words = [len(text.split()) for texts in queries.values() for text in texts]
    passage_words = _passage_words(corpus, threads)
    return {
        "documents": len(passage_words),
        "topics": {name: len(texts) for name, texts in queries.items()},
        "judgements": {name: _grades(path) for name, path in qrels.items()},
        "lengths": {
            "query_words_mean": float(np.mean(query_words)),
            "passage_words_mean": float(np.mean(passage_words)),
            "passage_words_median": float(np.median(passage_words)),
            "passage_words_p95": float(np.quantile(passage_words, 0.95, method="weibull")),
        },
    }


def _grades(qrels: Path) -> dict[str, int]:
    grades = Counter(grade for judged in read_qrels(qrels).values() for grade in judged.values())
    return {str(grade): grades[grade] for grade in sorted(grades)}


def _passage_words(corpus: Path, threads: int) -> np.ndarray:
    """Return the number of words of every passage, in no particular order.

    DuckDB only reads the corpus: counting words by its regular expressions takes longer than
    `str.split`, and differs from it in what white space is.
    """
    with open_database(corpus, threads) as database, readable(corpus):
        passages = database.sql(f"SELECT id, contents FROM {relation(corpus)}")
        counts = [
            np.array([len(text.split()) for text in batch["contents"].to_pylist()], np.int32)
            for batch in passages.to_arrow_reader(ROW_GROUP)
        ]
    if not counts:
        raise UserError(f"{corpus} holds no document; make the corpus again.")
    return np.concatenate(counts)
