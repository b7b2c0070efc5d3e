"""Optimizers from the config: what they decay, which classes they may be, and Lion at once."""

import lion_pytorch
import pytest
import torch
from lion_pytorch.foreach import Lion as LerpLion

from lionrank.config.check import check
from lionrank.cross_encoder import device
from lionrank.errors import UserError
from lionrank.training import optimizers
from tests.support.configs import SCHEMA, SOURCES, changed

SETTINGS = {
    "learning_rate": 1e-3,
    "weight_decay": 0.01,
    "decay_biases_and_norms": True,
    "optimizer": {"class": "torch.optim.AdamW", "arguments": {"betas": [0.9, 0.999]}},
}


class Block(torch.nn.Module):
    """The kinds of weights that a transformer has."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(1)
        self.embeddings = torch.nn.Embedding(50, 16)
        self.dense = torch.nn.Linear(16, 16)
        self.attn_ln = torch.nn.LayerNorm(16)

    def forward(self, tokens):
        return self.attn_ln(self.dense(self.embeddings(tokens))).square().mean()


def stepped(optimizer_class, steps=200, **arguments):
    """Return the weights and momenta after steps with the same gradients, some tensors left out."""
    model = Block()
    optimizer = optimizer_class(model.parameters(), lr=1e-3, betas=(0.9, 0.99), **arguments)
    generator = torch.Generator().manual_seed(2)
    for step in range(steps):
        for number, parameter in enumerate(model.parameters()):
            gradient = torch.randn(parameter.shape, generator=generator) * 1e-3
            parameter.grad = gradient if (step + number) % 7 else None
        optimizer.step()
    return [
        *(parameter.detach() for parameter in model.parameters()),
        *(state["exp_avg"] for state in optimizer.state.values()),
    ]


@pytest.mark.parametrize("decay", [0.0, 0.01])
@pytest.mark.parametrize("decoupled", [False, True])
@pytest.mark.parametrize("cached", [7, optimizers.CACHED])
def test_lion_on_many_tensors_at_once_has_the_bits_of_the_plain_one(
    decay, decoupled, cached, monkeypatch
):
    """Trap 8 of the protocol: a comparison of speeds needs both optimizers on equal footing."""
    monkeypatch.setattr(optimizers, "CACHED", cached)
    arguments = {"weight_decay": decay, "decoupled_weight_decay": decoupled}
    plain = stepped(lion_pytorch.Lion, **arguments)
    at_once = stepped(optimizers.ForeachLion, **arguments)
    assert all(torch.equal(*pair) for pair in zip(plain, at_once, strict=True))


def stepped_matrices(optimizer_class):
    """Return six matrices of MiniLM's width, 884,736 weights, after 300 steps, and the momenta."""
    device.prepare(threads=1, gpus=0)  # threads that wait for busy cores make it take minutes
    generator = torch.Generator().manual_seed(2)
    weights = [
        torch.nn.Parameter(0.02 * torch.randn(384, 384, generator=generator)) for _ in range(6)
    ]
    optimizer = optimizer_class(weights, lr=1e-3, betas=(0.9, 0.99), weight_decay=0.01)
    for _ in range(300):
        for weight in weights:
            weight.grad = 1e-3 * torch.randn(384, 384, generator=generator)
        optimizer.step()
    return (
        torch.stack([weight.detach() for weight in weights]),
        torch.stack([optimizer.state[weight]["exp_avg"] for weight in weights]),
    )


@pytest.mark.slow
def test_at_a_models_size_ours_has_the_bits_of_the_plain_lion_and_lerp_has_not():
    """Which is why ours is there; should lerp have them, lion_pytorch.foreach can take its place.

    `pytest -s` shows how many numbers differ, for benchmarks/RESULTS.md.
    """
    plain = stepped_matrices(lion_pytorch.Lion)
    differing = {}
    for form in (optimizers.ForeachLion, LerpLion):
        own = stepped_matrices(form)
        numbers = [(mine != its).sum().item() for mine, its in zip(own, plain, strict=True)]
        differing[form] = numbers
        furthest = (own[0] - plain[0]).abs().max()
        print(f"{form.__module__}: {numbers} weights and momenta differ, by up to {furthest:.2g}")
    assert differing[optimizers.ForeachLion] == [0, 0]
    assert min(differing[LerpLion]) > 0


def test_weight_decay_is_on_every_parameter_as_it_was_published():
    (group,) = optimizers.build(Block(), SETTINGS).param_groups
    assert len(group["params"]) == 5
    assert group["weight_decay"] == 0.01


