"""Trackers beside the training log: TensorBoard or Weights & Biases (W&B), off by default.

The maintained trainer's own callbacks do the work. They take their settings from the environment,
so that is where this module puts them:
https://huggingface.co/docs/transformers/main_classes/callback and
https://docs.wandb.ai/models/track/environment-variables.
"""

import importlib.util
import os
import uuid
from pathlib import Path

from lionrank.errors import UserError
from lionrank.files import atomic_write

PROJECT = "lion-rerank"

WANDB_PRIVACY = {
    "WANDB_LOG_MODEL": "false",
    "WANDB_WATCH": "false",
    "WANDB_CONSOLE": "off",
    "WANDB_SILENT": "true",
    "WANDB_DISABLE_CODE": "true",
    "WANDB_DISABLE_GIT": "true",
    "WANDB_ERROR_REPORTING": "false",
    # The paths of script, Python and working directory; wandb spells its inner settings this way.
    "WANDB__DISABLE_MACHINE_INFO": "true",
    # The machine's name, which it would otherwise look up.
    "WANDB_HOST": "",
}
"""What W&B would send besides the log and the arguments of the training."""


def report_to(tracking: str | None, training: str, folder: str | os.PathLike) -> list[str]:
    """Prepare a tracker and return the Trainer's argument of this name.

    All epochs of a training, and its restarted jobs, go on in one run. TensorBoard reads
    `folder`/tensorboard; W&B's own files lie in `folder`/wandb, and its variables WANDB_PROJECT,
    WANDB_ENTITY, WANDB_BASE_URL and WANDB_MODE are the user's.

    Args:
        tracking: None, `tensorboard` or `wandb`.
        training: the run's name, which is that of the training with its seed.
        folder: of the experiment's training logs.

    Raises:
        UserError: the tracker is not installed, or W&B would ask for a key.
    """
    # Of the processes of a job, the first has the others' numbers too.
    if tracking is None or os.environ.get("RANK", "0") != "0":
        return []
    if importlib.util.find_spec(tracking) is None:
        raise UserError(
            f"tracking is {tracking}, which is not installed: install what envs/lock.txt names "
            "(`make install`), or set tracking to null."
        )
    if tracking == "tensorboard":
        os.environ["TENSORBOARD_LOGGING_DIR"] = str(Path(folder) / "tensorboard" / training)
    else:
        _prepare_wandb(training, Path(folder))
    return [tracking]


def _prepare_wandb(training: str, folder: Path) -> None:
    os.environ.update(WANDB_PRIVACY)
    os.environ.setdefault("WANDB_PROJECT", PROJECT)
    os.environ["WANDB_NAME"] = training
    os.environ["WANDB_RUN_ID"] = _run_id(training, folder)
    os.environ["WANDB_DIR"] = str(folder)  # wandb adds a folder of its name
    if os.environ.get("WANDB_MODE", "online") == "online":
        os.environ["WANDB_RESUME"] = "allow"
        _check_key()


def _run_id(training: str, folder: Path) -> str:
    """Return the identifier of a training's run, which is kept beside the logs.

    Two experiments have trainings of the same names, and their curves must not mix.
    """
    path = folder / "wandb" / f"{training}.id"
    if not path.exists():
        with atomic_write(path) as handle:
            handle.write(f"{training}-{uuid.uuid4().hex[:8]}")
    return path.read_text(encoding="utf-8").strip()


def _check_key() -> None:
    """Check that W&B has credentials, for which it would otherwise wait at a prompt.

    Raises:
        UserError: there are none.
    """
    import wandb

    if os.environ.get("WANDB_IDENTITY_TOKEN_FILE") or wandb.api.api_key:
        return
    raise UserError(
        "tracking is wandb and there is no key for it: set WANDB_API_KEY, run `wandb login`, or "
        "set WANDB_MODE=offline and upload later with `wandb sync`."
    )
