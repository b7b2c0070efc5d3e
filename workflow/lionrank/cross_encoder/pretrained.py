"""A folder of pretrained files: config, weights and tokenizer, and in words what is wrong there.

Weights are read from local safetensors alone: never a pickle, never remote code, never the hub.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from transformers import (
    CONFIG_MAPPING,
    MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING,
    AutoTokenizer,
    GteConfig,
    PreTrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)
from transformers.utils import logging as transformers_logging

from lionrank.cross_encoder import gte
from lionrank.cross_encoder.weights import INDEX, WEIGHTS, weight_files
from lionrank.errors import UserError
from lionrank.files import read_json

OF_A_TASK = {"id2label", "label2id", "problem_type"}
OF_A_MACHINE = {"attn_implementation", "_attn_implementation", "auto_map"}
MODULES = "modules.json"
"""The list of the modules that sentence-transformers composes a model of."""
OWN_MODULES = "sentence_transformers."
"""How the classes of modules begin that are its own; others are remote code."""
PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl")


@dataclass(frozen=True)
class Pretrained:
    """A source that the config names under a key, and the folder that its files lie in."""

    source: str
    folder: Path
    key: str = "models"

    @property
    def who(self) -> str:
        """How messages begin."""
        return f"{self.key}: {self.source!r}"

    @property
    def _config_file(self) -> Path:
        return self.folder / "config.json"

    def config(self, **changes: Any) -> PreTrainedConfig:
        """Read config.json for a cross-encoder with one logit, and with other settings.

        Raises:
            UserError: it is missing or damaged, or of no architecture that can be one.
        """
        stated = self.stated() | changes
        if not is_cross_encoder(stated.get("model_type")):
            raise UserError(
                f"{self.who} is of the architecture {stated.get('model_type')!r}, "
                "which transformers has no cross-encoder of, and remote code is never run: choose "
                "another."
            )
        if "quantization_config" in stated:
            raise self.unfit("its weights are quantised, and float32 needs them in full")
        try:
            config = _to_config(stated)
        except Exception as error:
            raise self.unfit(f"transformers refuses its config.json ({one_line(error)})") from error
        if isinstance(config, GteConfig) and (note := gte.rotary_note(config, self.who)):
            print(note)
        return config

    @property
    def is_original_gte(self) -> bool:
        """Whether config.json is there, and not of transformers' own architecture."""
        try:
            return read_json(self._config_file).get("model_type") == gte.ORIGINAL
        except UserError:
            return False

    def stated(self) -> dict[str, Any]:
        """Return config.json, that of GTE's original as transformers' own architecture has it."""
        if not self._config_file.is_file():
            raise self.damaged("it has no config.json")
        try:
            stated = read_json(self._config_file)
        except UserError as error:
            raise self.damaged("its config.json is damaged") from error
        if stated.get("model_type") == gte.ORIGINAL:
            return gte.native_config(stated, self.who)
        return stated

    def outline(self, config: PreTrainedConfig) -> PreTrainedModel:
        """Build the cross-encoder of its `config` as `outlined` does.

        Raises:
            UserError: transformers cannot build it.
        """
        try:
            return outlined(config)
        except Exception as error:
            raise self.unfit(f"transformers cannot build it ({one_line(error)})") from error

    def modules(self) -> list[tuple[str, str]] | None:
        """Return the class and the folder of each module that sentence-transformers lists.

        None without a list of them.

        Raises:
            UserError: the list is damaged.
        """
        path = self.folder / MODULES
        if not path.is_file():
            return None
        try:
            listed = json.loads(path.read_bytes())
            return [(str(module["type"]), str(module["path"])) for module in listed]
        except (ValueError, TypeError, KeyError) as error:
            raise self.damaged(f"its {MODULES} is damaged ({one_line(error)})") from error

    def weights(self) -> dict[str, torch.Tensor]:
        """Read the weights, from as many files as they are in.

        Raises:
            UserError: a file is missing or damaged, or two have a weight of the same name.
        """
        weights: dict[str, torch.Tensor] = {}
        for file in self._weight_files():
            try:
                found = load_file(file)
            except FileNotFoundError as error:
                raise self.damaged(f"{file.name} is missing, which its {INDEX} names") from error
            except (OSError, SafetensorError) as error:
                raise self.damaged(f"{file.name} is damaged ({one_line(error)})") from error
            if packed := sorted(name for name, weight in found.items() if _is_packed(name, weight)):
                kind = str(found[packed[0]].dtype).removeprefix("torch.")
                raise self.unfit(f"its weights are quantised ({packed[0]!r} is {kind})")
            if twice := sorted(weights.keys() & found.keys()):
                raise self.unfit(
                    f"several of its safetensors files have the weight {twice[0]!r}, {file.name} "
                    f"one of them, and no {INDEX} says which counts"
                )
            weights |= found
        return weights

    def _weight_files(self) -> list[Path]:
        """Return what transformers reads; without its names, all there is."""
        present = sorted(self.folder.glob("*.safetensors"))
        if (self.folder / WEIGHTS).is_file():
            files = [self.folder / WEIGHTS]
        elif (self.folder / INDEX).is_file():
            try:
                files = weight_files(self.folder)
            except UserError as error:
                raise self.damaged(f"its {INDEX} is damaged") from error
        else:
            files = present
        if not files:
            pickles = sorted(each.name for kind in PICKLES for each in self.folder.glob(kind))
            there = f", such as its {pickles[0]}" if pickles else ""
            raise UserError(
                f"{self.who}: it has no safetensors, and pickles are never loaded{there}: choose "
                "another checkpoint, or a revision of it with model.safetensors; or, if you trust "
                "it, load it elsewhere and name the folder that save_pretrained writes."
            )
        if unread := [file.name for file in present if file not in files]:
            print(
                f"{self.who}: of its weights {files[0].name} is read"
                f"{' with those that belong to it' if files[1:] else ''}, not {', '.join(unread)}."
            )
        return files

    def tokenizer(self) -> PreTrainedTokenizerBase:
        """Read the tokenizer.

        Raises:
            UserError: it is missing or damaged, or needs a package that is not installed.
        """
        # transformers would say of the config of GTE's original that it is of an unknown model.
        known = {"config": self.config()} if self.is_original_gte else {}
        try:
            tokenizer = AutoTokenizer.from_pretrained(
                str(self.folder), local_files_only=True, trust_remote_code=False, **known
            )
        except ImportError as error:
            reason = f"its tokenizer needs what is not installed ({one_line(error)})"
            raise self.unfit(reason) from error
        except Exception as error:
            raise self.damaged(f"its tokenizer cannot be read ({one_line(error)})") from error
        # transformers makes one of its special tokens alone where the files are not there.
        if len(tokenizer) <= len(tokenizer.all_special_tokens):
            raise self.damaged("it has no tokenizer")
        return tokenizer

    @property
    def remedy(self) -> str:
        """What to do about a damaged file of the folder."""
        return (
            f"delete {self.folder}, or mend it where it is a copy of your own, and run again; the "
            "download is checked again"
        )

    def damaged(self, what: str) -> UserError:
        """Return the error for files that another download may mend."""
        if self.source.startswith("package:"):
            return UserError(f"{self.who}: {what}: reinstall the package.")
        return UserError(f"{self.who}: {what}: {self.remedy}.")

    def misfit(self, what: str) -> UserError:
        """Return the error for files that are whole, each of them, but not of one checkpoint."""
        return UserError(
            f"{self.who}: {what}: if {self.folder} is no whole copy, delete it and "
            "run again; else choose another checkpoint."
        )

    def unfit(self, what: str) -> UserError:
        """Return the error for a checkpoint that is as it was published."""
        return UserError(f"{self.who}: {what}: choose another checkpoint.")


