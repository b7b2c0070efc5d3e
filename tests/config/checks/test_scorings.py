"""What a config may say of how long documents are scored, and what is refused in one line."""

import pytest

from lionrank.config.plan import Plan
from lionrank.errors import UserError
from tests.support.configs import ROOT, overlaid

ALL = """
scorings:
  first_p: {label: FirstP, aggregation: first_p, window: 256}
  first_of_all: {label: First of all, aggregation: first_p, window: 256, stride: 128}
  max_p: {label: MaxP, aggregation: max_p, window: 256, stride: 128}
  mean_p: {label: MeanP, aggregation: mean_p, window: 256, stride: 256}
  top_3: {label: Mean of the 3 best, aggregation: top_k, k: 3, window: 256, stride: 128}
  full: {label: Full text, aggregation: full}
  half: {label: Half of it, aggregation: full, max_length: 4096}
  all_of_it: {label: All of it, aggregation: full, max_length: null}
"""


def test_scorings_that_no_set_has_may_stand_there():
    Plan.read(overlaid(ALL), ROOT)


@pytest.mark.parametrize(
    ("overlay", "message"),
    [
        ("{a: {label: A, aggregation: sum_p, window: 8, stride: 8}}", "scorings.a.aggregation: "),
        ("{a: {label: A, aggregation: max_p, window: 8}}", "scorings.a.stride: max_p needs it"),
        ("{a: {label: A, aggregation: first_p}}", "scorings.a.window: first_p needs it"),
        (
            "{a: {label: A, aggregation: top_k, window: 8, stride: 8}}",
            "scorings.a.k: top_k needs it",
        ),
        (
            "{a: {label: A, aggregation: max_p, window: 8, stride: 8, k: 3}}",
            r"scorings.a.k: max_p takes none: leave it out, or .*\(top_k\)",
        ),
        (
            "{a: {label: A, aggregation: full, window: 8}}",
            "scorings.a.window: full takes none: leave it out",
        ),
        (
            "{a: {label: A, aggregation: mean_p, window: 8, stride: 8, max_length: 512}}",
            r"scorings.a.max_length: mean_p takes none: .*\(full\)",
        ),
        (
            "{a: {label: A, aggregation: max_p, window: 8, stride: 9}}",
            "scorings.a.stride: 9 tokens, and a window has 8: .* set the stride to 8 or less",
        ),
        ("{a: {label: A, aggregation: max_p, window: 0, stride: 9}}", "scorings.a.window: "),
        (
            "{a: {label: A, aggregation: full}, b: {label: A, aggregation: first_p, window: 8}}",
            "scorings.b.label: 'A' is the label of scorings.a as well",
        ),
        ("{a: {label: own length, aggregation: full}}", "scorings.a.label: .* own length as well"),
    ],
)
def test_what_makes_no_sense_is_refused_by_key_and_remedy(overlay, message):
    with pytest.raises(UserError, match=f"config: {message}"):
        Plan.read(overlaid(f"scorings: {overlay}"), ROOT)


@pytest.mark.parametrize("place", ["test_sets.dl20", "dev_sets.nano_nq"])
def test_a_set_may_not_name_a_scoring_that_there_is_not(place):
    kind, name = place.split(".")
    overlay = f"{ALL}{kind}: {{{name}: {{scoring: max_q}}}}\n"
    with pytest.raises(UserError, match=rf"{place}.scoring: unknown 'max_q'; did you mean 'max_p'"):
        Plan.read(overlaid(overlay), ROOT)
