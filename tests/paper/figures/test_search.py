"""What the figures of searches show: every trial, and what fewer of them would have found."""

from dataclasses import replace

import pytest

from lionrank.config.plan import Plan
from lionrank.grid import PRETRAINED
from lionrank.paper.figures.budget import budget_figure
from lionrank.paper.figures.search import search_figure
from lionrank.paper.figures.style import looks
from lionrank.search.budget import expected_best
from tests.support.choices import BUDGET, HALVING, LISTS, RATES, SPACE, search_of
from tests.support.configs import ROOT, overlaid
from tests.support.drawings import legend_of, line_of
from tests.support.rankings import run_scripts
from tests.support.results import GRID, TUNED
from tests.support.rule_scripts import of_repository
from tests.support.searches import SEARCHED

OF_RATES = {"learning_rate": RATES}
SPACES = {"tunedadamw": SPACE, "tunedlion": LISTS}


def tuned(models):
    """Return a grid of so many models, with treatments whose settings were searched."""
    pretrained = [replace(each, start=PRETRAINED) for each in GRID.models[:models]]
    return replace(TUNED, models=tuple(pretrained))


def choices_of(folder, grid, spaces, **how):
    """Return what was chosen for the trainings of treatments, from these spaces."""
    own = {f"{each.name}_{name}": space for each in grid.models for name, space in spaces.items()}
    searched = search_of(folder, grid, spaces=own, **how).searched
    return {each.name: each.choice for each in searched if each.name in own}


def panel_of(figure, training):
    (ax,) = [ax for ax in figure.axes if ax.get_title(loc="left") == training.model.label]
    return ax


def dots_of(ax, grid, training):
    """Return what a panel shows of each trial of a training, by its place."""
    color = looks(grid)[training.treatment.name]["color"]
    lines = [each for each in ax.lines if each.get_color() == color]
    dots = [each for each in lines if each.get_linestyle() == "None"]
    return {(each.get_xdata()[0], each.get_ydata()[0]): each for each in dots}


def lines_across(ax, color):
    """Return the scores that a panel has lines of a colour at, from side to side."""
    lines = [each for each in ax.lines if each.get_color() == color]
    return [each.get_ydata()[0] for each in lines if [*each.get_xdata()] == [0, 1]]


def place_of(trial):
    return trial.settings["learning_rate"], trial.score


@pytest.mark.parametrize("models", [1, 2, 3])
def test_a_trial_is_a_dot_at_its_learning_rate_in_the_panel_of_its_model(tmp_path, models):
    grid = tuned(models)
    choices = choices_of(tmp_path, grid, SPACES, diverged=2)
    figure = search_figure(choices, grid)
    assert len(figure.axes) == models
    searched = [each for each in grid.trainings() if each.name in choices]
    assert len(searched) == 2 * models
    for training in searched:
        dots = dots_of(panel_of(figure, training), grid, training)
        trials = choices[training.name].trials
        scored = {place_of(trial) for trial in trials if trial.score is not None}
        diverged = {trial.settings["learning_rate"] for trial in trials if trial.score is None}
        crosses = {place for place, dot in dots.items() if dot.get_marker() == "x"}
        assert {rate for rate, _ in crosses} == diverged
        assert dots.keys() - crosses == scored


def test_the_chosen_trial_is_filled_and_the_untuned_one_half_filled_on_a_line(tmp_path):
    grid = tuned(1)
    choices = choices_of(tmp_path, grid, {"tunedadamw": SPACE}, budget=HALVING, diverged=1)
    (choice,) = choices.values()
    figure = search_figure(choices, grid)
    (training,) = [each for each in grid.trainings() if each.name in choices]
    (ax,) = figure.axes
    dots = dots_of(ax, grid, training)
    color = looks(grid)["tunedadamw"]["color"]
    best, reference = dots[place_of(choice.best)], dots[place_of(choice.reference)]
    others = {
        status: [
            dots[place_of(e)]
            for e in choice.of_space
            if e.status == status and e is not choice.best
        ]
        for status in ("complete", "stopped")
    }
    assert best.get_markerfacecolor() == color and best.get_fillstyle() == "full"
    assert reference.get_fillstyle() == "bottom"
    (size,) = {dot.get_markersize() for dot in others["complete"]}
    (small,) = {dot.get_markersize() for dot in others["stopped"]}
    assert small < size < best.get_markersize()
    assert {dot.get_markerfacecolor() for each in others.values() for dot in each} == {"white"}
    assert lines_across(ax, color) == [choice.reference.score]
    kinds = {"Trial", "Stopped", "Diverged", "Untuned", "Chosen"}
    assert {*legend_of(figure)} == {"AdamW (tuned)"} | kinds


