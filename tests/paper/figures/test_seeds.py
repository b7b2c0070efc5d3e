"""What figures show of trainings with several seeds."""

from dataclasses import replace
from statistics import fmean

import pytest

from lionrank.evaluation.comparisons import of_family
from lionrank.evaluation.per_query import System
from lionrank.grid import BEST
from lionrank.measures import PRIMARY
from lionrank.paper.figures.curves import curves_figure
from lionrank.paper.figures.epochs import epochs_figure
from lionrank.paper.figures.gains import gains_figure
from lionrank.paper.figures.seeds import seeds_figure
from lionrank.paper.figures.sizes import sizes_figure
from lionrank.paper.figures.style import looks
from lionrank.paper.figures.systems import systems_figure
from lionrank.paper.figures.treatments import treatments_figure
from tests.support.drawings import legend_of, line_of
from tests.support.papers import OBJECTIVES
from tests.support.rankings import draw
from tests.support.results import BESIDE_OTHERS, GRID, LAYOUT, experiment, made_up_scores
from tests.support.sized import ETTIN, parameters_of, sized

SEEDS = (12, 13, 14)
AS_PRINTED = 0.5001e-4


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


def test_a_held_out_loss_that_no_line_leads_to_has_the_marker_of_one_seed(tmp_path):
    held_out = {}
    for seeds in (SEEDS[:1], SEEDS):
        grid = replace(GRID, seeds=seeds, epochs=(1,))
        draw(tmp_path, grid)
        logs = {
            each.name: [tmp_path / f"training/{name}.jsonl" for name in each.checkpoints()]
            for each in grid.seeded()
        }
        ax = curves_figure(logs, grid).axes[len(grid.models)]
        assert ax.get_ylabel() == "Held-out loss"
        held_out[len(seeds)] = {line.get_markersize() for line in ax.lines}
    assert held_out[1] == held_out[len(SEEDS)]


@pytest.fixture(name="objectives", scope="module")
def _objectives(tmp_path_factory):
    """Results of objectives over a ladder and another model, with several seeds."""
    treatments = {name: OBJECTIVES[name] for name in ("bce", "infonce", "ranknet")}
    grid = sized([*ETTIN[:3], "bert"], treatments)
    folder = tmp_path_factory.mktemp("objectives")
    return experiment(folder, made_up_scores(5, grid), grid, seeds=SEEDS)


def over_seeds(made, training):
    """Return the mean over seeds of each one's score at the epoch that it chose."""
    primary = made.results.layout.primary
    return fmean(each.mean(primary, System(training.name)) for each in made.per_query.replicates)


def test_sizes_and_treatments_are_means_over_seeds_at_the_epochs_that_these_chose(objectives):
    made, grid = objectives, objectives.grid
    sizes = sizes_figure(made.results, parameters_of(grid), grid, made.chosen, [ETTIN[:3]])
    (ax,) = sizes.axes
    for name, look in looks(grid).items():
        ladder, alone = (line_of(ax, look["color"], place) for place in (0, 1))
        trainings = [each for each in grid.trainings() if each.treatment.name == name]
        expected = [over_seeds(made, training) for training in trainings]
        drawn = [*ladder.get_ydata(), *alone.get_ydata()]
        assert drawn == pytest.approx(expected, abs=AS_PRINTED)
    dots = treatments_figure(made.results, grid, made.chosen, {})
    for model, ax in zip(grid.models, dots.axes, strict=True):
        expected = [over_seeds(made, training) for training in grid.of_model(model)]
        drawn = [line.get_xdata()[0] for line in ax.lines]
        assert drawn == pytest.approx(expected, abs=AS_PRINTED)


def test_gains_are_those_that_were_tested_over_seeds(objectives):
    made, grid = objectives, objectives.grid
    (ax,) = gains_figure(made.compared, LAYOUT, parameters_of(grid), grid, [ETTIN[:3]]).axes
    _, *lines = ax.lines
    drawn = sorted(value for line in lines for value in line.get_ydata())
    reached = {each.name: over_seeds(made, each) for each in grid.trainings()}
    gains = [
        reached[f"{model.name}_{name}"] - reached[f"{model.name}_bce"]
        for model in grid.models
        for name in ("infonce", "ranknet")
    ]
    assert drawn == pytest.approx(sorted(gains))
    contrasts = [e for e in of_family(made.compared, "objectives") if e["metric"] == PRIMARY]
    ends = sorted(tuple(part[:, 1]) for each in ax.collections for part in each.get_segments())
    assert ends == sorted((each["low"], each["high"]) for each in contrasts)


def test_systems_have_no_epoch_where_each_seed_chose_its_own(tmp_path):
    made = experiment(tmp_path, made_up_scores(3, BESIDE_OTHERS), BESIDE_OTHERS, seeds=SEEDS)
    (ax,) = systems_figure(made.results, made.grid, made.chosen).axes
    labels = {label.get_text() for label in ax.get_yticklabels()}
    assert {", ".join(each.labels) for each in made.grid.trainings()} <= labels
