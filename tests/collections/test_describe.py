"""Collections, and the data that is trained on and tested on, in numbers."""

import json
import random
from pathlib import Path
from statistics import mean, median, quantiles

import pytest

from lionrank.collections.corpus import open_database
from lionrank.collections.describe import (
    DataSet,
    ExampleCounts,
    describe,
    examples_of,
    of_topics,
    of_training,
    passages_in,
)
from lionrank.errors import UserError
from lionrank.files import write_json_lines
from tests.support.counted import EXAMPLES, PASSAGES, write_pairs, write_topics
from tests.support.importing import write_parquet


@pytest.fixture
def database(tmp_path):
    with open_database(tmp_path / "output", threads=1) as connection:
        yield connection


def test_documents_topics_judgements_and_lengths_are_counted(tmp_path):
    """White space beyond ASCII separates words, too."""
    draw = random.Random(12)
    spaces = [" ", "  ", "\u00a0", "\n", "\x1c", "\u2003"]
    texts = [
        "".join(f"w{draw.choice(spaces)}" for _ in range(draw.randrange(1, 90))) for _ in "x" * 90
    ]
    records = [{"id": f"d{number}", "contents": text} for number, text in enumerate(texts)]
    write_json_lines(tmp_path / "corpus" / "a.jsonl", records)
    topics = {"train": "q1\tone two\n", "test": "q2\tone\u00a0two three\nq3\tone\n"}
    qrels = {"train": "q1 0 d1 2\nq1 0 d2 1\n", "test": "q2 0 d3 2\nq2 0 d4 0\nq3 0 d3 2\n"}
    paths = {"topics": {}, "qrels": {}}
    for kind, files in (("topics", topics), ("qrels", qrels)):
        for name, text in files.items():
            paths[kind][name] = tmp_path / f"{kind}.{name}"
            paths[kind][name].write_text(text)
    described = describe(tmp_path / "corpus", **paths, threads=2)
    words = [len(text.split()) for text in texts]
    assert described.pop("lengths") == pytest.approx(
        {
            "query_words_mean": mean([2, 3, 1]),
            "passage_words_mean": mean(words),
            "passage_words_median": median(words),
            "passage_words_p95": quantiles(words, n=20)[-1],
        }
    )
    assert described == {
        "documents": 90,
        "topics": {"train": 1, "test": 2},
        "judgements": {"train": {"1": 1, "2": 1}, "test": {"0": 1, "2": 2}},
    }
    assert json.loads(json.dumps(described)) == described


def test_an_empty_corpus_is_not_described(tmp_path):
    (tmp_path / "a.jsonl").touch()
    with pytest.raises(UserError, match="holds no document"):
        describe(tmp_path, {}, {}, threads=1)


def test_topics_are_counted_with_and_without_judgements(tmp_path, database):
    found = of_topics(database, *write_topics(tmp_path), use="test", label="DL", passages=3)
    assert found == DataSet(
        use="test",
        label="DL",
        topics=3,
        judged=2,
        passages=3,
        candidates=4 / 3,
        grades={0: 1, 1: 2, 3: 1},
        query_words=2.0,
        passage_words=(3 + 1 + 2 + 3) / 4,
    )


def test_queries_of_pairs_are_counted_once_and_labels_are_grades(tmp_path, database):
    pairs = write_pairs(tmp_path / "pairs.parquet", EXAMPLES)
    found = of_training(database, pairs, use="training", label="c", passages=9)
    assert (found.topics, found.judged, found.passages) == (2, 2, 9)
    assert found.grades == {0: 3, 1: 3}
    assert found.candidates == 3.0
    assert found.query_words == 2.5
    assert found.passage_words == pytest.approx((3 + 2 + 3 + 1 + 3 + 1) / 6)


def test_lists_are_counted_passage_by_passage(tmp_path, database):
    rows = [
        {"query_id": "q1", "query": "a b", "passage_ids": ["d1", "d2"], "passages": ["x", "y z"]},
        {"query_id": "q1", "query": "a b", "passage_ids": ["d1", "d3"], "passages": ["x", "v"]},
    ]
    for row, scores in zip(rows, ([2.5, -1.0], [0.5, 0.0]), strict=True):
        row |= {"labels": [2.0, 0.0], "scores": scores}
    lists = str(tmp_path / "lists.parquet")
    write_parquet(Path(lists), rows)
    found = of_training(database, lists, use="training", label="c", passages=9)
    assert (found.topics, found.candidates, found.grades) == (1, 4.0, {2: 2, 0: 2})
    assert found.passage_words == 1.25
    assert examples_of(database, lists) == ExampleCounts(2, 4, 3, 1, (-1.0, 2.5))
    pairs = write_pairs(tmp_path / "pairs.parquet", EXAMPLES)
    assert examples_of(database, pairs).passages == len(EXAMPLES)
    assert examples_of(database, pairs).scores is None


def test_without_pairs_that_are_held_out_there_is_no_row(tmp_path, database):
    pairs = write_pairs(tmp_path / "pairs.parquet", [])
    assert of_training(database, pairs, use="held_out", label="c", passages=9) is None


def test_damaged_or_empty_files_are_named(tmp_path, database):
    paths = write_topics(tmp_path, ranked=[])
    with pytest.raises(UserError, match=r"candidates\.parquet holds no candidate"):
        of_topics(database, *paths, use="test", label="DL", passages=3)
    (tmp_path / "candidates.parquet").write_bytes(b"PAR1 damaged PAR1")
    with pytest.raises(UserError, match=r"candidates\.parquet is damaged"):
        of_topics(database, *paths, use="test", label="DL", passages=3)


def test_passages_are_those_of_the_corpus_or_of_the_source(tmp_path, database):
    write_json_lines(
        tmp_path / "corpus" / "documents.jsonl",
        [{"id": docid, "contents": text} for docid, text in PASSAGES.items()],
    )
    assert passages_in(database, {"format": "beir"}, str(tmp_path / "corpus")) == 3
    rows = [{"_id": docid, "text": "t"} for docid in "abcde"]
    write_parquet(tmp_path / "nano" / "corpus" / "train-00000-of-00001.parquet", rows)
    settings = {"format": "nanobeir", "source": "nano_nq"}
    assert passages_in(database, settings, str(tmp_path / "nano")) == 5
