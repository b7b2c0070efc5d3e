"""Anserini's formats, good and damaged: JSON lines, topics by any of its readers, qrels."""

import gzip
import json
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest

from lionrank.collections.convert import reader
from lionrank.errors import UserError
from lionrank.files import write_json_lines
from tests.support.importing import imported, write


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


@pytest.mark.parametrize(
    "pack", [gzip.compress, lambda content: pa.compress(content, "zstd", asbytes=True)]
)
@pytest.mark.parametrize("name", ["{}.gz", "{}.zst", "{}"])
def test_packed_files_are_read_by_their_first_bytes_whatever_their_names(tmp_path, pack, name):
    settings = anserini(tmp_path / "set", topic_reader="Trec")
    write(Path(settings["topics"]["test"]), TREC_TOPICS)
    write(Path(settings["qrels"]["test"]), "9 0 d1 1\n10 0 d2 1\n")
    named = {key: name.format(settings[key]["test"]) for key in ("topics", "qrels")}
    for path in [*(settings[key]["test"] for key in named), tmp_path / "set/corpus/a.json"]:
        Path(name.format(path)).write_bytes(pack(Path(path).read_bytes()))
        if name != "{}":
            Path(path).unlink()
    settings |= {key: {"test": path} for key, path in named.items()}
    passages, topics, _ = imported(settings, {}, "test", tmp_path)
    assert passages == {"d1": "lions", "d2": "tigers"}
    assert topics == {"9": "lions", "10": "tigers in water"}


def test_what_is_no_part_of_a_corpus_is_printed(tmp_path, capsys):
    imported(anserini(tmp_path / "set"), {}, "test", tmp_path)
    assert "set/corpus: 1 files are no JSON lines: README" in capsys.readouterr().out


def test_topics_for_anserini_that_are_not_utf_8_are_named_by_line(tmp_path):
    settings = anserini(tmp_path / "set", topic_reader="Trec")
    Path(settings["topics"]["test"]).write_bytes(
        TREC_TOPICS.replace("lions", "lyéns").encode("latin1")
    )
    with pytest.raises(UserError, match=r"topics\.test:13: expected UTF-8, found the byte 0xe9"):
        reader(settings, {}).topics("test")


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
    assert reader(settings, {}).topics("test") == {"007": "lions"}


COVID_TOPICS = """<topics task="COVIDSearch 2020" batch="5">
  <topic number="2">
    <query>coronavirus &amp; weather</query>
    <question>how does the coronavirus respond to the weather</question>
    <narrative>seeking ranges</narrative>
  </topic>
  <topic number="1">
    <query>coronavirus origin</query>
    <question>what is the origin of COVID-19</question>
    <narrative>seeking sources</narrative>
  </topic>
</topics>
"""


def test_topics_of_trec_covid_give_the_field_that_is_named(tmp_path):
    settings = anserini(tmp_path / "set", topic_reader="Covid", topic_field="query")
    write(Path(settings["topics"]["test"]), COVID_TOPICS)
    write(Path(settings["qrels"]["test"]), "1 4.5 d1 2\n2 0.5 d2 0\n1 0 d2 -1\n")
    _, topics, qrels = imported(settings, {}, "test", tmp_path)
    assert topics == {"1": "coronavirus origin", "2": "coronavirus & weather"}
    assert qrels == {"1": {"d1": 2, "d2": -1}, "2": {"d2": 0}}


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({}, "no title of 2 of 2 topics, '1' first; what it finds is narrative, query and questio"),
        ({"topic_field": "description"}, "no description of 2 of 2 topics"),
        ({"topic_reader": "TsvString", "topic_field": "query"}, "no topics there"),
    ],
)
def test_a_field_that_topics_lack_is_answered_with_those_that_they_have(
    tmp_path, settings, complaint
):
    settings = anserini(tmp_path / "set", **{"topic_reader": "Covid"} | settings)
    write(Path(settings["topics"]["test"]), COVID_TOPICS)
    with pytest.raises(
        UserError, match=rf"topics\.test: Anserini's .*TopicReader finds {complaint}"
    ):
        reader(settings, {}).topics("test")


