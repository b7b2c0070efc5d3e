"""Collections of other formats, good and damaged, brought to the formats at the doors."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from lionrank import trec
from lionrank.collections import convert as importers
from lionrank.collections.readers.base import Document
from lionrank.errors import UserError
from lionrank.evaluation import trec_eval as evaluation
from lionrank.files import read_json_lines, write_json_lines
from lionrank.retrieval import bm25 as retrieval
from tests.support import cranfield, facts
from tests.support.importing import imported, write


def beir(folder: Path) -> dict:
    """Write a small collection in BEIR's format and return its config."""
    documents = [
        {"_id": "d1", "title": "Lions", "text": "sleep\tby day", "metadata": {"year": 1931}},
        {"_id": "d2", "title": "", "text": "Tigers swim."},
        {"_id": "d3", "text": "Bears.\nThey climb.\u2028"},
        {"_id": "d4", "title": "A title and no text", "text": ""},
    ]
    write_json_lines(folder / "corpus.jsonl", documents)
    queries = [
        {"_id": "q2", "text": "who swims"},
        {"_id": "q1", "text": " who\tsleeps \n  by day?"},
        {"_id": "q3", "text": "never judged"},
    ]
    write_json_lines(folder / "queries.jsonl", queries)
    header = "query-id\tcorpus-id\tscore\n"
    write(folder / "qrels" / "train.tsv", header + "q1\td1\t2\nq1\td2\t0\n")
    write(folder / "qrels" / "test.tsv", header + "q2\td2\t1\r\n")
    return {"format": "beir", "folder": str(folder)}


def test_a_beir_folder_gives_its_corpus_and_the_topics_of_each_split(tmp_path):
    settings = beir(tmp_path / "beir")
    passages, topics, qrels = imported(settings, {}, "train", tmp_path)
    assert passages == {
        "d1": "Lions sleep\tby day",
        "d2": "Tigers swim.",
        "d3": "Bears.\nThey climb.\u2028",
        "d4": "A title and no text",
    }
    assert topics == {"q1": "who sleeps by day?"}
    assert qrels == {"q1": {"d1": 2, "d2": 0}}
    _, topics, qrels = imported(settings, {}, "test", tmp_path)
    assert topics == {"q2": "who swims"}
    assert qrels == {"q2": {"d2": 1}}


@pytest.mark.parametrize(
    ("file", "added", "complaint"),
    [
        ("corpus.jsonl", '{"_id": "d5"}', r"corpus.jsonl:5: the key 'text' is missing; found: _id"),
        ("corpus.jsonl", '{"text": "a"}', r"corpus.jsonl:5: the key '_id' is missing"),
        ("corpus.jsonl", '{"_id": 5, "text": "a"}', r"corpus.jsonl:5: '_id' is not text but 5"),
        ("corpus.jsonl", '{"_id": "d5", "text', r"corpus.jsonl:5: expected one JSON object a line"),
        ("corpus.jsonl", '{"_id": "d1", "text": "a"}', r"corpus.jsonl:5: document 'd1' is there t"),
        ("corpus.jsonl", '{"_id": "", "text": "a"}', r"corpus.jsonl:5: document id '' is empty"),
        ("corpus.jsonl", '{"_id": "d 5", "text": "a"}', r":5: document id 'd 5' is .* white space"),
        ("queries.jsonl", '{"_id": "q4"}', r"queries.jsonl:4: the key 'text' is missing"),
        ("queries.jsonl", '{"_id": "q1", "text": "a"}', r"queries.jsonl:4: query 'q1' is there tw"),
        ("qrels/train.tsv", "q1\td3", r"train.tsv:4: expected query-id<TAB>corpus-id<TAB>score, f"),
        ("qrels/train.tsv", "q1 d3 1", r"train.tsv:4: expected query-id<TAB>corpus-id<TAB>score"),
        ("qrels/train.tsv", "q1\td3\thigh", r"train.tsv:4: score 'high' is not an integer"),
        ("qrels/train.tsv", "q1\td1\t1", r"train.tsv:4: document 'd1' is judged twice for query"),
        (
            "qrels/train.tsv",
            "q9\td1\t1",
            r"topics train: 1 of 2 judged topics are not there, 'q9' f",
        ),
        ("qrels/train.tsv", "q1\td 3\t1", r"qrels train, topic q1: document id 'd 3' is empty or"),
    ],
)
def test_a_damaged_beir_folder_is_named_by_file_and_line(tmp_path, file, added, complaint):
    settings = beir(tmp_path / "beir")
    with open(tmp_path / "beir" / file, "a") as handle:
        handle.write(added + "\n")
    with pytest.raises(UserError, match=complaint):
        imported(settings, {}, "train", tmp_path)


