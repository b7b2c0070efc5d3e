import pytest

from lionrank.grid import Grid
from lionrank.measures import PRIMARY
from lionrank.paper.figures.sizes import sizes_figure
from lionrank.paper.figures.style import looks
from tests.support.drawings import legend_of, line_of, texts
from tests.support.papers import OBJECTIVES
from tests.support.results import AVERAGED, BESIDE_OTHERS, RANKED, experiment, made_up_scores
from tests.support.sized import BESIDE, ETTIN, OPTIMIZERS, PARAMETERS, parameters_of, sized


def test_sizes_are_those_of_checkpoints_and_run_files_have_none(tmp_path):
    made = experiment(tmp_path, made_up_scores(2, BESIDE_OTHERS), BESIDE_OTHERS)
    figure = sizes_figure(made.results, BESIDE, BESIDE_OTHERS, made.chosen)
    others = ["MiniLM-L6 v2‡", "The Authors' GTE & Lion‡"]
    # Matplotlib fills a legend column by column.
    assert sorted(legend_of(figure)) == sorted(["AdamW", "Lion", *others, "BM25"])
    [ax] = figure.axes
    across, *points = ax.lines
    scores = made.results.scores[made.results.layout.primary]
    assert list(across.get_ydata()) == [scores["bm25"].mean] * 2
    drawn = [(point.get_xdata()[0], point.get_ydata()[0]) for point in points]
    assert drawn[-2:] == [(BESIDE[name] / 1e6, scores[name].mean) for name in ("l6", "authors")]
    trained = [
        (BESIDE[each.model.name] / 1e6, scores[each.checkpoint(made.chosen[each.name])].mean)
        for each in BESIDE_OTHERS.trainings()
    ]
    for (x, y), (size, mean) in zip(sorted(drawn[:-2]), sorted(trained), strict=True):
        assert (x, y) == (pytest.approx(size, rel=0.1), mean)
    assert [point.get_mfc() == "none" for point in points] == [False] * 4 + [True] * 2


def test_a_line_is_a_treatment_over_a_ladder_each_point_with_its_interval(tmp_path):
    grid = sized([*ETTIN[:3], "bert"], OPTIMIZERS)
    made = experiment(tmp_path, made_up_scores(2, grid), grid, AVERAGED)
    figure = sizes_figure(made.results, parameters_of(grid), grid, made.chosen, [ETTIN[:3]])
    shown = [each for each in AVERAGED.measures() if each.metric == PRIMARY]
    panels = [each for each in shown if each.test_set in ("pydocs", "ranked", "whole")]
    for ax, measure in zip(figure.axes, panels, strict=True):
        assert [text.get_text().replace("\n", " ") for text in ax.texts] == [
            AVERAGED.test_sets[measure.test_set].label
        ]
        ends = {tuple(each[:, 1]) for part in ax.collections for each in part.get_segments()}
        for name, look in looks(grid).items():
            found = [
                made.results.scores[measure][training.checkpoint(made.chosen[training.name])]
                for training in grid.trainings()
                if training.treatment.name == name
            ]
            ladder, alone = (line_of(ax, look["color"], place) for place in (0, 1))
            assert [*ladder.get_ydata(), *alone.get_ydata()] == [each.mean for each in found]
            assert {(each.low, each.high) for each in found} <= ends


@pytest.mark.parametrize("models", [1, 5, 12])
@pytest.mark.parametrize("treatments", [OPTIMIZERS, OBJECTIVES], ids=["2", "8"])
def test_everything_is_within_the_figure_however_much_there_is(tmp_path, models, treatments):
    grid = sized([*PARAMETERS][:models], treatments)
    made = experiment(tmp_path, made_up_scores(2, grid), grid)
    figure = sizes_figure(made.results, parameters_of(grid), grid, made.chosen)
    shown = [text.get_text() for text in texts(figure)]
    assert {model.label for model in grid.models} | {*grid.optimizers.values()} < {*shown}
    drawn = figure.get_tightbbox()
    assert drawn.x0 >= 0 and drawn.y0 >= 0
    assert drawn.x1 <= figure.get_figwidth() and drawn.y1 <= figure.get_figheight()


def test_a_legend_of_many_sizes_leaves_the_panel_as_high_as_one_of_few(tmp_path):
    heights = []
    for number in (2, 20):
        named = {
            f"s{place}": {"label": f"cross-encoder/ms-marco-{place}-v2", "kind": "checkpoint"}
            for place in range(number)
        }
        grid = Grid.build({}, {}, (), systems=named, first_stages=RANKED)
        made = experiment(tmp_path / str(number), made_up_scores(2, grid), grid)
        sizes = {name: 10**7 * (place + 1) for place, name in enumerate(named)}
        figure = sizes_figure(made.results, sizes, grid, made.chosen)
        figure.draw_without_rendering()
        [ax] = figure.axes
        heights.append(ax.get_window_extent().height)
    assert heights[1] == pytest.approx(heights[0], rel=0.15)
