"""The step of AdamW and of Lion, in each of their forms, on weights of a full-size model's shapes.

Weights and gradients are random, and the gradients stay the same: a step takes as long whatever
they are. Run with `make bench-optimizer`.
"""

import argparse
import os
import pkgutil
import shutil
import sys
from collections.abc import Callable, Sequence

import torch
from alternate import Column, Contender, alternate, report

MODELS = ("minilm", "gte", "modernbert", "tiny")
SETTINGS = {"lr": 1e-5, "weight_decay": 0.01}
SEED = 12
# Weights updated in a repetition, for one of about a second.
UPDATES = {"cpu": 2_000_000_000, "cuda": 100_000_000_000}
STEPS_COMPARED = 5

OURS, PLAIN, FUSED = "Lion, ours", "Lion, plain", "AdamW, fused"
COMPILED, TRITON = "Lion, plain, compiled", "Lion, triton"
FORMS: dict[str, tuple[str, dict]] = {
    "AdamW, a loop": ("torch.optim.AdamW", {"foreach": False, "fused": False}),
    "AdamW, foreach": ("torch.optim.AdamW", {"foreach": True}),
    FUSED: ("torch.optim.AdamW", {"fused": True}),
    OURS: ("lionrank.training.optimizers.ForeachLion", {}),
    "Lion, foreach by lerp": ("lion_pytorch.foreach.Lion", {}),
    TRITON: ("lion_pytorch.Lion", {"use_triton": True}),
    COMPILED: ("lion_pytorch.Lion", {}),
    PLAIN: ("lion_pytorch.Lion", {}),
}
# What runs in turn, so few at a time that 24 GiB hold GTE's. The first is the one that trainings
# take, the last its main peer.
TABLES = {
    "Forms of AdamW": (FUSED, "AdamW, foreach", "AdamW, a loop"),
    "Forms of Lion": (OURS, "Lion, foreach by lerp", TRITON, COMPILED, PLAIN),
    "Lion and AdamW": (OURS, FUSED),
}
COLUMNS: dict[str, Column] = {
    "ms a step": lambda each: 1000 * each.seconds / each.facts["steps"],
    "10^9 weights/s": lambda each: each.facts["weights"] / each.seconds / 1e9,
    "least GB/s": lambda each: each.facts["bytes"] / each.seconds / 1e9,
    "state MiB": lambda each: each.facts["state"] / 2**20,
}


def shapes_of(model: str) -> list[torch.Size]:
    """Return the shapes of a model's weights."""
    # Not at the top: every contender would import it, too.
    from models import ARCHITECTURES
    from transformers import AutoConfig, AutoModelForSequenceClassification

    config = AutoConfig.for_model(**ARCHITECTURES[model], num_labels=1)
    with torch.device("meta"):
        built = AutoModelForSequenceClassification.from_config(config)
    return [weight.shape for weight in built.parameters()]


def build(
    form: str, shapes: Sequence[torch.Size], device: str
) -> tuple[list[torch.nn.Parameter], torch.optim.Optimizer]:
    """Return float32 weights with gradients, the same for every form, and their optimizer."""
    draw = torch.Generator(device).manual_seed(SEED)
    weights = []
    for shape in shapes:
        weight, gradient = (torch.randn(shape, generator=draw, device=device) for _ in range(2))
        weights.append(torch.nn.Parameter(weight.mul_(0.02)))
        weights[-1].grad = gradient.mul_(0.001)
    name, arguments = FORMS[form]
    return weights, pkgutil.resolve_name(name)(weights, **SETTINGS, **arguments)


def prepare(
    form: str, shapes: Sequence[torch.Size], device: str, steps: int
) -> Callable[[], dict[str, float]]:
    """Return what makes so many steps."""
    weights, optimizer = build(form, shapes, device)
    # The first step makes the state, which what is compiled finds there.
    optimizer.step()
    step = torch.compile(optimizer.step) if form == COMPILED else optimizer.step
    step()
    number = sum(weight.numel() for weight in weights)
    tensors = (tensor for own in optimizer.state.values() for tensor in own.values())
    state = sum(tensor.nbytes for tensor in tensors)
    # The least that a step can do: read weights, gradients and state, write weights and state.
    moved = 3 * sum(weight.nbytes for weight in weights) + 2 * state

    def repeat() -> dict[str, float]:
        for _ in range(steps):
            step()
        return {"steps": steps, "weights": steps * number, "bytes": steps * moved, "state": state}

    return repeat


def prepare_check(shapes: Sequence[torch.Size], device: str) -> Callable[[], dict[str, float]]:
    """Return what makes the same steps with ours and with the plain Lion, and compares weights."""

    def repeat() -> dict[str, float]:
        ends = []
        for form in (OURS, PLAIN):
            weights, optimizer = build(form, shapes, device)
            for _ in range(STEPS_COMPARED):
                optimizer.step()
            ends.append([weight.detach() for weight in weights])
        differing = sum((mine != its).sum().item() for mine, its in zip(*ends, strict=True))
        if differing:
            raise ValueError(f"{differing} weights are not those that lion_pytorch.Lion gives")
        return {"steps": STEPS_COMPARED}

    return repeat


def lacking(form: str, device: str) -> str | None:
    """Return what a form needs and this machine has not, if there is such a thing."""
    if form == TRITON and device != "cuda":
        return "a GPU"
    if form == COMPILED and not shutil.which(os.environ.get("CXX", "g++")):
        return "a C++ compiler: `apt-get install g++`, or set CXX"
    return None


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0],
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("--model", choices=MODELS, default="minilm", help="whose shapes")
    parser.add_argument("--device", choices=list(UPDATES), default="cpu", help="where to compute")
    parser.add_argument("--steps", type=int, help="in a repetition; None takes about a second")
    parser.add_argument("--repeats", type=int, default=7, help="repetitions of each form")
    options = parser.parse_args()
    if options.device == "cuda" and not torch.cuda.is_available():
        sys.exit("torch sees no GPU: leave out --device cuda, or run where there is one")
    where = {"shapes": shapes_of(options.model), "device": options.device}
    alternate([Contender("check of ours with plain Lion", prepare_check, where)], 1, warm_up=0)
    number = sum(shape.numel() for shape in where["shapes"])
    steps = options.steps or max(1, UPDATES[options.device] // number)
    for title, forms in TABLES.items():
        reasons = {form: lacking(form, options.device) for form in forms}
        contenders = [
            Contender(form, prepare, {"form": form, "steps": steps, **where})
            for form in forms
            if not reasons[form]
        ]
        results = alternate(contenders, options.repeats)
        sizes = f"{len(where['shapes'])} tensors, {number:,} weights, {steps} steps a repetition"
        report(f"{title}, {options.model}, {sizes}", results, forms[0], "steps", COLUMNS)
        for form in forms:
            if reasons[form]:
                print(f"not run: {form}, which needs {reasons[form]}")


if __name__ == "__main__":
    main()