def test_qrels_without_their_header_are_refused_as_they_would_lose_a_judgement(tmp_path):
    settings = beir(tmp_path / "beir")
    write(tmp_path / "beir" / "qrels" / "train.tsv", "q1\td1\t2\n")
    with pytest.raises(UserError, match=r"train.tsv:1: expected the header query-id<TAB>corpus-id"):
        imported(settings, {}, "train", tmp_path)


def test_an_unknown_split_is_answered_with_those_that_exist(tmp_path):
    settings = beir(tmp_path / "beir")
    with pytest.raises(UserError, match=r"dev\.tsv is not there; .*/qrels has: test, train$"):
        imported(settings, {}, "dev", tmp_path)


def test_a_missing_file_and_one_that_is_not_utf8_are_named_with_a_remedy(tmp_path):
    settings = beir(tmp_path / "beir")
    (tmp_path / "beir" / "corpus.jsonl").write_bytes('{"_id": "d1", "text": "é"}'.encode("latin-1"))
    with pytest.raises(UserError, match=r"corpus.jsonl:1: expected UTF-8, found the byte 0xe9"):
        imported(settings, {}, "train", tmp_path)
    (tmp_path / "beir" / "corpus.jsonl").unlink()
    with pytest.raises(UserError, match=r"corpus.jsonl is not there: mend the path in the config"):
        imported(settings, {}, "train", tmp_path)


def test_a_document_without_text_is_left_out_and_told_of(tmp_path, capsys):
    documents = [Document("d1", " \n", "f:1"), Document("d2", "text", "f:2")]
    importers.write_corpus(documents, tmp_path)
    written = list(read_json_lines(tmp_path / "documents.jsonl"))
    assert written == [{"id": "d2", "contents": "text"}]
    assert "left out 1 documents without text: d1" in capsys.readouterr().out


@pytest.mark.parametrize("documents", [[], [Document("d1", "", "f:1")]])
def test_an_empty_collection_is_refused_and_leaves_no_file(tmp_path, documents):
    with pytest.raises(UserError, match=rf"corpus would be empty: none of its {len(documents)} "):
        importers.write_corpus(documents, tmp_path / "corpus")
    assert list((tmp_path / "corpus").iterdir()) == []


def anserini(folder: Path, **settings: str) -> dict:
    """Write a small collection in Anserini's formats and return its config."""
    write_json_lines(folder / "corpus" / "a.json", [{"id": "d1", "contents": "lions"}])
    write_json_lines(folder / "corpus" / "b.jsonl", [{"id": "d2", "contents": "tigers"}])
    write(folder / "corpus" / "README", "not a part of the corpus")
    return {
        "format": "anserini",
        "corpus": str(folder / "corpus"),
        "topics": {"test": str(write(folder / "topics.test", "007\tlions\n"))},
        "qrels": {"test": str(write(folder / "qrels.test", "007 0 d1 3\n"))},
        **settings,
    }


def test_a_folder_of_json_lines_with_topics_and_qrels_is_imported(tmp_path):
    passages, topics, qrels = imported(anserini(tmp_path / "set"), {}, "test", tmp_path)
    assert passages == {"d1": "lions", "d2": "tigers"}
    assert topics == {"007": "lions"}
    assert qrels == {"007": {"d1": 3}}


def test_one_file_of_json_lines_is_a_corpus_too(tmp_path):
    settings = anserini(tmp_path / "set")
    settings["corpus"] += "/b.jsonl"
    assert imported(settings, {}, "test", tmp_path)[0] == {"d2": "tigers"}


def test_topics_separated_by_tabs_need_no_jvm(tmp_path):
    code = f"""if True:
        import sys
        from lionrank.collections.convert import reader
        print(reader({anserini(tmp_path)!r}, {{}}).topics("test"))
        print("jnius" in sys.modules or "pyserini" in sys.modules)
    """
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout == "{'007': 'lions'}\nFalse\n"


TREC_TOPICS = """
<top>
<num> Number: 10
<title> tigers in
  water
<desc> Description:
Which tigers swim?
<narr> Narrative:
Tigers in zoos are relevant.
</top>
<top>
<num> Number: 9
<title> lions
<desc> Description:
Which lions sleep?
<narr> Narrative:
Any lions are relevant.
</top>
"""


def test_topics_of_trec_are_read_by_anserini_in_the_order_of_their_numbers(tmp_path):
    settings = anserini(tmp_path / "set", topic_reader="Trec")
    write(Path(settings["topics"]["test"]), TREC_TOPICS)
    write(Path(settings["qrels"]["test"]), "9 0 d1 1\n10 0 d2 1\n")
    _, topics, _ = imported(settings, {}, "test", tmp_path)
    assert list(topics.items()) == [("9", "lions"), ("10", "tigers in water")]


