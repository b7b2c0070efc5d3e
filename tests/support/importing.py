"""Bringing a small collection to the formats at the doors, as the workflow does."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from lionrank import trec
from lionrank.collections import convert as importers
from lionrank.files import read_json_lines


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def write_parquet(path: Path, rows: list[dict]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows), path)


def imported(settings: dict, folders: dict, name: str, tmp_path: Path):
    """Import a collection and read what was written, as (passages, topics, qrels)."""
    source = importers.reader(settings, folders)
    importers.write_corpus(source.documents, tmp_path / "corpus")
    topics, qrels = tmp_path / "topics.tsv", tmp_path / "qrels.txt"
    importers.write_topics(source, name, topics, qrels, levels=[1])
    records = read_json_lines(tmp_path / "corpus" / "documents.jsonl")
    passages = {record["id"]: record["contents"] for record in records}
    return passages, trec.read_topics(topics), trec.read_qrels(qrels)
