"""A whole small file for every door, and the call that reads it."""

import gzip
import io
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from lionrank import parquet, trec
from lionrank.claims import file as claim_file
from lionrank.collections import describe, msmarco
from lionrank.collections.convert import given_reader, reader
from lionrank.collections.corpus import keep_documents, open_database
from lionrank.collections.formats import documents_in, topics_in
from lionrank.collections.join import join_pairs
from lionrank.collections.triplets import write_triplets
from lionrank.config.sources import read_table
from lionrank.evaluation import per_query
from lionrank.files import csv_rows, read_json, read_json_lines, write_json, write_json_lines
from lionrank.published import per_query as published_values
from lionrank.published import scores, settings, systems
from lionrank.report.tables import table_page
from lionrank.reranking import shards
from lionrank.retrieval.bm25 import unpack_index
from lionrank.retrieval.candidates import join_candidates
from lionrank.systems.run_file import import_run
from lionrank.training import batches, cost, development, log
from lionrank.training.losses import BinaryCrossEntropy
from tests.support import beir_sets
from tests.support.configs import ROOT
from tests.support.counted import EXAMPLES, PASSAGES, TOPICS, write_pairs, write_topics
from tests.support.marco_qa import marco_qa
from tests.support.nanobeir import nanobeir
from tests.support.per_query_tables import write_experiment
from tests.support.published_as_measured import PRINTED, STUDY

PUBLISHED = ROOT / "paper" / "published" / "lion"
TRIPLETS = [("q1", "d1", "d2"), ("q2", "d1", "d3")]
RUN = "q1 Q0 d1 1 2.5 t\nq1 Q0 d2 2 1e-3 t\nq2 Q0 d1 1 0 t\n"


class Door(NamedTuple):
    """A file, named from the folder of `write_all`, and what reads it and other files there."""

    file: str
    read: Callable[[Path], Any]


def _within(read: Callable[..., Any], *arguments: Any, **named: Any) -> Callable[[Path], Any]:
    """Return a call with an open database, and with what is a path taken within a folder."""

    def call(folder: Path) -> Any:
        with open_database(folder / "output", threads=1) as database:
            given = [folder / each if isinstance(each, Path) else each for each in arguments]
            return read(database, *map(str, given), **named)

    return call


def _join(corpus: str) -> Callable[[Path], Any]:
    def call(folder: Path) -> None:
        paths = {name: folder / "output" / name for name in ("data", "held_out_data", "record")}
        texts = (folder / "triplets.parquet", folder / "topics.tsv", folder / corpus)
        join_pairs(*texts, held_out=1, held_out_by="pair", seed=1, threads=1, **paths)

    return call


def _candidates(folder: Path) -> None:
    texts = (folder / "run.trec", folder / "topics.tsv", folder / "corpus")
    join_candidates(*texts, folder / "output" / "candidates.parquet", threads=1)


def _collection(what: str, name: str = "test", **settings: str) -> Callable[[Path], Any]:
    """Return a call of a reader's method; settings that are files are taken within a folder."""

    def call(folder: Path) -> list[Any]:
        inside = {key: str(folder / value) for key, value in settings.items() if key != "format"}
        if settings["format"] == "anserini":
            inside |= {key: {"test": inside[key]} for key in ("topics", "qrels")}
        place = inside.pop("packed", inside.get("folder", ""))
        given = {"format": settings["format"], "source": "source", **inside}
        make = given_reader if what == "candidates" else reader
        source = make(given, {"source": place})
        depth = [2] if what == "candidates" else []
        return list(getattr(source, what)(*([] if what == "documents" else [name, *depth])))

    return call


def _import_run(folder: Path) -> None:
    files = [folder / name for name in ("run.trec", "topics.tsv", "corpus", "candidates.parquet")]
    import_run(*files, 10, "other", folder / "output" / "other.trec", threads=1)


BEIR = {"format": "beir", "folder": "beir"}
PACKED = {"format": "beir", "packed": "packed"}
ANSERINI = {
    "format": "anserini",
    "corpus": "corpus",
    "topics": "topics.tsv",
    "qrels": "qrels.txt",
}
NANO = {"format": "nanobeir", "folder": "nano"}
MARCO = {"format": "marco_qa", "folder": "marco"}
_NANO, _MARCO = "{}/train-00000-of-00001.parquet", "marco/v1.1/validation-00000-of-00001.parquet"

