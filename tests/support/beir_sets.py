"""A small set as BEIR publishes them, in a zip archive, and Anserini's index of it."""

import io
import json
import tarfile
import zipfile
from pathlib import Path

from lionrank.files import write_json_lines
from lionrank.retrieval.bm25 import build_index

NAME = "scifact"
DOCUMENTS = {
    "d1": ("Lions", "They sleep by day and hunt at night."),
    "d2": ("", "Tigers swim in rivers."),
    "d3": ("Bears", "They climb trees."),
}
CONTENTS = {docid: " ".join(filter(None, parts)) for docid, parts in DOCUMENTS.items()}
QUERIES = {"q1": "who sleeps by day", "q2": "who swims", "q3": "who climbs"}
QRELS = {"train": {"q3": {"d3": 1}}, "test": {"q1": {"d1": 2, "d2": 0}, "q2": {"d2": 1}}}
INDEX = f"lucene-inverted.beir-v1.0.0-{NAME}.flat.20221116.505594"


def members() -> dict[str, str]:
    """Return the files in the archive, by their paths there."""
    documents = [
        {"_id": docid, "title": title, "text": text, "metadata": {}}
        for docid, (title, text) in DOCUMENTS.items()
    ]
    queries = [{"_id": qid, "text": text, "metadata": {}} for qid, text in QUERIES.items()]
    return {
        f"{NAME}/corpus.jsonl": _json_lines(documents),
        f"{NAME}/queries.jsonl": _json_lines(queries),
        **{f"{NAME}/qrels/{split}.tsv": _tsv(qrels) for split, qrels in QRELS.items()},
    }


def archive(files: dict[str, str] | None = None, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return a zip archive with these files, or with those of the set."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as written:
        for folder in (f"{NAME}/", f"{NAME}/qrels/"):
            written.writestr(folder, "")
        for name, text in (members() if files is None else files).items():
            written.writestr(name, text)
    return packed.getvalue()


def index_archive(folder: Path, contents: dict[str, str] = CONTENTS) -> bytes:
    """Return an archive of a Lucene index of these documents, made in a folder."""
    records = ({"id": docid, "contents": text} for docid, text in contents.items())
    write_json_lines(folder / "corpus" / "documents.jsonl", records)
    build_index(folder / "corpus", folder / "index", threads=1)
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as written:
        written.add(folder / "index", INDEX)
    return packed.getvalue()


def _json_lines(records: list[dict]) -> str:
    return "".join(f"{json.dumps(record)}\n" for record in records)


def _tsv(qrels: dict[str, dict[str, int]]) -> str:
    lines = [
        f"{qid}\t{docid}\t{grade}\n"
        for qid, judged in qrels.items()
        for docid, grade in judged.items()
    ]
    return "".join(["query-id\tcorpus-id\tscore\n", *lines])
