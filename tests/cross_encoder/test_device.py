"""What a training or a scoring computes in, by its device."""

import pytest
import torch

from lionrank.cross_encoder import device

CPU = torch.device("cpu")


@pytest.mark.parametrize(("has_bf16", "chosen"), [(True, "bf16"), (False, "fp32")])
def test_auto_is_what_the_processor_computes_in(monkeypatch, has_bf16, chosen):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": has_bf16})
    assert device.resolve("auto", CPU) == chosen
    assert device.resolve("bf16", CPU) == "bf16"
    with device.autocast(CPU, "auto"):
        assert torch.is_autocast_enabled("cpu") == has_bf16
