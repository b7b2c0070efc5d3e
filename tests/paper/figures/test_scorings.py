"""The figure of how documents are scored: its panels, lines, markers and legend."""

from dataclasses import replace
from itertools import pairwise

import pytest

from lionrank.grid import Grid, Model
from lionrank.paper.figures.scorings import scorings_figure
from lionrank.paper.figures.style import looks
from tests.support.drawings import legend_of, texts
from tests.support.results import BESIDE_OTHERS, GRID, NOTHING_TRAINED
from tests.support.scored import (
    GROUPS,
    NAMES,
    SCORINGS,
    counted,
    groups_of,
    scored_experiment,
    with_scorings,
)

FOUR = replace(GRID, models=(*GRID.models, Model("bert", "BERT-Base")))
ONE = replace(GRID, models=GRID.models[:1])
OTHERS = ["l6", "authors"]
COLUMN, PAGE = 252, 516


def apart(measure, run_file):
    """Return what is counted where each scoring reads another number of tokens."""
    return counted(measure, run_file) | {"read": 30_000 * (2 + NAMES.index(measure.test_set))}


def drawn(folder, grid: Grid, told=apart, groups: int = 2):
    """Return the groups of an experiment, and the axes of their figure, group by group."""
    made = scored_experiment(folder, with_scorings(grid), seed=1)
    found = groups_of(made, told)[:groups]
    figure = scorings_figure(found, made.grid)
    axes = [ax for ax in figure.axes if ax.axison]
    a_group = len(axes) // groups
    return found, [axes[place * a_group :][:a_group] for place in range(groups)], figure


def points_of(group, system: str) -> list[tuple[float, float]]:
    """Return tokens read and value of each scoring of a system, by the first of these."""
    return sorted((each.read, each.mean) for each in group.scored[system].values())


@pytest.mark.parametrize("grid", [GRID, BESIDE_OTHERS, NOTHING_TRAINED, FOUR, ONE])
def test_a_panel_has_a_line_a_system_over_what_it_reads_and_a_marker_a_scoring(tmp_path, grid):
    groups, axes, figure = drawn(tmp_path, grid)
    markers = {}
    for group, panels in zip(groups, axes, strict=True):
        systems = [[each.name for each in grid.of_model(model)] for model in grid.models]
        systems += [OTHERS] if grid.systems else []
        for own, ax in zip(systems, panels, strict=True):
            lines = [line for line in ax.lines if line.get_linestyle() != "None"]
            assert [[*zip(*line.get_data(), strict=True)] for line in lines] == [
                points_of(group, system) for system in own
            ]
            dots = iter(line for line in ax.lines if line.get_linestyle() == "None")
            for system in own:
                label_of = {
                    (each.read, each.mean): group.scorings[name]
                    for name, each in group.scored[system].items()
                }
                for _ in label_of:
                    dot = next(dots)
                    [point] = zip(*dot.get_data(), strict=True)
                    markers.setdefault(label_of[point], set()).add(dot.get_marker())
                    assert (dot.get_markerfacecolor() == "white") == (own == OTHERS)
            assert not [*dots]
    assert all(len(each) == 1 for each in markers.values())
    assert len(set().union(*markers.values())) == len(markers)
    named = [*grid.optimizers.values(), *markers]
    named += ["MiniLM-L6 v2‡", "The Authors' GTE & Lion‡"] if grid.systems else []
    assert sorted(legend_of(figure)) == sorted(named)


def test_treatments_have_their_looks_and_others_none_of_them(tmp_path):
    _, [[*panels, others]], _ = drawn(tmp_path, BESIDE_OTHERS, groups=1)
    known = [(look["color"], look["linestyle"]) for look in looks(BESIDE_OTHERS).values()]
    lines = [
        [
            (line.get_color(), line.get_linestyle())
            for line in ax.lines
            if line.get_linestyle() != "None"
        ]
        for ax in (*panels, others)
    ]
    assert lines[:-1] == [known] * len(panels)
    assert not {color for color, _ in lines[-1]} & {color for color, _ in known}


@pytest.mark.parametrize(
    ("grid", "groups", "width"),
    [
        *((grid, groups, PAGE) for grid in (GRID, BESIDE_OTHERS, FOUR) for groups in (1, 2)),
        *((grid, groups, COLUMN) for grid in (NOTHING_TRAINED, ONE) for groups in (1, 2)),
    ],
)
def test_it_fits_its_columns_and_is_legible(tmp_path, grid, groups, width):
    _, axes, figure = drawn(tmp_path, grid, groups=groups)
    assert figure.get_figwidth() * 72.27 == pytest.approx(width)
    assert min(text.get_fontsize() for text in texts(figure)) >= 7
    box = figure.get_tightbbox()
    assert box.x0 >= 0 and box.y0 >= 0
    assert box.x1 <= figure.get_figwidth() and box.y1 <= figure.get_figheight()
    for panels in axes:
        boxes = [tick.get_window_extent() for ax in panels for tick in ax.get_xticklabels()]
        assert len(boxes) > len(panels)
        assert all(left.x1 < right.x0 for left, right in pairwise(boxes))


def test_panels_of_a_group_have_the_same_axes_and_a_group_its_label_beside_another(tmp_path):
    groups, axes, figure = drawn(tmp_path, GRID)
    for group, panels in zip(groups, axes, strict=True):
        assert len({(ax.get_xlim(), ax.get_ylim()) for ax in panels}) == 1
        assert [ax.get_ylabel() for ax in panels] == [group.measure, "", ""]
        told = [text.get_text().replace("\n", " ") for text in panels[-1].texts]
        assert told == [group.label]
    assert [[ax.get_xlabel() for ax in panels] for panels in axes] == [
        [""] * 3,
        ["Tokens read of a pair"] * 3,
    ]
    assert {each["label"] for each in SCORINGS.values()} < {*legend_of(figure)}
    _, [alone], _ = drawn(tmp_path / "alone", GRID, groups=1)
    assert not alone[-1].texts


def test_what_is_not_known_to_have_been_read_is_left_out_and_counted(tmp_path):
    def told(measure, run_file):
        unknown = "gte" in run_file or measure.test_set == "docs_max"
        return {} if unknown else counted(measure, run_file)

    [group], [panels], _ = drawn(tmp_path, GRID, told, groups=1)
    minilm, gte, _ = panels
    assert [len(line.get_xdata()) for line in gte.lines] == [0, 0]
    assert [len(line.get_xdata()) for line in minilm.lines] == 2 * [3, 1, 1, 1]
    assert group.unread == 2 * len(GROUPS[0]) + 2 * 2


@pytest.mark.parametrize("read", [None, 51_200])
def test_where_nothing_is_known_or_all_is_alike_there_are_axes_still(tmp_path, read):
    def told(measure, run_file):
        return {} if read is None else counted(measure, run_file) | {"read": read}

    _, [panels], figure = drawn(tmp_path, GRID, told, groups=1)
    figure.draw_without_rendering()
    if read is not None:
        low, high = panels[0].get_xlim()
        assert low < read / 100 < high
