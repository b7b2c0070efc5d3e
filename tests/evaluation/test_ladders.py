"""Models of one architecture by size."""

import numpy as np
import pytest

from lionrank.errors import UserError
from lionrank.evaluation import ladders
from lionrank.evaluation.ladders import Ladder
from lionrank.files import write_json

# Encoders of Ettin, in parameters.
ETTIN = {"e17": 3_947_008, "e32": 12_003_456, "e68": 28_311_552, "e150": 110_330_880}


def test_weights_give_the_slope_of_least_squares_per_doubling():
    ladder = Ladder("ettin", ETTIN, 0.01)
    values = np.random.default_rng(1).normal(size=(4, 30))
    weighted = sum(weight * values[place] for place, weight in enumerate(ladder.slope.values()))
    fitted = np.polyfit(np.log2([*ETTIN.values()]), values, 1)[0]
    assert weighted == pytest.approx(fitted)
    assert sum(ladder.slope.values()) == pytest.approx(0, abs=1e-15)


def test_of_two_models_the_slope_is_the_difference_by_the_number_of_doublings():
    once = Ladder("once", {"l6": 10, "l12": 20}, 0.01)
    assert once.slope == pytest.approx({"l6": -1, "l12": 1})
    thrice = Ladder("thrice", {"small": 10, "large": 80}, 0.01)
    assert thrice.slope == pytest.approx({"small": -1 / 3, "large": 1 / 3})


def test_steps_are_from_each_model_to_the_next_larger_one():
    assert Ladder("ettin", ETTIN, 0.01).steps == [("e17", "e32"), ("e32", "e68"), ("e68", "e150")]


def test_models_of_one_size_are_named(tmp_path):
    write_json(tmp_path / "parameters.json", {name: {"encoder": 20} for name in ("one", "other")})
    with pytest.raises(UserError) as refused:
        ladders.read([tmp_path / "parameters.json"], {"bert": ["other", "one"]}, 0.01)
    assert "ladders.bert.models: the encoder of other has 20 parameters" in str(refused.value)


def test_sizes_are_read_for_the_models_of_each_ladder_and_order_them(tmp_path):
    sizes = {name: {"parameters": 2 * size, "encoder": size} for name, size in ETTIN.items()}
    write_json(tmp_path / "parameters.json", sizes | {"bert": {"parameters": 5, "encoder": 4}})
    named = {"ettin": ["e68", "e17"], "whole": [*reversed(ETTIN)]}
    found = ladders.read([tmp_path / "parameters.json"], named, 0.02)
    assert found == [
        Ladder("ettin", {name: ETTIN[name] for name in ("e17", "e68")}, 0.02),
        Ladder("whole", ETTIN, 0.02),
    ]
    assert found[0].steps == [("e17", "e68")]
    assert ladders.read([], {}, 0.02) == []
