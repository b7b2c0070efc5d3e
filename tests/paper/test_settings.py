"""How settings are printed."""

import pytest

from lionrank.paper.settings import setting


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (2e-5, r"\num{2e-5}"),
        (0.01, r"\num{0.01}"),
        (0.1 + 0.2, r"\num{0.3}"),
        (64, r"\num{64}"),
        (0.0, r"\num{0}"),
        ([0.9, 0.999], r"\num{0.9}, \num{0.999}"),
        (None, "--"),
        ({"a_b": [1, 2], "c": {"d": True}}, r"a\_b: \num{1}, \num{2}, c: d: yes"),
        (False, "no"),
        ("a_b", r"a\_b"),
    ],
)
def test_setting(value, expected):
    assert setting(value) == expected
