import matplotlib.pyplot as plt
import numpy as np
import pytest

from lionrank.paper.figures.differences import differences_figure
from lionrank.paper.figures.style import style
from tests.support.drawings import STYLE
from tests.support.results import AVERAGED, BESIDE_OTHERS, experiment, made_up_scores


@pytest.fixture(autouse=True)
def _in_style():
    with style(STYLE):
        yield
    plt.close("all")


def test_every_cell_is_a_system_minus_the_first_stage_of_its_test_set(tmp_path):
    made = experiment(tmp_path, made_up_scores(6, BESIDE_OTHERS), BESIDE_OTHERS, AVERAGED)
    figure = differences_figure(made.results, BESIDE_OTHERS, made.chosen)
    systems = [
        *(each.checkpoint(made.chosen[each.name]) for each in BESIDE_OTHERS.trainings()),
        *(each.name for each in BESIDE_OTHERS.systems),
    ]
    panels = [ax for ax in figure.axes if ax.get_title(loc="left")]
    assert len(panels) == len(AVERAGED.averages)
    for ax, (average, entry) in zip(panels, AVERAGED.averages.items(), strict=True):
        (mesh,) = ax.collections
        drawn = mesh.get_array().reshape(len(systems), -1).filled(np.nan)
        measure = next(each for each in AVERAGED.by_set if each.test_set == average)
        expected = np.full((len(systems), len(entry.test_sets)), np.nan)
        for column, of_set in enumerate(AVERAGED.by_set[measure]):
            scores = made.results.scores[of_set]
            first = BESIDE_OTHERS.first_stage(of_set.test_set)
            for row, system in enumerate(systems):
                if first is not None and system in scores:
                    expected[row, column] = scores[system].mean - scores[first.name].mean
        np.testing.assert_allclose(drawn[:, :-1], expected)
        np.testing.assert_allclose(drawn[:, -1], expected.mean(axis=1))
        low, high = mesh.get_clim()
        assert low == -high
