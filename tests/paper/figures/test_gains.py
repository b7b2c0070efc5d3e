import pytest

from lionrank.evaluation.comparisons import of_family
from lionrank.measures import METRICS, PRIMARY
from lionrank.paper.figures.gains import gains_figure
from lionrank.paper.figures.style import LINES, looks
from tests.support.drawings import legend_of
from tests.support.papers import OBJECTIVES
from tests.support.results import AVERAGED, LAYOUT, LEARNING, TUNED, experiment, made_up_scores
from tests.support.sized import ETTIN, OPTIMIZERS, parameters_of, sized


def drawn(folder, grid, layout=LAYOUT, ladders=(), parameters=None):
    made = experiment(folder, made_up_scores(2, grid), grid, layout)
    sizes = parameters or parameters_of(grid)
    return made.compared, gains_figure(made.compared, layout, sizes, grid, ladders)


@pytest.mark.parametrize(
    ("treatments", "family"), [(OPTIMIZERS, "optimizers"), (OBJECTIVES, "objectives")]
)
def test_every_tested_difference_is_drawn_with_its_interval(tmp_path, treatments, family):
    grid = sized([*ETTIN[:3], "bert"], treatments)
    compared, figure = drawn(tmp_path, grid, ladders=[ETTIN[:3]])
    (ax,) = figure.axes
    contrasts = [each for each in of_family(compared, family) if each["metric"] == PRIMARY]
    zero, *lines = ax.lines
    assert list(zero.get_ydata()) == [0, 0]
    means = [value for line in lines for value in line.get_ydata()]
    assert sorted(means) == sorted(each["difference"] for each in contrasts)
    ends = [segment for each in ax.collections for segment in each.get_segments()]
    assert sorted((low[1], high[1]) for low, high in ends) == sorted(
        (each["low"], each["high"]) for each in contrasts
    )
    # A line over the ladder, and a point of the other model.
    first, *_ = treatments
    pairs = [f"{label} \N{MINUS SIGN} {treatments[first]}" for label in [*treatments.values()][1:]]
    assert sorted(legend_of(figure)) == sorted(pairs)
    assert sorted(len(line.get_xdata()) for line in lines) == sorted([3, 1] * len(pairs))


def test_a_panel_is_a_family_on_a_test_set_and_tells_so_where_there_are_several(tmp_path):
    grid = LEARNING
    parameters = {"minilm": 21_300_000, "gte": 113_000_000}
    compared, figure = drawn(tmp_path, grid, AVERAGED, parameters=parameters)
    heads = [
        " ".join(text.get_text() for text in ax.texts).replace("\n", " ") for ax in figure.axes
    ]
    labels = [AVERAGED.test_sets[name].label for name in ("pydocs", "ranked", "whole")]
    assert heads == [
        f"{family}, {label}" for family in ("Against BCE", "Between optimizers") for label in labels
    ]
    for ax, name in zip(figure.axes, ["pydocs", "ranked", "whole"], strict=False):
        expected = [
            each["difference"]
            for each in of_family(compared, "objectives")
            if each["test_set"] == name and each["metric"] == PRIMARY
        ]
        assert sorted(y for line in ax.lines[1:] for y in line.get_ydata()) == sorted(expected)


def test_what_is_tuned_minus_what_is_not_has_a_panel_of_its_own(tmp_path):
    parameters = {"minilm": 21_300_000, "gte": 113_000_000}
    compared, figure = drawn(tmp_path, TUNED, parameters=parameters)
    heads = [" ".join(text.get_text() for text in ax.texts) for ax in figure.axes]
    assert heads == ["Between optimizers", "By tuning"]
    expected = [
        each["difference"] for each in of_family(compared, "tuning") if each["metric"] == PRIMARY
    ]
    values = [y for line in figure.axes[1].lines[1:] for y in line.get_ydata()]
    assert len(expected) == 4 and sorted(values) == sorted(expected)


def test_a_treatment_beside_several_of_bce_has_its_look_and_other_lines(tmp_path):
    parameters = {"minilm": 21_300_000, "gte": 113_000_000}
    _, figure = drawn(tmp_path, LEARNING, parameters=parameters)
    (legend,) = figure.legends
    named = {
        text.get_text(): line
        for text, line in zip(legend.get_texts(), legend.get_lines(), strict=True)
    }
    both = [named[f"InfoNCE \N{MINUS SIGN} {right}"] for right in ("AdamW", "BCE on lists")]
    assert {line.get_color() for line in both} == {looks(LEARNING)["infonce"]["color"]}
    assert [line.get_linestyle() for line in both] == [*LINES[:2]]


def test_a_paper_of_one_test_set_names_none(tmp_path):
    _, figure = drawn(tmp_path, sized(ETTIN[:2], OPTIMIZERS))
    (ax,) = figure.axes
    assert not [text for text in ax.texts if text.get_text()]
    assert ax.get_ylabel() == f"Δ {METRICS[PRIMARY]}"
