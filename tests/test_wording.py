"""How values and hints are worded."""

import re
from html import unescape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from lionrank import wording


def test_a_near_miss_is_answered_with_the_name_that_was_meant():
    assert wording.did_you_mean("dl91", ["dl20", "dl19"]) == "did you mean 'dl19'?"
    assert wording.did_you_mean(2018, ["2019", "dl19"]) == "did you mean '2019'?"
    assert wording.did_you_mean("cranfield", ["dl20", "dl19"]) == ""


@pytest.mark.parametrize(
    ("items", "text"), [(["A"], "A"), (["A", "B"], "A and B"), ([1, 2, 3], "1, 2 and 3")]
)
def test_a_list_is_an_english_one(items, text):
    assert wording.listed(items) == text


def test_of_a_long_value_its_beginning_is_shown():
    assert wording.shortened("a\n") == r"'a\n'"
    assert wording.shortened([1] * 10_000, 7) == "[1, 1,  …"


def test_scores_have_four_decimals_and_no_false_sign():
    assert wording.score(-0.00001) == "0.0000"
    assert wording.score(-0.00005001) == "-0.0001"


@pytest.mark.parametrize(
    ("count", "three_digits", "two_digits"),
    [
        (0, "0 B", "0 B"),
        (999, "999 B", "999 B"),
        (1_764, "1.76 kB", "1.8 kB"),
        (12_345, "12.3 kB", "12 kB"),
        (999_400, "999 kB", "999 kB"),
        (999_600, "1 MB", "1 MB"),
        (2_170_758_745, "2.17 GB", "2.2 GB"),
        (3.2e15, "3200 TB", "3200 TB"),
    ],
)
def test_sizes_have_three_digits_or_fewer(count, three_digits, two_digits):
    assert wording.size(count) == three_digits
    assert wording.size(count, digits=2) == two_digits


def test_memory_is_told_in_gib():
    assert wording.gib(9.94 * 2**30) == "9.9 GiB"
    assert wording.gib(9.96 * 2**30) == "10 GiB"
    assert wording.gib(2**26) == "0.1 GiB"


@pytest.mark.parametrize(
    ("seconds", "text", "rough"),
    [
        (0.2, "0 s", "0 s"),
        (59.6, "1 min", "60 s"),
        (119, "1 min 59 s", "119 s"),
        (120, "2 min", "2 min"),
        (3_725, "1 h 2 min", "62 min"),
        (7_205, "2 h", "2 h"),
        (172_800, "48 h", "2 days"),
    ],
)
def test_durations_are_told_in_two_units_or_roughly_in_one(seconds, text, rough):
    assert wording.duration(seconds) == text
    assert wording.rough_duration(seconds) == rough


def test_hours_that_round_to_nothing_are_not_zero():
    assert wording.hours(0.21) == "0.21"
    assert wording.hours(0.004) == "under 0.01"
    assert wording.hours(0) == "0.00"
    assert wording.hours(1234.5) == "1,234.50"


@pytest.mark.parametrize("prefix", ["", "# ", "| "])
@settings(derandomize=True, deadline=None)
@given(st.text(st.sampled_from("ab1 .)#*_`<>[](){}|~$&;+=-!\\\"'/:\n"), min_size=1))
def test_a_text_shows_in_markdown_as_it_is_written(prefix, text):
    words = " ".join(text.split())
    page = f"{prefix}{wording.markdown(text)}" + (" |\n|---|\n" if prefix == "| " else "\n")
    shown = MarkdownIt("gfm-like", {"linkify": False}).render(page)
    assert " ".join(unescape(re.sub("<[^>]*>", "", shown)).split()) == words
    assert wording.markdown("MS MARCO dev-small, v1.1") == "MS MARCO dev-small, v1.1"
