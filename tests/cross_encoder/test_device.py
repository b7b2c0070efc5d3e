"""What a training or a scoring computes in, by its device."""

import pytest
import torch

from lionrank.cross_encoder import device
from lionrank.errors import UserError

CPU = torch.device("cpu")


@pytest.mark.parametrize(("has_bf16", "chosen"), [(True, "bf16"), (False, "fp32")])
def test_auto_is_what_the_processor_computes_in(monkeypatch, has_bf16, chosen):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": has_bf16})
    assert device.resolve("auto", CPU) == chosen
    assert device.resolve("bf16", CPU) == "bf16"
    with device.autocast(CPU, "auto"):
        assert torch.is_autocast_enabled("cpu") == has_bf16


@pytest.mark.skipif(torch.backends.cuda.is_built(), reason="torch is built for CUDA")
def test_a_build_for_cpus_says_so_instead_of_failing_in_cuda():
    with pytest.raises(
        UserError, match=r"torch \S+ is built for CPUs, and hardware\.gpus is not 0"
    ):
        device.prepare(threads=1, gpus=1)
    assert device.look(1)["found"] == device.ABSENT


@pytest.mark.skipif(not torch.backends.cuda.is_built(), reason="torch is built for CPUs")
def test_fewer_gpus_than_asked_for_are_said():
    assert device.look(1000)["found"] == device.ABSENT
    assert "hardware.gpus is 1000 and torch sees " in device.look(1000)["told"]


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_gpu_that_computes_is_found():
    assert device.look(1)["found"] == device.COMPUTES
    assert device.prepare(threads=1, gpus=1) == torch.device("cuda", 0)


@pytest.mark.parametrize(
    ("supports", "built_for", "runs"),
    [
        ((12, 4), "13.0", False),
        ((11, 8), "12.6", False),
        ((13, 0), "13.0", True),
        ((12, 4), "12.8", True),
        ((13, 0), "12.6", True),
    ],
)
def test_a_driver_runs_any_minor_version_of_its_cuda_and_older_ones(supports, built_for, runs):
    told = device.outdated("550.54.15", supports, built_for)
    assert (told is None) == runs
    assert runs or f"driver 550.54.15 supports CUDA up to {supports[0]}.{supports[1]}," in str(told)


@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        ("CUDA error: CUDA-capable device(s) is/are busy or unavailable", "wait for it"),
        ("CUDA out of memory. Tried to allocate 20.00 MiB", "wait for them"),
        ("CUDA error: no kernel image is available for execution on the device", "another GPU"),
        ("CUDA error: uncorrectable ECC error encountered", "see what nvidia-smi says"),
    ],
)
def test_a_gpu_on_which_nothing_can_be_computed_is_described_with_a_remedy(error, remedy):
    told = str(device.unfit("cuda:0", RuntimeError(f"{error}\nCompile with TORCH_USE_CUDA_DSA")))
    assert told.startswith(("cuda:0 ", "other programs", "torch "))
    assert error in told and remedy in told
    assert "TORCH_USE" not in told
