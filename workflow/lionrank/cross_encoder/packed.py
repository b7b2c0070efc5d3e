"""Linear layers in bf16 on a CPU, whose weights are laid out for its kernels once for all batches.

Under autocast alone, each product lays them out again, which takes a tenth of its time. The numbers
are the same.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import torch
from torch import Tensor

from lionrank.cross_encoder.device import resolve

ROWS = 2048
"""Tokens of a batch that the layout is chosen for; it serves any number."""


@contextmanager
def packed(model: torch.nn.Module, precision: str) -> Iterator[None]:
    """Let a model's linear layers compute with packed weights, which must not change meanwhile.

    What is not computed in bf16 on a CPU is left as it is, and so are layers of a class of their
    own, such as one that computes in float32.
    """
    layers = [layer for layer in model.modules() if type(layer) is torch.nn.Linear]
    layers = [layer for layer in layers if _has_kernels(layer.weight.device, precision)]
    for layer in layers:
        layer.forward = _product_of(layer)
    try:
        yield
    finally:
        for layer in layers:
            del layer.forward


def _has_kernels(device: torch.device, precision: str) -> bool:
    return (
        device.type == "cpu"
        and resolve(precision, device) == "bf16"
        and torch.backends.mkldnn.is_available()
        and torch.ops.mkldnn._is_mkldnn_bf16_supported()
    )


def _product_of(layer: torch.nn.Linear) -> partial[Tensor]:
    """Return what computes a layer's product with its weights as they are now."""
    weight = layer.weight.detach().bfloat16()
    bias = None if layer.bias is None else layer.bias.detach().bfloat16()
    laid_out = torch.ops.mkldnn._reorder_linear_weight(weight, ROWS)
    return partial(_product, weight=laid_out, bias=bias)


def _product(states: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """Return in bf16 what a linear layer makes of `states` [..., size]."""
    states = states.to(torch.bfloat16)
    found: Tensor = torch.ops.mkldnn._linear_pointwise(states, weight, bias, "none", [], "")
    return found
