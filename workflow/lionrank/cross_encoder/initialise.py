"""Backbones as cross-encoders: where their weights come from, and their seeded head.

Weights are read from local safetensors alone: never a pickle, never remote code, never the hub.
"""

import importlib.util
import inspect
import os
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from transformers import (
    CONFIG_MAPPING,
    MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING,
    AutoConfig,
    AutoModelForSequenceClassification,
    AutoTokenizer,
    PreTrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    set_seed,
)

from lionrank.cross_encoder import gte
from lionrank.errors import UserError
from lionrank.files import read_json

# The parts that a backbone's checkpoint may lack: they start random, fixed by the seed.
HEAD_MODULES = ("classifier", "score", "pooler", "head")
# Of these, what a checkpoint for another task has under the same name and often in the same shape.
TASK_MODULES = ("classifier", "score")


def locate(source: str, folders: dict[str, str]) -> str:
    """Return the folder of a `pretrained` or `tokenizer` entry of the config.

    `package:NAME/FOLDER` is the folder inside the installed package; anything else is the name of
    a row of config/sources.csv, whose files lie in `folders[name]`.

    Raises:
        UserError: the package is not installed, or there is no such row.
    """
    if not source.startswith("package:"):
        if source not in folders:
            raise UserError(
                f"models: {source!r} is no row of config/sources.csv: add one with its revision, "
                "or write package:NAME/FOLDER for files of an installed Python package."
            )
        return folders[source]
    package, _, folder = source.removeprefix("package:").partition("/")
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise UserError(
            f"models: {source!r} needs the Python package {package!r}: run `make install`."
        )
    return str(Path(spec.origin).parent / folder)


def initialise(
    backbone: dict,
    folders: dict[str, str],
    seed: int,
    max_length: int,
    folder: str | os.PathLike,
) -> None:
    """Write the cross-encoder that a training starts from: float32 weights and the tokenizer.

    `backbone` has the keys pretrained, architecture and tokenizer of an entry of
    `config["models"]`; `folders` maps the sources it names to their local folders; `max_length`
    counts tokens of a pair. The head's random weights depend on `seed` alone.

    Raises:
        UserError: a source is missing or damaged, its weights do not fit its architecture, or the
            architecture has fewer positions than `max_length`.
    """
    tokenizer = _tokenizer(backbone["tokenizer"] or backbone["pretrained"], folders)
    tokenizer.model_max_length = max_length
    if backbone["pretrained"]:
        model = _pretrained(backbone["pretrained"], folders, seed)
    else:
        model = _untrained(backbone["architecture"], tokenizer, seed)
    _check_positions(model.config, max_length, backbone["pretrained"])
    if not _takes_segments(model):
        names = [name for name in tokenizer.model_input_names if name != "token_type_ids"]
        # Of the two, only the arguments it was made with are written to the checkpoint.
        tokenizer.model_input_names = tokenizer.init_kwargs["model_input_names"] = names
    # transformers would write converted weights back under the names of the original checkpoint.
    model.save_pretrained(folder, save_original_format=False)
    tokenizer.save_pretrained(folder)


def _tokenizer(source: str, folders: dict[str, str]) -> PreTrainedTokenizerBase:
    place = locate(source, folders)
    try:
        tokenizer = AutoTokenizer.from_pretrained(
            place, local_files_only=True, trust_remote_code=False
        )
    except (OSError, ValueError) as error:
        reason = str(error).strip().splitlines()[0]
        raise _unusable(source, place, f"its tokenizer cannot be read ({reason})") from error
    # transformers makes one of its special tokens alone where the files are not there.
    if len(tokenizer) <= len(tokenizer.all_special_tokens):
        raise _unusable(source, place, "it has no tokenizer")
    return tokenizer


def _pretrained(source: str, folders: dict[str, str], seed: int) -> PreTrainedModel:
    """Load a source in float32, with one logit; what its checkpoint lacks of the head is random."""
    place = locate(source, folders)
    config = _read_config(source, place)
    weights = _read_weights(source, place)
    # The token weights of GTE's original would fit as the relevance head, and be a wrong one.
    if not any(name.endswith("ForSequenceClassification") for name in config.architectures or ()):
        weights = {name: w for name, w in weights.items() if name.split(".")[0] not in TASK_MODULES}
    set_seed(seed)
    model, report = MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING[type(config)].from_pretrained(
        None,
        config=config,
        state_dict=weights,
        dtype=torch.float32,
        ignore_mismatched_sizes=True,
        output_loading_info=True,
    )
    _check_only_head_is_new(source, place, model, report)
    return model


