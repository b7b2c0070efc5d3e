"""The folder of a pretrained backbone: its config, its weights, and in words what is wrong there.

Weights are read from local safetensors alone: never a pickle, never remote code, never the hub.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from transformers import (
    CONFIG_MAPPING,
    MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING,
    GteConfig,
    PreTrainedConfig,
)

from lionrank.cross_encoder import gte
from lionrank.cross_encoder.weights import INDEX, WEIGHTS, weight_files
from lionrank.errors import UserError
from lionrank.files import read_json

OF_A_TASK = {"id2label", "label2id", "problem_type"}
OF_A_MACHINE = {"attn_implementation", "_attn_implementation", "auto_map"}
PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl")


@dataclass(frozen=True)
class Backbone:
    """A source of the config and the folder that its files lie in."""

    source: str
    folder: Path

    @property
    def _config_file(self) -> Path:
        return self.folder / "config.json"

    def config(self) -> PreTrainedConfig:
        """Read config.json for a cross-encoder with one logit.

        Raises:
            UserError: it is missing or damaged, or of no architecture that can be one.
        """
        stated = self.stated()
        if not is_cross_encoder(stated.get("model_type")):
            raise UserError(
                f"models: {self.source!r} is of the architecture {stated.get('model_type')!r}, "
                "which transformers has no cross-encoder of, and remote code is never run: choose "
                "another."
            )
        if "quantization_config" in stated:
            raise self.unfit("its weights are quantised, and training needs them in full")
        try:
            config = _to_config(stated)
        except Exception as error:
            raise self.unfit(f"transformers refuses its config.json ({one_line(error)})") from error
        if isinstance(config, GteConfig) and (note := gte.rotary_note(config, self.source)):
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
            return gte.native_config(stated, self.source)
        return stated

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
            raise self.unfit(f"it has no safetensors, and pickles are never loaded{there}")
        if unread := [file.name for file in present if file not in files]:
            print(
                f"models: {self.source!r}: of its weights {files[0].name} is read"
                f"{' with those that belong to it' if files[1:] else ''}, not {', '.join(unread)}."
            )
        return files

    def damaged(self, what: str) -> UserError:
        """Return the error for files that another download may mend."""
        if self.source.startswith("package:"):
            return UserError(f"models: {self.source!r}: {what}: reinstall the package.")
        return UserError(
            f"models: {self.source!r}: {what}: delete {self.folder}, or mend it where it is a copy "
            "of your own, and run again; the download is checked again."
        )

    def misfit(self, what: str) -> UserError:
        """Return the error for files that are whole, each of them, but not of one checkpoint."""
        return UserError(
            f"models: {self.source!r}: {what}: if {self.folder} is no whole copy, delete it and "
            "run again; else choose another checkpoint."
        )

    def unfit(self, what: str) -> UserError:
        """Return the error for a checkpoint that is as it was published."""
        return UserError(f"models: {self.source!r}: {what}: choose another checkpoint.")


def is_cross_encoder(model_type: object) -> bool:
    """Say whether transformers has a cross-encoder of an architecture."""
    known = isinstance(model_type, str) and model_type in CONFIG_MAPPING
    return known and CONFIG_MAPPING[model_type] in MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING


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
