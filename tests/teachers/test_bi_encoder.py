"""A bi-encoder's scores are those of sentence-transformers' own model.similarity."""

import json

import pandas as pd
import pytest
import torch
from sentence_transformers import SentenceTransformer

from lionrank import parquet
from lionrank.retrieval.bi_encoder import load
from lionrank.teachers.bi_encoder import score
from tests.support.bi_encoders import copied, package

CPU = torch.device("cpu")
QUERIES = ["sort a list in place", "read a table from a file", "sort a list in place"]
PASSAGES = [
    "Sort the items of the list, in place, by the key.",
    "Return a data frame that is read from a file of comma-separated values.",
    "Close the figure.",
    "Draw samples from a normal distribution. " * 60,
]


@pytest.fixture(scope="module")
def candidates(tmp_path_factory):
    """Every passage for every topic, the second of which has another order, in a Parquet file."""
    rows = [
        {"qid": f"q{i}", "docid": f"d{j}", "rank": None, "score": None}
        | {"query": query, "passage": PASSAGES[j]}
        for i, query in enumerate(QUERIES)
        for j in (range(4) if i != 1 else (2, 0, 3, 1))
    ]
    path = tmp_path_factory.mktemp("candidates") / "candidates.parquet"
    parquet.write(path, pd.DataFrame(rows).astype({"rank": "Int64", "score": "float64"}))
    return path, [(int(row["qid"][1]), int(row["docid"][1])) for row in rows]


@pytest.mark.parametrize("scale", [1, 20])
def test_scores_are_its_own_similarity(candidates, scale):
    path, places = candidates
    found = torch.tensor([*score(load(str(package()), CPU, "teachers"), path, scale)])
    model = SentenceTransformer(str(package()), device="cpu", local_files_only=True)
    own = model.similarity(model.encode_query(QUERIES), model.encode_document(PASSAGES))
    expected = torch.stack([own[place] for place in places]) * scale
    torch.testing.assert_close(found, expected, atol=1e-5 * scale, rtol=0)
    assert found[0] > found[2]


def test_prompts_and_similarity_are_those_of_the_folder(candidates, tmp_path, capsys):
    path, places = candidates
    stated = {
        "model_type": "SentenceTransformer",
        "prompts": {"query": "search_query: ", "document": "search_document: "},
        "similarity_fn_name": "dot",
    }
    modules = json.loads((package() / "modules.json").read_text())[:2]
    folder = copied(tmp_path / "bi", config_sentence_transformers=stated, modules=modules)
    found = torch.tensor([*score(load(str(folder), CPU, "teachers"), path, 1)])
    assert "the score is dot similarity" in capsys.readouterr().out
    plain = SentenceTransformer(str(package()), device="cpu", local_files_only=True)
    plain.pop(2)
    queries = plain.encode([f"search_query: {text}" for text in QUERIES], convert_to_tensor=True)
    documents = plain.encode(
        [f"search_document: {text}" for text in PASSAGES], convert_to_tensor=True
    )
    expected = torch.stack([(queries @ documents.T)[place] for place in places])
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)
