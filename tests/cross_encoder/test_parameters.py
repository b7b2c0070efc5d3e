"""Counting parameters from a config: of the published backbones as their architectures say."""

import json

import pytest
import torch
from transformers import AutoModelForSequenceClassification

from lionrank.cross_encoder.parameters import of_checkpoint
from lionrank.errors import UserError
from tests.support import architectures
from tests.support.published_backbones import EVERY

MILLIONS = {"minilm": 33, "minilml6": 23, "gte": 306, "modernbert": 150}
MILLIONS |= {"bert": 109, "roberta": 125, "electra": 109, "deberta": 184}
MILLIONS |= {"ettin17m": 17, "ettin32m": 32, "ettin68m": 68, "ettin150m": 150}
# Their names are rounder.
MILLIONS |= {"ettin400m": 396, "ettin1b": 1031}


def counted(config: dict, folder) -> dict[str, int]:
    (folder / "config.json").write_text(json.dumps(config))
    return of_checkpoint(folder)


def linear(inputs: int, outputs: int, bias: bool = True) -> int:
    return inputs * outputs + (outputs if bias else 0)


def minilm() -> dict[str, int]:
    """BERT with 12 layers of 384/1536 and 30,522 tokens; pooler and one logit on top."""
    hidden, inner = 384, 1536
    attention, norms = 4 * linear(hidden, hidden), 2 * 2 * hidden
    layer = attention + linear(hidden, inner) + linear(inner, hidden) + norms
    embeddings = (30_522 + 512 + 2) * hidden + 2 * hidden
    head = linear(hidden, hidden) + linear(hidden, 1)
    return {"parameters": 12 * layer + embeddings + head, "encoder": 12 * layer}


def gte() -> dict[str, int]:
    """12 layers of 768 with GeGLU of 3072, of whose three matrices only the last has a bias."""
    hidden, inner = 768, 3072
    attention, norms = 4 * linear(hidden, hidden), 2 * 2 * hidden
    gated = 2 * linear(hidden, inner, bias=False) + linear(inner, hidden)
    layer = attention + gated + norms
    embeddings = (250_048 + 1) * hidden + 2 * hidden
    head = linear(hidden, hidden) + linear(hidden, 1)
    return {"parameters": 12 * layer + embeddings + head, "encoder": 12 * layer}


def modernbert() -> dict[str, int]:
    """22 layers of 768 with GeGLU of 1152, without biases; the first has no norm before it."""
    hidden, inner = 768, 1152
    attention = 4 * linear(hidden, hidden, bias=False)
    layer = attention + 3 * linear(hidden, inner, bias=False) + 2 * hidden
    encoder = 22 * layer - hidden + hidden  # the first layer's norm is missing, a last one is added
    embeddings = 50_368 * hidden + hidden
    head = linear(hidden, hidden, bias=False) + hidden + linear(hidden, 1)
    return {"parameters": encoder + embeddings + head, "encoder": encoder}


@pytest.mark.parametrize("backbone", [minilm, gte, modernbert])
def test_the_numbers_are_those_of_the_layers(backbone, tmp_path):
    assert counted(EVERY[backbone.__name__], tmp_path) == backbone()


@pytest.mark.parametrize("name", EVERY)
def test_each_backbone_has_the_size_that_it_is_known_by(name, tmp_path):
    found = counted(EVERY[name], tmp_path)
    assert round(found["parameters"] / 1e6) == MILLIONS[name]
    # A layer of BERT's kind has 12 times the square of its width, and a little more.
    if name in ("bert", "roberta", "electra", "deberta"):
        assert 0 < found["encoder"] / (12 * 12 * 768**2) - 1 < 0.002


@pytest.mark.parametrize("kind", ["bert", "deberta-v2", "distilbert", "modernbert", "qwen3", "t5"])
def test_they_are_the_weights_that_a_model_has(kind, tmp_path):
    config = architectures.config(kind)
    config.num_labels = 1
    config.save_pretrained(tmp_path)
    model = AutoModelForSequenceClassification.from_config(config)
    found = of_checkpoint(tmp_path)
    assert found["parameters"] == model.num_parameters()
    tables = {each.weight for each in model.modules() if isinstance(each, torch.nn.Embedding)}
    embeddings = sum(table.numel() for table in tables)
    assert 0 < found["encoder"] <= model.base_model.num_parameters() - embeddings


def test_a_folder_without_a_config_is_named(tmp_path):
    with pytest.raises(UserError, match=r"checkpoint: '.*': it has no config.json"):
        of_checkpoint(tmp_path)


def test_a_config_that_is_of_no_model_is_named(tmp_path):
    with pytest.raises(UserError, match=r"checkpoint: '.*': transformers cannot build it .*769"):
        counted(EVERY["bert"] | {"hidden_size": 769}, tmp_path)
