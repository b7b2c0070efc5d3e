"""Backbones as cross-encoders: where their weights come from, and their seeded head."""

import importlib.util
import inspect
import os
from pathlib import Path

import torch
from transformers import (
    AutoConfig,
    AutoModelForSequenceClassification,
    AutoTokenizer,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    set_seed,
)

from lionrank.errors import UserError

# The parts that a backbone's checkpoint may lack: they start random, fixed by the seed.
HEAD_MODULES = ("classifier", "score", "pooler", "head")


def locate(source: str) -> str:
    """Return what `from_pretrained` takes for a `pretrained` entry of the config.

    `package:NAME/FOLDER` becomes the folder inside the installed package; a Hugging Face id or a
    local folder stays as it is.

    Raises:
        UserError: the package is not installed.
    """
    if not source.startswith("package:"):
        return source
    package, _, folder = source.removeprefix("package:").partition("/")
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise UserError(
            f"models: {source!r} needs the Python package {package!r}: run `make install`."
        )
    return str(Path(spec.origin).parent / folder)


def initialise(backbone: dict, seed: int, max_length: int, folder: str | os.PathLike) -> None:
    """Write the cross-encoder that a training starts from: float32 weights and the tokenizer.

    `backbone` is an entry of `config["models"]`; `max_length` counts tokens of a pair. The head's
    random weights depend on `seed` alone.

    Raises:
        UserError: a source is missing or not pinned, or its weights do not fit the architecture.
    """
    tokenizer = _pretrained(
        AutoTokenizer, backbone["tokenizer"] or backbone["pretrained"], backbone["revision"]
    )
    tokenizer.model_max_length = max_length
    set_seed(seed)
    if backbone["pretrained"]:
        model, report = _pretrained(
            AutoModelForSequenceClassification,
            backbone["pretrained"],
            backbone["revision"],
            num_labels=1,
            dtype=torch.float32,
            output_loading_info=True,
        )
        _check_only_head_is_new(backbone["pretrained"], report["missing_keys"])
    else:
        model = _untrained(backbone["architecture"], tokenizer)
    if "token_type_ids" not in inspect.signature(model.forward).parameters:
        names = tokenizer.model_input_names
        tokenizer.model_input_names = [name for name in names if name != "token_type_ids"]
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def _pretrained(loader: type, source: str, revision: str | None, **arguments):
    place = locate(source)
    if place == source and not os.path.isdir(place) and revision is None:
        raise UserError(
            f"models: {source!r} is on the Hugging Face hub and has no revision: set the model's "
            "`revision` to the commit you mean, so that everybody gets the same weights."
        )
    try:
        return loader.from_pretrained(place, revision=revision or "main", **arguments)
    except OSError as error:
        raise UserError(
            f"models: {source!r} at revision {revision or 'main'} could not be loaded: "
            f"{str(error).splitlines()[0]}"
        ) from error


def _check_only_head_is_new(source: str, missing: set[str]) -> None:
    lost = sorted(name for name in missing if not set(HEAD_MODULES) & set(name.split(".")))
    if lost:
        raise UserError(
            f"models: {source!r} lacks {len(lost)} weights of its architecture, {lost[0]!r} first: "
            "the checkpoint is damaged or of another architecture."
        )


def _untrained(architecture: dict, tokenizer: PreTrainedTokenizerBase) -> PreTrainedModel:
    """Build a randomly initialised model for the tokenizer's vocabulary and special tokens."""
    config = AutoConfig.for_model(
        **architecture,
        num_labels=1,
        vocab_size=len(tokenizer),
        pad_token_id=tokenizer.pad_token_id,
        cls_token_id=tokenizer.cls_token_id,
        sep_token_id=tokenizer.sep_token_id,
        bos_token_id=tokenizer.cls_token_id,
        eos_token_id=tokenizer.sep_token_id,
    )
    return AutoModelForSequenceClassification.from_config(config)
