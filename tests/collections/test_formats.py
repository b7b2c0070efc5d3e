"""Topics and corpora in files that are only named."""

import gzip
import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lionrank.collections.formats import documents_in, topics_in
from lionrank.errors import UserError
from lionrank.files import write_json_lines
from tests.support.importing import write
from tests.support.nanobeir import nanobeir

TEXTS = {"d1": "lions sleep", "d2": "tigers swim"}
BEIR = [{"_id": "d1", "title": "Lions", "text": "sleep"}, {"_id": "d2", "text": "tigers swim"}]
ANSERINI = [{"id": docid, "contents": text} for docid, text in TEXTS.items()]
TREC_TOPICS = "<top>\n<num> Number: 301\n<title> lions\n<desc> Description:\nsleep\n</top>\n"
COVID_TOPICS = (
    '<?xml version="1.0"?>\n<topics><topic number="1"><query>lions</query>'
    "<question>who sleeps</question></topic></topics>\n"
)


def documents(corpus: Path) -> dict[str, str]:
    return {docid: text.lower() for docid, text, _ in documents_in(corpus)}


def test_topics_are_tsv_or_the_queries_of_beir(tmp_path):
    tsv = write(tmp_path / "topics.tsv", "q2\twho  swims\nq1\twho sleeps\n")
    assert topics_in(tsv) == {"q2": "who  swims", "q1": "who sleeps"}
    queries = [{"_id": "q2", "text": " who\nswims"}, {"_id": "q1", "text": "who sleeps"}]
    write_json_lines(tmp_path / "queries.jsonl", queries)
    assert topics_in(tmp_path / "queries.jsonl") == {"q2": "who swims", "q1": "who sleeps"}
    packed = tmp_path / "packed"
    packed.write_bytes(gzip.compress((tmp_path / "queries.jsonl").read_bytes()))
    assert topics_in(packed) == topics_in(tmp_path / "queries.jsonl")


def test_topics_in_markup_give_their_titles_and_those_of_trec_covid_their_queries(tmp_path):
    paths = [
        write(tmp_path / "trec.txt", f"\n{TREC_TOPICS}"),
        write(tmp_path / "cacm.txt", "<DOC>\n<DOCNO> 1 </DOCNO>\nlions\n</DOC>\n"),
        write(tmp_path / "covid.xml", COVID_TOPICS),
    ]
    # In a process of its own: a JVM does not end before its process does.
    code = f"""if True:
        from lionrank.collections.formats import topics_in
        for path in {[*map(str, paths)]}:
            print(topics_in(path))
    """
    done = subprocess.run([sys.executable, "-c", code], text=True, capture_output=True)
    told = "{'301': 'lions'}\n{'1': 'lions'}\n{'1': 'lions'}\n"
    assert done.stdout.endswith(told), done.stderr


def test_a_query_of_beir_that_no_run_file_can_name_is_refused(tmp_path):
    write_json_lines(tmp_path / "queries.jsonl", [{"_id": "q 1", "text": "who sleeps"}])
    with pytest.raises(UserError, match=r"queries\.jsonl: topic id 'q 1' .* white space"):
        topics_in(tmp_path / "queries.jsonl")


def test_documents_are_those_of_a_file_in_any_form(tmp_path):
    write_json_lines(tmp_path / "beir", BEIR)
    write_json_lines(tmp_path / "anserini", ANSERINI)
    write(tmp_path / "tsv", "".join(f"{docid}\t{text}\n" for docid, text in TEXTS.items()))
    for name in ("beir", "anserini", "tsv"):
        assert documents(tmp_path / name) == TEXTS
        packed = tmp_path / f"{name}.gz"
        packed.write_bytes(gzip.compress((tmp_path / name).read_bytes()))
        assert documents(packed) == TEXTS


def test_documents_are_those_of_a_folder_in_any_form(tmp_path):
    write_json_lines(tmp_path / "beir" / "corpus.jsonl", BEIR)
    write_json_lines(tmp_path / "beir" / "queries.jsonl", [{"_id": "q1", "text": "who sleeps"}])
    assert documents(tmp_path / "beir") == TEXTS
    for name, rows in {"titled": BEIR, "untitled": [{"_id": "d2", "text": "tigers"}]}.items():
        (tmp_path / name / "corpus").mkdir(parents=True)
        rows = [{"title": ""} | row if name == "titled" else row for row in rows]
        pq.write_table(pa.Table.from_pylist(rows), tmp_path / name / "corpus" / "a.parquet")
    assert documents(tmp_path / "titled") == TEXTS
    assert documents(tmp_path / "untitled") == {"d2": "tigers"}
    (tmp_path / "beir.gz").mkdir()
    packed = gzip.compress((tmp_path / "beir" / "corpus.jsonl").read_bytes())
    (tmp_path / "beir.gz" / "corpus.jsonl.gz").write_bytes(packed)
    assert documents(tmp_path / "beir.gz") == TEXTS
    nanobeir(tmp_path / "nano")
    assert documents(tmp_path / "nano")
    write(tmp_path / "packed" / "a.jsonl.gz", "")
    write_json_lines(tmp_path / "lines", ANSERINI)
    packed = gzip.compress((tmp_path / "lines").read_bytes())
    (tmp_path / "packed" / "a.jsonl.gz").write_bytes(packed)
    assert documents(tmp_path / "packed") == TEXTS
    write_json_lines(tmp_path / "packed" / "b.jsonl", [{"id": "d3", "contents": "bears climb"}])
    assert documents(tmp_path / "packed") == TEXTS | {"d3": "bears climb"}


@pytest.mark.parametrize("name", ["corpus.jsonl", "documents.jsonl", "a.parquet"])
def test_a_corpus_folder_is_read_out_of_core_and_not_by_a_reader(tmp_path, name):
    if name.endswith(".parquet"):
        pq.write_table(pa.Table.from_pylist(ANSERINI), tmp_path / name)
    else:
        write_json_lines(tmp_path / name, ANSERINI)
    assert documents_in(tmp_path) is None


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("d1\tlions\nd2\n", r"corpus:2: expected docid<TAB>text, found 'd2'"),
        ("D1\thttp://a\ttitle\tbody\n", r"corpus:1: expected docid<TAB>text"),
        ('{"docno": "d1", "text": "a"}\n', r"corpus:1: the key 'id' is missing; found: docno"),
        ("{d1\n", r"corpus:1: expected one JSON object a line"),
    ],
)
def test_a_file_in_no_form_is_named_with_its_line(tmp_path, content, complaint):
    write(tmp_path / "corpus", content)
    with pytest.raises(UserError, match=complaint):
        list(documents_in(tmp_path / "corpus"))


def test_a_pipe_is_refused_as_it_cannot_be_read_twice(tmp_path):
    reading, writing = os.pipe()
    os.write(writing, b"q1\tlions\n")
    os.close(writing)
    for told in (topics_in, documents_in):
        with pytest.raises(UserError, match="is a pipe"):
            told(f"/dev/fd/{reading}")
    os.close(reading)
