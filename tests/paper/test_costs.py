"""What the prose claims of what trainings cost, in many worlds: that it is said, and said truly."""

import pytest

from tests.support.said import ORDERS
from tests.support.truths import EFFORTS, Truths, check
from tests.support.worlds import DEMO_WORLDS, MADE_UP, PUBLISHED_WORLDS, STOPPED, build

WORLDS = [
    *MADE_UP[:8],
    *STOPPED,
    *PUBLISHED_WORLDS,
    *(pytest.param(name, marks=pytest.mark.slow) for name in DEMO_WORLDS),
]


@pytest.fixture(params=WORLDS, name="world", scope="module")
def _world(request, tmp_path_factory):
    directory = request.getfixturevalue("demo") if "demo" in request.param else None
    return build(request.param, tmp_path_factory.mktemp("world"), directory)


@pytest.fixture(name="truths", scope="module")
def _truths(world):
    return Truths(world)


@pytest.fixture(name="said", scope="module")
def _said(world):
    return world.said.find(section="Results", subsection="Cost of training")


def test_every_claim_on_costs_is_what_the_measurements_say(world, said):
    assert len(said) > 5
    for claim in said:
        check(claim, world)


@pytest.mark.parametrize("measure", EFFORTS)
def test_what_a_training_with_lion_takes_stands_to_what_one_with_adamw_does(
    world, truths, said, measure
):
    orders = said.find(*ORDERS, measure=measure)
    # Energy is measured on a GPU only.
    measured = truths.efforts(measure) is not None
    models = [model.name for model in world.grid.models] if measured else []
    assert sorted(model for claim in orders for model in claim.models) == sorted(models)


def test_the_jobs_and_what_was_repeated_are_told(truths, said):
    said.one("value", what="epochs")
    said.one("value", what="jobs")
    interrupted = any(truths.interrupted().values())
    claim = said.one("none", "count", what="interrupted jobs")
    assert claim.kind == ("count" if interrupted else "none")
    repeated = truths.of_epochs("repeated_steps") > 0
    assert len(said.find("none", what="repeated steps")) == (interrupted and not repeated)
    for what in ("repeated steps", "repeated seconds"):
        assert len(said.find("value", what=what)) == repeated


def test_lions_optimizer_state_is_told_as_a_share_of_adamws(said):
    said.one("value", what="optimizer states")


def test_nothing_is_called_significant_that_was_measured_once(said):
    said.one("absent", what="tests of costs")
    assert not [claim for claim in said if claim.significant or "significant" in str(claim.what)]


def test_the_front_of_cost_and_score_is_counted_and_its_ends_are_named(truths, said):
    several = len(truths.front()) > 1
    assert len(said.find("count", what="checkpoints on the front")) == several
    measures = [claim.measure for claim in said.find("best")]
    assert measures == (
        ["cost on the front", "score on the front"] if several else ["cost and score"]
    )