def test_topics_separated_by_tabs_have_a_title_alone(tmp_path):
    settings = anserini(tmp_path / "set", topic_field="query")
    with pytest.raises(UserError, match=r"finds no query of 1 .*; what it finds is title: choose"):
        reader(settings, {}).topics("test")


def test_topics_in_markup_ask_for_a_topic_reader(tmp_path):
    settings = anserini(tmp_path / "set")
    write(Path(settings["topics"]["test"]), TREC_TOPICS)
    with pytest.raises(UserError, match=r"topics\.test: .* found '<top>': name the topic_reader"):
        reader(settings, {}).topics("test")


@pytest.mark.parametrize(
    ("topic_reader", "complaint"),
    [
        ("Tsv", "topic_reader: Anserini has no TsvTopicReader in io.anserini.search.topicreader"),
        ("Cacm", r"topics\.test: Anserini's CacmTopicReader finds no topics there"),
    ],
)
def test_a_topic_reader_that_is_unknown_or_finds_nothing_is_an_error(
    tmp_path, topic_reader, complaint
):
    with pytest.raises(UserError, match=complaint):
        reader(anserini(tmp_path, topic_reader=topic_reader), {}).topics("test")


@pytest.mark.parametrize("topic_reader", ["TsvString", "Cacm"])
@pytest.mark.parametrize("key", ["topics", "qrels"])
def test_a_missing_file_of_topics_or_qrels_is_named(tmp_path, topic_reader, key):
    settings = anserini(tmp_path / "set", topic_reader=topic_reader)
    Path(settings[key]["test"]).unlink()
    with pytest.raises(UserError, match=rf"{key}\.test does not exist"):
        getattr(reader(settings, {}), key)("test")


def test_documents_in_miracls_form_begin_with_their_title(tmp_path):
    settings = anserini(tmp_path / "set")
    documents = [
        {"docid": "1#0", "title": "Lion", "text": "It sleeps."},
        {"docid": "1#1", "title": "", "text": "It hunts."},
    ]
    write_json_lines(tmp_path / "set" / "corpus" / "b.jsonl", documents)
    passages, _, _ = imported(settings, {}, "test", tmp_path)
    assert passages == {"d1": "lions", "1#0": "Lion It sleeps.", "1#1": "It hunts."}


def test_columns_of_qrels_may_be_separated_by_tabs_as_miracls_are(tmp_path):
    settings = anserini(tmp_path / "set")
    write(tmp_path / "set" / "qrels.test", "007\tQ0\td1\t1\n")
    assert imported(settings, {}, "test", tmp_path)[2] == {"007": {"d1": 1}}


@pytest.mark.parametrize(
    ("file", "text", "complaint"),
    [
        ("topics.test", "007 lions\n", r"topics\.test:1: expected 2 columns \(qid text\), found 1"),
        ("qrels.test", "007 0 d1\n", r"qrels\.test:1: expected 4 columns"),
        ("qrels.test", "8 0 d1 1\n", r"topics test: 1 of 1 judged topics are not there, '8' first"),
        ("corpus/a.json", '{"id": "d2", "contents": "a"}', r"b\.jsonl:1: document 'd2' appears tw"),
        ("corpus/a.json", '[{"id": "d1", "contents": "a"}]', r"a\.json:1: expected a JSON object"),
        ("corpus/a.json", '{"id": "d1", "text": "a"}', r"a\.json:1: the key 'contents' is missing"),
        ("corpus/a.json", '{"docid": "d1", "title": "a"}', r"a\.json:1: the key 'text' is missing"),
        ("corpus/a.json", '{"docid": "d1", "title": 3}', r"a\.json:1: 'title' is not text but 3"),
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
    settings["corpus"] = str(write(tmp_path / "packed" / "docs.tar", "").parent)
    with pytest.raises(UserError, match=r"packed: no file there ends in \.json,"):
        imported(settings, {}, "test", tmp_path)
