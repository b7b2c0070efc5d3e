"""What BM25 reaches here, beside what was published of it."""

import pytest

from lionrank import trec
from lionrank.files import write_json_lines
from lionrank.java import start_jvm
from lionrank.published.first_stages import REMOVE_QUERY, Bm25, PublishedRanking
from lionrank.replication.first_stages import compare, to_text
from lionrank.retrieval.bm25 import bm25, build_index
from tests.support import small_msmarco

QRELS = {"1": {"a": 2, "b": 1, "c": 0}, "2": {"a": 1}}
RUN = {"1": {"c": 3.0, "b": 2.0, "a": 1.0}}
BM25 = Bm25({"k1": 0.9, "b": 0.4}, 1000)


def published(values, note="", remove_query=False):
    return PublishedRanking("index", BM25, remove_query, "Anserini", note, values)


def lines(text):
    return [" ".join(line.split()) for line in text.splitlines()]


@pytest.mark.parametrize(
    ("value", "verdict"),
    [
        # Topic 2 has no candidates and counts as zero: (1/3 + 0) / 2 = 0.16666...
        (0.1667, "reproduced"),
        (0.1666, "differs"),
        (0.3333, "differs"),
    ],
)
def test_a_value_is_reproduced_to_its_four_digits(value, verdict):
    assert compare("small", published({("map", 2): value}), QRELS, RUN).verdict == verdict


def test_one_measure_that_differs_is_enough():
    values = {("recall_100", 1): 0.5, ("recip_rank_10", 1): 0.25, ("P_30", 1): 0.5}
    compared = compare("small", published(values), QRELS, RUN)
    assert compared.differences[:2] == [0, 0]
    assert compared.verdict == "differs"


@pytest.mark.parametrize(("remove_query", "value"), [(True, 1.0), (False, 0.5)])
def test_the_query_itself_is_left_out_where_the_published_ranking_is_without_it(
    remove_query, value
):
    ranking = published({("recip_rank_10", 1): value}, remove_query=remove_query)
    run = {"q": {"q": 2.0, "answer": 1.0}}
    assert compare("small", ranking, {"q": {"answer": 1}}, run).verdict == "reproduced"


def test_a_line_is_a_test_set():
    compared = [
        compare("small", published({("map", 2): 0.1667, ("recall_100", 1): 0.5}), QRELS, RUN),
        compare("other", published({("recip_rank_10", 1): 0.3}, "of HTML"), QRELS, RUN),
    ]
    heading, *rows = lines(to_text(compared, ["mine", "yours"]))
    assert heading == "test set measures ours published difference"
    assert rows == [
        "small MAP(>=2) Recall@100 0.1667 0.5000 0.1667 0.5000 +0.0000 +0.0000 reproduced",
        "other [1] MRR@10 0.2500 0.3000 -0.0500 differs",
        "[1] Anserini: of HTML",
        "without published values: mine, yours",
    ]


@pytest.mark.slow
def test_the_ranking_that_is_compared_is_that_of_anserinis_own_command(tmp_path):
    passages = small_msmarco.PASSAGES
    documents = ({"id": docid, "contents": text} for docid, text in passages.items())
    write_json_lines(tmp_path / "corpus" / "documents.jsonl", documents)
    build_index(tmp_path / "corpus", tmp_path / "index", threads=1)
    # Each asks for the words of a document, by whose name it goes.
    topics = dict([*passages.items()][:20])
    trec.write_topics(tmp_path / "topics.tsv", topics)
    search(index=tmp_path / "index", topics=tmp_path / "topics.tsv", output=tmp_path / "theirs")
    theirs, _ = trec.read_run(tmp_path / "theirs")
    assert {len(ranking) for ranking in theirs.values()} == {19}
    run = bm25(tmp_path / "index", topics, depth=20, k1=0.9, b=0.4, threads=1)
    trec.write_run(tmp_path / "ours", run, tag="bm25")
    ours, _ = trec.read_run(tmp_path / "ours")
    qrels = {qid: {qid: 1} for qid in topics}
    compare("small", published({("map", 1): 0.0}, remove_query=True), qrels, ours)
    assert ours == theirs
    assert [[*trec.by_score(ours[qid])] for qid in topics] == [
        [*trec.by_score(theirs[qid])] for qid in topics
    ]


def search(**paths):
    """Let Anserini rank 20 documents a topic, as the published values ask."""
    start_jvm()
    from jnius import autoclass

    arguments = [word for name, path in paths.items() for word in (f"-{name}", str(path))]
    flags = ["-topicReader", "TsvString", "-bm25", "-hits", "20", REMOVE_QUERY]
    autoclass("io.anserini.search.SearchCollection").main([*arguments, *flags])
