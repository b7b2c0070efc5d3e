"""Backbones as cross-encoders: where their weights come from, and their seeded head."""

import importlib.util
import os
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from inspect import getsource
from pathlib import Path
from typing import Any

from transformers import (
    CONFIG_MAPPING,
    MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING,
    AutoConfig,
    AutoModelForSequenceClassification,
    PreTrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    set_seed,
)

from lionrank.cross_encoder.fit import write
from lionrank.cross_encoder.pretrained import (
    Pretrained,
    cross_encoder_of,
    is_cross_encoder,
    one_line,
    outlined,
)
from lionrank.errors import UserError
from lionrank.wording import did_you_mean, listed

PRETRAINED_HEAD = "head"
"""Of ModernBERT, whose masked language model has it under the same name."""

OF_ROTATION = ("rope_theta", "rope_scaling")
"""Ends of keys that transformers still reads, and has no fields of any more."""


def locate(source: str, folders: dict[str, str], key: str = "models") -> str:
    """Return the folder of a `pretrained` or `tokenizer` entry of the config, or that of a `key`.

    `package:NAME/FOLDER` is the folder inside the installed package; anything else is the name of
    a row of the table of sources, whose files lie in `folders[name]`.

    Raises:
        UserError: the package is not installed, or there is no such row.
    """
    if not source.startswith("package:"):
        if source not in folders:
            raise UserError(
                f"{key}: {source!r} is no row of the table of sources (sources.table): add one "
                "with its revision, or write package:NAME/FOLDER for files of an installed "
                "Python package."
            )
        return folders[source]
    package, _, folder = source.removeprefix("package:").partition("/")
    try:
        spec = importlib.util.find_spec(package)
    except (ImportError, ValueError):  # a part of the name, or the whole of it, is not there
        spec = None
    if spec is None or spec.origin is None:
        raise UserError(
            f"{key}: {source!r} needs the Python package {package!r}: run `make install`."
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
        UserError: a source is missing or damaged, its weights do not fit its architecture, the
            architecture has fewer positions than `max_length`, or it is none that scores a pair
            whatever else is in its batch.
    """
    tokens = _open(backbone["tokenizer"] or backbone["pretrained"], folders)
    if backbone["pretrained"]:
        pretrained = _open(backbone["pretrained"], folders)
        who = pretrained.who
        model = _pretrained(pretrained, seed)
        tokenizer = tokens.tokenizer()
    else:
        who = f"models: the architecture {backbone['architecture']['model_type']!r}"
        tokenizer = tokens.tokenizer()
        model = _untrained(who, backbone["architecture"], tokenizer, seed)
    remedy = "lower it in training.defaults or under training.models"
    write(who, model, tokenizer, max_length, folder, remedy)


def planned(
    backbone: Mapping[str, Any], folders: dict[str, str], key: str = "models"
) -> PreTrainedModel:
    """Return the outline of the cross-encoder that a backbone becomes, without reading weights.

    Arguments are those of `initialise`, for which the config names the backbone under a `key`.

    Raises:
        UserError: as `initialise`, of a source or of an architecture.
    """
    if (source := backbone["pretrained"]) is not None:
        pretrained = Pretrained(source, Path(locate(source, folders, key)), key)
        return pretrained.outline(pretrained.config())
    who = f"{key}: the architecture {backbone['architecture']['model_type']!r}"
    tokenizer = _open(backbone["tokenizer"], folders).tokenizer()
    config = _untrained_config(who, backbone["architecture"], tokenizer)
    with _building(who):
        return outlined(config)


def _open(source: str, folders: dict[str, str]) -> Pretrained:
    return Pretrained(source, Path(locate(source, folders)))


def _pretrained(backbone: Pretrained, seed: int) -> PreTrainedModel:
    """Load a backbone in float32, with one logit; what its checkpoint lacks of the head is random.

    The head is what lies outside transformers' base model, and the pooler.
    """
    config = backbone.config()
    weights = backbone.weights()
    plan = backbone.outline(config)
    head = {name for name, _ in plan.named_children() if name != plan.base_model_prefix}
    if not head:
        raise backbone.unfit("its cross-encoder has no head apart from the body")
    # A head for another task may have the same names and shapes, as that of GTE's original has.
    stated = config.architectures if isinstance(config.architectures, list) else []
    if not any(str(name).endswith("ForSequenceClassification") for name in stated):
        others = head - {PRETRAINED_HEAD} - {name for name, _ in plan.base_model.named_children()}
        weights = {name: w for name, w in weights.items() if name.split(".")[0] not in others}
    set_seed(seed)
    model, report = cross_encoder_of(config, weights)
    _check_only_head_is_new(backbone, model, report)
    _say_what_is_drawn(backbone.who, report, seed)
    return model


def _check_only_head_is_new(
    backbone: Pretrained, model: PreTrainedModel, report: dict[str, set]
) -> None:
    """Raise a UserError unless the weights of the body are those that its config describes."""
    other_shapes = {name for name, _, _ in report["mismatched_keys"]}
    for names, what in (
        ({name for name in report["missing_keys"] if not _is_head(name, model)}, "missing"),
        ({name for name in other_shapes if not _is_head(name, model)}, "of another shape"),
        (
            {name for name in report["unexpected_keys"] if _is_body(name, model)},
            "more than its config describes",
        ),
    ):
        if names:
            raise backbone.misfit(f"{len(names)} of its weights are {what}, {min(names)!r} first")


def _is_head(name: str, model: PreTrainedModel) -> bool:
    return not name.startswith(f"{model.base_model_prefix}.") or "pooler" in name.split(".")


def _is_body(name: str, model: PreTrainedModel) -> bool:
    """Say whether a weight's name is one of the body's, whether or not it has the body's prefix."""
    parts = {part for part, _ in model.base_model.named_children()}
    inner = name.removeprefix(f"{model.base_model_prefix}.").split(".")
    # Older checkpoints store the positions 0, 1, 2, … beside the weights.
    return inner[0] in parts - {"pooler"} and inner[-1] != "position_ids"


def _say_what_is_drawn(who: str, report: dict[str, set], seed: int) -> None:
    drawn = sorted(report["missing_keys"] | {name for name, _, _ in report["mismatched_keys"]})
    if drawn:
        print(f"{who}: drawn with the seed {seed}: {listed(drawn)}.")
    else:
        print(f"{who}: its own head is kept, nothing is drawn.")


def _untrained(
    who: str, architecture: dict, tokenizer: PreTrainedTokenizerBase, seed: int
) -> PreTrainedModel:
    """Build a randomly initialised model for the tokenizer's vocabulary and special tokens."""
    config = _untrained_config(who, architecture, tokenizer)
    with _building(who):
        set_seed(seed)
        return AutoModelForSequenceClassification.from_config(config)


def _untrained_config(
    who: str, architecture: dict, tokenizer: PreTrainedTokenizerBase
) -> PreTrainedConfig:
    _check_keys(who, architecture)
    first = tokenizer.bos_token_id if tokenizer.cls_token_id is None else tokenizer.cls_token_id
    last = tokenizer.eos_token_id if tokenizer.sep_token_id is None else tokenizer.sep_token_id
    special = {
        "pad_token_id": tokenizer.pad_token_id,
        "cls_token_id": first,
        "sep_token_id": last,
        "bos_token_id": first,
        "eos_token_id": last,
    }
    known = {name: number for name, number in special.items() if number is not None}
    with _building(who):
        return AutoConfig.for_model(
            **architecture, num_labels=1, vocab_size=len(tokenizer), **known
        )


@contextmanager
def _building(who: str) -> Iterator[None]:
    """Say in words that transformers cannot build an architecture."""
    try:
        yield
    except Exception as error:
        raise UserError(f"{who}: transformers cannot build it: {one_line(error)}") from error


def _check_keys(who: str, architecture: dict) -> None:
    """Check the keys of an architecture: transformers takes any, and reads those that it knows."""
    model_type = architecture["model_type"]
    if not is_cross_encoder(model_type):
        every = [kind.model_type for kind in MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING]
        hint = did_you_mean(model_type, every) or "choose another model_type"
        raise UserError(f"{who}: transformers has no cross-encoder of it; {hint}")
    kind = CONFIG_MAPPING[model_type]
    known = {field.name for field in fields(kind)} | kind.attribute_map.keys()
    if "vocab_size" not in known:
        raise UserError(f"{who} has parts for more than text: choose the model_type of its text.")
    # Some keys are read without being fields: DeBERTa's position_buckets, say.
    code = getsource(sys.modules[MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING[kind].__module__])
    for key in sorted(map(str, architecture.keys() - known - {"model_type"})):
        if not key.endswith(OF_ROTATION) and not re.search(
            rf"""\bconfig\.{key}\b|["']{key}["']""", code
        ):
            hint = did_you_mean(key, known) or f"known: {', '.join(sorted(known))}"
            raise UserError(f"{who}: unknown key {key!r}; {hint}")
