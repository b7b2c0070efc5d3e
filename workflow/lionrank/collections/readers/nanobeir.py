"""NanoBEIR with BM25's candidates, as sentence-transformers publishes its sets on the hub.

Each set has a repository of its own (NanoNQ-bm25), and all are in one (NanoBEIR-en), which
sentence-transformers reads since its version 5.2.
"""

import os
import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa

from lionrank.collections.readers.base import Candidate, Document, by_id, parquet_rows
from lionrank.collections.readers.beir import TEXTS
from lionrank.errors import UserError
from lionrank.trec import Qrels, Topics

TEXT, TEXT_LIST = pa.string(), pa.list_(pa.string())


class NanoBeir:
    """A folder of Parquet files with one set; its topics have one name, test.

    It has corpus/ and queries/. A set of its own has positives and BM25's ranking in relevance/, a
    query a row. One of many has a positive a row in qrels/ and the ranking in bm25/, and its files
    begin with its name.
    """

    def __init__(self, folder: str | os.PathLike) -> None:
        """Look at what the folder holds.

        Raises:
            UserError: files of several sets.
        """
        self.folder = folder
        self.is_one_of_many = not Path(folder, "relevance").exists() and any(
            Path(folder, name).exists() for name in ("qrels", "bm25")
        )
        files = Path(folder).glob("*/*.parquet") if self.is_one_of_many else ()
        sets = sorted({re.sub(r"-\d+-of-\d+$", "", file.stem) for file in files})
        if len(sets) > 1:
            raise UserError(
                f"{folder} holds {len(sets)} sets ({', '.join(sets)}): let the column `files` of "
                f"its row in the table of sources name one, such as bm25/{sets[0]}-*.parquet for "
                "each of bm25, corpus, qrels and queries."
            )

    def documents(self) -> Iterator[Document]:
        """Yield the documents."""
        for place, (docid, text) in parquet_rows(self.folder, "corpus/*.parquet", TEXTS):
            yield Document(docid, text, place)

    def topics(self, name: str) -> Topics:
        """Return the queries."""
        rows = parquet_rows(self.folder, "queries/*.parquet", TEXTS)
        return by_id(((place, qid, text) for place, (qid, text) in rows), "query")

    def qrels(self, name: str) -> Qrels:
        """Return the positives, at grade 1."""
        qrels: Qrels = {}
        if self.is_one_of_many:
            for _, (qid, docid) in self._of_queries("qrels", "corpus-id", TEXT):
                qrels.setdefault(qid, {})[docid] = 1
        else:
            rows = self._of_queries("relevance", "positive-corpus-ids", TEXT_LIST)
            positives = by_id(((place, qid, docids) for place, (qid, docids) in rows), "query")
            qrels = {qid: dict.fromkeys(docids, 1) for qid, docids in positives.items()}
        return qrels

    def candidates(self, name: str, depth: int) -> Iterator[Candidate]:
        """Yield the first `depth` of BM25's ranking of each query; a score is the negative rank.

        Raises:
            UserError: the ranking holds a query or a document that is not there.
        """
        queries = self.topics(name)
        documents = ((place, docid, text) for docid, text, place in self.documents())
        passages = by_id(documents, "document")
        column = ("bm25", "corpus-ids") if self.is_one_of_many else ("relevance", "bm25-ranked-ids")
        for place, (qid, ranking) in self._of_queries(*column, TEXT_LIST):
            for rank, docid in enumerate(islice(ranking, depth), start=1):
                if qid not in queries or docid not in passages:
                    raise UserError(
                        f"{place}: query {qid!r} or document {docid!r} is not in {self.folder}; "
                        "is this a whole copy of the source?"
                    )
                yield Candidate(qid, docid, rank, -float(rank), queries[qid], passages[docid])

    def _of_queries(
        self, folder: str, column: str, kind: pa.DataType
    ) -> Iterator[tuple[str, list[Any]]]:
        """Yield (place, [query, value of the column])."""
        schema = pa.schema({"query-id": TEXT, column: kind})
        return parquet_rows(self.folder, f"{folder}/*.parquet", schema)
