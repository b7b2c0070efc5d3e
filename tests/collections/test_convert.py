"""Collections brought to the formats at the doors, which are then good for BM25."""

from pathlib import Path

import pytest

from lionrank import trec
from lionrank.collections.convert import reader, write_corpus, write_topics
from lionrank.collections.readers.base import Document
from lionrank.errors import UserError
from lionrank.evaluation import trec_eval as evaluation
from lionrank.files import read_json_lines
from lionrank.retrieval.bm25 import bm25, build_index
from tests.support import cranfield, published_facts
from tests.support.importing import imported, write


def test_a_document_without_text_is_left_out_and_told_of(tmp_path, capsys):
    documents = [Document("d1", " \n", "f:1"), Document("d2", "text", "f:2")]
    write_corpus(lambda: documents, tmp_path)
    written = list(read_json_lines(tmp_path / "documents.jsonl"))
    assert written == [{"id": "d2", "contents": "text"}]
    assert "left out 1 documents without text: d1" in capsys.readouterr().out


@pytest.mark.parametrize("text", ["\x01\x1f", " \x02\n", "\u2003", ""])
def test_a_document_that_lucene_does_not_index_is_left_out_with_its_place(tmp_path, capsys, text):
    write_corpus(lambda: [Document("d1", text, "f:1"), Document("d2", "text", "f:2")], tmp_path)
    assert [each["id"] for each in read_json_lines(tmp_path / "documents.jsonl")] == ["d2"]
    assert "left out 1 documents without text: d1 (f:1)" in capsys.readouterr().out


def test_a_document_that_is_too_long_to_be_read_again_is_refused(tmp_path):
    document = Document("d1", "word " * 4_000_000, "f:1")
    with pytest.raises(UserError, match="f:1: the document has 20,000,000 characters, and a line"):
        write_corpus(lambda: [document], tmp_path / "corpus")
    write_corpus(lambda: [Document("d1", "word " * 3_000_000, "f:1")], tmp_path / "corpus")


def test_a_document_that_is_there_twice_is_named_by_its_second_place_and_nothing_is_left(tmp_path):
    docids = [*map(str, range(1000)), "7", *map(str, range(1000, 1100)), "8"]
    documents = [Document(docid, "x", f"f:{place}") for place, docid in enumerate(docids, start=1)]
    with pytest.raises(UserError, match=r"^f:1001: document '7' appears twice"):
        write_corpus(lambda: documents, tmp_path / "corpus")
    assert list((tmp_path / "corpus").iterdir()) == []


def collection(folder: Path, qrels: str) -> dict:
    """Write a collection of two topics in Anserini's formats, and return its config."""
    write(folder / "corpus.jsonl", '{"id": "d1", "contents": "lions"}\n')
    return {
        "format": "anserini",
        "corpus": str(folder / "corpus.jsonl"),
        "topics": {"test": str(write(folder / "topics.tsv", "q1\tlions\nq2\tbears\n"))},
        "qrels": {"test": str(write(folder / "qrels.txt", qrels))},
    }


def import_topics(settings: dict, folder: Path, levels: list[int], **how) -> None:
    outputs = (folder / "topics.test.tsv", folder / "qrels.test.txt")
    write_topics(reader(settings, {}), "test", *outputs, levels, **how)


@pytest.mark.parametrize(
    ("qrels", "levels", "told"),
    [
        ("q1 0 d1 1\nq2 0 d1 -1\n", [1], "qrels test: all grades of 1 topics are negative, 'q2' f"),
        ("q1 0 d1 0\nq2 0 d1 0\n", [1], "qrels test: no document has a grade of 1 or more"),
        ("q1 0 d1 2\nq2 0 d1 1\n", [1, 3], "no document has a grade of 3 .* relevance_levels of"),
        ("q1 0 d1 128\n", [1], r"qrels\.txt:1: grade '128' is not an integer between -127 and"),
    ],
)
def test_judgements_that_cannot_be_evaluated_are_refused_at_the_import(
    tmp_path, qrels, levels, told
):
    with pytest.raises(UserError, match=told):
        import_topics(collection(tmp_path, qrels), tmp_path, levels)
    assert not (tmp_path / "qrels.test.txt").exists()


def test_topics_that_will_count_as_zero_are_printed(tmp_path, capsys):
    import_topics(collection(tmp_path, "q1 0 d1 2\nq2 0 d1 1\nq2 0 d2 -1\n"), tmp_path, [1, 2])
    assert capsys.readouterr().out == "qrels test: 1 topics have no grade of 2 or more: q2\n"
    assert trec.read_qrels(tmp_path / "qrels.test.txt")["q2"] == {"d1": 1, "d2": -1}


def test_what_is_said_of_the_query_itself_is_no_judgement_where_it_is_left_out(tmp_path, capsys):
    settings = collection(tmp_path, "q1 0 q1 1\nq1 0 d1 1\nq2 0 q2 0\n")
    import_topics(settings, tmp_path, [1], remove_query=True)
    assert trec.read_qrels(tmp_path / "qrels.test.txt") == {"q1": {"d1": 1}}
    assert capsys.readouterr().out == (
        "qrels test: 2 documents are the query itself, and left out\n"
        "qrels test: 1 topics have no judgement and are not evaluated: q2\n"
    )
    import_topics(settings, tmp_path, [1])
    assert trec.read_qrels(tmp_path / "qrels.test.txt")["q2"] == {"q2": 0}


@pytest.mark.parametrize("documents", [[], [Document("d1", "", "f:1")]])
def test_an_empty_collection_is_refused_and_leaves_no_file(tmp_path, documents):
    with pytest.raises(UserError, match=rf"corpus would be empty: none of its {len(documents)} "):
        write_corpus(lambda: documents, tmp_path / "corpus")
    assert list((tmp_path / "corpus").iterdir()) == []


def averages_of_bm25(settings: dict, name: str, tmp_path: Path) -> dict[str, float]:
    """Import a collection, retrieve for its topics and evaluate, all from the files written."""
    _, topics, qrels = imported(settings, {}, name, tmp_path)
    build_index(tmp_path / "corpus", tmp_path / "index", threads=2)
    run = bm25(tmp_path / "index", topics, depth=1000, k1=0.9, b=0.4, threads=2)
    trec.write_run(tmp_path / "run", run, tag="bm25")
    run, _ = trec.read_run(tmp_path / "run")
    return evaluation.averages(evaluation.evaluate(qrels, run, level=1, complete=True))


@pytest.mark.slow
def test_bm25_on_cacm_gives_the_values_of_its_json_lines(tmp_path):
    """The published .3123 and .1942 are of the same documents as HTML."""
    cacm = published_facts.full("cacm")
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
    cranfield.write_beir(published_facts.full("cranfield"), tmp_path / "beir")
    settings = {"format": "beir", "folder": str(tmp_path / "beir")}
    passages, topics, qrels = imported(settings, {}, "train", tmp_path)
    assert (len(passages), len(topics), len(qrels)) == (1398, 113, 113)
    assert {grade for judged in qrels.values() for grade in judged.values()} == {1, 2, 3, 4}
    assert 0.25 < averages_of_bm25(settings, "test", tmp_path)["map"] < 0.30