def test_a_judged_topic_that_a_topic_reader_skips_is_missed(tmp_path):
    """Anserini reads on to the next narrative, whatever topic it belongs to."""
    settings = anserini(tmp_path / "set", topic_reader="Trec")
    without = TREC_TOPICS.replace("<narr> Narrative:", "", 1)
    write(Path(settings["topics"]["test"]), without)
    write(Path(settings["qrels"]["test"]), "9 0 d1 1\n10 0 d2 1\n")
    with pytest.raises(UserError, match="topics test: 1 of 2 judged topics are not there, '9' fir"):
        imported(settings, {}, "test", tmp_path)


def test_a_topic_reader_keeps_the_leading_zeros_of_a_qid(tmp_path):
    settings = anserini(tmp_path / "set", topic_reader="JsonString")
    write(Path(settings["topics"]["test"]), json.dumps({"qid": "007", "title": "lions"}))
    assert importers.reader(settings, {}).topics("test") == {"007": "lions"}


@pytest.mark.parametrize(
    ("reader", "complaint"),
    [
        ("Tsv", "topic_reader: Anserini has no TsvTopicReader in io.anserini.search.topicreader"),
        ("Cacm", r"topics\.test: Anserini's CacmTopicReader finds no topics with titles there"),
    ],
)
def test_a_topic_reader_that_is_unknown_or_finds_nothing_is_an_error(tmp_path, reader, complaint):
    with pytest.raises(UserError, match=complaint):
        importers.reader(anserini(tmp_path, topic_reader=reader), {}).topics("test")


@pytest.mark.parametrize("reader", ["TsvString", "Cacm"])
@pytest.mark.parametrize("key", ["topics", "qrels"])
def test_a_missing_file_of_topics_or_qrels_is_named(tmp_path, reader, key):
    settings = anserini(tmp_path / "set", topic_reader=reader)
    Path(settings[key]["test"]).unlink()
    with pytest.raises(UserError, match=rf"{key}\.test is not there"):
        getattr(importers.reader(settings, {}), key)("test")


@pytest.mark.parametrize(
    ("file", "text", "complaint"),
    [
        ("topics.test", "007 lions\n", r"topics\.test:1: expected 2 columns \(qid text\), found 1"),
        ("qrels.test", "007 0 d1\n", r"qrels\.test:1: expected 4 columns"),
        ("qrels.test", "8 0 d1 1\n", r"topics test: 1 of 1 judged topics are not there, '8' first"),
        ("corpus/a.json", '{"id": "d2", "contents": "a"}', r"b\.jsonl:1: document 'd2' is there t"),
        ("corpus/a.json", '[{"id": "d1", "contents": "a"}]', r"a\.json:1: expected a JSON object"),
        ("corpus/a.json", '{"id": "d1", "text": "a"}', r"a\.json:1: the key 'contents' is missing"),
    ],
)
def test_damaged_anserini_files_are_named_by_file_and_line(tmp_path, file, text, complaint):
    settings = anserini(tmp_path / "set")
    write(tmp_path / "set" / file, text)
    with pytest.raises(UserError, match=complaint):
        imported(settings, {}, "test", tmp_path)


def test_names_without_a_file_and_folders_without_json_lines_are_errors(tmp_path):
    settings = anserini(tmp_path / "set")
    settings["topics"]["dev"] = settings["topics"]["test"]
    with pytest.raises(UserError, match="config: qrels: no file for 'dev'; there is one for test"):
        imported(settings, {}, "dev", tmp_path)
    settings["corpus"] = str(write(tmp_path / "packed" / "docs.jsonl.gz", "").parent)
    with pytest.raises(UserError, match=r"packed: no \*\.jsonl or \*\.json is there"):
        imported(settings, {}, "test", tmp_path)


def averages_of_bm25(settings: dict, name: str, tmp_path: Path) -> dict[str, float]:
    """Import a collection, retrieve for its topics and evaluate, all from the files written."""
    _, topics, qrels = imported(settings, {}, name, tmp_path)
    retrieval.build_index(tmp_path / "corpus", tmp_path / "index", threads=2)
    run = retrieval.bm25(tmp_path / "index", topics, depth=1000, k1=0.9, b=0.4, threads=2)
    trec.write_run(tmp_path / "run", run, tag="bm25")
    run, _ = trec.read_run(tmp_path / "run")
    return evaluation.averages(evaluation.evaluate(qrels, run, level=1, complete=True))


