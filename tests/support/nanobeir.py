"""Sets in both schemas of NanoBEIR, which bring BM25's candidates."""

import io
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

DOCUMENTS = {"d1": "lions", "d2": "tigers", "d3": "bears"}
QUERIES = {"q2": "big\ncats", "q1": "climbing"}
POSITIVES = {"q1": ["d3"], "q2": ["d2", "d1"]}
RANKED = {"q1": ["d3", "d1", "d2"], "q2": ["d2"]}
SHARED = {
    "corpus": [{"_id": docid, "text": text} for docid, text in DOCUMENTS.items()],
    "queries": [{"_id": qid, "text": text} for qid, text in QUERIES.items()],
}


def nanobeir(folder: Path) -> dict[str, str]:
    """Write a set of two queries as in a repository of its own; return the source folders."""
    relevance = [
        {"query-id": qid, "positive-corpus-ids": docids, "bm25-ranked-ids": RANKED[qid]}
        for qid, docids in POSITIVES.items()
    ]
    return _write(folder, files("train", SHARED | {"relevance": relevance}))


def one_of_many(folder: Path, name: str = "NanoMSMARCO") -> dict[str, str]:
    """Write the same set as it lies among others; return the source folders."""
    return _write(folder, files_of_many(name))


def files_of_many(name: str) -> dict[str, bytes]:
    """Return the files of that set in the repository of all."""
    return files(
        name,
        SHARED
        | {
            "qrels": [
                {"query-id": qid, "corpus-id": docid}
                for qid, docids in POSITIVES.items()
                for docid in docids
            ],
            "bm25": [{"query-id": qid, "corpus-ids": docids} for qid, docids in RANKED.items()],
        },
    )


def files(split: str, tables: dict[str, list[dict]]) -> dict[str, bytes]:
    """Return Parquet files by path, as the hub names those of a split."""
    return {
        f"{name}/{split}-00000-of-00001.parquet": _parquet(rows) for name, rows in tables.items()
    }


def _parquet(rows: list[dict]) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), buffer)
    return buffer.getvalue()


def _write(folder: Path, contents: dict[str, bytes]) -> dict[str, str]:
    for path, content in contents.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return {"nano_msmarco": str(folder)}
