"""What a checkpoint's files say of the size of its model."""

import json

import numpy as np
import pytest
from safetensors.numpy import save_file

from lionrank.cross_encoder.weights import size_of
from lionrank.errors import UserError
from tests.support.architectures import POSITIONS, VOCABULARY, write_backbone


def test_sizes_are_those_of_the_files_of_a_checkpoint(tmp_path):
    stated = {"num_hidden_layers": 3, "hidden_size": 64, "vocab_size": 100}
    (tmp_path / "config.json").write_text(json.dumps(stated))
    shards = {"a.safetensors": {"x": (7, 5), "y": (3,)}, "b.safetensors": {"z": (2, 2, 2)}}
    for name, shapes in shards.items():
        save_file(
            {key: np.zeros(shape, np.float16) for key, shape in shapes.items()}, tmp_path / name
        )
    index = {key: name for name, shapes in shards.items() for key in shapes}
    listed = tmp_path / "model.safetensors.index.json"
    listed.write_text(json.dumps({"weight_map": index}))
    size = size_of(tmp_path)
    assert size["parameters"] == 35 + 3 + 8
    assert (size["layers"], size["hidden_size"], size["vocabulary"]) == (3, 64, 100)
    assert size["context"] is None
    (tmp_path / "b.safetensors").write_bytes(b"damaged")
    with pytest.raises(UserError, match="no whole checkpoint"):
        size_of(tmp_path)
    listed.unlink()
    with pytest.raises(UserError, match=r"model\.safetensors"):
        size_of(tmp_path)
    (tmp_path / "config.json").write_text('{"num_hidden_layers": ')
    with pytest.raises(UserError, match=r"config\.json is damaged .*: delete .* and run again"):
        size_of(tmp_path)


@pytest.mark.parametrize(
    "kind", ["bert", "distilbert", "gpt2", "xlm", "xlnet", "t5", "bart", "llama"]
)
def test_sizes_are_found_whatever_an_architecture_calls_them(tmp_path, kind):
    size = size_of(write_backbone(tmp_path, kind))
    assert (size["layers"], size["hidden_size"], size["heads"]) == (2, 32, 4)
    assert size["vocabulary"] == len(VOCABULARY)
    assert size["context"] == (None if kind in ("t5", "xlnet") else POSITIONS)
