"""Each backbone of the config: fetched by its row, with a tokenizer of its kind, at a tiny size.

The sizes of the Ettin encoders are one architecture, and so are BERT and MiniLM.
"""

import subprocess
import sys
from functools import partial

import pytest
import torch
from safetensors.torch import load_file
from sentence_transformers import CrossEncoder
from transformers import AutoTokenizer

from lionrank.cross_encoder import device
from lionrank.cross_encoder import initialise as models
from lionrank.cross_encoder import model as cross_encoder
from lionrank.cross_encoder.tokens import encode
from lionrank.errors import UserError
from lionrank.training import losses
from tests.support import tiny_training as tiny
from tests.support.configs import CONFIG, SOURCES
from tests.support.downloading import workplace
from tests.support.published_backbones import name_as_on_hub, publish
from tests.support.rerankers import score
from tests.support.running import ROOT
from tests.support.tokenizers_of_backbones import WRITERS

CPU = torch.device("cpu")
ARCHITECTURES = {
    "minilml6": "bert",
    "bert": "bert",
    "roberta": "roberta",
    "electra": "electra",
    "deberta": "deberta-v2",
    "ettin17m": "modernbert",
}
KINDS = {"bert": "WordPiece", "electra": "WordPiece", "deberta-v2": "Unigram"}
HEADS = {
    "bert": {"classifier"},
    "roberta": {"classifier.dense", "classifier.out_proj"},
    "electra": {"classifier.dense", "classifier.out_proj"},
    "deberta-v2": {"pooler.dense", "classifier"},
    "modernbert": {"classifier"},
}
TINY = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 48,
}
# So that neither all layers see everything, nor all distances have a place of their own.
OWN = {
    "ettin17m": {"num_hidden_layers": 4, "local_attention": 4},
    "deberta": {"position_buckets": 8},
    "electra": {"embedding_size": 32},
}
FETCH = """
from lionrank.config.sources import read_table
from lionrank.sources.download import fetch
for name, source in read_table("sources.csv").items():
    fetch(source, f"sources/{name}", f"sources/{name}.lock.json", None)
"""
ROWS = [
    ("what does a lion eat", "fish " * 9),
    ("Nobody", "A large cat sees a zebra."),
    ("one", "The lion was asked for 49 words, with query 7. " * 3),
    ("an animal", "zebra"),
]


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    """The folders that the rows of the table fetch from a hub with tiny backbones, by row."""
    device.prepare(threads=1, gpus=0)
    root = tmp_path_factory.mktemp("backbones")
    with workplace(root) as work:
        for name, architecture in ARCHITECTURES.items():
            row = CONFIG["models"][name]["pretrained"]
            folder = root / "published" / row
            folder.mkdir(parents=True)
            known = WRITERS[architecture](folder)
            publish(folder, name, TINY | OWN.get(name, {}) | known)
            name_as_on_hub(folder, name)
            files = {path.name: path.read_bytes() for path in folder.iterdir()}
            pickled = {"pytorch_model.bin": b"never wanted"}
            source = SOURCES[row]
            work.hub.commit(("model", source.id), files | pickled, source.revision)
            cells = {"kind": "model", "id": source.id, "files": " ".join(source.files)}
            work.source(row, **cells, revision=source.revision or "unknown", licence="MIT")
        fetched = subprocess.run(
            [sys.executable, "-c", FETCH],
            cwd=root,
            env=work.environment | {"PYTHONPATH": str(ROOT / "workflow")},
            capture_output=True,
            text=True,
        )
        assert fetched.returncode == 0, fetched.stderr
        return {row: str(root / "sources" / row) for row in work.rows}


@pytest.fixture(scope="module")
def starts(sources, tmp_path_factory):
    """The checkpoints that trainings of the backbones begin with."""
    root = tmp_path_factory.mktemp("starts")
    for name in ARCHITECTURES:
        initialise(sources, name, root / name)
    return root


def initialise(sources, name, folder, seed=12, max_length=40):
    backbone = {"architecture": None, "tokenizer": None} | CONFIG["models"][name]
    models.initialise(backbone, sources, seed, max_length, folder)


