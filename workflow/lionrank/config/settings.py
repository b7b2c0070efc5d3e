"""The settings of a config: those of one training, all layers resolved, and a digest of them all.

Runs at every parse of the workflow, so it imports nothing heavy.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from lionrank.grid import training_name


def training_settings(config: Mapping[str, Any], model: str, optimizer: str) -> dict[str, Any]:
    """Return the settings of one training: all that its bits depend on besides data and code."""
    training = config["training"]
    layers = (
        training["defaults"],
        training["models"].get(model, {}),
        training["optimizers"].get(optimizer, {}),
        training["models_and_optimizers"].get(training_name(model, optimizer), {}),
    )
    settings = {key: value for layer in layers for key, value in layer.items()}
    return settings | {
        "epochs": config["grid"]["epochs"],
        "optimizer": {key: config["optimizers"][optimizer][key] for key in ("class", "arguments")},
    }


def canonical(config: Mapping[str, Any]) -> bytes:
    """Return the config as JSON in which equal configs are equal bytes."""
    return json.dumps(config, sort_keys=True, separators=(",", ":")).encode()


def digest(config: Mapping[str, Any]) -> str:
    """Return the SHA-256 of the config as canonical JSON."""
    return hashlib.sha256(canonical(config)).hexdigest()
