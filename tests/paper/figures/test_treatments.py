import pytest

from lionrank.measures import PRIMARY
from lionrank.paper.figures.style import looks
from lionrank.paper.figures.treatments import treatments_figure
from lionrank.paper.results import Layout, Results, Score
from tests.support.drawings import legend_of, texts
from tests.support.papers import OBJECTIVES
from tests.support.results import AVERAGED, TWO_TEST_SETS, experiment, made_up_scores
from tests.support.sized import OPTIMIZERS, PARAMETERS, sized

GRID = sized(["minilm", "bert"], {name: OBJECTIVES[name] for name in ("bce", "infonce", "ranknet")})


def dots(ax, hollow=False):
    """Return color, row and value of the dots of a panel."""
    return {
        (line.get_color(), round(line.get_ydata()[0]), line.get_xdata()[0])
        for line in ax.lines
        if (line.get_markerfacecolor() == "white") == hollow
    }


def test_every_treatment_is_a_dot_in_the_row_of_each_test_set_and_average(tmp_path):
    made = experiment(tmp_path, made_up_scores(5, GRID), GRID, AVERAGED)
    figure = treatments_figure(made.results, GRID, made.chosen, {})
    measures = [
        next(
            each for each in AVERAGED.measures() if (each.test_set, each.metric) == (name, PRIMARY)
        )
        for name in AVERAGED.test_sets
    ]
    for model, ax in zip(GRID.models, figure.axes, strict=True):
        assert ax.get_title(loc="left") == model.label
        assert dots(ax) == {
            (
                looks(GRID)[training.treatment.name]["color"],
                row,
                made.results.mean(measure, training.checkpoint(made.chosen[training.name])),
            )
            for row, measure in enumerate(measures)
            for training in GRID.of_model(model)
        }
        firsts = [segment[0][0] for each in ax.collections for segment in each.get_segments()]
        assert firsts == [
            made.results.mean(measure, "bm25")
            for measure in measures
            if GRID.first_stage(measure.test_set)
        ]
    labels = [tick.get_text() for tick in figure.axes[0].get_yticklabels()]
    assert labels == [entry.label for entry in AVERAGED.test_sets.values()]
    assert {*legend_of(figure)} == {"BCE", "InfoNCE", "RankNet", "BM25"}


def test_a_test_set_without_the_primary_metric_has_what_the_paper_shows_of_it(tmp_path):
    made = experiment(tmp_path, made_up_scores(5, GRID), GRID, TWO_TEST_SETS)
    figure = treatments_figure(made.results, GRID, made.chosen, {})
    labels = [tick.get_text() for tick in figure.axes[0].get_yticklabels()]
    assert labels == ["pydocs", "Given (MRR@10)"]


def test_published_values_are_hollow_dots_of_the_same_look(tmp_path):
    made = experiment(tmp_path, made_up_scores(5, GRID), GRID, TWO_TEST_SETS)
    published = {TWO_TEST_SETS.primary: {"bert_infonce": 0.5}}
    minilm, bert = treatments_figure(made.results, GRID, made.chosen, published).axes
    assert not dots(minilm, hollow=True)
    assert dots(bert, hollow=True) == {(looks(GRID)["infonce"]["color"], 0, 0.5)}
    assert "As published" in legend_of(bert.figure)


@pytest.mark.parametrize("models", [1, 12])
@pytest.mark.parametrize("test_sets", [1, 20])
@pytest.mark.parametrize("treatments", [OPTIMIZERS, OBJECTIVES], ids=["2", "8"])
def test_everything_is_within_a_page_however_much_there_is(models, test_sets, treatments):
    grid = sized([*PARAMETERS][:models], treatments)
    names = ["pydocs", *(f"s{place}" for place in range(test_sets - 1))]
    single = {name: {"label": f"Set {name}", "level": 1, "levels": [1]} for name in names}
    layout = Layout.build(single, [{"test_set": name, "metrics": [PRIMARY]} for name in names])
    scores = dict.fromkeys(["bm25", *grid.checkpoints()], Score(0.5, 0.4, 0.6))
    results = Results(layout, dict.fromkeys(layout.measures(), scores), {})
    figure = treatments_figure(results, grid, {each.name: 1 for each in grid.trainings()}, {})
    assert figure.get_figheight() <= 8.5
    shown = [text.get_text() for text in texts(figure)]
    assert {model.label for model in grid.models} | {*grid.optimizers.values()} < {*shown}
    drawn = figure.get_tightbbox()
    assert drawn.x0 >= 0 and drawn.y0 >= 0
    assert drawn.x1 <= figure.get_figwidth() and drawn.y1 <= figure.get_figheight()
    assert all(ax.get_window_extent().height > 5 for ax in figure.axes if ax.axison)
