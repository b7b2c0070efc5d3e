"""Figures of however much there is stand on a page of the paper, above their caption."""

from dataclasses import replace
from itertools import combinations

import matplotlib.pyplot as plt
import pytest

from lionrank.config.treatments import BCE
from lionrank.grid import Grid, Model
from lionrank.measures import METRICS, PRIMARY
from lionrank.paper.figures.changes import changes_figure
from lionrank.paper.figures.depths import depths_figure
from lionrank.paper.figures.differences import differences_figure
from lionrank.paper.figures.epochs import epochs_figure
from lionrank.paper.figures.gains import gains_figure
from lionrank.paper.figures.seeds import seeds_figure
from lionrank.paper.figures.sizes import sizes_figure
from lionrank.paper.figures.style import COLUMN, PAGE, Panels
from lionrank.paper.figures.systems import systems_figure
from lionrank.paper.figures.treatments import treatments_figure
from lionrank.paper.results import Layout, Results, Score
from tests.support.drawings import texts
from tests.support.papers import OBJECTIVES, depths_of
from tests.support.results import BESIDE_OTHERS, BM25, experiment, made_up_scores
from tests.support.typeset import PAGE as TEXT

CAPTION = 100
"""Points of ten lines below a figure."""
SETS = [f"set{place}" for place in range(30)]
SCORE = Score(0.5, 0.4, 0.6, by_seed=(0.45, 0.55))


def layout_of(sets, averages=()):
    single = {name: {"label": f"Test Set of {name}", "level": 1, "levels": [1]} for name in sets}
    means = {
        name: {"label": name, "level": None, "levels": [], "test_sets": [*sets]}
        for name in averages
    }
    return Layout.build(single | means, [{"test_set": name, "metrics": [PRIMARY]} for name in sets])


def grid_of(models, treatments, others=0, seeds=(12,)):
    return Grid.build(
        {f"m{n}": {"label": f"Model {n}", "start": "pretrained"} for n in range(models)},
        dict([*OBJECTIVES.items()][:treatments]),
        (1, 2),
        recipes={
            name: {"optimizer": "adamw", "objective": name if name != "bce" else BCE, "data": "all"}
            for name in OBJECTIVES
        },
        systems={f"o{n}": {"label": f"Other {n}", "kind": "checkpoint"} for n in range(others)},
        first_stages=dict.fromkeys(SETS, BM25),
        seeds=seeds,
    )


def results_of(grid, layout):
    names = ["bm25", *grid.checkpoints(), *(each.name for each in grid.systems)]
    score = dict.fromkeys(names, SCORE)
    return Results(layout, dict.fromkeys(layout.measures(), score), {})


def chosen_of(grid):
    return {each.name: 1 for each in grid.trainings()}


def compared_of(grid, sets):
    """Return each treatment minus BCE on each test set."""
    return {
        "contrasts": [
            {
                "family": "objectives",
                "metric": PRIMARY,
                "test_set": name,
                "left": {"training": left.name},
                "right": {"training": right.name},
                "difference": 0.0,
                "low": -0.1,
                "high": 0.1,
            }
            for name in sets
            for model in grid.models
            for right, left in combinations(grid.of_model(model), 2)
            if right.treatment.name == "bce"
        ]
    }


def draw_sizes(number, models, treatments, others):
    grid = grid_of(models, treatments, others)
    parameters = {name: 10**7 * (n + 1) for n, name in enumerate([*names_of(grid)])}
    results = results_of(grid, layout_of(SETS[:number]))
    return sizes_figure(results, parameters, grid, chosen_of(grid)), parameters, grid


def names_of(grid):
    return [*(each.name for each in grid.models), *(each.name for each in grid.systems)]


def height(figure):
    return figure.get_figheight() * 72.27


@pytest.mark.parametrize(
    ("number", "models"), [(1, 2), (1, 12), (5, 2), (6, 2), (7, 12), (13, 2), (30, 2)]
)
def test_panels_against_sizes_stand_side_by_side_before_they_are_too_many(number, models):
    figure, parameters, grid = draw_sizes(number, models, 2, 1)
    compared = compared_of(grid, SETS[:number])
    gains = gains_figure(compared, layout_of(SETS), parameters, grid)
    for drawn in (figure, gains):
        assert height(drawn) + CAPTION <= TEXT[1]
        assert len(drawn.axes) == number
        wide = number > 5 or models > 4
        assert drawn.get_figwidth() == pytest.approx(PAGE if wide else COLUMN)
        drawn.draw_without_rendering()
        boxes = [ax.get_position() for ax in drawn.axes]
        assert not any(a.overlaps(b) for a, b in combinations(boxes, 2))
        # Each column of panels has the labels of its axis, above and below.
        columns = len({round(box.x0, 3) for box in boxes})
        assert columns == min(-(-number // 5), 3)
        labelled = [ax for ax in drawn.axes if ax.get_xlabel()]
        assert labelled == drawn.axes[-columns:]
        shown = [text.get_text() for text in texts(drawn)]
        assert shown.count("Model 0") == columns
        if number < 30:
            assert min(box.height for box in boxes) * drawn.get_figheight() > 0.5
        around = drawn.get_tightbbox()
        assert around.x0 >= 0 and around.x1 <= drawn.get_figwidth()


def drawn_of_many(folder):
    """Yield figures of more than any paper has."""
    grid, layout = grid_of(18, 3, 30), layout_of(SETS)
    results, chosen = results_of(grid, layout), chosen_of(grid)
    averaged = layout_of(SETS, [f"mean{n}" for n in range(4)])
    seeded = replace(grid, seeds=(12, 13))
    beside = experiment(folder, made_up_scores(2, BESIDE_OTHERS), BESIDE_OTHERS)
    (depths,) = depths_of(beside)
    any_ = next(iter(depths.reranked.values()))
    names = {each.name: any_ for each in grid.systems}
    deep = replace(depths, reranked={**depths.reranked, **names})
    many_others = replace(BESIDE_OTHERS, systems=grid.systems)
    pair = {
        **{side: {"training": "m0_bce", "epoch": 1} for side in ("left", "right")},
        "difference": 0.0,
        "low": -0.1,
        "high": 0.1,
        "wins": 0,
        "ties": 1,
        "losses": 0,
        "differences": [{"difference": 0.0}],
    }
    yield "sizes", draw_sizes(16, 18, 3, 30)[0]
    yield "treatments", treatments_figure(results, grid, chosen, {})
    yield "epochs", epochs_figure(results, grid, chosen)
    yield "systems", systems_figure(results, grid, chosen)
    yield "seeds", seeds_figure(results_of(seeded, layout), seeded, chosen)
    yield "differences", differences_figure(results_of(grid, averaged), grid, chosen)
    yield "changes", changes_figure({"metric": PRIMARY, "pairs": [pair] * 40}, grid)
    yield "depths", depths_figure(deep, many_others, METRICS[PRIMARY])
    models = [Model(f"m{n}", "M") for n in range(60)]
    yield "search and budget", Panels.build(models, 4, PAGE, 1.5, 0.35).figure


def test_no_figure_is_higher_than_a_page_less_its_caption(tmp_path):
    heights = {}
    for name, figure in drawn_of_many(tmp_path):
        heights[name] = height(figure)
        plt.close(figure)
    assert max(heights.values()) + CAPTION <= TEXT[1], heights
    # All but a few of them are limited by it.
    assert min(heights.values()) > 300
