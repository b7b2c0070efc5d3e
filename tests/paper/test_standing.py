"""What the prose claims of the published study and systems, and of ours among them."""

import pytest

from tests.support.amounts import study
from tests.support.truths import Truths, check
from tests.support.worlds import DEMO_WORLDS, MADE_UP, PUBLISHED_WORLDS, STOPPED, build

WORLDS = [
    MADE_UP[0],
    *STOPPED,
    *PUBLISHED_WORLDS,
    *(pytest.param(name, marks=pytest.mark.slow) for name in DEMO_WORLDS),
]
OURS = "our score among published systems"


@pytest.fixture(params=WORLDS, name="world", scope="module")
def _world(request, tmp_path_factory):
    directory = request.getfixturevalue("demo") if "demo" in request.param else None
    return build(request.param, tmp_path_factory.mktemp("world"), directory)


@pytest.fixture(name="said", scope="module")
def _said(world):
    return world.said.find(subsection="Among published systems")


def test_the_published_orders_are_those_of_the_published_table(world):
    orders = world.said.find("best", section="Introduction", measure="published best score")
    for claim in orders:
        check(claim, world)
    assert sorted(model for claim in orders for model in claim.on) == sorted(study())


def test_the_best_published_systems_are_named_beside_the_studys_trainings(world, said):
    said.one("value", what="published score")
    said.one("best", measure="published score")
    said.one("count", what="study's trainings above all published systems")
    for claim in said:
        check(claim, world)


def test_our_trainings_stand_among_the_published_systems_as_on_dl_2019(world, said):
    if world.primary != "dl19":
        said.one("absent", what="our trainings among published systems")
        assert not said.find("best", measure=OURS)
        return
    best = said.one("best", measure=OURS).systems
    said.one("value", what="mean", of=best[0])
    said.one("count", what="published systems below our best")
    said.one("count", what="our trainings above all published systems")
    level = any(Truths(world).items("published systems level with our best").values())
    assert len(said.find("count", what="published systems level with our best")) == level
