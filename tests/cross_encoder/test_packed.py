"""Linear layers whose weights are laid out once: the numbers that autocast gives, and no trace."""

import pytest
import torch

from lionrank.cross_encoder import model as cross_encoder
from lionrank.cross_encoder.device import autocast
from lionrank.cross_encoder.packed import packed
from lionrank.cross_encoder.tokens import encode
from tests.support import tiny_training as tiny

CPU = torch.device("cpu")
TEXTS = [("what a lion eats", "meat"), ("lion", "a fish " * 9), ("one", "two three " * 30)]


@pytest.mark.parametrize("architecture", ["bert", "gte", "modernbert", "roberta", "deberta"])
def test_logits_are_those_of_autocast_and_then_of_the_weights_as_they_are(tmp_path, architecture):
    model = cross_encoder.load(tiny.write_start(tmp_path / "start", architecture), CPU)
    pairs = encode(model.tokenizer, *zip(*TEXTS, strict=True))
    with torch.no_grad(), autocast(CPU, "bf16"):
        expected = model.logits(pairs)
        with packed(model, "bf16"):
            found = model.logits(pairs)
        for weights in model.parameters():
            weights.zero_()
        assert not model.logits(pairs).any()
    assert found.dtype == torch.float32
    assert expected.std() > 0
    torch.testing.assert_close(found, expected, rtol=1e-2, atol=1e-3)


@pytest.mark.parametrize("precision", ["bf16", "fp32"])
@pytest.mark.parametrize("bias", [True, False])
def test_a_layer_computes_in_its_precision(precision, bias):
    layer, states = torch.nn.Linear(40, 24, bias=bias), torch.randn(3, 5, 40)
    with torch.no_grad(), autocast(CPU, precision):
        expected = layer(states)
        with packed(layer, precision):
            found = layer(states)
    assert found.dtype == expected.dtype
    torch.testing.assert_close(found, expected)


def test_a_layer_of_a_class_of_its_own_is_left_as_it_is():
    layer, states = cross_encoder.Float32Linear(40, 1), torch.randn(5, 40)
    expected = layer(states)
    with torch.no_grad(), autocast(CPU, "bf16"), packed(layer, "bf16"):
        assert torch.equal(layer(states), expected)
