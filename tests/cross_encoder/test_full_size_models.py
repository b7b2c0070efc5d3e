"""Backbones at full size with random weights: their parameters, and one training step on a CPU.

The measurements run this file as a script, each in a process of its own; that of any other is
`python -m tests.cross_encoder.test_full_size_models NAME`, with the name of a model in config.yaml.
"""

import json
import math
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from lionrank.cross_encoder import device
from lionrank.cross_encoder.initialise import initialise
from lionrank.cross_encoder.parameters import of_checkpoint
from lionrank.training import optimizers
from tests.support.published_backbones import EVERY, OTHERS, publish
from tests.support.rerankers import PACKAGE, score
from tests.support.running import ROOT
from tests.support.tokenizers_of_backbones import WRITERS

HEADS = {
    "minilm": {
        "bert.pooler.dense": "Linear",
        "bert.pooler.activation": "Tanh",
        "dropout": "Dropout",
        "classifier": "Linear",
    },
    "gte": {
        "gte.pooler.dense": "Linear",
        "gte.pooler.activation": "Tanh",
        "dropout": "Dropout",
        "classifier": "Linear",
    },
    "modernbert": {
        "head.dense": "Linear",
        "head.act": "GELUActivation",
        "head.norm": "LayerNorm",
        "drop": "Dropout",
        "classifier": "Linear",
    },
}
# Millions, by the model cards; the poolers of MiniLM and GTE are in the body, but only MiniLM's is
# a part of its checkpoint.
PARAMETERS = {"minilm": 33, "gte": 305, "modernbert": 149, "deberta": 184, "ettin17m": 17}


@pytest.mark.slow
@pytest.mark.parametrize("name", PARAMETERS)
def test_the_full_size_backbone_takes_a_training_step_and_scores(name):
    finished = subprocess.run(
        [sys.executable, "-m", __name__, name],
        cwd=ROOT,
        text=True,
        capture_output=True,
        timeout=900,
    )
    assert finished.returncode == 0, finished.stderr[-4000:]
    measured = json.loads(finished.stdout.splitlines()[-1])
    print(json.dumps(measured, indent=2))
    counted = measured["of the body"] - (measured["of its pooler"] if name == "gte" else 0)
    assert round(counted / 1e6) == PARAMETERS[name]
    assert measured["head"] == HEADS.get(name, measured["head"])
    assert measured["parameters"] == measured["counted"]["parameters"]
    assert measured["changed weights"] == measured["weights"]
    assert math.isfinite(measured["loss"])
    assert np.isfinite(measured["scores"]).all() and len(set(measured["scores"])) == 8
    assert measured["peak GiB"] < 8
    if name == "gte":  # names, shapes and dtype make the header; so all of them are right
        assert measured["source bytes"] == 610_753_338


CATS = ("lion", "tiger", "leopard", "jaguar", "lynx", "puma", "cat", "ocelot")


def measure(name: str) -> dict:
    """Initialise, train one step on 4 pairs of 64 tokens and score 8 pairs, at full size."""
    begun = time.perf_counter()
    chosen = device.prepare(threads=1, gpus=0)
    with tempfile.TemporaryDirectory() as root:
        source, tokenizer = Path(root) / "source", PACKAGE
        source.mkdir()
        known = {}
        if name in OTHERS:
            tokenizer, known = name, WRITERS[EVERY[name]["model_type"]](source)
            del known["vocab_size"]  # which is smaller than that of the full size
        publish(source, name, known, spread=0.02)
        size = sum(each.stat().st_size for each in source.glob("*.safetensors"))
        checkpoint = Path(root) / "e0"
        backbone = {"pretrained": name, "architecture": None, "tokenizer": tokenizer}
        initialise(backbone, {name: str(source)}, 12, 64, checkpoint)
        shutil.rmtree(source)
        counted = of_checkpoint(checkpoint)
        words = [f"{word} " * 80 for word in CATS]
        rows = [("which cat is it", passage) for passage in words]
        scores = score(checkpoint, rows, Path(root), precision="auto")
        model = AutoModelForSequenceClassification.from_pretrained(
            checkpoint, dtype=torch.float32, local_files_only=True
        )
        tokens = AutoTokenizer.from_pretrained(checkpoint, local_files_only=True)
    pairs = tokens(["which cat"] * 4, words[:4], truncation=True, return_tensors="pt")
    assert pairs["input_ids"].shape == (4, 64)
    settings = {
        "learning_rate": 2e-5,
        "weight_decay": 0.01,
        "decay_biases_and_norms": True,
        "optimizer": {"class": "torch.optim.AdamW", "arguments": {"fused": True}},
    }
    optimizer = optimizers.build(model, settings)
    sums = checksums(model)
    stepping = time.perf_counter()
    model.train()
    with device.autocast(chosen, "auto"):
        logits = model(**pairs).logits[:, 0]
    labels = torch.tensor([1.0, 0.0, 1.0, 0.0])
    loss = functional.binary_cross_entropy_with_logits(logits.float(), labels)
    loss.backward()
    optimizer.step()
    stepped = time.perf_counter()
    after = checksums(model)
    numbers = {key: weight.numel() for key, weight in model.named_parameters()}
    of_body = {key: n for key, n in numbers.items() if key.startswith(model.base_model_prefix)}
    return {
        "model": name,
        "source bytes": size,
        "parameters": sum(numbers.values()),
        "counted": counted,
        "of the body": sum(of_body.values()),
        "of its pooler": sum(n for key, n in of_body.items() if ".pooler." in key),
        "without embeddings": sum(n for key, n in numbers.items() if "embeddings" not in key),
        "head": {
            key: type(module).__name__
            for key, module in model.named_modules()
            if not list(module.children())
            and (".pooler." in key or not key.startswith(model.base_model_prefix))
        },
        "weights": len(sums),
        "changed weights": sum(after[key] != sums[key] for key in sums),
        "loss": loss.item(),
        "scores": scores,
        "seconds of the step": round(stepped - stepping, 2),
        "seconds": round(time.perf_counter() - begun, 1),
        "peak GiB": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, 2),
    }


def checksums(model: torch.nn.Module) -> dict[str, float]:
    """The sum of each weight in float64, which one step of an optimizer changes.

    Weights are summed in parts, as torch makes a copy in float64 of all that it sums at once.
    """
    return {
        key: sum(part.sum(dtype=torch.float64).item() for part in weight.flatten().split(2**20))
        for key, weight in model.named_parameters()
    }


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1])))
