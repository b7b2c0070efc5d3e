"""The data that an experiment trains, chooses its epochs and tests on, in numbers.

Counted from files that the experiment needs anyway, in passing: 7 million candidates take no more
memory than a few.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import duckdb

from lionrank.collections.convert import reader
from lionrank.collections.corpus import ROW_GROUP, readable, relation
from lionrank.config.experiment import WITH_CANDIDATES
from lionrank.errors import UserError
from lionrank.trec import read_qrels, read_topics


@dataclass(frozen=True)
class DataSet:
    """Training pairs, or topics with judgements and candidates.

    `use` is training, held_out, development or test. `topics` are all, `judged` those with any
    judgement; the queries of training pairs are both, and their labels are the grades. `passages`
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
    with readable(place):
        return database.sql(f"SELECT count(*) FROM {relation(place)}").fetchall()[0][0]


def of_pairs(
    database: duckdb.DuckDBPyConnection, pairs: str, *, use: str, label: str, passages: int
) -> DataSet | None:
    """Return what a Parquet file of training pairs holds, None where it is empty.

    Raises:
        UserError: the file is damaged.
    """
    with readable(pairs):
        table = database.read_parquet(pairs)
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
    with readable(candidates):
        rows, passage_words = _words(database.read_parquet(candidates).project("passage"))
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
    for batch in texts.to_arrow_reader(ROW_GROUP):
        rows += len(batch)
        words += sum(len(text.split()) for text in batch[name].to_pylist())
    return rows, words / max(rows, 1)
