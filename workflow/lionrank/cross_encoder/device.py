"""The device a job computes on, whether it does, and its arithmetic.

`python -m lionrank.cross_encoder.device GPUS` says whether so many GPUs compute here, as one JSON
object: `found` is one of those below, `told` has the words for it, and `torch` what it needs.
"""

import atexit
import gc
import json
import os
import sys
from contextlib import AbstractContextManager, suppress

import pynvml
import torch

from lionrank.errors import UserError

BF16_OF_CPUS = ("amx_bf16", "avx512_bf16", "bf16")
"""Of Intel, of Intel and AMD, and of ARM, as torch names them."""

COMPUTES, ABSENT, BUSY, BROKEN = "computes", "absent", "busy", "broken"


class _Unfit(UserError):
    """GPUs that do not compute now; `found` says whether waiting or another machine helps."""

    def __init__(self, found: str, message: str) -> None:
        super().__init__(message)
        self.found = found


def prepare(threads: int, gpus: int) -> torch.device:
    """Set this process' number of CPU threads and return its device, which has computed something.

    Where several processes share a job, as torchrun starts them, each has a GPU of its own.

    Raises:
        UserError: torch sees fewer GPUs than the job asked for, or cannot compute on this one.
    """
    torch.set_num_threads(threads)
    # What is imported by now stays: whoever looks for garbage need not walk it. At the end it goes,
    # or libraries such as DuckDB print what of theirs is left.
    gc.freeze()
    atexit.register(gc.unfreeze)
    if gpus == 0:
        return torch.device("cpu")
    _check_driver()
    _check_number(gpus)
    device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", 0)))
    _check_kernel(device)
    return device


def look(gpus: int) -> dict[str, str]:
    """Say whether so many GPUs compute in this process, and if not, why and what to do."""
    needs = f"torch {torch.__version__}"
    if torch.version.cuda:
        needs += f", which needs a driver for CUDA {torch.version.cuda.split('.')[0]}.0 or newer"
    try:
        _check_driver()
        _check_number(gpus)
        for number in range(gpus):
            _check_kernel(torch.device("cuda", number))
    except _Unfit as error:
        return {"found": error.found, "told": str(error), "torch": needs}
    names = dict.fromkeys(torch.cuda.get_device_name(number) for number in range(gpus))
    return {"found": COMPUTES, "told": " and ".join(names), "torch": needs}


def _check_driver() -> None:
    """Check that torch is built for CUDA, and for one that the driver supports.

    Raises:
        UserError: it is not. Without NVML nothing is known of the driver.
    """
    if not torch.backends.cuda.is_built():
        raise _Unfit(
            BROKEN if _driver() else ABSENT,
            f"torch {torch.__version__} is built for CPUs, and hardware.gpus is not 0: install a "
            "build for CUDA, as docs/software.md says, or set hardware.gpus to 0 to compute on the "
            "CPU.",
        )
    driver = _driver()
    if driver and (error := outdated(*driver, torch.version.cuda)):
        raise error


def outdated(version: str, supports: tuple[int, int], built_for: str) -> UserError | None:
    """Return what to tell of a driver that torch's CUDA is too new for, or None.

    A driver runs what is built for any minor version of the CUDA that it supports, and older
    (NVIDIA, "CUDA Compatibility").
    """
    if supports[0] >= int(built_for.split(".")[0]):
        return None
    return _Unfit(
        BROKEN,
        f"NVIDIA's driver {version} supports CUDA up to {supports[0]}.{supports[1]}, and torch "
        f"{torch.__version__} is built for CUDA {built_for}: update the driver, or install torch's "
        f"build for CUDA {supports[0]}, as docs/software.md says.",
    )


def _driver() -> tuple[str, tuple[int, int]] | None:
    """Return the version of NVIDIA's driver and of the newest CUDA that it supports, or None."""
    with suppress(pynvml.NVMLError):
        pynvml.nvmlInit()
        number = pynvml.nvmlSystemGetCudaDriverVersion()
        return pynvml.nvmlSystemGetDriverVersion(), (number // 1000, number % 1000 // 10)
    return None


def _check_number(gpus: int) -> None:
    """Check that torch sees so many GPUs.

    Raises:
        UserError: it sees fewer.
    """
    seen = torch.cuda.device_count()
    if seen >= gpus:
        return
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    hidden = "" if visible is None else f" with CUDA_VISIBLE_DEVICES={visible}"
    driver = "" if _driver() else "; NVIDIA's driver is not loaded"
    raise _Unfit(
        ABSENT,
        f"hardware.gpus is {gpus} and torch sees {seen or 'no GPU'}{hidden}{driver}: run where "
        "there are as many (`--profile a100`), or lower hardware.gpus; 0 computes on the CPU. Of "
        "GPUs that are divided (MIG), a process sees one instance.",
    )


def _check_kernel(device: torch.device) -> None:
    """Compute something small on a GPU, which becomes that of this process.

    Raises:
        UserError: that fails; says whether the GPU is in use, too old for this torch, or broken.
    """
    try:
        torch.cuda.set_device(device)
        ones = torch.ones(64, 64, device=device)
        right = bool((ones @ ones == 64).all())
    except RuntimeError as error:
        raise unfit(str(device), error) from error
    if not right:
        raise _Unfit(BROKEN, f"{device} computes wrong products: have the GPU checked.")


def unfit(device: str, error: RuntimeError) -> UserError:
    """Return what to tell of a GPU on which a first kernel ended with an error of CUDA's."""
    reason = str(error).partition("\n")[0]
    if "busy or unavailable" in reason:
        return _Unfit(
            BUSY,
            f"{device} is in use by another program, in a mode that allows one alone ({reason}): "
            "wait for it, name other GPUs in CUDA_VISIBLE_DEVICES, or have the mode changed "
            "(nvidia-smi --compute-mode).",
        )
    if "out of memory" in reason:
        return _Unfit(
            BUSY,
            f"other programs leave no memory of {device} free ({reason}): wait for them, or name "
            "other GPUs in CUDA_VISIBLE_DEVICES.",
        )
    if "no kernel image" in reason:
        return _Unfit(
            BROKEN,
            f"torch {torch.__version__} is not built for GPUs such as {device} ({reason}; it is "
            f"for {', '.join(torch.cuda.get_arch_list())}): install a build that is, as "
            "docs/software.md says, or use another GPU.",
        )
    return _Unfit(
        BROKEN,
        f"{device} does not compute ({reason}): see what nvidia-smi says, and name other GPUs in "
        "CUDA_VISIBLE_DEVICES if it is this one alone.",
    )


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


if __name__ == "__main__":
    print(json.dumps(look(int(sys.argv[1]))))
