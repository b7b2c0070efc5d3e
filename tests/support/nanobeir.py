"""A set in the schema of NanoBEIR, which brings BM25's candidates."""

from pathlib import Path

from tests.support.importing import write_parquet


def nanobeir(folder: Path) -> dict[str, str]:
    """Write a set in the schema of NanoBEIR of two queries; return the source folders."""
    documents = [("d1", "lions"), ("d2", "tigers"), ("d3", "bears")]
    for name, rows in {
        "corpus": [{"_id": docid, "text": text} for docid, text in documents],
        "queries": [{"_id": "q2", "text": "big\ncats"}, {"_id": "q1", "text": "climbing"}],
        "relevance": [
            {
                "query-id": "q1",
                "positive-corpus-ids": ["d3"],
                "bm25-ranked-ids": ["d3", "d1", "d2"],
            },
            {"query-id": "q2", "positive-corpus-ids": ["d2", "d1"], "bm25-ranked-ids": ["d2"]},
        ],
    }.items():
        write_parquet(folder / name / "train-00000-of-00001.parquet", rows)
    return {"nano_msmarco": str(folder)}
