"""What figures show of trainings with several seeds."""

from dataclasses import replace

import matplotlib.pyplot as plt
import pytest

from lionrank.grid import BEST
from lionrank.paper.figures.curves import curves_figure
from lionrank.paper.figures.epochs import epochs_figure
from lionrank.paper.figures.seeds import seeds_figure
from lionrank.paper.figures.style import style
from lionrank.paper.figures.systems import systems_figure
from tests.support.drawings import STYLE, legend_of
from tests.support.rankings import draw
from tests.support.results import BESIDE_OTHERS, GRID, experiment, made_up_scores

SEEDS = (12, 13, 14)


@pytest.fixture(autouse=True)
def _in_style():
    with style(STYLE):
        yield
    plt.close("all")


@pytest.mark.parametrize("seeds", [(12, 13), (12, 13, 14, 15, 16)], ids=len)
def test_every_seed_is_a_dot_in_the_row_of_its_training_and_the_bar_is_their_mean(tmp_path, seeds):
    made = experiment(tmp_path, made_up_scores(3), seeds=seeds)
    figure = seeds_figure(made.results, made.grid, made.chosen)
    (ax,) = figure.axes
    scores = made.results.scores[made.results.layout.primary]
    chosen = [scores[each.checkpoint(BEST)] for each in made.grid.trainings()]
    dots = [line for line in ax.lines if len(line.get_xdata()) == len(seeds) and line.get_marker()]
    rows = [line for line in dots if len({*line.get_ydata()}) == 1 and line.get_marker() != "None"]
    assert [tuple(line.get_xdata()) for line in rows] == [each.by_seed for each in chosen]
    assert [line.get_ydata()[0] for line in rows] == list(range(len(chosen)))
    bars = [segment for each in ax.collections for segment in each.get_segments()]
    assert [(start[0], end[0]) for start, end in bars] == [(e.mean, e.mean) for e in chosen]
    assert [label.get_text() for label in ax.get_yticklabels()] == [m.label for m in GRID.models]
    assert legend_of(figure) == ["AdamW", "Lion", "BM25"]
    assert ax.get_ylim()[0] > ax.get_ylim()[1]


def test_over_the_epochs_a_thin_line_is_a_seed_and_no_epoch_is_filled(tmp_path):
    made = experiment(tmp_path, made_up_scores(3), seeds=SEEDS)
    scores = made.results.scores[made.results.layout.primary]
    figure = epochs_figure(made.results, made.grid, made.chosen)
    for model, ax in zip(made.grid.models, figure.axes, strict=True):
        over_epochs = [line for line in ax.lines if len(line.get_xdata()) == 3]
        for training in made.grid.of_model(model):
            found = [scores[name] for name in training.checkpoints()]
            thin = [[each.by_seed[place] for each in found] for place in range(len(SEEDS))]
            drawn = [list(line.get_ydata()) for line in over_epochs]
            assert all(each in drawn for each in [*thin, [each.mean for each in found]])
        assert len(over_epochs) == 2 * (1 + len(SEEDS))
        assert not [line for line in ax.lines if len(line.get_xdata()) == 1]


def test_curves_have_a_line_for_each_seed(tmp_path):
    grid = replace(GRID, seeds=SEEDS)
    draw(tmp_path, grid)
    logs = {
        each.name: [tmp_path / f"training/{name}.jsonl" for name in each.checkpoints()]
        for each in grid.seeded()
    }
    figure = curves_figure(logs, grid)
    for ax in figure.axes:
        assert len(ax.lines) == len(grid.optimizers) * len(SEEDS)


def test_systems_have_no_epoch_where_each_seed_chose_its_own(tmp_path):
    made = experiment(tmp_path, made_up_scores(3, BESIDE_OTHERS), BESIDE_OTHERS, seeds=SEEDS)
    (ax,) = systems_figure(made.results, made.grid, made.chosen).axes
    labels = {label.get_text() for label in ax.get_yticklabels()}
    assert {", ".join(each.labels) for each in made.grid.trainings()} <= labels
