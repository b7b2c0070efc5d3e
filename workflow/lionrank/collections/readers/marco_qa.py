"""MS MARCO's question answering data v1.1, as published on the hub (microsoft/ms_marco).

A query comes with 8.2 passages on average, its candidates; MRR@10 over them is not that of
MS MARCO passage ranking. A passage has no identifier there: it gets `{query_id}_{position}`, the
position counted from 0.

The published values are means over every query of the split, those without a selected passage
included, of 1/rank of the first selected one among the ten highest logits
(skfrost19/Cross-Encoder-Lion-vs-AdamW, ms_marco_val_mrr.py). So each query is judged here.
"""

import os
from collections.abc import Iterator

import pyarrow as pa

from lionrank.collections.readers.base import Candidate, Document, parquet_rows
from lionrank.errors import UserError
from lionrank.trec import Qrels, Topics

FILES = "v1.1/validation-*.parquet"
COLUMNS = pa.schema(
    {
        "query_id": pa.string(),
        "query": pa.string(),
        "passages": pa.struct(
            {"is_selected": pa.list_(pa.int64()), "passage_text": pa.list_(pa.string())}
        ),
    }
)


class MarcoQa:
    """A folder with v1.1/validation-*.parquet; its topics have one name, validation."""

    def __init__(self, folder: str | os.PathLike) -> None:
        self.folder = folder

    def documents(self) -> Iterator[Document]:
        """Yield every passage of every query; a passage of two queries appears twice."""
        for place, qid, _, passages, _ in self._queries():
            for position, passage in enumerate(passages):
                yield Document(f"{qid}_{position}", passage, place)

    def topics(self, name: str) -> Topics:
        """Return the queries."""
        return {qid: query for _, qid, query, _, _ in self._queries()}

    def qrels(self, name: str) -> Qrels:
        """Return a judgement of every passage: 1 where the answer was written from it, else 0."""
        # A query without passages gets a judgement all the same: qrels cannot name it otherwise,
        # and it would not count as zero.
        return {
            qid: {f"{qid}_{position}": grade for position, grade in enumerate(grades or [0])}
            for _, qid, _, _, grades in self._queries()
        }

    def candidates(self, name: str, depth: int) -> Iterator[Candidate]:
        """Yield the first `depth` passages of each query as published; scores fall with them."""
        for _, qid, query, passages, _ in self._queries():
            for position, passage in enumerate(passages[:depth]):
                yield Candidate(
                    qid, f"{qid}_{position}", position + 1, -float(position + 1), query, passage
                )

    def _queries(self) -> Iterator[tuple[str, str, str, list[str], list[int]]]:
        """Yield (place, qid, query, passages, grades).

        Raises:
            UserError: a query appears twice, or its passages and grades differ in number.
        """
        seen = set()
        for place, (qid, query, passages) in parquet_rows(self.folder, FILES, COLUMNS):
            texts, grades = passages["passage_text"], passages["is_selected"]
            if qid in seen or len(texts) != len(grades):
                raise UserError(
                    f"{place}: query {qid} appears twice, or has {len(texts)} passages and "
                    f"{len(grades)} grades; is this a copy of the right source?"
                )
            seen.add(qid)
            yield place, qid, query, texts, grades
