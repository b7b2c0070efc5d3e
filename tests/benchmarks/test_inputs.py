"""The pairs and models of the benchmarks: lengths as in MS MARCO, and one head in two forms."""

import sys

import numpy as np
import pandas as pd
import pytest
import torch
from sentence_transformers.cross_encoder import CrossEncoder
from transformers import AutoTokenizer

from tests.support.audits import SIZES
from tests.support.running import ROOT

sys.path.insert(0, str(ROOT / "benchmarks"))

import inputs
import models


@pytest.fixture(scope="module")
def pairs() -> pd.DataFrame:
    return inputs.generate(60_000, per_query=2)


@pytest.fixture(scope="module")
def tokenizer():
    return AutoTokenizer.from_pretrained(inputs.locate(inputs.TOKENIZER, {}), local_files_only=True)


def words(texts: pd.Series) -> np.ndarray:
    return texts.str.count(" ").to_numpy() + 1


def test_passages_and_queries_are_as_long_as_those_of_ms_marco(pairs):
    passages = words(pairs["passage"])
    assert 77 <= passages.mean() <= 86
    assert 32 <= passages.std() <= 36
    assert 134 <= np.quantile(passages, 0.95) <= 151
    assert 159 <= np.quantile(passages, 0.99) <= 186
    assert passages.max() <= 275 and passages.min() >= 1
    assert words(pairs["query"]).mean() == pytest.approx(7.1, abs=0.1)


@pytest.mark.parametrize(("size", "share"), [(16, 0.57), (64, 0.48), (256, 0.42)])
def test_padded_random_batches_have_the_share_of_tokens_of_ms_marco(pairs, size, share):
    batches = pairs["tokens"].sample(frac=1, random_state=1).to_numpy()
    batches = batches[: len(batches) // size * size].reshape(-1, size)
    assert batches.mean() / batches.max(axis=1).mean() == pytest.approx(share, abs=0.01)


def test_every_word_of_a_text_is_one_token(pairs, tokenizer):
    some = pairs[:500]
    encoded = tokenizer(some["query"].tolist(), some["passage"].tolist())
    assert [len(ids) for ids in encoded["input_ids"]] == some["tokens"].tolist()
    assert some["tokens"].tolist() == (words(some["query"]) + words(some["passage"]) + 3).tolist()


def test_frequent_words_come_by_zipfs_law(pairs):
    counts = pd.Series(" ".join(pairs["passage"][:5000]).split()).value_counts()
    assert counts.index[:3].tolist() == ["the", "of", "and"]
    assert counts.iloc[0] / counts.iloc[9] == pytest.approx(10, rel=0.2)


def test_the_same_number_gives_the_same_pairs_and_the_last_topic_is_what_is_left(tmp_path):
    first, second = (pd.read_parquet(inputs.write_candidates(tmp_path, 250)) for _ in range(2))
    pd.testing.assert_frame_equal(first, second)
    assert first.groupby("qid", sort=False)["query"].nunique().tolist() == [1, 1, 1]
    assert first["qid"].value_counts(sort=False).tolist() == [100, 100, 50]


def test_training_pairs_are_a_positive_and_a_negative_a_query(tmp_path):
    path = inputs.write_training_pairs(tmp_path, 8)
    pairs, held_out = (pd.read_parquet(each) for each in (path, path.with_name("held_out.parquet")))
    assert pairs["label"].tolist() == [1.0, 0.0] * 4
    assert pairs["query_id"].tolist() == list("00112233")
    assert held_out.empty and held_out.columns.tolist() == pairs.columns.tolist()


def test_the_composed_form_computes_the_logits_of_the_checkpoint(tmp_path, monkeypatch):
    small = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
    small |= {"intermediate_size": 48, "vocab_size": 30522}
    texts = inputs.generate(6, per_query=2)
    pairs = list(zip(texts["query"], texts["passage"], strict=True))
    for name in ("minilm", "gte", "modernbert"):
        monkeypatch.setitem(models.ARCHITECTURES, name, models.ARCHITECTURES[name] | small)
        checkpoint = models.checkpoint(name, tmp_path)
        whole = CrossEncoder(str(checkpoint), device="cpu", local_files_only=True)
        parts = models.composed(checkpoint, "cpu", "sdpa", torch.float32)
        expected, found = (
            model.predict(pairs, activation_fn=torch.nn.Identity()) for model in (whole, parts)
        )
        np.testing.assert_allclose(found, expected, atol=1e-6)
        assert len(set(expected)) == len(pairs)


def test_operations_are_counted_by_the_layers_weights_and_by_attention(tmp_path):
    checkpoint = models.checkpoint("tiny", tmp_path)
    # Each of 2 layers: 4 matrices of 64 x 64 and 2 of 64 x 128, biases and two norms.
    weights = 2 * (4 * 64 * 65 + 64 * 128 + 128 + 128 * 64 + 64 + 4 * 64)
    attention = 2 * 4 * 64 * (10**2 + 30**2)
    assert models.operations(checkpoint, np.array([10, 30])) == 2 * weights * 40 + attention


def test_local_attention_is_counted_up_to_its_window(tmp_path):
    (tmp_path / "config.json").write_text(
        '{"model_type": "modernbert", "num_hidden_layers": 3, "local_attention": 128, '
        '"layer_types": ["full_attention", "sliding_attention", "sliding_attention"]}'
    )
    both = [models.operations(tmp_path, np.array([length])) for length in (128, 256)]
    assert both[1] - 2 * both[0] == 4 * 768 * (256 * 256 - 2 * 128 * 128)


@pytest.mark.parametrize("name", ["minilm", "gte", "modernbert"])
def test_the_models_are_as_large_as_the_audit_says(name):
    config = models.AutoConfig.for_model(**models.ARCHITECTURES[name], num_labels=1)
    with torch.device("meta"):
        model = models.AutoModelForSequenceClassification.from_config(config)
    assert model.num_parameters() == SIZES[f"models.{name}"]["parameters"]
