"""The device a job computes on, and its arithmetic."""

from contextlib import AbstractContextManager

import torch

from lionrank.errors import UserError


def prepare(threads: int, gpus: int) -> torch.device:
    """Set the number of CPU threads and return the device.

    Raises:
        UserError: the job asked for a GPU and torch sees none.
    """
    torch.set_num_threads(threads)
    if gpus == 0:
        return torch.device("cpu")
    if not torch.cuda.is_available():
        raise UserError(
            "hardware.gpus is 1 and torch sees no GPU: run on a machine with one "
            "(`--profile a100`), or set hardware.gpus to 0 to compute on the CPU."
        )
    return torch.device("cuda")


def autocast(device: torch.device, precision: str) -> AbstractContextManager:
    """Return the context of `precision`: bf16 is autocast over float32 weights, fp32 is plain."""
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=precision == "bf16")
