"""Queries in the schema of MS MARCO QA v1.1, which brings its candidates."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

SCHEMA = pa.schema(
    {
        "answers": pa.list_(pa.string()),
        "passages": pa.struct(
            {
                "is_selected": pa.list_(pa.int32()),
                "passage_text": pa.list_(pa.string()),
                "url": pa.list_(pa.string()),
            }
        ),
        "query": pa.string(),
        "query_id": pa.int32(),
        "query_type": pa.string(),
        "wellFormedAnswers": pa.list_(pa.string()),
    }
)


def marco_qa(folder: Path, *queries: tuple[int, str, list[str], list[int]]) -> dict[str, str]:
    """Write queries in the schema of MS MARCO QA v1.1; return the source folders."""
    rows = [
        {
            "answers": ["yes"],
            "passages": {
                "is_selected": grades,
                "passage_text": passages,
                "url": ["http://example.org"] * len(passages),
            },
            "query": query,
            "query_id": qid,
            "query_type": "description",
            "wellFormedAnswers": [],
        }
        for qid, query, passages, grades in queries
    ]
    path = folder / "v1.1" / "validation-00000-of-00001.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows, SCHEMA), path)
    return {"marco_qa": str(folder)}