def test_the_usual_groups_leave_biases_and_norms_undecayed():
    model = Block()
    optimizer = optimizers.build(model, SETTINGS | {"decay_biases_and_norms": False})
    decayed, others = optimizer.param_groups
    assert decayed["weight_decay"] == 0.01
    assert {id(each) for each in decayed["params"]} == {
        id(model.embeddings.weight),
        id(model.dense.weight),
    }
    assert others["weight_decay"] == 0
    assert len(others["params"]) == 3


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("torch.optim.AdamW", {"betas": [0.9, 0.999], "fused": True}),
        ("torch.optim.SGD", {"momentum": 0.9}),
        ("torch.optim.Adafactor", {}),
        ("lion_pytorch.Lion", {"betas": [0.9, 0.99]}),
        ("lion_pytorch.cautious_lion.Lion", {"cautious_factor": 0.1}),
        ("transformers.Adafactor", {"scale_parameter": False, "relative_step": False}),
    ],
)
def test_an_optimizer_is_a_class_path_and_arguments(name, arguments):
    model = Block()
    optimizer = optimizers.build(
        model, SETTINGS | {"optimizer": {"class": name, "arguments": arguments}}
    )
    before = [parameter.detach().clone() for parameter in model.parameters()]
    model(torch.arange(10)).backward()
    optimizer.step()
    changed = [not torch.equal(*pair) for pair in zip(before, model.parameters(), strict=True)]
    assert all(changed)


def classes_of_torch():
    """The optimizers that torch offers, by import path."""
    return [
        f"torch.optim.{name}"
        for name, each in vars(torch.optim).items()
        if isinstance(each, type) and issubclass(each, torch.optim.Optimizer)
    ]


def test_every_optimizer_of_torch_makes_a_step_or_is_refused_when_the_config_is_read():
    trained = set()
    for name in classes_of_torch():
        optimizer = {"label": "Mine", "class": name, "arguments": {}}
        try:
            check(changed("optimizers.mine", optimizer), SCHEMA, SOURCES)
        except UserError as error:
            assert f"optimizers.mine.class: {name} " in str(error)
            with pytest.raises(UserError, match=f"optimizers: {name} with {{}}: "):
                optimizers.build(Block(), SETTINGS | {"optimizer": optimizer})
        else:
            if name != "torch.optim.Optimizer":
                step(optimizers.build(Block(), SETTINGS | {"optimizer": optimizer}))
                trained.add(name)
    assert len(trained) >= 11


def step(optimizer):
    """Make a step with gradients of all weights."""
    for group in optimizer.param_groups:
        for parameter in group["params"]:
            parameter.grad = torch.ones_like(parameter)
    optimizer.step()


def test_an_optimizer_without_weight_decay_trains_where_the_settings_have_none():
    settings = {"optimizer": {"class": "torch.optim.Rprop", "arguments": {}}, "weight_decay": 0}
    step(optimizers.build(Block(), SETTINGS | settings))


def test_trying_an_optimizer_changes_neither_the_model_nor_the_random_numbers_of_a_training():
    model = Block()
    before = [parameter.detach().clone() for parameter in model.parameters()]
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    optimizer = optimizers.build(model, SETTINGS)
    assert torch.rand(1) == expected
    assert all(torch.equal(*pair) for pair in zip(before, model.parameters(), strict=True))
    assert not optimizer.state


@pytest.mark.parametrize(
    ("name", "arguments", "reason"),
    [
        ("torch.optim.Loin", {}, "has no attribute 'Loin'"),
        ("no_such_package.Lion", {}, "No module named 'no_such_package'"),
        ("torch.optim.SGD", {"momentun": 0.9}, "unexpected keyword argument 'momentun'"),
        ("torch.optim.AdamW", {"betas": [0.9, 1.5]}, "Invalid beta parameter"),
        ("torch.optim.AdamW", {"betas": [0.9]}, "AdamW with {'betas': \\[0.9\\]}: "),
        ("torch.optim.Rprop", {}, "it has no weight decay: set its weight_decay"),
        ("torch.optim.LBFGS", {}, r"cannot make a step .*closure"),
        ("torch.optim.SparseAdam", {}, r"cannot make a step .*dense gradients"),
        (
            "transformers.trainer_pt_utils.LayerWiseDummyOptimizer",
            {},
            "its step leaves weights as they are",
        ),
        ("lion_pytorch.Lion", {"betas": [0.9, 1.5]}, "AssertionError"),
        ("lion_pytorch.Lion", {"betas": [0.9]}, "cannot make a step"),
        ("lionrank.training.optimizers.ForeachLion", {"use_triton": True}, "unexpected keyword"),
        ("torch.optim.lr_scheduler.StepLR", {}, "no torch optimizer class"),
        ("os.system", {}, "no torch optimizer class"),
    ],
)
def test_an_optimizer_that_cannot_be_built_is_named(name, arguments, reason):
    settings = SETTINGS | {"optimizer": {"class": name, "arguments": arguments}}
    with pytest.raises(UserError, match=reason) as error:
        optimizers.build(Block(), settings)
    assert str(error.value).startswith(f"optimizers: {name} with ")


def test_a_library_that_ends_the_process_is_named(tmp_path, monkeypatch):
    """As lion_pytorch does with `use_triton` where triton is not installed."""
    (tmp_path / "leaving.py").write_text("print('install me first')\nexit()\n")
    monkeypatch.syspath_prepend(tmp_path)
    settings = SETTINGS | {"optimizer": {"class": "leaving.Lion", "arguments": {}}}
    with pytest.raises(UserError, match=r"optimizers: leaving\.Lion .* ended the process by exit"):
        optimizers.build(Block(), settings)
