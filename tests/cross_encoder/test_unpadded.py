"""Computing without padding: the same logits, gradients and curves as a padded batch gives."""

import random
from functools import partial

import pytest
import torch
from safetensors.torch import load_file, save_file
from sentence_transformers import CrossEncoder
from transformers import AutoTokenizer

from lionrank.cross_encoder import initialise as models
from lionrank.cross_encoder import model as cross_encoder
from lionrank.cross_encoder import unpadded
from lionrank.cross_encoder.tokens import encode, take
from tests.support import tiny_training as tiny

CPU = torch.device("cpu")
MEAN = {"model_type": "modernbert", "classifier_pooling": "mean", **tiny.SMALL}
# Its layers see only two tokens to each side, but every third.
LOCAL = {"model_type": "modernbert", "local_attention": 4, "num_hidden_layers": 4}
ARCHITECTURES = {
    **{
        name: tiny.ARCHITECTURES[name]
        for name in ("bert", "gte", "modernbert", "electra", "roberta", "deberta")
    },
    "modernbert_mean": MEAN,
    "modernbert_local": {**MEAN, **LOCAL},
}
UNPADDED = [name for name in ARCHITECTURES if name != "deberta"]


@pytest.fixture(scope="module")
def starts(tmp_path_factory):
    """Checkpoints whose random weights are large, so that an error shows in the logits."""
    folder = tmp_path_factory.mktemp("starts")
    for name, architecture in ARCHITECTURES.items():
        backbone = {"pretrained": None, "architecture": architecture, "tokenizer": tiny.PACKAGE}
        models.initialise(backbone, {}, 12, 32, folder / name)
        weights = load_file(folder / name / "model.safetensors")
        large = {key: w * 8 if w.dim() == 2 else w for key, w in weights.items()}
        save_file(large, folder / name / "model.safetensors", metadata={"format": "pt"})
    return folder


@pytest.fixture(scope="module")
def pairs():
    tokenizer = AutoTokenizer.from_pretrained(models.locate(tiny.PACKAGE, {}))
    tokenizer.model_max_length = 32
    words = sorted(word for word in tokenizer.get_vocab() if word.isascii() and word.isalpha())
    draw = random.Random(7)
    text = lambda least, most: " ".join(draw.sample(words, draw.randint(least, most)))  # noqa: E731
    return encode(tokenizer, [text(1, 5) for _ in range(24)], [text(1, 30) for _ in range(24)])


def padded_model(checkpoint):
    """A checkpoint as transformers computes it, on padded batches."""
    model = cross_encoder.load(checkpoint, CPU)
    model.body.set_attn_implementation("sdpa")
    return model


@pytest.mark.parametrize("architecture", UNPADDED)
def test_logits_and_gradients_are_those_of_a_padded_batch(starts, pairs, architecture):
    found = {}
    for load in (partial(cross_encoder.load, device=CPU), padded_model):
        model = load(starts / architecture)
        scores = model.logits(pairs)
        torch.nn.functional.softplus(scores).sum().backward()
        gradients = [weights.grad.flatten() for weights in model.parameters()]
        found[load] = scores.detach(), torch.cat(gradients)
    (ours, our_gradient), (theirs, their_gradient) = found.values()
    assert theirs.std() > 1e-2
    torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-5)
    assert (our_gradient - their_gradient).norm() < 1e-5 * their_gradient.norm()


@pytest.mark.parametrize("architecture", UNPADDED)
def test_no_token_is_computed_for_padding(starts, pairs, architecture):
    model = cross_encoder.load(starts / architecture, CPU)
    seen = set()
    for layer in model.modules():
        if isinstance(layer, torch.nn.Linear) and layer.in_features == 48:
            layer.register_forward_hook(lambda _, given, __: seen.add(given[0].shape[:2]))
    model.logits(pairs)
    assert seen == {(1, int(pairs["lengths"].sum()))}


