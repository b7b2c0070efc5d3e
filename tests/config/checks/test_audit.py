"""What a config may assume for the audit, and what is refused in one line."""

import pytest

from lionrank.config.plan import Plan
from lionrank.errors import UserError
from tests.support.configs import ROOT, overlaid

LENGTHS = "audit: {{collections: {{msmarco: {{tokens_per_document: {document}}}}}}}"


def test_a_document_is_shorter_than_a_pair():
    Plan.read(overlaid(LENGTHS.format(document=76)), ROOT)
    with pytest.raises(UserError, match=r"audit\.collections\.msmarco\.tokens_per_document: 87 "):
        Plan.read(overlaid(LENGTHS.format(document=87)), ROOT)
