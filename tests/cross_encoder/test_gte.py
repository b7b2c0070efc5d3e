"""The config of the published GTE, in the words of the native architecture."""

import pytest

from lionrank.cross_encoder import gte
from lionrank.errors import UserError
from tests.support.published_backbones import PUBLISHED


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("layer_norm_type", "rms_norm"),
        ("logn_attention_clip1", True),
        ("logn_attention_scale", True),
        ("pack_qkv", False),
        ("position_embedding_type", "absolute"),
        ("rope_scaling", {"type": "linear", "factor": 8.0}),
        ("rope_scaling", {"type": "ntk", "factor": 8.0, "mixed_b": 0.6}),
    ],
)
def test_a_setting_of_gte_that_the_native_architecture_lacks_is_refused(key, value):
    with pytest.raises(UserError, match=rf"'gte'.*config.json sets {key} to"):
        gte.native_config(PUBLISHED["gte"] | {key: value}, "models: 'gte'")


def test_a_config_of_gte_that_lacks_a_setting_is_refused():
    config = {key: value for key, value in PUBLISHED["gte"].items() if key != "layer_norm_eps"}
    with pytest.raises(UserError, match=r"'gte'.*lacks layer_norm_eps"):
        gte.native_config(config, "models: 'gte'")


def test_the_rotary_embedding_of_gte_is_rewritten():
    rope = gte.native_config(PUBLISHED["gte"], "models: 'gte'")["rope_parameters"]
    assert rope["rope_theta"] == 160_000
    assert rope["factor"] == pytest.approx(1.0671, abs=1e-4)
    unscaled = PUBLISHED["gte"] | {"rope_scaling": None, "rope_theta": 160_000}
    rope = gte.native_config(unscaled, "models: 'gte'")["rope_parameters"]
    assert rope == {"rope_type": "default", "rope_theta": 160_000}
