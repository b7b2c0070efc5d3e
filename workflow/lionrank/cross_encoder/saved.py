"""A model as trainings keep it: a folder of transformers that sentence-transformers loads, too.

What that library would write beside the model is written here, since it takes long to import.
"""

import os
from importlib.metadata import version
from pathlib import Path
from typing import Any

from transformers import PreTrainedModel

from lionrank.cross_encoder.model import CrossEncoder, last_layer
from lionrank.files import write_json


def save(model: CrossEncoder, folder: str | os.PathLike) -> None:
    """Write a model and its tokenizer, and how its `CrossEncoder` of the library computes."""
    model.body.save_pretrained(folder)
    model.tokenizer.save_pretrained(str(folder))
    for name, content in _of_library(model.body).items():
        write_json(Path(folder, name), content)


def _of_library(body: PreTrainedModel) -> dict[str, Any]:
    """Return the files of `sentence_transformers.CrossEncoder.save_pretrained` by name."""
    packages = {"pytorch": "torch"} | {
        name: name.replace("_", "-") for name in ("sentence_transformers", "transformers")
    }
    return {
        "modules.json": [
            {
                "idx": 0,
                "name": "0",
                "path": "",
                "type": "sentence_transformers.base.modules.transformer.Transformer",
            }
        ],
        "sentence_bert_config.json": {
            "transformer_task": "sequence-classification",
            "modality_config": {"text": {"method": "forward", "method_output_name": "logits"}},
            "module_output_name": "scores",
        },
        "config_sentence_transformers.json": {
            "__version__": {name: version(package) for name, package in packages.items()},
            "activation_fn": "torch.nn.modules.activation.Sigmoid",
            "default_prompt_name": None,
            "keep_in_fp32_modules": [f"0.model.{last_layer(body)}"],
            "model_type": "CrossEncoder",
            "prompts": {},
        },
    }
