"""Rankings of topics, whoever made them: the first stage's, a teacher's, a downloaded one.

Any TREC run file is one. So is Parquet in the form of Rank-DistiLLM. They are read topic by topic,
so that 250 million lines need no more memory than a few.
"""

import os
from collections.abc import Iterator
from itertools import groupby
from math import isfinite
from operator import itemgetter

import pyarrow as pa

from lionrank import parquet, trec
from lionrank.errors import UserError
from lionrank.files import only_file

COLUMNS = pa.schema({"qid": pa.string(), "docno": pa.string(), "score": pa.float64()})
"""Of a ranking in Parquet, as Rank-DistiLLM is published."""


def read(path: str | os.PathLike) -> Iterator[tuple[str, dict[str, float]]]:
    """Yield the topics of a ranking as `trec.rankings` does; a folder is the one file in it.

    Raises:
        UserError: what `trec.rankings` refuses, in a run file or in Parquet.
    """
    file = only_file(path) if os.path.isdir(path) else path
    yield from (_of_parquet(file) if parquet.is_parquet(file) else trec.rankings(file))


def _of_parquet(path: str | os.PathLike) -> Iterator[tuple[str, dict[str, float]]]:
    remedy = "write a ranking as qid, docno and score, or as a run file"
    rows = (
        row
        for batch in parquet.batches(path, COLUMNS, remedy)
        for row in zip(*(column.to_pylist() for column in batch.columns), strict=True)
    )
    ended: set[str] = set()
    number = 0
    for qid, own in groupby(rows, key=itemgetter(0)):
        ranking: dict[str, float] = {}
        for _, docid, score in own:
            number += 1
            place = f"{path}, row {number}"
            if qid in ended:
                raise UserError(f"{place}: topic {qid!r} comes again: sort the rows by topic.")
            if docid in ranking:
                raise UserError(f"{place}: {docid!r} appears twice for topic {qid!r}: remove one.")
            if not isfinite(score):
                raise UserError(f"{place}: the score {score} is no finite number: correct it.")
            ranking[docid] = score
        ended.add(qid)
        yield qid, trec.by_score(ranking)