def test_a_line_joins_trials_where_nothing_but_the_learning_rate_was_searched(tmp_path):
    grid = tuned(1)
    choices = choices_of(tmp_path, grid, {"tunedadamw": OF_RATES, "tunedlion": SPACE})
    (ax,) = search_figure(choices, grid).axes
    of_space = [e for e in choices["minilm_tunedadamw"].of_space if e.score is not None]
    joined = [
        [*zip(each.get_xdata(), each.get_ydata(), strict=True)]
        for each in ax.lines
        if len(each.get_xdata()) > 2
    ]
    assert joined == [sorted(map(place_of, of_space))]


def test_only_what_was_searched_has_a_panel_and_a_place_in_the_legend(tmp_path):
    grid = tuned(3)
    decays = {"weight_decay": SPACE["weight_decay"]}
    choices = choices_of(tmp_path, grid, {"tunedadamw": decays, "tunedlion": LISTS})
    choices = {
        name: choice
        for name, choice in choices.items()
        if choice.model == "gte" or name == "minilm_tunedadamw"
    }
    search, budget = search_figure(choices, grid), budget_figure(choices, grid)
    heads = [[ax.get_title(loc="left") for ax in figure.axes] for figure in (search, budget)]
    assert heads == [["GTE"], ["MiniLM", "GTE"]]
    labels = {*grid.optimizers.values()}
    assert [name for name in legend_of(search) if name in labels] == ["Lion (tuned)"]
    assert legend_of(budget) == ["AdamW (tuned)", "Lion (tuned)", "Untuned"]


@pytest.mark.parametrize("rates", [[2e-5], [1e-5, 2e-5, 5e-5]])
def test_learning_rates_within_a_decade_have_ticks_that_are_labelled(tmp_path, rates):
    grid, budget = tuned(1), BUDGET | {"trials": len(rates)}
    spaces = {"tunedadamw": {"learning_rate": rates}}
    figure = search_figure(choices_of(tmp_path, grid, spaces, budget=budget), grid)
    figure.draw_without_rendering()
    (ax,) = figure.axes
    low, high = ax.get_xlim()
    labels = [
        label.get_text()
        for place, label in zip(ax.get_xticks(), ax.get_xticklabels(), strict=True)
        if low <= place <= high
    ]
    assert len(labels) > 1 and all(labels)


@pytest.mark.parametrize("trials", [1, 2, 40])
def test_a_line_is_the_expected_best_score_of_so_many_trials_in_the_band_of_its_half(
    tmp_path, trials
):
    grid = tuned(2)
    budget = BUDGET | {"trials": trials}
    choices = choices_of(tmp_path, grid, SPACES, budget=budget, diverged=trials // 4)
    figure = budget_figure(choices, grid)
    for training in (each for each in grid.trainings() if each.name in choices):
        choice, ax = choices[training.name], panel_of(figure, training)
        color = looks(grid)[training.treatment.name]["color"]
        found = expected_best(trial.score for trial in choice.of_space)
        line = line_of(ax, color)
        assert [*line.get_xdata()] == [*range(1, trials + 1)]
        assert [*line.get_ydata()] == [best.expected for best in found]
        ends = {(each.trials, end) for each in found for end in (each.low, each.high)}
        bands = [{(x, y) for x, y in e.get_paths()[0].vertices} for e in ax.collections]
        assert ends in bands
        assert lines_across(ax, color) == [choice.reference.score]
    figure.draw_without_rendering()
    for ax in figure.axes:
        low, high = ax.get_xlim()
        assert all(place == round(place) for place in ax.get_xticks() if low <= place <= high)


def test_untuned_settings_that_diverged_have_no_line(tmp_path):
    grid = tuned(1)
    choices = choices_of(tmp_path, grid, {"tunedadamw": SPACE}, untuned=None)
    color = looks(grid)["tunedadamw"]["color"]
    for figure in (search_figure(choices, grid), budget_figure(choices, grid)):
        (ax,) = figure.axes
        assert not lines_across(ax, color)


@pytest.mark.slow
def test_rules_draw_the_searches_of_a_config(tmp_path):
    plan = Plan.read(overlaid(SEARCHED), ROOT)
    choices = plan.search.choices()
    (tmp_path / "training").mkdir()
    choices_of(tmp_path / "training", tuned(2), SPACES)
    assert {*choices.values()} == {str(e.relative_to(tmp_path)) for e in tmp_path.rglob("*.json")}
    params = {"grid": plan.paper.grid(), "style": of_repository("paper/paper.mplstyle")}
    inputs = {"choices": [*choices.values()]}
    outputs = {name: {"pdf": f"{name}.pdf", "png": f"{name}.png"} for name in ("search", "budget")}
    run_scripts(
        tmp_path,
        [(f"{name}_figure", inputs, drawn, params) for name, drawn in outputs.items()],
    )
    for drawn in outputs.values():
        assert all((tmp_path / path).stat().st_size > 5000 for path in drawn.values())
