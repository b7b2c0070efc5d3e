"""How much of what a training scores is its topics, its seed, and neither."""

from statistics import fmean, variance

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from statsmodels.formula.api import ols
from statsmodels.stats.anova import anova_lm

from lionrank.errors import UserError
from lionrank.evaluation.per_query import System
from lionrank.evaluation.variance import components, of_experiment
from lionrank.measures import PRIMARY, Measure
from tests.support.results import AVERAGED, GRID, LEARNING, made_up_scores
from tests.support.results import experiment as made_up

TABLES = arrays(np.float64, (4, 9), elements=st.integers(0, 1000).map(lambda n: n / 1000))


def drawn(seeds, topics, of_topics, of_seeds, residual, draw=0):
    """Return values (seeds, topics) of a model with these standard deviations."""
    random = np.random.default_rng(draw)
    return (
        0.5
        + of_topics * random.normal(size=topics)
        + of_seeds * random.normal(size=(seeds, 1))
        + residual * random.normal(size=(seeds, topics))
    )


def test_a_table_worked_by_hand():
    # Means of seeds 2 and 4, of topics 1, 3 and 5; residuals 1, 0, -1 and their opposites. Mean
    # squares: topics 2 * 4 = 8, seeds 3 * 2 = 6, residual 4 / 2 = 2.
    found = components(np.array([[1.0, 2.0, 3.0], [1.0, 4.0, 7.0]]))
    assert (found.topics, found.seeds, found.residual) == pytest.approx((3, 4 / 3, 2))


@given(TABLES)
def test_the_mean_squares_are_those_of_the_analysis_of_variance(values):
    seeds, topics = values.shape
    table = pd.DataFrame(values).rename_axis("seed").melt(var_name="topic", ignore_index=False)
    fitted = anova_lm(ols("value ~ C(seed) + C(topic)", table.reset_index()).fit())
    squares = fitted["sum_sq"] / fitted["df"]
    found = components(values)
    assert found.residual == pytest.approx(squares["Residual"], abs=1e-12)
    assert found.residual + seeds * found.topics == pytest.approx(squares["C(topic)"], abs=1e-12)
    assert found.residual + topics * found.seeds == pytest.approx(squares["C(seed)"], abs=1e-12)


@given(TABLES, st.floats(-2, 2))
def test_the_mean_has_no_part_in_it(values, shift):
    expected, found = components(values), components(values + shift)
    for name in ("topics", "seeds", "residual"):
        assert getattr(found, name) == pytest.approx(getattr(expected, name), abs=1e-9)


@given(TABLES)
def test_seeds_and_topics_change_places(values):
    found, turned = components(values), components(values.T)
    assert (turned.topics, turned.seeds) == pytest.approx((found.seeds, found.topics))
    assert turned.residual == pytest.approx(found.residual)


def test_on_average_the_estimates_are_the_true_variances():
    found = [components(drawn(4, 30, 0.3, 0.05, 0.1, draw)) for draw in range(400)]
    assert fmean(each.topics for each in found) == pytest.approx(0.3**2, rel=0.05)
    assert fmean(each.seeds for each in found) == pytest.approx(0.05**2, rel=0.1)
    assert fmean(each.residual for each in found) == pytest.approx(0.1**2, rel=0.05)


def test_seeds_that_change_single_topics_alone_have_no_variance_of_their_own():
    found = [components(drawn(3, 50, 0.3, 0.0, 0.2, draw)) for draw in range(200)]
    assert fmean(each.seeds for each in found) == pytest.approx(0, abs=2e-4)
    assert any(each.seeds < 0 for each in found)


@pytest.mark.parametrize("shape", [(1, 5), (5, 1)])
def test_one_seed_or_one_topic_has_no_variance(shape):
    with pytest.raises(UserError, match=r"two or more seeds and topics"):
        components(np.zeros(shape))


def test_every_training_has_its_own_on_every_single_test_set(tmp_path):
    made = made_up(tmp_path, made_up_scores(1), layout=AVERAGED, seeds=(12, 13, 14))
    measures = [Measure("pydocs", PRIMARY), Measure("ranked", PRIMARY)]
    found = of_experiment(made.per_query, GRID, measures)["trainings"]
    assert [(each["test_set"], each["training"]) for each in found] == [
        (test_set, training.name)
        for test_set in ("pydocs", "more")
        for training in GRID.trainings()
    ]
    for each in found:
        measure, system = Measure(each["test_set"], PRIMARY), System(each["training"])
        of_seeds = [r.values(measure, system).to_numpy() for r in made.per_query.replicates]
        means = [float(values.mean()) for values in of_seeds]
        assert each["mean"] == pytest.approx(fmean(means))
        assert (each["seeds_seen"], each["topics_seen"]) == (3, len(of_seeds[0]))
        # The variance of a seed's mean is that between seeds and its part of the residual.
        of_mean = each["seeds"] + each["residual"] / each["topics_seen"]
        assert of_mean == pytest.approx(variance(means), abs=1e-12)


def test_differences_are_taken_seed_by_seed_and_topic_by_topic(tmp_path):
    made = made_up(tmp_path, made_up_scores(1), seeds=(12, 13, 14))
    measure = Measure("pydocs", PRIMARY)
    found = of_experiment(made.per_query, GRID, [measure])["differences"]
    assert [(each["left"], each["right"]) for each in found] == [
        (f"{model.name}_lion", f"{model.name}_adamw") for model in GRID.models
    ]
    for each in found:
        left, right = (made.per_query.values(measure, System(each[s])) for s in ("left", "right"))
        expected = components(left - right)
        assert (each["topics"], each["seeds"]) == (expected.topics, expected.seeds)
        assert each["mean"] == pytest.approx(left.mean() - right.mean())


def test_treatments_are_compared_by_optimizer_objective_and_data(tmp_path):
    made = made_up(tmp_path, made_up_scores(1, LEARNING), LEARNING, seeds=(12, 13))
    found = of_experiment(made.per_query, LEARNING, [Measure("pydocs", PRIMARY)])["differences"]
    for model in LEARNING.models:
        pairs = {
            (left.removeprefix(f"{model.name}_"), right.removeprefix(f"{model.name}_"))
            for left, right in ((each["left"], each["right"]) for each in found)
            if left.startswith(f"{model.name}_")
        }
        assert pairs == {
            *(("lion", "adamw"), ("infoncelion", "infonce"), ("bcelists", "adamw")),
            *(("infonce", "adamw"), ("infonce", "bcelists"), ("infoncelion", "lion")),
            *(("ranknet", "adamw"), ("ranknet", "bcelists")),
        }
    assert len(found) == 8 * len(LEARNING.models)
