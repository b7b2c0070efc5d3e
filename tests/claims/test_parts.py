"""How the verdicts on parts combine to that on a test, and those on tests to that on a claim."""

import pytest

from lionrank.claims.parts import Outcome, Verdict, conclude, fact

YES, NO = fact(True, "yes"), fact(False, "no")
OPEN, LACKING = Outcome(Verdict.INCONCLUSIVE, "?"), Outcome(Verdict.NOT_TESTABLE, "-")


@pytest.mark.parametrize(
    ("outcomes", "all_of_them", "most_of_them"),
    [
        ([YES, YES], "replicated", "replicated"),
        ([YES, YES, NO], "contradicted", "replicated"),
        ([YES, NO], "contradicted", "contradicted"),
        ([YES, YES, OPEN], "inconclusive", "replicated"),
        ([YES, OPEN, NO], "contradicted", "inconclusive"),
        ([YES, LACKING], "inconclusive", "inconclusive"),
        ([OPEN, LACKING], "inconclusive", "inconclusive"),
        ([NO, LACKING], "contradicted", "contradicted"),
        ([LACKING, LACKING], "not testable", "not testable"),
    ],
)
def test_parts_combine_to_a_verdict(outcomes, all_of_them, most_of_them):
    assert conclude(outcomes).verdict == all_of_them
    assert conclude(outcomes, most=True).verdict == most_of_them
