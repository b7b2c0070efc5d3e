"""Tiny cross-encoders with random weights, as folders on the hub have them."""

import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from sentence_transformers import CrossEncoder
from sentence_transformers.base.modules import Dense, Transformer
from sentence_transformers.sentence_transformer.modules import LayerNorm, Pooling
from transformers import AutoModelForSequenceClassification

from tests.support import architectures
from tests.support.published_backbones import PUBLISHED, SMALL, original_gte, write_gte_tokenizer

WEIGHTS = "model.safetensors"


def write_classifier(
    folder: Path, kind: str, dtype: torch.dtype = torch.float32, **settings: Any
) -> Path:
    """Write a model with one logit, in a dtype, and its tokenizer."""
    torch.manual_seed(7)
    config = architectures.config(kind, **settings)
    config.num_labels = 1
    model = AutoModelForSequenceClassification.from_config(config)
    sharpen(model)
    model.to(dtype).save_pretrained(folder)
    architectures.write_tokenizer(folder, architectures.style(kind))
    return folder


def sharpen(model: torch.nn.Module) -> None:
    """Make weights larger, and biases and norms other than 0 and 1, so that an error shows."""
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for weight in model.parameters():
            if weight.dim() > 1:
                weight *= 6
            else:
                weight += torch.empty_like(weight).normal_(0, 0.3, generator=generator)


def write_composed(folder: Path, pooling: str = "cls", **of_the_head: Any) -> Path:
    """Write ModernBERT with a head of modules, as the rerankers on Ettin have it."""
    body = architectures.write_backbone(folder.with_name(f"{folder.name}.body"), "modernbert")
    size = architectures.SMALL["hidden_size"]
    score = {"out_features": 1, "module_output_name": "scores"}
    score["activation_function"] = torch.nn.Identity()
    torch.manual_seed(8)
    model = CrossEncoder(
        modules=[
            Transformer(str(body)),
            Pooling(size, pooling_mode=pooling),
            Dense(size, size, bias=False, activation_function=torch.nn.GELU()),
            LayerNorm(size),
            Dense(size, **score | of_the_head),
        ],
        device="cpu",
    )
    for module in list(model)[2:]:
        sharpen(module)
    model.save_pretrained(str(folder), create_model_card=False)
    return folder


def write_original_gte(folder: Path) -> Path:
    """Write a reranker in the form of the remote code: `new` weights in fp16, pooler and head."""
    folder.mkdir()
    config = PUBLISHED["gte"] | SMALL | {"architectures": ["NewForSequenceClassification"]}
    config["auto_map"] = {
        "AutoConfig": "configuration.NewConfig",
        "AutoModelForSequenceClassification": "modeling.NewForSequenceClassification",
    }
    weights = original_gte(config, 0.1, torch.float16)
    size = config["hidden_size"]
    generator = torch.Generator().manual_seed(6)
    for name, shape in (("weight", (size, size)), ("bias", (size,))):
        drawn = torch.empty(shape).normal_(0, 0.1, generator=generator)
        weights[f"new.pooler.dense.{name}"] = drawn.half()
    save_file(weights, folder / WEIGHTS, metadata={"format": "pt"})
    (folder / "config.json").write_text(json.dumps(config))
    write_gte_tokenizer(folder)
    return folder


def change_json(path: Path, **settings: Any) -> None:
    """Write other settings into a JSON file, which need not be there; None removes a key."""
    stated = json.loads(path.read_text()) if path.exists() else {}
    kept = {key: value for key, value in (stated | settings).items() if value is not None}
    path.write_text(json.dumps(kept))


def change_weights(folder: Path, **weights: torch.Tensor | None) -> None:
    """Write other weights, the dots of whose names are `__`; None removes one."""
    given = {name.replace("__", "."): weight for name, weight in weights.items()}
    kept = {n: w for n, w in (load_file(folder / WEIGHTS) | given).items() if w is not None}
    save_file(kept, folder / WEIGHTS, metadata={"format": "pt"})