def test_a_padding_token_in_a_text_has_the_position_that_it_has_in_a_padded_batch(starts):
    """RoBERTa counts positions by the tokens that are none, and does not count those."""
    texts = ["a lion", "the [PAD] of [PAD] a cat", "one"], ["eats", "or [PAD]", "meat and more"]
    ours, theirs = cross_encoder.load(starts / "roberta", CPU), padded_model(starts / "roberta")
    pairs = encode(ours.tokenizer, *texts)
    assert (pairs["input_ids"] == ours.tokenizer.pad_token_id).sum() == 3
    torch.testing.assert_close(ours.logits(pairs), theirs.logits(pairs), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("architecture", ["deberta"])
def test_a_model_whose_attention_is_its_own_is_computed_with_padding(
    starts, pairs, architecture, capsys
):
    model = cross_encoder.load(starts / architecture, CPU)
    assert "computes with padding: its attention is causal, or its own" in capsys.readouterr().out
    singly = [model.logits(take(pairs, torch.tensor([row]))) for row in range(24)]
    torch.testing.assert_close(model.logits(pairs), torch.cat(singly), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("architecture", [*UNPADDED, "deberta"])
def test_logits_are_those_of_predict(starts, tmp_path, architecture):
    texts = [("what a lion eats", "meat"), ("lion", "a fish " * 9), ("one", "two three " * 30)]
    model = cross_encoder.load(starts / architecture, CPU)
    peer = CrossEncoder(str(starts / architecture), device="cpu")
    peer.activation_fn = torch.nn.Identity()
    found = model.logits(encode(model.tokenizer, *zip(*texts, strict=True)))
    assert found.tolist() == pytest.approx(peer.predict(texts).tolist(), abs=1e-5, rel=1e-5)


def test_a_checkpoint_does_not_say_how_it_was_computed(starts, tmp_path):
    cross_encoder.load(starts / "bert", CPU).body.save_pretrained(tmp_path)
    assert unpadded.NAME not in (tmp_path / "config.json").read_text()


def test_training_without_padding_has_the_curve_and_the_weights_of_training_with_it(
    starts, tmp_path, monkeypatch
):
    """One optimizer step from another's weights; dropout would draw in another order."""
    data = tiny.write_data(tmp_path)
    start = tiny.write_start(tmp_path / "start", "bert_without_dropout")
    ours = tiny.train(start, data, 1, tmp_path / "ours")
    monkeypatch.setattr(unpadded, "prepare", lambda body: False)
    theirs = tiny.train(start, data, 1, tmp_path / "theirs")
    for mine, other in zip(tiny.steps(ours), tiny.steps(theirs), strict=True):
        assert mine["loss"] == pytest.approx(other["loss"], abs=1e-5)
        assert mine["grad_norm"] == pytest.approx(other["grad_norm"], rel=1e-3)
        assert mine["tokens"] == other["tokens"]
        assert mine["padding"] == 0 < other["padding"]
    weights = [load_file(path / "model.safetensors") for path in (ours, theirs)]
    for name, values in weights[0].items():
        torch.testing.assert_close(values, weights[1][name], atol=2e-4, rtol=1e-3)


@pytest.mark.parametrize("sliding_window", [None, 3, 65, 600])
@pytest.mark.parametrize("lengths", [[7, 7, 5, 1], [1537, 1024, 1024, 513, 512, 300]])
def test_attention_is_that_of_each_pair_alone(sliding_window, lengths):
    draw = torch.Generator().manual_seed(1)
    query, key, value = states = [
        torch.randn(1, 2, sum(lengths), 8, generator=draw, dtype=torch.float64, requires_grad=True)
        for _ in range(3)
    ]
    found, _ = attend(query, key, value, lengths, scaling=0.3, sliding_window=sliding_window)
    weights_of_sum = torch.randn(found.shape, generator=draw, dtype=torch.float64)
    gradients = torch.autograd.grad((found * weights_of_sum).sum(), states)
    start, total = 0, 0.0
    for length in lengths:
        own = slice(start, start + length)
        weights = (query[0, :, own] @ key[0, :, own].transpose(1, 2)) * 0.3
        if sliding_window:
            places = torch.arange(length)
            far = (places[:, None] - places).abs() >= sliding_window
            weights = weights.masked_fill(far, -torch.inf)
        expected = (weights.softmax(-1) @ value[0, :, own]).transpose(0, 1)
        torch.testing.assert_close(found[0, own], expected)
        total += (expected * weights_of_sum[0, own]).sum()
        start += length
    torch.testing.assert_close(gradients, torch.autograd.grad(total, states))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("sliding_window", [None, 65])
def test_the_memory_of_attention_grows_with_the_length_and_not_with_its_square(
    sliding_window, dtype
):
    """By the bytes that torch allocates, of which a matrix of all pairs of tokens would be most."""
    most = []
    for length in (1024, 4096):
        states = [torch.randn(1, 2, length, 8, dtype=dtype) for _ in range(3)]
        with torch.no_grad(), torch.profiler.profile(profile_memory=True) as profiled:
            attend(*states, [length], scaling=0.3, sliding_window=sliding_window)
        most.append(max(event.self_cpu_memory_usage for event in profiled.events()))
    assert most[1] < 5 * most[0]


def attend(query, key, value, lengths, **others):
    bounds = torch.tensor([0, *torch.tensor(lengths).cumsum(0)], dtype=torch.int32)
    sequences = unpadded.Sequences(bounds.to(query.device), lengths, torch.tensor([]))
    return unpadded.attention(None, query, key, value, None, sequences=sequences, **others)


def test_dropout_of_attention_is_in_training_alone(starts, pairs):
    """BERT's is 0.1 and GTE's 0: the same in both, but for dropout elsewhere, which is cut off."""
    model = cross_encoder.load(starts / "bert", CPU).train()
    for layer in model.modules():
        if isinstance(layer, torch.nn.Dropout) and layer is not _of_attention(model, layer):
            layer.p = 0.0
    torch.manual_seed(0)
    drawn = [model.logits(pairs) for _ in range(2)]
    assert not torch.allclose(*drawn)
    model.eval()
    assert torch.equal(model.logits(pairs), model.logits(pairs))


def _of_attention(model, dropout):
    attentions = [each.attention.self for each in model.body.bert.encoder.layer]
    return next((each.dropout for each in attentions if each.dropout is dropout), None)


@pytest.mark.parametrize("dropout", [0.0, 0.1])
@pytest.mark.parametrize("sliding_window", [None, 5])
def test_the_kernels_of_a_gpu_are_asked_as_they_want_to_be(dropout, sliding_window):
    """Without a GPU: torch checks arguments, shapes and gradients on its device without data."""
    rows = [
        torch.empty(12, 2, 32, device="meta", dtype=torch.bfloat16, requires_grad=True)
        for _ in range(3)
    ]
    bounds = torch.empty(3, device="meta", dtype=torch.int32)
    sequences = unpadded.Sequences(bounds, [7, 5], bounds)
    attended = unpadded.by_flash_attention(rows, 0.2, dropout, sliding_window, sequences)
    assert attended.shape == rows[0].shape
    attended.sum().backward()
    assert rows[0].grad.shape == rows[0].shape


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("sliding_window", [None, 5])
def test_the_kernels_of_a_gpu_attend_as_the_ordinary_ones(sliding_window):
    draw = torch.Generator().manual_seed(1)
    lengths = [90, 33, 33, 6]
    states = [
        torch.randn(1, 4, sum(lengths), 32, generator=draw).bfloat16().cuda() for _ in range(3)
    ]
    found, _ = attend(*states, lengths, scaling=0.2, sliding_window=sliding_window)
    exact = [each.float() for each in states]
    expected, _ = attend(*exact, lengths, scaling=0.2, sliding_window=sliding_window)
    torch.testing.assert_close(found.float(), expected, atol=2e-2, rtol=2e-2)
