"""NanoBEIR with BM25's candidates, as sentence-transformers publishes its sets on the hub."""

import os
from collections.abc import Iterator
from itertools import islice

import pyarrow as pa

from lionrank.collections.readers.base import Candidate, Document, parquet_rows
from lionrank.errors import UserError
from lionrank.trec import Qrels, Topics

TEXTS = pa.schema({"_id": pa.string(), "text": pa.string()})
RELEVANCE = pa.schema(
    {
        "query-id": pa.string(),
        "positive-corpus-ids": pa.list_(pa.string()),
        "bm25-ranked-ids": pa.list_(pa.string()),
    }
)


class NanoBeir:
    """A folder with corpus/, queries/ and relevance/ in Parquet; its topics have one name, test."""

    def __init__(self, folder: str | os.PathLike) -> None:
        self.folder = folder

    def documents(self) -> Iterator[Document]:
        """Yield the documents."""
        for place, (docid, text) in parquet_rows(self.folder, "corpus/*.parquet", TEXTS):
            yield Document(docid, text, place)

    def topics(self, name: str) -> Topics:
        """Return the queries."""
        rows = parquet_rows(self.folder, "queries/*.parquet", TEXTS)
        return {qid: text for _, (qid, text) in rows}

    def qrels(self, name: str) -> Qrels:
        """Return the positives, at grade 1."""
        return {qid: dict.fromkeys(positives, 1) for _, qid, positives, _ in self._relevance()}

    def candidates(self, name: str, depth: int) -> Iterator[Candidate]:
        """Yield the first `depth` of BM25's ranking of each query; a score is the negative rank.

        Raises:
            UserError: the ranking holds a query or a document that is not there.
        """
        queries = self.topics(name)
        passages = {document.docid: document.text for document in self.documents()}
        for place, qid, _, ranking in self._relevance():
            for rank, docid in enumerate(islice(ranking, depth), start=1):
                if qid not in queries or docid not in passages:
                    raise UserError(
                        f"{place}: query {qid!r} or document {docid!r} is not in {self.folder}; "
                        "is this a whole copy of the source?"
                    )
                yield Candidate(qid, docid, rank, -float(rank), queries[qid], passages[docid])

    def _relevance(self) -> Iterator[tuple[str, str, list[str], list[str]]]:
        for place, values in parquet_rows(self.folder, "relevance/*.parquet", RELEVANCE):
            yield place, *values
