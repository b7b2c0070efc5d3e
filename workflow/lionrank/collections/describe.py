"""Collections in numbers, and the data that an experiment trains, chooses and tests on.

Counted from files that the experiment needs anyway, in passing: 7 million candidates take no more
memory than a few. A word is what `str.split` takes for one.
"""

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from lionrank import parquet
from lionrank.collections.convert import reader
from lionrank.collections.corpus import (
    ROW_GROUP,
    check_columns,
    open_database,
    readable_by_duckdb,
    relation,
    text,
)
from lionrank.config.first_stages import WITH_CANDIDATES
from lionrank.errors import UserError
from lionrank.trec import read_qrels, read_topics


def describe(
    corpus: Path, topics: dict[str, Path], qrels: dict[str, Path], threads: int
) -> dict[str, int | dict]:
    """Count documents, topics and judgements by grade, and give lengths in words.

    `topics` and `qrels` are files by the name of the topics. The 95th percentile is that of
    `statistics.quantiles`.

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
    """Return the number of words of every passage, in no particular order."""
    with open_database(corpus, threads) as database, readable_by_duckdb(corpus):
        # Both columns are asked for, so that every document is checked.
        passages = database.sql(f"SELECT id, contents FROM {relation(corpus)}")
        counts = list(_word_counts(passages, "contents"))
    if not counts:
        raise UserError(f"{corpus} holds no document; make the corpus again.")
    return np.concatenate(counts)


@dataclass(frozen=True)
class DataSet:
    """Training data, or topics with judgements and candidates.

    `use` is training, held_out, development or test. `topics` are all, `judged` those with any
    judgement; the queries of training data are both, and their labels are the grades. `passages`
    are those of the whole collection. `candidates` is the mean number of passages a topic,
    `query_words` the mean over topics and `passage_words` the mean over candidates of the number
    of words, as `str.split` counts them. `grades` counts judgements.
    """

    use: str
    label: str
    topics: int
    judged: int
    passages: int
    candidates: float
    grades: Mapping[int, int]
    query_words: float
    passage_words: float


def passages_in(
    database: duckdb.DuckDBPyConnection, settings: Mapping[str, Any], place: str
) -> int:
    """Return how many passages a collection has.

    `settings` is its entry in the config. `place` is its corpus folder or, where the collection
    brings its candidates, the folder of its source.

    Raises:
        UserError: the files are damaged.
    """
    if settings["format"] in WITH_CANDIDATES:
        collection = reader(dict(settings), {settings["source"]: place})
        return sum(1 for _ in collection.documents())
    with readable_by_duckdb(place):
        return database.sql(f"SELECT count(*) FROM {relation(place)}").fetchall()[0][0]


@dataclass(frozen=True)
class ExampleCounts:
    """What a file of training data holds: numbers, and the range of the scores, if it has any.

    `passages` are those of all examples, of which `distinct` ones; `queries` are distinct.
    """

    examples: int
    passages: int
    distinct: int
    queries: int
    scores: tuple[float, float] | None


def has_lists(path: str | os.PathLike) -> bool:
    """Return whether a Parquet file of training data has several passages an example.

    Raises:
        UserError: the file is damaged.
    """
    return "passages" in parquet.schema(path, ("query_id", "query")).names


def examples_of(database: duckdb.DuckDBPyConnection, path: str) -> ExampleCounts:
    """Count what a Parquet file of training data holds.

    Raises:
        UserError: the file is damaged.
    """
    lists = has_lists(path)
    ids = "passage_ids" if lists else "passage_id"
    columns = parquet.schema(path, ("query_id", ids)).names
    with readable_by_duckdb(path):
        table = database.read_parquet(path)
        each = f"unnest({ids})" if lists else ids
        ((examples, queries),) = table.aggregate("count(*), count(DISTINCT query_id)").fetchall()
        passages = table.project(f"{each} AS docid")
        ((count, distinct),) = passages.aggregate("count(*), count(DISTINCT docid)").fetchall()
        scores = None
        if "scores" in columns:
            ranges = table.project("unnest(scores) AS score").aggregate("min(score), max(score)")
            (scores,) = ranges.fetchall()
    return ExampleCounts(examples, count, distinct, queries, scores)


def of_training(
    database: duckdb.DuckDBPyConnection, path: str, *, use: str, label: str, passages: int
) -> DataSet | None:
    """Return what a Parquet file of training data holds, None where it is empty.

    Raises:
        UserError: the file is damaged.
    """
    lists = has_lists(path)
    if not lists:
        check_columns(path, ("query_id", "query", "passage", "label"))
    with readable_by_duckdb(path):
        table = database.read_parquet(path)
        if lists:
            several = "unnest(passages) AS passage, unnest(labels) AS label"
            table = table.project(f"query_id, query, {several}")
        texts = ", ".join(map(text, ("query_id", "query", "passage")))
        labels = "coalesce(label, error('no label')) AS label"
        table = table.project(f"{texts}, {labels}")
        grades = dict(table.aggregate("label::INTEGER AS grade, count(*)").fetchall())
        if not grades:
            return None
        topics, query_words = _words(table.project("query_id, query").distinct().project("query"))
        rows, passage_words = _words(table.project("passage"))
    return DataSet(
        use=use,
        label=label,
        topics=topics,
        judged=topics,
        passages=passages,
        candidates=rows / topics,
        grades=grades,
        query_words=query_words,
        passage_words=passage_words,
    )


def of_topics(
    database: duckdb.DuckDBPyConnection,
    topics: str,
    qrels: str,
    candidates: str,
    *,
    use: str,
    label: str,
    passages: int,
) -> DataSet:
    """Return what topics, their judgements and a Parquet file of their candidates hold.

    Raises:
        UserError: a file is damaged, or there is no candidate.
    """
    queries, judgements = read_topics(topics), read_qrels(qrels)
    grades = Counter(grade for judged in judgements.values() for grade in judged.values())
    check_columns(candidates, ("passage",))
    with readable_by_duckdb(candidates):
        rows, passage_words = _words(database.read_parquet(candidates).project(text("passage")))
    if not rows:
        raise UserError(f"{candidates} holds no candidate; make it again.")
    return DataSet(
        use=use,
        label=label,
        topics=len(queries),
        judged=len(judgements),
        passages=passages,
        candidates=rows / len(queries),
        grades=grades,
        query_words=sum(len(query.split()) for query in queries.values()) / len(queries),
        passage_words=passage_words,
    )


def _words(texts: duckdb.DuckDBPyRelation) -> tuple[int, float]:
    """Return the rows of a column of texts, and the mean number of words in them."""
    (name,) = texts.columns
    rows = words = 0
    for counts in _word_counts(texts, name):
        rows += len(counts)
        words += int(counts.sum())
    return rows, words / max(rows, 1)


def _word_counts(texts: duckdb.DuckDBPyRelation, column: str) -> Iterator[np.ndarray]:
    """Yield the number of words in each row of a column, batch by batch.

    DuckDB only reads them: counting words by its regular expressions takes longer than
    `str.split`, and differs from it in what white space is.
    """
    for batch in texts.to_arrow_reader(ROW_GROUP):
        yield np.array([len(text.split()) for text in batch[column].to_pylist()], np.int32)
