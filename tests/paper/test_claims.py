"""Which published claims change their verdict by the authors' files, as the prose tells it."""

import pytest

from lionrank.paper.claims import Changed, changed
from lionrank.published.agreement import Agreements
from tests.support.papers import ACCOUNTS, CLAIMS
from tests.support.published_as_measured import STUDY, decide, ours
from tests.support.truths import check
from tests.support.worlds import build

AGREEMENTS = Agreements.of(ACCOUNTS, STUDY)


def test_two_published_claims_change_by_a_digit_that_was_cut_off(tmp_path):
    decided = {"claims": list(decide(ours(tmp_path)).values())}
    values = "MRR@10: 0.5988 for MiniLM + Lion, epoch 3; 0.5989 for ModernBERT + Lion, epoch 3"
    assert changed(decided, AGREEMENTS) == [
        Changed(name, "holds", "does not hold", values, by_difference=False)
        for name in ("c3", "c9")
    ]


def test_a_claim_about_a_metric_with_other_values_changes_by_them():
    assert [each.id for each in changed(CLAIMS, AGREEMENTS) if each.by_difference] == ["c2", "c3"]


@pytest.mark.parametrize(("name", "cut_off"), [("made up 0", False), ("published", True)])
def test_the_paper_tells_which_values_and_claims_differ(tmp_path, name, cut_off):
    world = build(name, tmp_path)
    said = world.said.find(subsection="Printed values and trec\\_eval files")
    for claim in said:
        check(claim, world)
    for agreement in ("same", "cut off", "different"):
        said.one("count", what=f"published values {agreement}")
    assert len(said.find(what="largest difference from the files")) == 5
    said.one("value", what="claims with another verdict by the files")
    told = said.find("none", what="claims with another verdict by values that differ")
    assert bool(told) == cut_off
