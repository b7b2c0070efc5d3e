"""The device a job computes on, and its arithmetic."""

import os
from contextlib import AbstractContextManager

import torch

from lionrank.errors import UserError


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
    """Check that a device computes in bf16 itself where that is asked for.

    Raises:
        UserError: it does not.
    """
    if precision != "bf16" or device.type != "cuda":
        return
    if not torch.cuda.is_bf16_supported(including_emulation=False):
        raise UserError(
            f"training: precision is bf16, which {torch.cuda.get_device_name(device)} does not "
            "compute in: set it to fp32 in training.defaults, or use an A100 or newer."
        )


def autocast(device: torch.device, precision: str) -> AbstractContextManager:
    """Return the context of `precision`: bf16 is autocast over float32 weights, fp32 is plain."""
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=precision == "bf16")