@pytest.mark.slow
def test_bm25_on_cacm_gives_the_values_of_its_json_lines(tmp_path):
    """The published .3123 and .1942 are of the same documents as HTML."""
    cacm = facts.full("cacm")
    settings = {
        "format": "anserini",
        "corpus": str(cacm / "cacm.json"),
        "topics": {"test": str(cacm / "topics.cacm.txt")},
        "topic_reader": "Cacm",
        "qrels": {"test": str(cacm / "qrels.cacm.txt")},
    }
    averages = averages_of_bm25(settings, "test", tmp_path)
    assert {name: round(averages[name], 4) for name in ("map", "P_30")} == {
        "map": 0.3114,
        "P_30": 0.1917,
    }


@pytest.mark.slow
def test_bm25_on_cranfield_is_as_good_as_numbering_its_queries_by_position_makes_it(tmp_path):
    cranfield.write_beir(facts.full("cranfield"), tmp_path / "beir")
    settings = {"format": "beir", "folder": str(tmp_path / "beir")}
    passages, topics, qrels = imported(settings, {}, "train", tmp_path)
    assert (len(passages), len(topics), len(qrels)) == (1398, 113, 113)
    assert {grade for judged in qrels.values() for grade in judged.values()} == {1, 2, 3, 4}
    assert 0.25 < averages_of_bm25(settings, "test", tmp_path)["map"] < 0.30


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory):
    """Collections registered in ir_datasets, as a package that adds to the catalogue does."""
    folder = tmp_path_factory.mktemp("catalogue")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IR_DATASETS_HOME", str(folder / "home"))
        patch.setenv("NO_PROXY", "127.0.0.1")
        import ir_datasets
        from ir_datasets.formats import TrecQrels, TsvDocs, TsvQueries
        from ir_datasets.util import Download, LocalDownload, RequestsDownload

        def local(name: str, text: str) -> LocalDownload:
            return LocalDownload(write(folder / name, text))

        kites = TsvDocs(local("kites.tsv", "k1\tred kites\nk2\tblack kites\n"))
        boats = TsvDocs(local("boats.tsv", "b1\tboats\n"))
        closed = [RequestsDownload("http://127.0.0.1:9/docs.tsv", tries=1)]
        absent = TsvDocs(Download(closed, folder / "absent.tsv"))
        queries = TsvQueries(local("queries.tsv", "q1\tred\nq2\tblack\n"))
        qrels = TrecQrels(local("qrels.txt", "q1 0 k1 2\nq1 0 k2 0\nq2 0 k2 1\n"), {})
        twice = TrecQrels(local("twice.txt", "q1 0 k1 1\nq1 1 k1 2\n"), {})
        for name, parts in {
            "kites": [kites],
            "kites/train": [kites, queries, qrels],
            "kites/test": [kites, queries, qrels],
            "kites/aspects": [kites, queries, twice],
            "boats/test": [boats, queries, qrels],
            "absent/test": [absent, queries, qrels],
        }.items():
            ir_datasets.registry.register(name, ir_datasets.Dataset(*parts))
        yield


def of_catalogue(**ids: str) -> dict:
    return {"format": "ir_datasets", "ids": ids}


@pytest.mark.usefixtures("catalogue")
def test_identifiers_of_ir_datasets_give_one_corpus_topics_and_graded_qrels(tmp_path):
    settings = of_catalogue(train="kites/train", test="kites/test")
    passages, topics, qrels = imported(settings, {}, "test", tmp_path)
    assert passages == {"k1": "red kites", "k2": "black kites"}
    assert topics == {"q1": "red", "q2": "black"}
    assert qrels == {"q1": {"k1": 2, "k2": 0}, "q2": {"k2": 1}}


@pytest.mark.usefixtures("catalogue")
@pytest.mark.parametrize(
    ("ids", "complaint"),
    [
        ({"test": "kites/tset"}, r"ir_datasets has no 'kites/tset'; did you mean 'kites/test'"),
        ({"test": "kites"}, "'kites' of ir_datasets has no queries"),
        (
            {"train": "kites/train", "test": "boats/test"},
            "documents of 'boats/test' are those of 'boats/test', not of 'kites'",
        ),
        ({"test": "kites/aspects"}, "'k1' has the grades 1 and 2 for query 'q1'"),
        ({"test": "absent/test"}, "ir_datasets does not get 'absent/test' .* bring .*/home here"),
    ],
)
def test_identifiers_that_cannot_be_used_are_errors(tmp_path, ids, complaint):
    with pytest.raises(UserError, match=complaint):
        imported(of_catalogue(**ids), {}, "test", tmp_path)
