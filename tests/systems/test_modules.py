"""Cross-encoders that are composed of modules: which of them are one of transformers' own."""

import json
import shutil

import pytest
import torch

from lionrank.cross_encoder import device
from lionrank.errors import UserError
from lionrank.systems.checkpoint import import_checkpoint
from tests.support.public_rerankers import change_json, write_composed


@pytest.fixture(scope="module")
def composed(tmp_path_factory):
    device.prepare(threads=1, gpus=0)
    return write_composed(tmp_path_factory.mktemp("composed") / "theirs")


@pytest.fixture
def theirs(composed, tmp_path):
    return shutil.copytree(composed, tmp_path / "theirs")


def refused(folder, match, remedy="choose another checkpoint"):
    with pytest.raises(UserError, match=f"^systems: '{folder}'.*{match}.*{remedy}"):
        import_checkpoint(folder, folder.with_name("ours"), 24)


@pytest.mark.parametrize(
    ("keep", "match"),
    [
        ([0, 1, 4], "composed of Transformer, Pooling and Dense, by its modules.json"),
        ([0, 2, 1, 3, 4], "composed of Transformer, Dense, Pooling"),
        ([], "composed of no modules"),
    ],
)
def test_another_chain_of_modules_is_named(theirs, keep, match):
    path = theirs / "modules.json"
    modules = json.loads(path.read_text())
    path.write_text(json.dumps([modules[number] for number in keep]))
    refused(theirs, match)


def test_a_module_of_remote_code_is_named(theirs):
    path = theirs / "modules.json"
    modules = json.loads(path.read_text())
    modules[2]["type"] = "their_code.Dense"
    path.write_text(json.dumps(modules))
    refused(theirs, "Pooling, their_code.Dense, LayerNorm")


@pytest.mark.parametrize(
    ("file", "settings", "match"),
    [
        ("1_Pooling/config.json", {"pooling_mode": "max"}, "the pooling 'max'"),
        (
            "2_Dense/config.json",
            {"activation_function": "torch.nn.modules.activation.Tanh"},
            "the activation function Tanh",
        ),
        ("4_Dense/config.json", {"module_output_name": "logits"}, "dense layers read and write"),
        ("2_Dense/config.json", {"use_residual": True}, "residuals, biases or sizes"),
        ("config.json", {"norm_eps": 1e-6}, "norms of another bias or epsilon"),
    ],
)
def test_a_head_that_transformers_does_not_have_is_refused(theirs, file, settings, match):
    change_json(theirs / file, **settings)
    refused(theirs, match)


def test_two_outputs_are_refused(tmp_path):
    two = write_composed(tmp_path / "theirs", out_features=2)
    refused(two, "sizes of its dense layers")


def test_a_model_of_vectors_is_no_cross_encoder(theirs):
    change_json(theirs / "config_sentence_transformers.json", model_type="SentenceTransformer")
    refused(theirs, "it is a SentenceTransformer, by its config_sentence_transformers.json")


def test_a_module_s_pickle_is_never_loaded(theirs):
    (theirs / "2_Dense" / "model.safetensors").unlink()
    torch.save({}, theirs / "2_Dense" / "pytorch_model.bin")
    refused(theirs, "2_Dense/model.safetensors is missing, and pickles are never loaded")


@pytest.mark.parametrize("content", ["{", "[1]", '[{"type": "x"}]'])
def test_a_damaged_list_of_modules_is_named(theirs, content):
    (theirs / "modules.json").write_text(content)
    refused(theirs, "its modules.json is damaged", "delete")
