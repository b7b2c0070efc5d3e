"""Which treatments of a model the families of comparisons compare."""

import pytest

from lionrank.config.contrasts import OF_TREATMENTS, between_treatments
from lionrank.grid import Treatment
from tests.support.results import LEARNING, TUNED


def compared(family, treatments):
    return [(left.name, right.name) for left, right in between_treatments(family, treatments)]


def test_settings_that_were_searched_for_are_compared_with_their_like_and_with_those_given():
    found = {family: compared(family, TUNED.treatments) for family in OF_TREATMENTS}
    assert found == {
        "optimizers": [("lion", "adamw"), ("tunedlion", "tunedadamw")],
        "tuning": [("tunedadamw", "adamw"), ("tunedlion", "lion")],
        "objectives": [],
        "data": [],
    }
    # Whatever their order in the grid, tuning is what was searched for minus what was not.
    turned = [*reversed(TUNED.treatments)]
    assert {*compared("tuning", turned)} == {*found["tuning"]}


def treatment(name, optimizer, objective="bce", data="pairs", searched=False):
    return Treatment(name, name, optimizer, objective, data, searched)


@pytest.mark.parametrize(
    ("family", "one", "other"),
    [
        ("optimizers", treatment("adamw", "adamw"), treatment("lion", "lion")),
        (
            "objectives",
            treatment("adamw", "adamw"),
            treatment("infonce", "adamw", "infonce", "lists"),
        ),
        ("data", treatment("adamw", "adamw"), treatment("mined", "adamw", data="mined")),
    ],
)
def test_where_one_side_alone_was_searched_for_nothing_else_is_compared(family, one, other):
    sides = [[each, treatment(f"tuned{each.name}", *_made_of(each), True)] for each in (one, other)]
    assert compared(family, [one, other]) == [(other.name, one.name)]
    for unlike in ([sides[0][0], sides[1][1]], [sides[0][1], sides[1][0]]):
        assert not any(compared(each, unlike) for each in OF_TREATMENTS)
    assert len(compared(family, [*sides[0], *sides[1]])) == 2


def _made_of(each):
    return each.optimizer, each.objective, each.data


def test_treatments_of_which_only_names_are_known_are_optimizers():
    named = [Treatment("adamw", "AdamW"), Treatment("lion", "Lion"), Treatment("sgd", "SGD")]
    assert compared("optimizers", named) == [("lion", "adamw"), ("sgd", "adamw"), ("sgd", "lion")]


def test_where_nothing_was_searched_for_there_is_no_tuning():
    assert compared("tuning", LEARNING.treatments) == []
