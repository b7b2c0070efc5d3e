"""What transformers has a cross-encoder of: its head is drawn, nothing else, and it trains."""

from itertools import chain

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModel
from transformers.models.auto.modeling_auto import MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES
from transformers.utils import logging

from lionrank.cross_encoder import device
from lionrank.cross_encoder import initialise as models
from lionrank.cross_encoder import model as cross_encoder
from lionrank.cross_encoder.tokens import encode, take
from lionrank.errors import UserError
from tests.support import tiny_training as tiny
from tests.support.architectures import write_backbone

CPU = torch.device("cpu")
HEADS = {
    "bart": {"classification_head.dense", "classification_head.out_proj"},
    "bert": {"classifier"},
    "big_bird": {"classifier.dense", "classifier.out_proj"},
    "deberta-v2": {"pooler.dense", "classifier"},
    "distilbert": {"pre_classifier", "classifier"},
    "eurobert": {"dense", "classifier"},
    "flaubert": {"sequence_summary.summary"},
    "gpt2": {"score"},
    "llama": {"score"},
    "modernbert-decoder": {"head.dense", "classifier"},
    "qwen3": {"score"},
    "roberta": {"classifier.dense", "classifier.out_proj"},
    "t5": {"classification_head.dense", "classification_head.out_proj"},
    "xlm": {"sequence_summary.summary"},
    "xlnet": {"sequence_summary.summary", "logits_proj"},
}
PADDING = "(its logits hang on padding|it gives each pair the same logit)"
PICTURES = "cannot score pairs of text .*(image processor|feature extractor)"
REFUSED = {
    **dict.fromkeys(
        ("canine", "convbert", "fnet", "mra", "nystromformer", "t5gemma", "yoso"), PADDING
    ),
    **dict.fromkeys(("gemma3", "layoutlmv3", "markuplm", "modernvbert", "ultravbert"), PICTURES),
    "t5gemma2": PICTURES,
    "perceiver": "no head apart from the body",
    "reformer": "cannot score pairs of text .*axial_pos_shape",
    "xmod": "cannot score pairs of text .*language",
}
# One needs a package for pictures; the others' tokenizers add a token to any vocabulary.
LEFT_OUT = {"layoutlmv2", "qwen2", "qwen3_5"}
EVERY = sorted(MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES.keys() - LEFT_OUT)


@pytest.fixture(scope="module", autouse=True)
def _quiet():
    device.prepare(threads=1, gpus=0)
    logging.disable_progress_bar()


def initialise(source, folder, seed=12, max_length=32):
    backbone = {"pretrained": "tiny", "architecture": None, "tokenizer": None}
    models.initialise(backbone, {"tiny": str(source)}, seed, max_length, folder)
    return folder


def weights(folder):
    files = map(load_file, folder.glob("*.safetensors"))
    return dict(chain.from_iterable(each.items() for each in files))


def modules(names):
    """The modules that weights belong to."""
    return {name.rpartition(".")[0] for name in names}


def scores(model, one_by_one=False):
    queries = ["w1 w2", "w3", "w4 w5 w6 w7", "w8 w9"]
    passages = ["w1 w3 w4", "w5 " * 40, "w6", "w9 w1 w12 w17 w33 w2 w21 w22"]
    pairs = encode(model.tokenizer, queries, passages)
    rows = [torch.tensor([row]) for row in range(4)] if one_by_one else [torch.arange(4)]
    return torch.cat([model.logits(take(pairs, some)) for some in rows])


def test_the_head_alone_is_drawn_and_a_pair_has_the_same_score_in_every_batch(tmp_path, kind):
    source = write_backbone(tmp_path / "source", kind)
    if kind in REFUSED:
        with pytest.raises(UserError, match=f"^models: 'tiny'.*{REFUSED[kind]}"):
            initialise(source, tmp_path / "e0")
        return
    start, other = (initialise(source, tmp_path / f"{seed}", seed) for seed in (12, 13))
    model = cross_encoder.load(start, CPU)
    check_only_the_head_is_drawn(kind, source, weights(start), weights(other), model.body)
    check_scores(model, tmp_path / "e1")


def check_only_the_head_is_drawn(kind, source, first, other, model):
    differing = {name for name in first if not torch.equal(first[name], other[name])}
    body = f"{model.base_model_prefix}."
    assert all(not name.startswith(body) or "pooler" in name for name in differing)
    if kind in HEADS:
        assert modules(differing) == HEADS[kind]
    published = AutoModel.from_pretrained(source, dtype=torch.float32).state_dict()
    for name, value in model.base_model.state_dict().items():
        assert "pooler" in name or torch.equal(value, published[name]), name


def check_scores(model, folder):
    """Alone and in a batch, before and after an optimizer step, and from the step's checkpoint."""
    before = scores(model)
    torch.testing.assert_close(before, scores(model, one_by_one=True), rtol=1e-4, atol=1e-4)
    model.train()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    torch.nn.functional.softplus(scores(model)).sum().backward()
    optimizer.step()
    model.eval()
    after = scores(model).detach()
    assert not torch.allclose(before, after)
    model.body.save_pretrained(folder)
    model.tokenizer.save_pretrained(folder)
    again = scores(cross_encoder.load(folder, CPU))
    torch.testing.assert_close(again, after, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("architecture", ["bart", "distilbert", "qwen3", "xlnet"])
def test_a_chain_of_epochs_is_trained_and_the_second_goes_on_from_the_first(tmp_path, architecture):
    start = initialise(write_backbone(tmp_path / "source", architecture), tmp_path / "e0")
    data = tiny.write_data(tmp_path)
    last = tiny.chain(start, data, 2, tmp_path, precision="bf16")
    assert [record["step"] for record in tiny.steps(last)] == [5, 6, 7, 8]
    assert not tiny.same_weights(start, last)


def test_what_cannot_be_computed_in_bf16_is_refused_before_it_is_trained(tmp_path):
    start = initialise(write_backbone(tmp_path / "source", "deberta"), tmp_path / "e0")
    with pytest.raises(UserError, match=r"deberta cannot be computed in bf16 .*training.models"):
        tiny.train(start, tiny.write_data(tmp_path), 1, tmp_path, precision="bf16")


def test_what_cannot_compute_its_layers_again_is_refused_before_it_is_trained(tmp_path):
    start = initialise(write_backbone(tmp_path / "source", "xlnet"), tmp_path / "e0")
    with pytest.raises(UserError, match=r"gradient_checkpointing: xlnet .*per_device_batch"):
        tiny.train(start, tiny.write_data(tmp_path), 1, tmp_path, gradient_checkpointing=True)


def pytest_generate_tests(metafunc):
    if "kind" in metafunc.fixturenames:
        quick = HEADS.keys() | {"fnet"}
        marks = {kind: () if kind in quick else pytest.mark.slow for kind in EVERY}
        metafunc.parametrize("kind", [pytest.param(k, marks=m) for k, m in marks.items()])