DOORS = {
    "topics": Door("topics.tsv", lambda folder: trec.read_topics(folder / "topics.tsv")),
    "qrels": Door("qrels.txt", lambda folder: trec.read_qrels(folder / "qrels.txt")),
    "run file": Door("run.trec", lambda folder: trec.read_run(folder / "run.trec")),
    "packed run file": Door("run.gz", lambda folder: trec.read_run(folder / "run.gz")),
    "zstd run file": Door("run.zst", lambda folder: trec.read_run(folder / "run.zst")),
    "JSON": Door("record.json", lambda folder: read_json(folder / "record.json")),
    "JSON lines": Door("log.jsonl", lambda folder: list(read_json_lines(folder / "log.jsonl"))),
    "CSV": Door("table.csv", lambda folder: list(csv_rows(folder / "table.csv", "a", "fix"))),
    "page of the report": Door(
        "table.csv", lambda folder: table_page(folder / "table.csv", "", "", None, {})
    ),
    "published scores": Door(
        "values.csv", lambda folder: scores.read_scores(folder / "values.csv", STUDY)
    ),
    "published systems": Door(
        "systems.csv", lambda folder: systems.read_systems(folder / "systems.csv")
    ),
    "published per-query values": Door(
        "authors_per_query.csv",
        lambda folder: published_values.read(folder / "authors_per_query.csv"),
    ),
    "published settings": Door(
        "settings.csv", lambda folder: settings.read(folder / "settings.csv", STUDY.sources)
    ),
    "claims": Door("claims.yaml", lambda folder: claim_file.read(folder / "claims.yaml", PRINTED)),
    "table of sources": Door("sources.csv", lambda folder: read_table(folder / "sources.csv")),
    "BEIR corpus": Door("beir/corpus.jsonl", _collection("documents", **BEIR)),
    "BEIR queries": Door("beir/queries.jsonl", _collection("topics", **BEIR)),
    "BEIR qrels": Door("beir/qrels/test.tsv", _collection("qrels", **BEIR)),
    "BEIR archive": Door("packed/set.zip", _collection("documents", **PACKED)),
    "qrels in a BEIR archive": Door("packed/set.zip", _collection("qrels", **PACKED)),
    "Anserini corpus": Door("corpus/a.jsonl", _collection("documents", **ANSERINI)),
    "NanoBEIR corpus": Door("nano/corpus/" + _NANO.format(""), _collection("documents", **NANO)),
    "NanoBEIR queries": Door("nano/queries/" + _NANO.format(""), _collection("topics", **NANO)),
    "NanoBEIR candidates": Door(
        "nano/relevance/" + _NANO.format(""), _collection("candidates", **NANO)
    ),
    "QA data": Door(_MARCO, _collection("candidates", "validation", **MARCO)),
    "corpus of MS MARCO": Door(
        "msmarco/corpus/a.parquet",
        lambda folder: msmarco.write_corpus(folder / "msmarco", folder / "output", 1),
    ),
    "queries of MS MARCO": Door(
        "msmarco/queries/a.parquet",
        lambda folder: msmarco.write_training_topics(
            folder / "msmarco", folder / "output" / "topics.tsv", 1
        ),
    ),
    "triplets of MS MARCO": Door(
        "msmarco/triplets/a.parquet",
        lambda folder: msmarco.write_triplets(
            folder / "msmarco", folder / "output" / "triplets.parquet", 1, 1
        ),
    ),
    "corpus in any format": Door(
        "documents.tsv", lambda folder: list(documents_in(folder / "documents.tsv"))
    ),
    "topics in any format": Door(
        "beir/queries.jsonl", lambda folder: topics_in(folder / "beir" / "queries.jsonl")
    ),
    "corpus that is joined": Door("corpus/a.jsonl", _join("corpus")),
    "Parquet corpus": Door("tables/a.parquet", _join("tables")),
    "triplets": Door("triplets.parquet", _join("corpus")),
    "run file that is joined": Door("run.trec", _candidates),
    "run file of another tool": Door("run.trec", _import_run),
    "judged documents": Door(
        "corpus/a.jsonl",
        lambda folder: keep_documents({"q": {"d1": 1}}, folder / "corpus", folder / "output", 1),
    ),
    "pairs that are counted": Door(
        "pairs.parquet",
        _within(describe.of_training, Path("pairs.parquet"), use="training", label="x", passages=1),
    ),
    "candidates that are counted": Door(
        "candidates.parquet",
        _within(
            describe.of_topics,
            *map(Path, ("topics.tsv", "qrels.txt", "candidates.parquet")),
            use="test",
            label="x",
            passages=1,
        ),
    ),
    "pairs": Door(
        "pairs.parquet",
        lambda folder: batches.read_examples(folder / "pairs.parquet", BinaryCrossEntropy()),
    ),
    "shards of candidates": Door(
        "candidates.parquet", lambda folder: shards.rows(folder / "candidates.parquet", "1-of-2")
    ),
    "candidates": Door(
        "candidates.parquet",
        lambda folder: [
            batch.to_pylist()
            for batch in parquet.batches(folder / "candidates.parquet", parquet.CANDIDATES)
        ],
    ),
    "per-query values": Door(
        "results/per_query.parquet",
        lambda folder: per_query.read(
            folder / "results" / "per_query.parquet", [folder / "training" / "m_o.best.json"]
        ),
    ),
    "best epoch": Door(
        "training/m_o.best.json",
        lambda folder: development.chosen([folder / "training" / "m_o.best.json"]),
    ),
    "training log": Door("log.jsonl", lambda folder: log.read_curves([folder / "log.jsonl"])),
    "cost of jobs": Door("log.jsonl", lambda folder: cost.jobs_cost(folder / "log.jsonl")),
    "index": Door(
        "index.tar.gz",
        lambda folder: unpack_index(folder / "index.tar.gz", folder / "output" / "i"),
    ),
}


