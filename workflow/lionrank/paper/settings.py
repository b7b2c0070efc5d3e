"""How tables and prose print the settings of the trainings."""

from collections.abc import Mapping
from typing import Any

from lionrank.errors import UserError
from lionrank.grid import Grid
from lionrank.paper.latex import escape

SETTINGS = {
    "learning_rate": "Learning rate",
    "weight_decay": "Weight decay",
    "decay_biases_and_norms": "Biases and norms",
    "schedule": "Schedule",
    "schedule_steps": "Schedule steps",
    "warmup": "Warm-up",
    "restarts": "Restarts",
    "max_grad_norm": "Gradient norm limit",
    "global_batch_size": "Batch size",
    "epochs": "Epochs",
    "early_stopping": "Epochs to early stopping",
    "max_length": "Maximum length",
    "precision": "Precision",
    "seed": "Seed",
    "loss": "Loss",
    "loss_arguments": "Arguments of the loss",
}
"""The settings that are printed, with their labels as LaTeX."""
TrainingSettings = Mapping[str, Mapping[str, Any]]
"""The settings of each training, by `{model}_{optimizer}`, the `optimizer` among them."""
LOSSES = {
    "bce": "binary cross-entropy",
    "mse": "mean squared error",
    "hinge": "hinge",
    "margin_mse": "MarginMSE",
    "infonce": "InfoNCE",
    "ranknet": "RankNet",
    "adr_mse": "ADR-MSE",
    "lambdaloss": "LambdaLoss",
}
# Settings that not every training has.
_OPTIONAL = ("loss_arguments",)


def shared_settings(settings: TrainingSettings, grid: Grid) -> dict[str, Any]:
    """Return the printed settings that all trainings share, without those that are null.

    Raises:
        UserError: a training or one of its settings is absent.
    """
    names = [training.name for training in grid.trainings()]
    if not names:
        return {}
    shared = {}
    for key in SETTINGS:
        values = [value_of(settings, name, key) for name in names]
        if values[0] is not None and all(value == values[0] for value in values):
            shared[key] = values[0]
    return shared


def value_of(settings: TrainingSettings, training: str, key: str) -> Any:
    """Return one setting of a training.

    Raises:
        UserError: the training or its setting is absent.
    """
    if key in _OPTIONAL:
        return settings[training].get(key)
    if key not in settings.get(training, {}):
        raise UserError(f"settings of training {training}: no key {key!r}; see config.yaml.")
    return settings[training][key]


def setting(value: Any, key: str = "") -> str:
    """Return one setting as LaTeX: numbers by siunitx, lists with commas, None as a dash.

    So are the entries of a mapping, each after its name. Some keys are printed in words of their
    own.
    """
    if value is None:
        return "--"
    if key == "warmup":
        share = rf"\qty{{{_plain(100 * value)}}}{{\percent}}"
        return share if value < 1 else rf"\num{{{_plain(value)}}} steps"
    if key == "decay_biases_and_norms":
        return "decayed" if value else "not decayed"
    if key == "restarts":
        return str(escape(value.replace("_", " ")))
    if key == "loss":
        return str(escape(LOSSES.get(value, value)))
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return str(escape(value))
    if isinstance(value, int | float):
        return rf"\num{{{_plain(value)}}}"
    if isinstance(value, Mapping):
        return ", ".join(f"{escape(name)}: {setting(item)}" for name, item in value.items())
    return ", ".join(setting(item) for item in value)


def _plain(value: float) -> str:
    """Return a number as siunitx reads it, with an exponent where zeros would pile up."""
    if isinstance(value, int) or value == 0 or 1e-2 <= abs(value) < 1e6:
        return f"{value:.6g}" if isinstance(value, float) else str(value)
    mantissa, exponent = f"{value:.5e}".split("e")
    return f"{float(mantissa):g}e{int(exponent)}"
