"""Public cross-encoders as checkpoints in the form of those that are trained here.

What is taken over scores a pair by one logit, which is that of sentence-transformers' CrossEncoder
of the same folder; any other folder is refused. The code is transformers' own.
"""

import os
from collections.abc import Iterator, Mapping
from inspect import signature
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers import (
    MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING,
    PreTrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)

from lionrank.cross_encoder.fit import takes_segments, write
from lionrank.cross_encoder.pretrained import MODULES, Pretrained, cross_encoder_of, one_line
from lionrank.files import read_json
from lionrank.systems import modules
from lionrank.wording import listed, shortened

OF_THE_MODEL, OF_THE_TOKENS = "config_sentence_transformers.json", "sentence_bert_config.json"
"""What sentence-transformers writes beside a model: its prompts and activation, and its input."""

CONFIG, TOKENIZER, ADAPTER = "config.json", "tokenizer_config.json", "adapter_config.json"
AUTO_MAP = "auto_map"
"""Where a config names remote code."""

NEW_KEY, OLD_KEY = "sentence_transformers", "sbert_ce_default_activation_function"
"""Where versions of sentence-transformers from 4 on, and before, keep an activation in a config."""

CHANGES_OF_TEXT = (
    "do_lower_case",
    "processing_kwargs",
    "processor_kwargs",
    "tokenizer_args",
    "config_kwargs",
    "config_args",
)
"""Keys of `OF_THE_TOKENS` by which a pair reads otherwise."""

Stated = Mapping[str, Any]


def import_checkpoint(
    folder: str | os.PathLike, output: str | os.PathLike, max_length: int, key: str = "systems"
) -> None:
    """Write a checkpoint of a public cross-encoder, and say what it is.

    The config names it under a `key`. Its weights are float32, and it scores pairs of at most
    `max_length` tokens by the logit, whatever activation function the folder asks for, which is
    kept in config.json.

    Raises:
        UserError: the folder is no whole cross-encoder with one logit, needs code or pickles of its
            own, prompts, or more positions than it has; names it, what was found, and what to do.
    """
    source = Pretrained(os.fspath(folder), Path(folder), key=key)
    source.stated()
    stated, of_the_model = _file(source, CONFIG), _file(source, OF_THE_MODEL)
    for what in _not_one_logit(source, stated, of_the_model):
        raise source.unfit(what)
    if AUTO_MAP in stated:
        print(f"{source.who}: its remote code is not run, but transformers' own of the same model.")
    model = _whole(source, *_parts(source))
    tokenizer = source.tokenizer()
    for what in _otherwise_read(model, tokenizer):
        raise source.unfit(what)
    _keep_activation(source, model, _activation(source, stated, of_the_model))
    write(source.who, model, tokenizer, max_length, output, f"lower it in the entry of {key}")


def _file(source: Pretrained, name: str) -> Stated:
    path = source.folder / name
    return read_json(path, source.remedy) if path.is_file() else {}


def _object(source: Pretrained, stated: Stated, key: str) -> Stated:
    value = stated.get(key) or {}
    if not isinstance(value, Mapping):
        raise source.damaged(f"the value of {key} is no object of JSON")
    return value


