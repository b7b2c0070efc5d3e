"""The folders of backbones, as downloads and people leave them."""

import json
import re

import pytest
import torch
from safetensors.torch import load_file, save_file

from lionrank.cross_encoder.pretrained import Pretrained
from lionrank.errors import UserError
from tests.support.architectures import write_backbone

WEIGHTS, INDEX = "model.safetensors", "model.safetensors.index.json"


@pytest.fixture
def backbone(tmp_path):
    return Pretrained("tiny", write_backbone(tmp_path / "tiny", "bert"))


def split(folder, names=("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors")):
    """Write the weights as two files, and return the index that says which is where."""
    weights = load_file(folder / WEIGHTS)
    (folder / WEIGHTS).unlink()
    halves = {name: dict(list(weights.items())[n::2]) for n, name in enumerate(names)}
    for name, half in halves.items():
        save_file(half, folder / name)
    return {"weight_map": {weight: name for name, half in halves.items() for weight in half}}


def same(left, right):
    return left.keys() == right.keys() and all(torch.equal(left[key], right[key]) for key in left)


@pytest.mark.parametrize("with_index", [True, False])
def test_weights_may_be_in_several_files(backbone, with_index):
    whole = backbone.weights()
    index = split(backbone.folder)
    if with_index:
        (backbone.folder / INDEX).write_text(json.dumps(index))
    assert same(backbone.weights(), whole)


def test_other_weights_beside_those_that_transformers_reads_are_named_and_left(backbone, capsys):
    whole = backbone.weights()
    assert capsys.readouterr().out == ""
    other = {name: weight + 1 for name, weight in whole.items()}
    save_file(other, backbone.folder / "zz.safetensors")
    assert same(backbone.weights(), whole)
    assert "model.safetensors is read, not zz.safetensors" in capsys.readouterr().out
    (backbone.folder / INDEX).write_text(json.dumps(split(backbone.folder)))
    assert same(backbone.weights(), whole)
    assert "not zz.safetensors" in capsys.readouterr().out


def test_files_that_have_the_same_weight_are_refused_where_nothing_says_which_counts(backbone):
    split(backbone.folder, ("a.safetensors", "b.safetensors"))
    save_file(load_file(backbone.folder / "a.safetensors"), backbone.folder / "c.safetensors")
    with pytest.raises(UserError, match=r"'tiny': several .* have the weight .*, c.safetensors"):
        backbone.weights()


def test_a_missing_file_of_several_is_named(backbone):
    (backbone.folder / INDEX).write_text(json.dumps(split(backbone.folder)))
    (backbone.folder / "model-00002-of-00002.safetensors").unlink()
    with pytest.raises(
        UserError, match=r"'tiny': model-00002-of-00002.safetensors is missing.*: delete"
    ):
        backbone.weights()


@pytest.mark.parametrize(
    "index", ["", "[]", "{}", '{"weight_map": {"a": "../b.safetensors"}}', '{"weight_map": [1]}']
)
def test_an_index_that_is_none_is_named(backbone, index):
    split(backbone.folder)
    (backbone.folder / INDEX).write_text(index)
    with pytest.raises(UserError, match=f"'tiny': its {INDEX} is damaged: delete"):
        backbone.weights()


@pytest.mark.parametrize(
    "content",
    [b"", b"\x00" * 100, b"version https://git-lfs.github.com/spec/v1\noid sha256:1f\nsize 9\n"],
)
def test_weights_that_are_cut_short_or_none_are_named(backbone, content):
    (backbone.folder / WEIGHTS).write_bytes(content)
    with pytest.raises(UserError, match=f"'tiny': {WEIGHTS} is damaged .*: delete"):
        backbone.weights()


def test_weights_in_eight_bits_are_refused(backbone):
    weights = backbone.weights()
    name = "encoder.layer.0.output.dense.weight"
    save_file(weights | {name: weights[name].to(torch.int8)}, backbone.folder / WEIGHTS)
    with pytest.raises(UserError, match=f"'tiny': its weights are quantised .'{name}' is int8"):
        backbone.weights()


def test_pickles_are_named_and_no_advice_leads_round_in_a_circle(backbone):
    torch.save(backbone.weights(), backbone.folder / "pytorch_model.bin")
    (backbone.folder / WEIGHTS).unlink()
    with pytest.raises(UserError, match=r"never loaded, such as its pytorch_model.bin: choose"):
        backbone.weights()


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (b"{", "is damaged: delete"),
        (b"[]", "is damaged: delete"),
        (b"\xff\xfe", "is damaged: delete"),
        (b'{"model_type": "bert", "hidden_size": "wide"}', "refuses its config.json .*hidden_size"),
        (b'{"model_type": ["bert"]}', "has no cross-encoder of"),
        (b'{"hidden_size": 32}', "has no cross-encoder of"),
        (b'{"model_type": "bert", "quantization_config": {}}', "are quantised.*: choose another"),
    ],
)
def test_a_config_that_cannot_be_used_is_named(backbone, content, match):
    (backbone.folder / "config.json").write_bytes(content)
    with pytest.raises(UserError, match=f"^models: 'tiny'.*{match}"):
        backbone.config()


def test_what_another_task_or_machine_had_is_not_taken_over(backbone):
    path = backbone.folder / "config.json"
    labels = {"id2label": {"0": "A", "1": "B"}, "problem_type": "single_label_classification"}
    machine = {"_attn_implementation": "flash_attention_2"}
    path.write_text(json.dumps(json.loads(path.read_text()) | labels | machine))
    config = backbone.config()
    assert config.num_labels == 1
    assert config._attn_implementation is None


def test_an_installed_package_is_to_be_installed_again(tmp_path):
    with pytest.raises(UserError, match=re.escape("no config.json: reinstall the package")):
        Pretrained("package:some/folder", tmp_path).config()
