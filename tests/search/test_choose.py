"""What a search chooses by the scores of its trials, and what it says of all of them."""

import pytest

from lionrank.errors import UserError
from lionrank.search.choose import choose, edges
from lionrank.training.development import no_scores, scores

SPACE = {"learning_rate": {"low": 1e-5, "high": 1e-3, "log": True}, "schedule": ["none", "linear"]}
POINTS = {
    "ta": {"learning_rate": 2e-5, "schedule": "none"},
    "tb": {"learning_rate": 1e-4, "schedule": "linear"},
    "tc": {"learning_rate": 8e-4, "schedule": "none"},
    "td": {"learning_rate": 3e-5, "schedule": "none"},
}
BUDGET = {"trials": 3, "epochs": 2, "share": 1.0, "keep": 0.5}


def epochs(*ndcg):
    """Return the epochs of a trial: a score, or how it ended before it had one."""
    return [
        no_scores(epoch, found) if isinstance(found, str) else scores(epoch, 0.5, {"dev": found})
        for epoch, found in enumerate(ndcg, start=1)
    ]


def chosen(budget=BUDGET, **trials):
    return choose(
        model="minilm",
        optimizer="lion",
        dev_sets=["dev"],
        budget=budget,
        space=SPACE,
        points=POINTS,
        untuned="td",
        epochs={"td": epochs(0.9, 0.9), **trials},
    )


def test_the_best_epoch_of_the_best_trial_is_its_score():
    choice = chosen(ta=epochs(0.3, 0.6), tb=epochs(0.5, 0.4), tc=epochs(0.2, "stopped"))
    assert (choice.chosen, choice.best.score) == ("ta", 0.6)
    assert {each.trial: (each.status, each.score, each.scores) for each in choice.trials} == {
        "ta": ("complete", 0.6, (0.3, 0.6)),
        "tb": ("complete", 0.5, (0.5, 0.4)),
        "tc": ("stopped", 0.2, (0.2, None)),
        "td": ("complete", 0.9, (0.9, 0.9)),
    }
    assert choice.edges == {"learning_rate": "low"}


def test_the_untuned_settings_are_chosen_only_if_they_are_of_the_space():
    trials = {"ta": epochs(0.3, 0.6), "tb": epochs(0.5, 0.4), "tc": epochs(0.2, 0.2)}
    assert chosen(**trials).chosen == "ta"
    assert chosen(BUDGET | {"trials": 4}, **trials).chosen == "td"


def test_a_trial_that_diverged_in_any_epoch_has_no_score():
    choice = chosen(ta=epochs(0.9, "diverged"), tb=epochs(0.1, 0.1), tc=epochs(*["diverged"] * 2))
    assert choice.chosen == "tb"
    assert [(each.status, each.score) for each in choice.of_space] == [
        *[("diverged", None), ("complete", 0.1), ("diverged", None)]
    ]


def test_of_level_trials_the_first_is_chosen():
    assert chosen(ta=epochs(0.1, 0.2), tb=epochs(0.3, 0.2), tc=epochs(0.3, 0.3)).chosen == "tb"


def test_where_all_diverged_there_is_nothing_to_choose():
    with pytest.raises(UserError, match=r"all 3 trials of minilm_lion diverged.*spaces\.lion"):
        chosen(**dict.fromkeys(["ta", "tb", "tc"], epochs("diverged", "diverged")))


@pytest.mark.parametrize(
    ("values", "drawn", "found"),
    [
        ({"low": 1, "high": 9}, [2, 5, 8], ["low", None, "high"]),
        ({"low": 1, "high": 9}, [5], [None]),
        ([1, 5, 9], [1, 5, 9], ["low", None, "high"]),
        ([1, 9], [1, 9], [None, None]),
        (["none", "linear", "cosine"], ["none", "linear", "cosine"], [None, None, None]),
        ([[0.9, 0.99], [0.9, 0.9], [0.5, 0.9]], [[0.9, 0.99], [0.9, 0.9], [0.5, 0.9]], [None] * 3),
    ],
)
def test_a_number_at_the_end_of_what_was_tried_is_told(values, drawn, found):
    points = [{"key": value} for value in drawn]
    assert [edges({"key": values}, points, point).get("key") for point in points] == found
