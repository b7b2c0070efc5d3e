"""Dense first stages: vectors of a corpus, whatever stops the job, and exact search among them."""

import resource

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from numpy.lib.format import open_memmap
from sentence_transformers import SentenceTransformer

from lionrank import trec
from lionrank.errors import UserError
from lionrank.files import read_json, write_json_lines
from lionrank.retrieval import dense
from lionrank.retrieval.bi_encoder import load
from tests.support.bi_encoders import package

CPU = torch.device("cpu")
WORDS = ["lion", "tiger", "optimizer", "learning", "rate", "table", "figure", "query", "index"]
DICE = np.random.default_rng(7)
PASSAGES = [" ".join(DICE.choice(WORDS, DICE.integers(2, 20))) for _ in range(24)]
BELONGS_TO = {"corpus": "digest", "code": "1"}


@pytest.fixture(scope="module")
def model():
    return load(str(package()), CPU, "first_stages")


def corpus_of(folder, passages):
    """Write a corpus whose docids are not in the order of its lines."""
    records = [
        {"id": f"d{(7 * number) % len(passages)}", "contents": text}
        for number, text in enumerate(passages)
    ]
    write_json_lines(folder / "documents.jsonl", records)
    return [record["id"] for record in records]


@pytest.fixture(scope="module")
def whole(model, tmp_path_factory):
    """The index of all passages, and their docids in the order of the corpus."""
    folder = tmp_path_factory.mktemp("dense")
    docids = corpus_of(folder / "corpus", PASSAGES)
    dense.encode_corpus(model, folder / "corpus", folder / "indexes" / "own.dense", 1, BELONGS_TO)
    return folder / "indexes" / "own.dense", docids


def test_vectors_are_the_models_own_in_the_order_of_the_corpus(model, whole):
    index, docids = whole
    assert sorted(path.name for path in index.iterdir()) == ["documents.parquet", "vectors.npy"]
    assert pq.read_table(index / dense.DOCUMENTS)["docid"].to_pylist() == docids
    vectors = np.load(index / dense.VECTORS)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(vectors, model.encode_document(PASSAGES), atol=1e-6)
    assert [path.name for path in index.parent.iterdir()] == [index.name]


class Stops(SentenceTransformer):
    """A bi-encoder that ends after so many calls, as a job that is killed does."""

    def __init__(self, calls):
        super().__init__(str(package()), device="cpu", local_files_only=True)
        self.calls = calls

    def encode_document(self, *args, **kwargs):
        self.calls -= 1
        if self.calls < 0:
            raise KeyboardInterrupt
        return super().encode_document(*args, **kwargs)


@pytest.mark.parametrize("of_another", [False, True])
def test_a_job_that_was_killed_goes_on_from_where_it_was(
    whole, tmp_path, monkeypatch, capsys, of_another
):
    monkeypatch.setattr(dense, "CHUNK", 8)
    corpus_of(tmp_path / "corpus", PASSAGES)
    index = tmp_path / "indexes" / "own.dense"
    with pytest.raises(KeyboardInterrupt):
        dense.encode_corpus(Stops(2), tmp_path / "corpus", index, 1, BELONGS_TO)
    assert not index.exists()
    (made,) = index.parent.iterdir()
    done = read_json(made / dense.PROGRESS)["done"]
    assert 0 < done < len(PASSAGES)
    # A mark by which vectors of earlier are known again.
    open_memmap(made / dense.VECTORS, "r+")[0] = 9
    belongs_to = BELONGS_TO | ({"code": "2"} if of_another else {})
    dense.encode_corpus(Stops(100), tmp_path / "corpus", index, 1, belongs_to)
    vectors = np.load(index / dense.VECTORS)
    assert (vectors[0] == 9).all() is not of_another
    np.testing.assert_allclose(vectors[1:], np.load(whole[0] / dense.VECTORS)[1:], atol=1e-6)
    told = capsys.readouterr().out
    assert ("begun anew" in told) == of_another
    assert [path.name for path in index.parent.iterdir()] == [index.name]


def test_a_document_that_is_there_twice_is_refused_before_any_is_encoded(tmp_path):
    lines = [{"id": docid, "contents": "text"} for docid in ("d1", "d2", "d1")]
    write_json_lines(tmp_path / "corpus" / "documents.jsonl", lines)
    with pytest.raises(UserError, match="document 'd1' appears twice"):
        dense.encode_corpus(Stops(0), tmp_path / "corpus", tmp_path / "i", 1, BELONGS_TO)