def _not_one_logit(source: Pretrained, stated: Stated, of_the_model: Stated) -> Iterator[str]:
    """Yield what makes a folder's score something else than the one logit of a pair."""
    if (source.folder / ADAPTER).is_file():
        yield f"it is an adapter, by its {ADAPTER}, which is not merged into what it adapts"
    kind = of_the_model.get("model_type", "SentenceTransformer")
    if (source.folder / MODULES).is_file() and kind != "CrossEncoder":
        yield f"it is a {kind}, by its {OF_THE_MODEL}, and no CrossEncoder"
    labels = len(_object(source, stated, "id2label")) or stated.get("num_labels", 1)
    if labels != 1:
        yield f"it gives {labels} labels, by its {CONFIG}, and a ranking needs one score"
    prompts = [name for name, text in _object(source, of_the_model, "prompts").items() if text]
    if (name := of_the_model.get("default_prompt_name")) in prompts:
        yield f"it puts a prompt before each pair, {name!r} of its {OF_THE_MODEL}"
    elif prompts:
        print(f"{source.who}: no prompt is the default one, so none of its prompts is used.")
    if "AutoTokenizer" in _object(source, _file(source, TOKENIZER), AUTO_MAP):
        yield f"its tokenizer is remote code, by its {TOKENIZER}, which is never run"
    of_the_tokens = _file(source, OF_THE_TOKENS)
    if changes := [key for key in CHANGES_OF_TEXT if of_the_tokens.get(key)]:
        yield f"it changes how pairs read, by {listed(changes)} of its {OF_THE_TOKENS}"


def _parts(source: Pretrained) -> tuple[PreTrainedConfig, dict[str, Tensor]]:
    """Return the config and the weights of a folder as those of a cross-encoder."""
    chain = modules.read_chain(source)
    if len(chain) > 1:
        return modules.as_classifier(source, chain)
    config = source.config()
    native = MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING[type(config)].__name__
    if config.architectures not in (None, [], [native]):
        raise source.unfit(
            f"it is of {shortened(config.architectures)}, by its {CONFIG}, and a cross-encoder of "
            f"this architecture is {native}"
        )
    return config, source.weights()


def _whole(
    source: Pretrained, config: PreTrainedConfig, weights: dict[str, Tensor]
) -> PreTrainedModel:
    """Return the cross-encoder of a config, all of whose weights are those of the folder."""
    _say_dtype(source, weights)
    try:
        model, report = cross_encoder_of(config, weights)
    except Exception as error:
        raise source.unfit(f"transformers cannot build it ({one_line(error)})") from error
    for names, what in (
        (report["missing_keys"], "missing"),
        ({name for name, *_ in report["mismatched_keys"]}, "of another shape"),
        (report["unexpected_keys"], "more than its config describes"),
    ):
        if names:
            raise source.misfit(f"{len(names)} of its weights are {what}, {min(names)!r} first")
    return model


def _otherwise_read(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> Iterator[str]:
    """Yield how sentence-transformers would give a pair to a model, and this project does not."""
    if tokenizer.chat_template is not None:
        yield "its tokenizer writes a pair as a chat, which is not done here"
    taken = "token_type_ids" in signature(model.forward).parameters
    given = "token_type_ids" in tokenizer.model_input_names and taken
    if given and not takes_segments(model) and not hasattr(model.config, "type_vocab_size"):
        yield "its segments are looked up among its words, as XLM does, and are not given here"


def _say_dtype(source: Pretrained, weights: Mapping[str, Tensor]) -> None:
    kinds = {weight.dtype for weight in weights.values() if weight.is_floating_point()}
    if others := sorted(str(kind).removeprefix("torch.") for kind in kinds - {torch.float32}):
        print(f"{source.who}: its weights in {listed(others)} become float32.")


def _activation(source: Pretrained, stated: Stated, of_the_model: Stated) -> str | None:
    """Return the activation function that a folder asks for, where its version wrote it."""
    found = (
        of_the_model.get("activation_fn")
        or _object(source, stated, NEW_KEY).get("activation_fn")
        or stated.get(OLD_KEY)
    )
    return None if found is None else str(found)


def _keep_activation(source: Pretrained, model: PreTrainedModel, activation: str | None) -> None:
    """Say that the logit is the score, and keep in the config what of torch a folder asks for."""
    asked = f"asks for {activation}" if activation else "names no activation function"
    print(f"{source.who}: the logit is the score; the folder {asked}.")
    for key in (NEW_KEY, OLD_KEY):
        if hasattr(model.config, key):
            delattr(model.config, key)
    if activation and activation.startswith("torch."):
        setattr(model.config, NEW_KEY, {"activation_fn": activation})
