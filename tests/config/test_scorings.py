"""Where the windows of a document lie."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lionrank.config.scorings import Division


@pytest.mark.parametrize(
    ("tokens", "expected"),
    [
        (0, [(0, 0)]),
        (1, [(0, 1)]),
        (8, [(0, 8)]),
        (9, [(0, 8), (4, 9)]),
        (12, [(0, 8), (4, 12)]),
        (13, [(0, 8), (4, 12), (8, 13)]),
    ],
)
def test_windows_begin_a_stride_apart_until_one_ends_with_the_document(tokens, expected):
    assert Division(8, 4).windows(tokens) == expected
    assert Division(8, None).windows(tokens) == expected[:1]


@given(st.integers(0, 5000), st.integers(1, 300), st.data())
def test_windows_leave_nothing_out_and_none_lies_in_the_one_before(tokens, window, data):
    stride = data.draw(st.integers(1, window))
    found = Division(window, stride).windows(tokens)
    assert found[0][0] == 0
    assert found[-1][1] == tokens
    for (begin, end), (following, last) in pairwise(found):
        assert following == begin + stride <= end < last
    assert all(end - begin <= window for begin, end in found)
