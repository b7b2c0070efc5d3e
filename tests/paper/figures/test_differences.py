from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from lionrank.grid import FirstStage, Model
from lionrank.paper.figures.differences import differences_figure
from lionrank.paper.results import Layout, Results, Score
from tests.support.results import (
    AVERAGED,
    BESIDE_OTHERS,
    BM25,
    LEARNING,
    experiment,
    made_up_scores,
)


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


@pytest.mark.parametrize("test_sets", [4, 40])
def test_every_system_and_test_set_has_its_label_however_many_there_are(test_sets):
    single = {f"s{n}": {"label": f"Set {n}", "level": 1, "levels": [1]} for n in range(test_sets)}
    averages = {
        name: {"label": name, "level": None, "levels": [], "test_sets": [*single]}
        for name in ("First", "Second")
    }
    layout = Layout.build(single | averages, [])
    grid = replace(
        LEARNING,
        models=tuple(Model(f"m{place}", f"Model {place}") for place in range(9)),
        first_stages={name: FirstStage(**BM25) for name in layout.test_sets},
    )
    score = dict.fromkeys(["bm25", *grid.checkpoints()], Score(0.5, 0.4, 0.6))
    results = Results(layout, dict.fromkeys(layout.measures(), score), {})
    chosen = {training.name: 1 for training in grid.trainings()}
    figure = differences_figure(results, grid, chosen)
    figure.canvas.draw()
    systems = [", ".join(training.labels) for training in grid.trainings()]
    panels = [ax for ax in figure.axes if ax.get_title(loc="left")]
    for ax, average in zip(panels, averages, strict=True):
        assert [label.get_text() for label in ax.get_yticklabels()] == systems
        labels = [*(entry["label"] for entry in single.values()), average]
        assert [label.get_text() for label in ax.get_xticklabels()] == labels
        below = [label.get_window_extent() for label in ax.get_yticklabels()]
        assert all(lower.y1 <= upper.y1 - upper.height * 0.8 for upper, lower in pairwise(below))