def _read_config(source: str, place: str) -> PreTrainedConfig:
    """Read a source's config.json for a cross-encoder with one logit."""
    try:
        stated = read_json(Path(place) / "config.json")
    except FileNotFoundError as error:
        raise _unusable(source, place, "it has no config.json") from error
    except UserError as error:
        raise _unusable(source, place, "its config.json is damaged") from error
    if stated.get("model_type") == gte.ORIGINAL:
        stated = gte.native_config(stated, source)
    elif stated.get("model_type") == "gte":
        note = gte.rotary_note(_to_config(stated), source)
        if note:
            print(note)
    known = {kind.model_type for kind in MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING}
    if stated.get("model_type") not in known:
        raise UserError(
            f"models: {source!r} is of the architecture {stated.get('model_type')!r}, which "
            "transformers has no cross-encoder of, and remote code is never run: choose another."
        )
    return _to_config(stated)


def _to_config(stated: dict) -> PreTrainedConfig:
    """Return the config object, without remote code and the labels of another task."""
    kept = {k: v for k, v in stated.items() if k not in ("auto_map", "id2label", "label2id")}
    return CONFIG_MAPPING[stated["model_type"]].from_dict(kept, num_labels=1)


def _read_weights(source: str, place: str) -> dict[str, torch.Tensor]:
    """Read all safetensors files of a source, of which a big model has several."""
    files = sorted(Path(place).glob("*.safetensors"))
    if not files:
        raise _unusable(source, place, "it has no safetensors, and pickles are never loaded")
    weights: dict[str, torch.Tensor] = {}
    for file in files:
        try:
            weights |= load_file(file)
        except SafetensorError as error:
            raise _unusable(source, place, f"{file.name} is damaged ({error})") from error
    return weights


def _check_only_head_is_new(
    source: str, place: str, model: PreTrainedModel, report: dict[str, set]
) -> None:
    """Raise a UserError unless the weights of the body are those that its config describes."""
    other_shapes = {name for name, _, _ in report["mismatched_keys"]}
    surplus = {name for name in report["unexpected_keys"] if _of_body(name, model)}
    for names, what in (
        (report["missing_keys"], "missing"),
        (other_shapes, "of another shape"),
        (surplus, "more than its config describes"),
    ):
        wrong = sorted(name for name in names if not set(HEAD_MODULES) & set(name.split(".")))
        if wrong:
            what = f"{len(wrong)} of its weights are {what}, {wrong[0]!r} first"
            raise _unusable(source, place, what)


def _of_body(name: str, model: PreTrainedModel) -> bool:
    """Say whether a weight's name is one of the body's, whether or not it has the body's prefix."""
    parts = {part for part, _ in model.base_model.named_children()}
    inner = name.removeprefix(f"{model.base_model_prefix}.")
    # Older checkpoints store the positions 0, 1, 2, … beside the weights.
    return inner.split(".")[0] in parts and not inner.endswith("position_ids")


def _unusable(source: str, place: str, what: str) -> UserError:
    if source.startswith("package:"):
        return UserError(f"models: {source!r}: {what}: reinstall the package.")
    return UserError(
        f"models: {source!r}: {what}: delete {place} and run again; the download is checked again."
    )


def _untrained(
    architecture: dict, tokenizer: PreTrainedTokenizerBase, seed: int
) -> PreTrainedModel:
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
    set_seed(seed)
    return AutoModelForSequenceClassification.from_config(config)


def _check_positions(config: PreTrainedConfig, max_length: int, source: str | None) -> None:
    positions = getattr(config, "max_position_embeddings", None)
    if positions is not None and max_length > positions:
        raise UserError(
            f"training: max_length is {max_length}, and {source or config.model_type!r} has only "
            f"{positions} positions: lower it in training.defaults or under training.models."
        )


def _takes_segments(model: PreTrainedModel) -> bool:
    """Say whether the model tells query from passage by token_type_ids.

    GTE has one token type, which its original gives to both segments.
    """
    if "token_type_ids" not in inspect.signature(model.forward).parameters:
        return False
    return getattr(model.config, "type_vocab_size", 2) > 1
