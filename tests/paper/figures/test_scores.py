from dataclasses import replace

import pytest

from lionrank.errors import UserError
from lionrank.grid import Grid, Model
from lionrank.paper.figures.cost import cost_by_epoch, cost_figure
from lionrank.paper.figures.epochs import epochs_figure
from lionrank.paper.figures.systems import systems_figure
from tests.support.drawings import cycle, efficiency_of, legend_of, line_of, texts
from tests.support.results import (
    BESIDE_OTHERS,
    GRID,
    LAYOUT,
    NOTHING_TRAINED,
    RANKED,
    SCENARIOS,
    experiment,
    made_up_scores,
)

DODGED = 0.12


@pytest.fixture(name="made", scope="module")
def _made(tmp_path_factory):
    return experiment(tmp_path_factory.mktemp("made"), SCENARIOS["made up 2"])


def colors(grid=GRID):
    return dict(zip(grid.optimizers, [look["color"] for look in cycle()], strict=False))


def scores_of(made, training):
    scores = made.results.scores[LAYOUT.primary]
    return [scores[training.checkpoint(epoch)] for epoch in GRID.epochs]


def test_every_checkpoint_is_drawn_with_its_interval_over_the_epochs(made):
    figure = epochs_figure(made.results, GRID, made.chosen)
    for model, ax in zip(GRID.models, figure.axes, strict=True):
        for side, training, intervals in zip(
            (-1, 1), GRID.of_model(model), ax.collections, strict=True
        ):
            color = colors()[training.treatment.name]
            line = line_of(ax, color)
            found = scores_of(made, training)
            expected = [epoch + side * DODGED for epoch in GRID.epochs]
            assert list(line.get_xdata()) == pytest.approx(expected)
            assert list(line.get_ydata()) == [each.mean for each in found]
            ends = [(*low, *high) for low, high in (path for path in intervals.get_segments())]
            assert [end[1] for end in ends] == [each.low for each in found]
            assert [end[3] for end in ends] == [each.high for each in found]
            assert [end[0] for end in ends] == pytest.approx(expected)
            # The chosen epoch, and no other, is filled.
            (chosen,) = line_of(ax, color, 1).get_xydata()
            place = GRID.epochs.index(made.chosen[training.name])
            assert tuple(chosen) == tuple(line.get_xydata()[place])
            assert line.get_markerfacecolor() == "white"
            assert line_of(ax, color, 1).get_markerfacecolor() != "white"


def test_the_first_stage_is_a_line_in_its_band_in_every_panel(made):
    figure = epochs_figure(made.results, GRID, made.chosen)
    first = made.results.scores[LAYOUT.primary]["bm25"]
    for ax in figure.axes:
        (band,) = ax.patches
        assert band.get_y() == first.low
        assert band.get_y() + band.get_height() == pytest.approx(first.high)
        assert [first.mean, first.mean] in [list(line.get_ydata()) for line in ax.lines]
    assert legend_of(figure) == ["AdamW", "Lion", "BM25"]
    assert figure.axes[0].get_ylabel() == "nDCG@10"
    assert len({ax.get_ylim() for ax in figure.axes}) == 1


def test_four_models_have_all_their_panels_and_labels(tmp_path):
    models = tuple(Model(f"m{place}", f"Model {place}") for place in range(4))
    grid = replace(GRID, models=models, optimizers={"lion": "Lion"}, epochs=(1, 2))
    scores = {"bm25": 0.5} | dict.fromkeys(grid.checkpoints(), 0.4)
    made = experiment(tmp_path, scores, grid)
    figure = epochs_figure(made.results, grid, made.chosen)
    shown = [ax for ax in figure.axes if ax.axison]
    assert [ax.get_title(loc="left") for ax in shown] == [model.label for model in models]
    assert [ax.get_xlabel() for ax in shown] == ["", "Epoch", "Epoch", "Epoch"]


