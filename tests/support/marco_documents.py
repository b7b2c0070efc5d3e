"""A few documents in the schema of MS MARCO's, where ir_datasets keeps what it has downloaded."""

import gzip
from pathlib import Path

DOCUMENT = """<DOC>
<DOCNO>{id}</DOCNO>
<TEXT>
{url}
{title}
{body}
</TEXT>
</DOC>
"""
DOCUMENTS = [
    ("D1", "https://cats.org/lion", "The lion", "Lions hunt in prides.\n\nThey sleep all day."),
    ("D2", "https://cats.org/lynx", "", "The lynx hunts alone, by night."),
    ("D3", "https://birds.org/kite", "The red kite", "A red kite soars."),
    ("D4", "https://birds.org/owl", "The owl", "Owls hunt by night."),
]
TRAINING = {"11": ("how do lions hunt", "D1", "D2"), "12": ("what flies at night", "D4", "D2")}
"""Queries, the document that answers each, and another one of the ranking."""
TRACK = {"21": "which birds soar", "22": "never judged"}


def write(home: Path) -> Path:
    """Write documents, training queries and a track, and return the ranking of the former."""
    folder = home / "msmarco-document"

    def pack(name: str, text: str) -> Path:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(text.encode()))
        return path

    keys = ("id", "url", "title", "body")
    documents = [dict(zip(keys, document, strict=True)) for document in DOCUMENTS]
    pack("collection.tsv.gz", "".join(DOCUMENT.format(**each) for each in documents))
    training = TRAINING.items()
    pack("train/queries.tsv.gz", "".join(f"{qid}\t{query}\n" for qid, (query, *_) in training))
    pack("train/qrels.gz", "".join(f"{qid} 0 {docid} 1\n" for qid, (_, docid, _) in training))
    lines = [
        f"{qid} Q0 {docid} {rank} {-5 - rank / 8} IndriQueryLikelihood\n"
        for qid, (_, *docids) in training
        for rank, docid in enumerate(docids, start=1)
    ]
    for year, judged in (("2019", "21 0 D3 3\n21 0 D4 0\n"), ("2020", "21 0 D3 2\n21 0 D4 0\n")):
        track = "".join(f"{qid}\t{query}\n" for qid, query in TRACK.items())
        pack(f"trec-dl-{year}/queries.tsv.gz", track)
        (folder / f"trec-dl-{year}" / "qrels").write_text(judged)
    return pack("train/ms.run.gz", "".join(lines))