def is_cross_encoder(model_type: object) -> bool:
    """Say whether transformers has a cross-encoder of an architecture."""
    known = isinstance(model_type, str) and model_type in CONFIG_MAPPING
    return known and CONFIG_MAPPING[model_type] in MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING


def outlined(config: PreTrainedConfig) -> PreTrainedModel:
    """Build a cross-encoder on the meta device, where weights have shapes and take no memory."""
    with torch.device("meta"):
        return MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING[type(config)](deepcopy(config))


def cross_encoder_of(
    config: PreTrainedConfig, weights: Mapping[str, torch.Tensor]
) -> tuple[PreTrainedModel, dict[str, set]]:
    """Build a cross-encoder in float32, what the weights lack of it at random.

    Returns it and the names that do not fit: missing_keys, unexpected_keys, and mismatched_keys
    with both shapes.
    """
    kind = MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING[type(config)]
    with _without_report():
        return kind.from_pretrained(
            None,
            config=config,
            state_dict=weights,
            dtype=torch.float32,
            ignore_mismatched_sizes=True,
            output_loading_info=True,
        )


@contextmanager
def _without_report() -> Iterator[None]:
    """Keep transformers from listing what is not in a checkpoint, most of which is as it should."""
    before = transformers_logging.get_verbosity()
    transformers_logging.set_verbosity_error()
    try:
        yield
    finally:
        transformers_logging.set_verbosity(before)


def one_line(error: Exception) -> str:
    """Return what an error says, in one line of at most 300 characters."""
    return " ".join(str(error).split())[:300] or type(error).__name__


def _is_packed(name: str, weight: torch.Tensor) -> bool:
    """Say whether a weight is in eight bits or fewer, unlike the masks that some files hold."""
    return name.endswith("weight") and weight.element_size() == 1


def _to_config(stated: dict[str, Any]) -> PreTrainedConfig:
    """Return the config object, without remote code and what another task or machine had."""
    left = OF_A_TASK | OF_A_MACHINE
    kept = {key: value for key, value in stated.items() if key not in left}
    return CONFIG_MAPPING[stated["model_type"]].from_dict(kept, num_labels=1)
