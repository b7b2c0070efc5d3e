"""What tests of a plan and of its parts share."""

import pytest

from lionrank.config.plan import Plan
from tests.support.configs import ROOT, overlaid
from tests.support.plans import SMALL


@pytest.fixture
def small() -> Plan:
    return Plan.read(overlaid(SMALL), ROOT)
