"""The device a job computes on, and its arithmetic."""

import os
from contextlib import AbstractContextManager

import torch

from lionrank.errors import UserError

BF16_OF_CPUS = ("amx_bf16", "avx512_bf16", "bf16")
"""Of Intel, of Intel and AMD, and of ARM, as torch names them."""


def prepare(threads: int, gpus: int) -> torch.device:
    """Set this process' number of CPU threads and return its device.

    Where several processes share a job, as torchrun starts them, each has a GPU of its own.

    Raises:
        UserError: the job asked for more GPUs than torch sees.
    """
    torch.set_num_threads(threads)
    if gpus == 0:
        return torch.device("cpu")
    if torch.cuda.device_count() < gpus:
        raise UserError(
            f"hardware.gpus is {gpus} and torch sees {torch.cuda.device_count() or 'no GPU'}: run "
            "where there are as many (`--profile a100`), or lower hardware.gpus; 0 computes on the "
            "CPU."
        )
    device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", 0)))
    torch.cuda.set_device(device)
    return device


def check_precision(device: torch.device, precision: str) -> None:
    """Check that a GPU computes in bf16 itself where that is asked for.

    Raises:
        UserError: it does not.
    """
    if precision != "bf16" or device.type != "cuda":
        return
    if not computes_in_bf16(device):
        raise UserError(
            f"training: precision is bf16, which {torch.cuda.get_device_name(device)} does not "
            "compute in: set it to auto or fp32 in training.defaults, or use an A100 or newer."
        )


def computes_in_bf16(device: torch.device) -> bool:
    """Say whether a device has instructions for bf16, rather than imitating it slowly."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return any(torch.cpu.get_capabilities().get(name) for name in BF16_OF_CPUS)


def resolve(precision: str, device: torch.device) -> str:
    """Return bf16 or fp32: `auto` is what the device is fastest in."""
    if precision != "auto":
        return precision
    return "bf16" if computes_in_bf16(device) else "fp32"


def autocast(device: torch.device, precision: str) -> AbstractContextManager:
    """Return the context of `precision`: bf16 is autocast over float32 weights, fp32 is plain."""
    in_bf16 = resolve(precision, device) == "bf16"
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=in_bf16)