def write_all(folder: Path) -> None:
    """Write the files of all doors, each of them whole."""
    write_topics(folder)
    (folder / "run.trec").write_text(RUN)
    (folder / "run.gz").write_bytes(gzip.compress(RUN.encode()))
    (folder / "run.zst").write_bytes(pa.compress(RUN.encode(), "zstd", asbytes=True))
    write_json(folder / "record.json", {"a": [1, {"b": "é"}], "c": None})
    (folder / "table.csv").write_text('a,b\n1,"two, or ""2"""\n3,\n')
    (folder / "values.csv").write_bytes((PUBLISHED / "table.csv").read_bytes())
    for name in ("systems.csv", "settings.csv"):
        (folder / name).write_bytes((PUBLISHED / name).read_bytes())
    # All of it would take a while to read, again and again.
    lines = (PUBLISHED / "authors_per_query.csv").read_text().splitlines(keepends=True)
    (folder / "authors_per_query.csv").write_text("".join(lines[:4]))
    for path in (PUBLISHED / "claims.yaml", ROOT / "config" / "sources.csv"):
        (folder / path.name).write_bytes(path.read_bytes())
    documents = [{"id": docid, "contents": text} for docid, text in PASSAGES.items()]
    write_json_lines(folder / "corpus" / "a.jsonl", documents)
    tabbed = "".join(f"{docid}\t{text}\n" for docid, text in PASSAGES.items())
    (folder / "documents.tsv").write_text(tabbed)
    for name, rows in {
        "tables": documents,
        "msmarco/corpus": [{"passage_id": 1, "passage": "a"}, {"passage_id": 2, "passage": "b"}],
        "msmarco/queries": [{"query_id": "q1", "query": "a"}],
        "msmarco/triplets": [
            dict(zip(("query_id", "positive_id", "negative_id"), "abc", strict=True))
        ],
    }.items():
        (folder / name).mkdir(parents=True)
        pq.write_table(pa.Table.from_pylist(rows), folder / name / "a.parquet")
    write_json_lines(
        folder / "beir" / "corpus.jsonl",
        [{"_id": docid, "title": "A", "text": text} for docid, text in PASSAGES.items()],
    )
    queries = [{"_id": qid, "text": text} for qid, text in TOPICS.items()]
    write_json_lines(folder / "beir" / "queries.jsonl", queries)
    (folder / "beir" / "qrels").mkdir()
    (folder / "beir" / "qrels" / "test.tsv").write_text(
        'query-id\tcorpus-id\tscore\nq1\td1\t2\n"q2"\t"d ""2"""\t0\n'
    )
    (folder / "packed").mkdir()
    (folder / "packed" / "set.zip").write_bytes(beir_sets.archive())
    nanobeir(folder / "nano")
    marco_qa(folder / "marco", (1, "a", ["b", "c"], [0, 1]), (2, "d", ["e"], [0]))
    write_triplets(folder / "triplets.parquet", TRIPLETS)
    write_pairs(folder / "pairs.parquet", EXAMPLES)
    write_experiment(folder, {"bm25": [0.1, 0.2], "m_o_e1": [0.3, 0.4]}, {"m_o": 1})
    write_json_lines(
        folder / "log.jsonl",
        [
            {"step": 1, "epoch": 0.5, "loss": 0.7, "lr": 1e-5, "grad_norm": 2.0},
            {"step": 2, "epoch": 1.0, "eval_loss": 0.6},
            {"step": 2, "epoch": 1.0} | dict.fromkeys(cost.OF_JOBS, 1),
        ],
    )
    (folder / "output").mkdir()
    with tarfile.open(folder / "index.tar.gz", "w:gz") as members:
        member = tarfile.TarInfo("lucene/segments_1")
        member.size = 300
        members.addfile(member, io.BytesIO(bytes(range(100)) * 3))