@pytest.mark.parametrize("function", ["cosine", "dot", "euclidean", "manhattan"])
def test_search_finds_the_most_similar_documents_of_all(model, whole, monkeypatch, function):
    index, docids = whole
    topics = {"q1": "learning rate of an optimizer", "q2": "tiger", "q3": "query the index"}
    monkeypatch.setattr(dense, "BLOCK", 7)
    monkeypatch.setattr(dense, "QUERIES", {"cpu": 2})
    monkeypatch.setattr(model, "similarity_fn_name", function)
    found = dict(dense.search(model, index, topics, depth=9))
    assert [*found] == [*topics]
    similar = model.similarity(
        model.encode_query([*topics.values()]).astype(np.float64),
        np.load(index / dense.VECTORS).astype(np.float64),
    )
    for qid, row in zip(topics, similar, strict=True):
        expected = trec.by_score(dict(zip(docids, row.tolist(), strict=True)))
        assert [*found[qid]] == [*expected][:9]
        np.testing.assert_allclose(
            [*found[qid].values()], [*expected.values()][:9], atol=1e-5, rtol=1e-6
        )


class Made:
    """A bi-encoder of two queries; similarity is the inner product."""

    device = CPU

    def encode_query(self, texts, **_):
        return torch.tensor([[1.0, 0.0], [-1.0, 0.0]])[: len(texts)]

    def similarity(self, queries, documents):
        return queries @ documents.T


def index_of(folder, vectors):
    folder.mkdir()
    np.save(folder / dense.VECTORS, np.array(vectors, np.float32))
    # Of which "é" comes last by its bytes, as for trec_eval.
    docids = ["d10", "é", "d9", "d1", "z", "d2"][: len(vectors)]
    pq.write_table(
        dense.DOCID.empty_table().from_pydict({"docid": docids}), folder / dense.DOCUMENTS
    )
    return docids


@pytest.mark.parametrize("block", [1, 2, 6])
@pytest.mark.parametrize("depth", [1, 3, 5, 9])
def test_ties_are_ranked_as_by_trec_eval_wherever_the_blocks_end(
    tmp_path, monkeypatch, block, depth
):
    values = [0.5, 0.5, -0.0, 0.5, 0.0, 0.5]
    docids = index_of(tmp_path / "index", [(value, 1) for value in values])
    monkeypatch.setattr(dense, "BLOCK", block)
    found = dict(dense.search(Made(), tmp_path / "index", {"q1": "a", "q2": "b"}, depth))
    for qid, sign in (("q1", 1), ("q2", -1)):
        expected = trec.by_score({d: sign * v + 0.0 for d, v in zip(docids, values, strict=True)})
        assert [*found[qid].items()] == [*expected.items()][:depth]


def test_the_run_file_is_strict_and_its_record_counts_it(tmp_path):
    index_of(tmp_path / "index", [(0.5, 1), (0.5, 1), (2, 1)])
    trec.write_topics(tmp_path / "topics.tsv", {"q1": "a"})
    files = [tmp_path / name for name in ("topics.tsv", "run.trec", "run.json")]
    dense.rank(Made(), tmp_path / "index", files[0], 3, "dense", *files[1:])
    assert files[1].read_text().splitlines() == [
        "q1 Q0 d9 1 2.0 dense",
        "q1 Q0 é 2 0.5 dense",
        "q1 Q0 d10 3 0.49999997 dense",
    ]
    counts = read_json(files[2])
    assert (counts["topics"], counts["lines"], counts["without_candidates"]) == (1, 3, 0)


def test_the_query_itself_takes_no_place_of_the_depth(tmp_path, capsys):
    docids = index_of(tmp_path / "index", [(3, 1), (2, 1), (1, 1), (0, 1)])
    trec.write_topics(tmp_path / "topics.tsv", {docids[0]: "a", docids[3]: "a"})
    files = [tmp_path / name for name in ("topics.tsv", "run.trec", "run.json")]
    dense.rank(Made(), tmp_path / "index", files[0], 2, "dense", *files[1:], remove_query=True)
    run, _ = trec.read_run(files[1])
    assert {qid: [*own] for qid, own in run.items()} == {
        docids[0]: docids[1:3],
        docids[3]: [docids[2], docids[1]],
    }
    counts = read_json(files[2])
    assert (counts["lines"], counts["removed_queries"]) == (4, 2)
    assert "2 documents are the query itself, and left out" in capsys.readouterr().out


def test_a_similarity_that_is_not_finite_is_refused(tmp_path):
    index_of(tmp_path / "index", [(1, 1), (np.nan, 1)])
    with pytest.raises(UserError, match=r"index: a similarity is not finite"):
        dict(dense.search(Made(), tmp_path / "index", {"q1": "a"}, 1))


def test_without_room_for_the_vectors_that_is_said(tmp_path):
    documents = [{"id": f"d{number}", "contents": "text"} for number in range(9)]
    write_json_lines(tmp_path / "corpus" / "documents.jsonl", documents)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    made = Stops(1)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (8192, limits[1]))
        with pytest.raises(UserError, match=r"9 documents take 13\.8 kB, .* \(File too large\)"):
            dense.encode_corpus(made, tmp_path / "corpus", tmp_path / "i", 1, BELONGS_TO)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
