"""Optimizers, from a class path and arguments in the config."""

import importlib
from collections.abc import Callable, Iterator
from typing import Any

import torch
from lion_pytorch import Lion
from torch import Tensor
from torch.optim import Optimizer
from transformers.trainer_pt_utils import get_parameter_names

from lionrank.errors import UserError

# As transformers' Trainer names what is usually not decayed.
NOT_DECAYED = (r"bias", r"layernorm", r"rmsnorm", r"(?:^|\.)norm(?:$|\.)", r"_norm(?:$|\.)")


CACHED = 2**18
"""Weights that a CPU takes through all operations of a step while they are in its caches."""


class ForeachLion(Lion):
    """Lion that updates many tensors at once, with the bits of lion_pytorch's.

    The operations are those of `lion_pytorch.Lion`, so that a comparison with AdamW's fused kernel
    is not one of launch overheads. `lion_pytorch.foreach.Lion` interpolates with lerp,
    which rounds otherwise, and where a momentum is close to zero its sign then differs.
    """

    def __init__(
        self,
        params: Any,
        lr: float = 1e-4,
        betas: tuple[float, float] = (0.9, 0.99),
        weight_decay: float = 0.0,
        decoupled_weight_decay: bool = False,
    ) -> None:
        # Without `use_triton`, whose kernel this step would leave out.
        super().__init__(
            params, lr, betas, weight_decay, decoupled_weight_decay=decoupled_weight_decay
        )

    @torch.no_grad()
    def step(self, closure: Callable[[], Tensor] | None = None) -> Tensor | None:
        """Update the parameters (Chen et al. 2023, arXiv 2302.06675, algorithm 2)."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            parameters = [parameter for parameter in group["params"] if parameter.grad is not None]
            for parameter in parameters:
                if not self.state[parameter]:
                    self.state[parameter]["exp_avg"] = torch.zeros_like(parameter)
            gradients = [parameter.grad for parameter in parameters]
            momenta = [self.state[parameter]["exp_avg"] for parameter in parameters]
            for block in _blocks(parameters, gradients, momenta):
                self._update(group, *block)
        return loss

    def _update(
        self, group: dict, parameters: list[Tensor], gradients: list[Tensor], momenta: list[Tensor]
    ) -> None:
        rate, (beta1, beta2) = group["lr"], group["betas"]
        decay = group["weight_decay"] / (self._init_lr if self.decoupled_wd else 1)
        # Momenta before parameters: a CPU then needs three arrays at once in its caches, not four.
        updates = torch._foreach_mul(momenta, beta1)
        torch._foreach_add_(updates, gradients, alpha=1.0 - beta1)
        torch._foreach_mul_(momenta, beta2)
        torch._foreach_add_(momenta, gradients, alpha=1.0 - beta2)
        torch._foreach_sign_(updates)
        torch._foreach_mul_(parameters, 1.0 - rate * decay)
        torch._foreach_add_(parameters, updates, alpha=-rate)


def _blocks(*tensors: list[Tensor]) -> Iterator[tuple[list[Tensor], ...]]:
    """Yield lists of as many tensors in parts: on a CPU such as its caches hold, else all."""
    if not tensors[0]:
        return
    if tensors[0][0].device.type != "cpu":
        yield tensors
        return
    block: list[tuple[Tensor, ...]] = []
    size = 0
    for row in zip(*tensors, strict=True):
        # Gradient and momentum are laid out as their parameter is.
        whole = row[0].numel() <= CACHED or not row[0].is_contiguous()
        flat = ((each,) if whole else each.view(-1).split(CACHED) for each in row)
        for pieces in zip(*flat, strict=True):
            block.append(pieces)
            size += pieces[0].numel()
            if size >= CACHED:
                yield tuple(map(list, zip(*block, strict=True)))
                block, size = [], 0
    if block:
        yield tuple(map(list, zip(*block, strict=True)))


def build(model: torch.nn.Module, settings: dict) -> Optimizer:
    """Build `settings["optimizer"]` over every parameter of the model.

    Weight decay is that of the settings for all parameters, or, where `decay_biases_and_norms` is
    false, for all but biases and the weights of normalisation layers. A first step is made with
    weights of its own, so that what cannot train says so before a model is touched.

    Raises:
        UserError: the class is no optimizer, does not take its arguments, has no weight decay where
            the settings have one, or cannot make a step.
    """
    device = next(model.parameters()).device
    name, arguments = settings["optimizer"]["class"], settings["optimizer"]["arguments"]
    try:
        # An optimizer may draw random numbers; those of the training are the model's.
        with torch.random.fork_rng([device] if device.type == "cuda" else []):
            _try(_StandIn(device), settings)
        return _built(model, settings)
    except SystemExit as ended:
        raise UserError(
            f"optimizers: {name} with {arguments}: the library ended the process by exit(); what "
            "it printed stands above: install what it lacks, or leave that argument out."
        ) from ended
    # A class of any library, with any arguments, may raise anything.
    except Exception as error:
        reason = str(error) or type(error).__name__
        raise UserError(f"optimizers: {name} with {arguments}: {reason}") from error


class _StandIn(torch.nn.Module):
    """Weights of the kinds that a cross-encoder has, matrices and vectors: 0, with gradients."""

    def __init__(self, device: torch.device) -> None:
        super().__init__()
        self.dense = torch.nn.utils.skip_init(torch.nn.Linear, 4, 4, device=device)
        self.norm = torch.nn.LayerNorm(4, device=device)
        for parameter in self.parameters():
            torch.nn.init.zeros_(parameter)
            parameter.grad = torch.ones_like(parameter)


def _built(model: torch.nn.Module, settings: dict) -> Optimizer:
    name, arguments = settings["optimizer"]["class"], settings["optimizer"]["arguments"]
    module, _, attribute = name.rpartition(".")
    optimizer_class = getattr(importlib.import_module(module), attribute)
    if not (isinstance(optimizer_class, type) and issubclass(optimizer_class, Optimizer)):
        raise TypeError("it is no torch optimizer class")
    return optimizer_class(_groups(model, settings), lr=settings["learning_rate"], **arguments)


def _try(stand_in: _StandIn, settings: dict) -> None:
    optimizer = _built(stand_in, settings)
    try:
        optimizer.step()
    except Exception as error:
        raise ValueError(
            f"it cannot make a step ({error or type(error).__name__}): a training calls step() "
            "once a batch, without a closure, with dense gradients of matrices and vectors"
        ) from error
    if not all(weights.any() for weights in stand_in.parameters()):
        raise ValueError("its step leaves weights as they are")
    # A step reads what groups without a value of their own have from here, or does not read it.
    if settings["weight_decay"] and "weight_decay" not in optimizer.defaults:
        raise ValueError("it has no weight decay: set its weight_decay in training.optimizers to 0")


def _groups(model: torch.nn.Module, settings: dict) -> list[dict]:
    decay, named = settings["weight_decay"], dict(model.named_parameters())
    if settings["decay_biases_and_norms"]:
        return [{"params": list(named.values()), "weight_decay": decay}]
    decayed = set(get_parameter_names(model, [torch.nn.LayerNorm], list(NOT_DECAYED)))
    others = named.keys() - decayed
    return [
        {"params": [each for name, each in named.items() if name in names], "weight_decay": own}
        for names, own in ((decayed, decay), (others, 0.0))
    ]
