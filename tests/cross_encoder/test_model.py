"""The precision of logits: float32, whatever the body computes in."""

import json
import random
import re
from typing import ClassVar

import pandas as pd
import pytest
import torch
from safetensors.torch import load_file, save_file
from sentence_transformers import CrossEncoder
from transformers import AutoTokenizer

from lionrank.cross_encoder import device, saved
from lionrank.cross_encoder import initialise as models
from lionrank.cross_encoder import model as cross_encoder
from lionrank.errors import UserError
from lionrank.reranking import score as reranking
from lionrank.training import losses
from tests.support import tiny_training as tiny

CPU = torch.device("cpu")
PAIRS = 400


@pytest.fixture(scope="module")
def starts(tmp_path_factory):
    """The e0 checkpoint of MiniLM with real weights, and of tiny models."""
    folder = tmp_path_factory.mktemp("starts")
    for name in ("bert", "gte", "modernbert", "electra"):
        tiny.write_start(folder / name, name)
    pretrained = {"pretrained": tiny.PACKAGE, "architecture": None, "tokenizer": None}
    models.initialise(pretrained, {}, 12, 32, folder / "minilm")
    return folder


@pytest.fixture(scope="module")
def many_pairs(tmp_path_factory):
    """Distinct texts of a few words, from the tokenizer's own vocabulary."""
    tokenizer = AutoTokenizer.from_pretrained(models.locate(tiny.PACKAGE, {}))
    words = sorted(word for word in tokenizer.get_vocab() if word.isascii() and word.isalpha())
    draw = random.Random(3)
    texts = [[" ".join(draw.sample(words, size)) for size in (4, 12)] for _ in range(PAIRS)]
    path = tmp_path_factory.mktemp("many") / "pairs.parquet"
    pairs = pd.DataFrame(texts, columns=["query", "passage"])
    pairs["label"] = [float(row % 2) for row in range(PAIRS)]
    pairs.to_parquet(path)
    return path


def share_in_bf16(logits):
    """Return the share of numbers that bf16 can express; of float32 numbers, few by chance."""
    logits = torch.tensor(logits)
    return (logits.bfloat16().float() == logits).float().mean().item()


@pytest.mark.parametrize(
    "architecture",
    [pytest.param("minilm", marks=pytest.mark.slow), "bert", "gte", "modernbert", "electra"],
)
def test_under_bf16_the_logits_are_float32_and_do_not_tie(
    starts, many_pairs, tmp_path, architecture
):
    """Trap 6 of the protocol. MiniLM has real weights; ELECTRA's head has two layers."""

    def score(checkpoint, pairs, precision):
        found = reranking.score(checkpoint, pairs, precision, tiny.HARDWARE, CPU)
        return found.scores.tolist()

    scores = score(starts / architecture, many_pairs, precision="bf16")
    assert len(set(scores)) > 0.98 * len(scores)
    assert share_in_bf16(scores) < 0.05
    exact = score(starts / architecture, many_pairs, precision="fp32")
    assert scores == pytest.approx(exact, abs=2e-2)
    assert scores != pytest.approx(exact, abs=1e-6)
    saved.save(cross_encoder.load(starts / architecture, CPU), tmp_path / "saved")
    assert score(tmp_path / "saved", many_pairs, precision="bf16") == scores
    # As whoever has a published checkpoint loads it.
    peer = CrossEncoder(str(tmp_path / "saved"), device="cpu", activation_fn=torch.nn.Identity())
    texts = pd.read_parquet(many_pairs)[["query", "passage"]].to_numpy().tolist()[:50]
    with device.autocast(CPU, "bf16"):
        found = peer.predict(texts, batch_size=1).tolist()
    assert found == pytest.approx(scores[:50], abs=2e-2)
    assert share_in_bf16(found) < 0.2


class Recording(losses.BinaryCrossEntropy):
    """Keeps the logits that it is given: in training, and for the loss on held-out pairs."""

    logits: ClassVar[dict[bool, list[float]]]

    def forward(self, logits, targets):
        assert logits.dtype == torch.float32
        self.logits[torch.is_grad_enabled()] += logits.flatten().tolist()
        return super().forward(logits, targets)


@pytest.mark.parametrize("architecture", ["bert", "gte", "modernbert"])
def test_training_and_its_held_out_loss_see_the_float32_logits_that_scoring_gives(
    starts, many_pairs, tmp_path, monkeypatch, architecture
):
    monkeypatch.setitem(losses.LOSSES, "bce", Recording)
    monkeypatch.setattr(Recording, "logits", {True: [], False: []}, raising=False)
    files = {"pairs": str(many_pairs), "held_out": str(many_pairs)}
    changes = {"precision": "bf16", "global_batch_size": 32, "epochs": 1}
    checkpoint = tiny.train(starts / architecture, files, 1, tmp_path, **changes)
    for seen in Recording.logits.values():
        assert len(seen) == PAIRS
        assert share_in_bf16(seen) < 0.05
    scores = reranking.score(checkpoint, many_pairs, "bf16", tiny.HARDWARE, CPU).scores.tolist()
    assert Recording.logits[False] == pytest.approx(scores, abs=1e-2)


def lose_tokenizer(folder):
    (folder / "tokenizer.json").unlink()


def have_fewer_layers(folder):
    change_layers(folder, -1)


def have_more_layers(folder):
    change_layers(folder, 1)


def change_layers(folder, more):
    config = json.loads((folder / "config.json").read_text())
    config["num_hidden_layers"] += more
    (folder / "config.json").write_text(json.dumps(config))


def lose_weight(folder):
    weights = load_file(folder / "model.safetensors")
    del weights["classifier.weight"]
    save_file(weights, folder / "model.safetensors", {"format": "pt"})


def have_wider_weight(folder):
    weights = load_file(folder / "model.safetensors")
    weights["classifier.weight"] = torch.zeros(1, 7)
    save_file(weights, folder / "model.safetensors", {"format": "pt"})


def cut_weights(folder):
    whole = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(whole[: len(whole) // 2])


@pytest.mark.parametrize(
    "harm",
    [
        lose_tokenizer,
        have_fewer_layers,
        have_more_layers,
        lose_weight,
        have_wider_weight,
        cut_weights,
    ],
)
def test_a_checkpoint_that_is_not_whole_is_refused(tmp_path, harm):
    folder = tiny.write_start(tmp_path / "start", "bert")
    cross_encoder.load(folder, CPU)
    harm(folder)
    with pytest.raises(UserError, match=re.escape(str(folder))):
        cross_encoder.load(folder, CPU)
