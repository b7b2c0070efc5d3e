"""Optimizers, from a class path and arguments in the config."""

import importlib
from collections.abc import Callable

import torch
from lion_pytorch import Lion
from transformers.trainer_pt_utils import get_parameter_names

from lionrank.errors import UserError

# As transformers' Trainer names what is usually not decayed.
NOT_DECAYED = (r"bias", r"layernorm", r"rmsnorm", r"(?:^|\.)norm(?:$|\.)", r"_norm(?:$|\.)")


class ForeachLion(Lion):
    """Lion that updates all tensors of a group at once, with the bits of lion_pytorch's.

    The operations are those of `lion_pytorch.Lion`, in its order, so that a comparison with AdamW's
    fused kernel is not one of launch overheads. `lion_pytorch.foreach.Lion` interpolates with lerp,
    which rounds otherwise, and where a momentum is close to zero its sign then differs.
    """

    @torch.no_grad()
    def step(self, closure: Callable[[], torch.Tensor] | None = None) -> torch.Tensor | None:
        """Update the parameters (Chen et al. 2023, arXiv 2302.06675, algorithm 2)."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            self._step_group(group)
        return loss

    def _step_group(self, group: dict) -> None:
        parameters = [parameter for parameter in group["params"] if parameter.grad is not None]
        if not parameters:
            return
        gradients = [parameter.grad for parameter in parameters]
        for parameter in parameters:
            if not self.state[parameter]:
                self.state[parameter]["exp_avg"] = torch.zeros_like(parameter)
        momenta = [self.state[parameter]["exp_avg"] for parameter in parameters]
        rate, (beta1, beta2) = group["lr"], group["betas"]
        decay = group["weight_decay"] / (self._init_lr if self.decoupled_wd else 1)
        torch._foreach_mul_(parameters, 1.0 - rate * decay)
        updates = torch._foreach_mul(momenta, beta1)
        torch._foreach_add_(updates, gradients, alpha=1.0 - beta1)
        torch._foreach_sign_(updates)
        torch._foreach_add_(parameters, updates, alpha=-rate)
        torch._foreach_mul_(momenta, beta2)
        torch._foreach_add_(momenta, gradients, alpha=1.0 - beta2)


def build(model: torch.nn.Module, settings: dict) -> torch.optim.Optimizer:
    """Build `settings["optimizer"]` over every parameter of the model.

    Weight decay is that of the settings for all parameters, or, where `decay_biases_and_norms` is
    false, for all but biases and the weights of normalisation layers.

    Raises:
        UserError: the class cannot be imported or does not take its arguments.
    """
    name, arguments = settings["optimizer"]["class"], settings["optimizer"]["arguments"]
    module, _, attribute = name.rpartition(".")
    try:
        optimizer = getattr(importlib.import_module(module), attribute)
        return optimizer(_groups(model, settings), lr=settings["learning_rate"], **arguments)
    except (ImportError, AttributeError, TypeError, ValueError) as error:
        raise UserError(f"optimizers: {name} with {arguments}: {error}") from error


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
