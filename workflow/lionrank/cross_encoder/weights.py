"""The files of a checkpoint's weights, and its size, which they tell without loading any."""

import math
import os
from pathlib import Path

from safetensors import SafetensorError, safe_open

from lionrank.errors import UserError
from lionrank.files import read_json

WEIGHTS, INDEX = "model.safetensors", "model.safetensors.index.json"

_STATED = {
    "layers": ("num_hidden_layers", "n_layers", "n_layer", "num_layers", "encoder_layers"),
    "hidden_size": ("hidden_size", "d_model", "dim", "n_embd", "emb_dim"),
    "heads": (
        "num_attention_heads",
        "n_heads",
        "n_head",
        "num_heads",
        "encoder_attention_heads",
    ),
    "vocabulary": ("vocab_size",),
    "context": ("max_position_embeddings", "n_positions", "max_seq_len"),
}
"""What the configs of architectures call it: of most, DistilBERT, GPT-2, XLNet, T5, BART, XLM."""


def weight_files(checkpoint: Path) -> list[Path]:
    """Return all files that should hold the weights of a checkpoint, there or not.

    Raises:
        UserError: the index of several files is damaged.
    """
    index = checkpoint / INDEX
    if not index.is_file():
        return [checkpoint / WEIGHTS]
    remedy = f"delete {checkpoint} and run again"
    named = read_json(index, remedy).get("weight_map")
    files = set(map(str, named.values())) if isinstance(named, dict) else set()
    if not files or any(Path(name).name != name for name in files):
        raise UserError(f"{index} is damaged (it does not name the folder's files): {remedy}.")
    return [checkpoint / name for name in sorted(files)]


def size_of(checkpoint: str | os.PathLike) -> dict[str, int | None]:
    """Return layers, hidden_size, heads, vocabulary and context (tokens) of config.json.

    And the number of parameters, those of the head among them, counted from the shapes in the
    headers of the weights. What the config of an architecture does not state is None.

    Raises:
        UserError: config.json or the weights are missing or damaged.
    """
    folder = Path(checkpoint)
    try:
        stated = read_json(folder / "config.json", f"delete {folder} and run again")
        parameters = sum(map(math.prod, shapes(folder).values()))
    except (OSError, SafetensorError) as error:
        raise UserError(
            f"{folder} is no whole checkpoint ({error}): delete the folder and run again."
        ) from error
    found = {
        name: next((stated[key] for key in keys if key in stated), None)
        for name, keys in _STATED.items()
    }
    return found | {"parameters": parameters}


def shapes(checkpoint: str | os.PathLike) -> dict[str, list[int]]:
    """Return the shape of every weight by its name, from the headers of the files."""
    found: dict[str, list[int]] = {}
    for file in weight_files(Path(checkpoint)):
        with safe_open(file, framework="numpy") as tensors:
            for name in tensors.keys():  # noqa: SIM118
                found[name] = tensors.get_slice(name).get_shape()
    return found