@pytest.mark.parametrize("grid", [BESIDE_OTHERS, NOTHING_TRAINED], ids=["beside", "alone"])
def test_every_system_is_a_row_with_its_interval_the_highest_at_the_top(tmp_path, grid):
    made = experiment(tmp_path, made_up_scores(3, grid), grid)
    (ax,) = systems_figure(made.results, grid, made.chosen).axes
    scores = made.results.scores[LAYOUT.primary]
    names = {
        f"{', '.join(each.labels)} ({made.chosen[each.name]})": each.checkpoint(
            made.chosen[each.name]
        )
        for each in grid.trainings()
    }
    names |= {f"{each.label}\N{DOUBLE DAGGER}": each.name for each in grid.systems}
    labels = [label.get_text() for label in ax.get_yticklabels()]
    assert sorted(labels) == sorted(names)
    found = [scores[names[label]] for label in labels]
    assert [each.mean for each in found] == sorted(each.mean for each in found)
    segments = [segment for each in ax.collections for segment in each.get_segments()]
    assert [(low[0], high[0]) for low, high in segments] == [(e.low, e.high) for e in found]
    points = [line for line in ax.lines if len(line.get_xdata()) == 1]
    assert [line.get_xdata()[0] for line in points] == [each.mean for each in found]
    hollow = [line.get_markerfacecolor() == "white" for line in points]
    assert hollow == ["\N{DOUBLE DAGGER}" in label for label in labels]


def test_of_many_systems_the_rows_come_closer_together(tmp_path):
    many = {f"s{place}": {"label": f"S{place}", "kind": "checkpoint"} for place in range(80)}
    grid = Grid.build({}, {}, (), systems=many, first_stages=RANKED)
    made = experiment(tmp_path, made_up_scores(3, grid), grid)
    figure = systems_figure(made.results, grid, made.chosen)
    assert figure.get_figheight() <= 9


def test_scores_are_drawn_over_the_sum_of_what_all_epochs_so_far_cost(made):
    figure = cost_figure(made.results, efficiency_of(), GRID, made.chosen)
    (ax,) = figure.axes
    assert ax.get_xlabel() == "Training up to the checkpoint (minutes on a CPU)"
    assert ax.get_xscale() == "linear"
    markers = {}
    for place, model in enumerate(GRID.models):
        for training in GRID.of_model(model):
            color = colors()[training.treatment.name]
            line = line_of(ax, color, 2 * place)
            assert list(line.get_xdata()) == [2, 6, 14]
            assert list(line.get_ydata()) == [each.mean for each in scores_of(made, training)]
            markers.setdefault(model.name, set()).add(line.get_marker())
            (chosen,) = line_of(ax, color, 2 * place + 1).get_xydata()
            at = GRID.epochs.index(made.chosen[training.name])
            assert tuple(chosen) == tuple(line.get_xydata()[at])
    of_optimizers = {look["marker"] for look in cycle()[: len(GRID.optimizers)]}
    assert all(len(each) == 1 for each in markers.values())
    assert len(set.union(*markers.values()) - of_optimizers) == len(GRID.models)
    assert set(legend_of(figure)) == {"AdamW", "Lion", "MiniLM", "GTE", "ModernBERT"}


@pytest.mark.parametrize(("largest", "scale"), [(10, "linear"), (11, "log")])
def test_costs_that_differ_by_more_than_a_factor_of_ten_have_a_logarithmic_axis(
    made, largest, scale
):
    efficiency = efficiency_of(factors=(1, 2, largest))
    figure = cost_figure(made.results, efficiency, GRID, made.chosen)
    (ax,) = figure.axes
    assert ax.get_xscale() == scale
    shown = {text.get_text() for text in texts(figure)}
    assert ("100" in shown) and not any("mathdefault" in text for text in shown)


def test_costs_are_device_hours_where_there_was_a_gpu():
    spent, unit = cost_by_epoch(efficiency_of(device="NVIDIA A100"), GRID)
    assert unit == "GPU hours"
    assert spent["gte_lion"] == [2, 6, 14]
    mixed = efficiency_of(device="NVIDIA A100")
    mixed["trainings"]["gte_lion"]["device"] = "CPU"
    assert cost_by_epoch(mixed, GRID)[1] == "device hours"


def test_an_epoch_without_a_cost_is_named():
    efficiency = efficiency_of()
    efficiency["trainings"]["gte_lion"]["by_epoch"].pop()
    with pytest.raises(UserError, match=r"efficiency\.json has no cost of epoch 3 of gte_lion"):
        cost_by_epoch(efficiency, GRID)
    del efficiency["trainings"]["gte_lion"]
    with pytest.raises(UserError, match="no cost of gte_lion"):
        cost_by_epoch(efficiency, GRID)