def tokenizer_of(folder):
    return AutoTokenizer.from_pretrained(folder, local_files_only=True)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_what_a_row_fetches_is_a_whole_backbone(sources, starts, tmp_path, name):
    row, architecture = CONFIG["models"][name]["pretrained"], ARCHITECTURES[name]
    initialise(sources, name, tmp_path / "13", seed=13)
    first, other = (load_file(at / "model.safetensors") for at in (starts / name, tmp_path / "13"))
    drawn = {key.rpartition(".")[0] for key in first if not torch.equal(first[key], other[key])}
    assert drawn == HEADS[architecture]
    published = load_file(f"{sources[row]}/model.safetensors")
    body = {numbers(weight) for key, weight in first.items() if key.rpartition(".")[0] not in drawn}
    assert body <= {numbers(weight) for weight in published.values()}
    kind = type(tokenizer_of(starts / name).backend_tokenizer.model).__name__
    assert kind == KINDS.get(architecture, "BPE")
    assert (
        tokenizer_of(starts / name)(*ROWS[1])["input_ids"]
        == (tokenizer_of(sources[row])(*ROWS[1])["input_ids"])
    )


def numbers(weight):
    return weight.shape, weight.double().sum().item(), weight.double().square().sum().item()


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_it_computes_without_padding_if_it_can(starts, name, capsys):
    found = {}
    for load in (partial(cross_encoder.load, device=CPU), with_padding):
        model = load(starts / name)
        pairs = encode(model.tokenizer, *zip(*ROWS, strict=True))
        logits = model.logits(pairs)
        torch.nn.functional.softplus(logits).sum().backward()
        gradients = [weight.grad.flatten() for weight in model.parameters()]
        found[load] = logits.detach(), torch.cat(gradients)
    (ours, our_gradient), (theirs, their_gradient) = found.values()
    torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-5)
    assert (our_gradient - their_gradient).norm() < 1e-5 * their_gradient.norm()
    said = capsys.readouterr().out
    assert ("computes with padding" in said) == (name == "deberta")


def with_padding(checkpoint):
    model = cross_encoder.load(checkpoint, CPU)
    model.body.set_attn_implementation("eager")
    return model


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_scores_after_a_training_are_those_of_sentence_transformers(
    starts, trained, tmp_path, name
):
    scores = score(trained[name], ROWS, tmp_path)
    peer = CrossEncoder(str(trained[name]), device="cpu", activation_fn=torch.nn.Identity())
    assert scores == pytest.approx(peer.predict(ROWS, batch_size=2).tolist(), abs=1e-5, rel=1e-5)
    assert len(set(scores)) == len(ROWS)
    assert not tiny.same_weights(starts / name, trained[name])


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return tiny.write_data(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def trained(starts, data, tmp_path_factory):
    """Checkpoints of two epochs, by backbone."""
    root = tmp_path_factory.mktemp("trained")
    made = {}
    for name in ARCHITECTURES:
        (root / name).mkdir()
        made[name] = tiny.chain(starts / name, data, 2, root / name)
    return made


class Stops(losses.BinaryCrossEntropy):
    """Ends a job in the midst of its third step."""

    step = 0

    def __call__(self, *arguments):
        type(self).step += 1
        if self.step == 3:
            raise RuntimeError("stopped")
        return super().__call__(*arguments)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_a_training_that_was_stopped_goes_on_bit_for_bit(
    starts, data, trained, tmp_path, monkeypatch, name
):
    monkeypatch.setattr(Stops, "step", 0)
    every = {"state_every": {"steps": 1}}
    with monkeypatch.context() as patched, pytest.raises(RuntimeError, match="stopped"):
        patched.setitem(losses.LOSSES, "bce", Stops)
        tiny.train(starts / name, data, 1, tmp_path, **every)
    tiny.assert_same_bits(tiny.chain(starts / name, data, 2, tmp_path, **every), trained[name])


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_more_tokens_than_it_has_positions_are_refused(sources, tmp_path, name):
    """RoBERTa's config states 514, of which two are the padding's."""
    most = 7999 if name == "ettin17m" else 512
    message = f"max_length is {most + 1}, and it has only {most} positions: lower it in training"
    with pytest.raises(UserError, match=message):
        initialise(sources, name, tmp_path / "e0", max_length=most + 1)
    initialise(sources, name, tmp_path / "e0", max_length=most)


def test_every_backbone_of_the_config_has_a_row_and_what_it_needs():
    for name, model in CONFIG["models"].items():
        source = SOURCES[model["pretrained"]]
        assert source.kind == "model" and source.cited and source.licence != "unknown", name
        assert source.matching(["config.json", "model.safetensors", "pytorch_model.bin"]) == [
            "config.json",
            "model.safetensors",
        ]
    assert SOURCES["deberta_v3_base"].matching(["spm.model"])
