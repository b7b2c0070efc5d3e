"""Collections brought to the formats at the doors, which are then good for BM25."""

from pathlib import Path

import pytest

from lionrank import trec
from lionrank.collections.convert import write_corpus
from lionrank.collections.readers.base import Document
from lionrank.errors import UserError
from lionrank.evaluation import trec_eval as evaluation
from lionrank.files import read_json_lines
from lionrank.retrieval.bm25 import bm25, build_index
from tests.support import cranfield, published_facts
from tests.support.importing import imported


def test_a_document_without_text_is_left_out_and_told_of(tmp_path, capsys):
    documents = [Document("d1", " \n", "f:1"), Document("d2", "text", "f:2")]
    write_corpus(documents, tmp_path)
    written = list(read_json_lines(tmp_path / "documents.jsonl"))
    assert written == [{"id": "d2", "contents": "text"}]
    assert "left out 1 documents without text: d1" in capsys.readouterr().out


@pytest.mark.parametrize("documents", [[], [Document("d1", "", "f:1")]])
def test_an_empty_collection_is_refused_and_leaves_no_file(tmp_path, documents):
    with pytest.raises(UserError, match=rf"corpus would be empty: none of its {len(documents)} "):
        write_corpus(documents, tmp_path / "corpus")
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
