"""The points of a space: as many as are asked, all different, and the same in every run."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lionrank.config.search_space import point_of, points, space, trial_name
from lionrank.config.settings import training_settings, with_point
from tests.support.configs import CONFIG, overlaid
from tests.support.searches import SEARCHED

RATES = {"low": 1e-6, "high": 1e-2, "log": True}


def _drawn(tried: dict, trials: int, **others) -> dict[str, dict]:
    return points({"sampler": "quasi_random", "trials": trials, "seed": 12} | others, tried)


def test_trials_are_told_by_their_points_and_not_by_their_order():
    few, many = (_drawn({"learning_rate": RATES}, number) for number in (3, 8))
    assert [*many.items()][:3] == [*few.items()]
    assert len(many) == 8
    assert all(trial_name(point) == name for name, point in many.items())
    turned = _drawn({"warmup": [0.0, 0.1], "learning_rate": RATES}, 4)
    assert turned == _drawn({"learning_rate": RATES, "warmup": [0.0, 0.1]}, 4)


def test_a_range_is_covered_evenly_and_rounded_to_three_digits():
    rates = [point["learning_rate"] for point in _drawn({"learning_rate": RATES}, 16).values()]
    powers = [math.floor(math.log10(rate)) for rate in rates]
    assert sorted(powers) == sorted(4 * [-6, -5, -4, -3])
    assert all(float(f"{rate:.2e}") == rate for rate in rates)
    even = [
        each["weight_decay"] for each in _drawn({"weight_decay": {"low": 0, "high": 1}}, 8).values()
    ]
    assert sorted(int(8 * each) for each in even) == [*range(8)]
    batches = _drawn({"global_batch_size": {"low": 8, "high": 64, "log": True}}, 16)
    sizes = [point["global_batch_size"] for point in batches.values()]
    assert all(isinstance(size, int) and 8 <= size <= 64 for size in sizes)


def test_points_that_rounding_makes_equal_are_drawn_again():
    narrow = {"learning_rate": {"low": 1e-5, "high": 1.04e-5}}
    found = _drawn(narrow, 5)
    assert sorted(each["learning_rate"] for each in found.values()) == [
        pytest.approx(1e-5 + step * 1e-7) for step in range(5)
    ]
    assert len(_drawn(narrow, 6)) == 5
    assert len(_drawn({"schedule": ["none", "linear"], "warmup": [0.1]}, 2)) == 2
    assert [*_drawn({"warmup": [0.1]}, 1).values()] == [{"warmup": 0.1}]


def test_a_range_keeps_its_ends_where_these_have_more_digits():
    found = _drawn({"weight_decay": {"low": 0.12345, "high": 0.12355}}, 2)
    assert all(0.12345 <= each["weight_decay"] <= 0.12355 for each in found.values())


ENDS = st.floats(0, 1e6) | st.integers(0, 1000)


@given(low=ENDS, high=ENDS, log=st.booleans(), trials=st.integers(1, 20))
def test_no_value_is_outside_its_range_and_none_is_tried_twice(low, high, log, trials):
    if low >= high or (low == 0 and log):
        return
    tried = {"weight_decay": {"low": low, "high": high, "log": log}}
    found = [point["weight_decay"] for point in _drawn(tried, trials).values()]
    assert found and all(low <= value <= high for value in found)
    assert len({*found}) == len(found) <= trials


def test_another_seed_draws_other_points():
    assert not _drawn({"learning_rate": RATES}, 4).keys() & _drawn(
        {"learning_rate": RATES}, 4, seed=13
    )


def test_a_grid_has_every_combination():
    tried = {"learning_rate": [1e-5, 1e-4], "schedule": ["none", "linear", "cosine"]}
    found = [*_drawn(tried, 1, sampler="grid").values()]
    assert len(found) == 6
    assert found[0] == {"learning_rate": 1e-5, "schedule": "none"}


def test_equal_values_are_one_trial_however_they_are_written():
    assert _drawn({"weight_decay": [1]}, 1) == _drawn({"weight_decay": [1.0]}, 1)
    whole = [*_drawn({"weight_decay": [1], "betas": [[0, 0.9]]}, 1)]
    assert whole == [*_drawn({"weight_decay": [1.0], "betas": [[0.0, 0.9]]}, 1)]


def test_a_space_of_a_training_overrides_its_treatments_key_by_key():
    overlay = "search: {spaces: {gte_tunedlion: {weight_decay: [5.0]}}}"
    config = overlaid(SEARCHED, overlay)
    ours, theirs = (space(config, model, "tunedlion") for model in ("gte", "minilm"))
    assert ours == theirs | {"weight_decay": [5.0]}
    assert space(config, "gte", "lion") == {}


def test_a_point_takes_the_place_of_settings_and_of_the_optimizers_arguments():
    own = training_settings(CONFIG, "gte", "adamw")
    point = {"betas": [0.8, 0.9], "learning_rate": 1e-3}
    settings = with_point(own, point)
    arguments = own["optimizer"]["arguments"] | {"betas": [0.8, 0.9]}
    assert settings == own | {
        "learning_rate": 1e-3,
        "optimizer": own["optimizer"] | {"arguments": arguments},
    }
    assert own == training_settings(CONFIG, "gte", "adamw")
    assert point_of(settings, point) == point
