import re
import shutil
import subprocess
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pytest
import seaborn as sns
from matplotlib.colors import to_hex

from lionrank.grid import Grid
from lionrank.paper.figures.budget import budget_figure
from lionrank.paper.figures.changes import changes_figure
from lionrank.paper.figures.cost import cost_figure
from lionrank.paper.figures.curves import curves_figure
from lionrank.paper.figures.depths import depths_figure
from lionrank.paper.figures.epochs import epochs_figure
from lionrank.paper.figures.gains import gains_figure
from lionrank.paper.figures.scorings import scorings_figure
from lionrank.paper.figures.search import search_figure
from lionrank.paper.figures.sizes import sizes_figure
from lionrank.paper.figures.style import legend, looks, sample, save
from lionrank.paper.figures.treatments import treatments_figure
from tests.support.choices import HALVING, search_of
from tests.support.drawings import cycle, efficiency_of, legend_of, texts, write_logs
from tests.support.papers import OBJECTIVES, depths_of
from tests.support.results import (
    BESIDE_OTHERS,
    GRID,
    LAYOUT,
    RANKED,
    SCENARIOS,
    TUNED,
    experiment,
    made_up_scores,
)
from tests.support.scored import groups_of, scored_experiment, with_scorings
from tests.support.sized import BESIDE, ETTIN, parameters_of, sized

WIDTHS = {
    "curves": 516,
    "epochs": 252,
    "changes": 252,
    "cost": 252,
    "sizes": 252,
    "depths": 252,
    "scorings": 516,
    "gains": 516,
    "treatments": 516,
    "search": 516,
    "budget": 516,
}


@pytest.fixture(name="draw", scope="module")
def _draw(tmp_path_factory):
    """Every figure of an experiment, by name, as a function that draws it."""
    folder = tmp_path_factory.mktemp("drawn")
    made = experiment(folder, SCENARIOS["made up 2"])
    beside = experiment(folder / "beside", made_up_scores(2, BESIDE_OTHERS), BESIDE_OTHERS)
    logs = write_logs(folder)
    changed = changes_of([0.5, -0.25, 0.0, 0.1], [0.2, 0.3, 0.4], [-0.1] * 400)
    (depths,) = depths_of(beside)
    scored = scored_experiment(folder / "scored", with_scorings(BESIDE_OTHERS))
    grid = sized(["bert", "electra", *ETTIN[:4]], OBJECTIVES)
    many, sizes = experiment(folder / "many", made_up_scores(3, grid), grid), parameters_of(grid)
    searched = search_of(folder, TUNED, budget=HALVING, diverged=2).searched
    choices = {each.name: each.choice for each in searched}
    return {
        "search": lambda: search_figure(choices, TUNED),
        "budget": lambda: budget_figure(choices, TUNED),
        "curves": lambda: curves_figure(logs, GRID),
        "epochs": lambda: epochs_figure(made.results, GRID, made.chosen),
        "changes": lambda: changes_figure(changed, GRID),
        "cost": lambda: cost_figure(made.results, efficiency_of(), GRID, made.chosen),
        "depths": lambda: depths_figure(depths, BESIDE_OTHERS, "nDCG@10"),
        "scorings": lambda: scorings_figure(groups_of(scored), scored.grid),
        "sizes": lambda: sizes_figure(beside.results, BESIDE, BESIDE_OTHERS, beside.chosen),
        "gains": lambda: gains_figure(many.compared, LAYOUT, sizes, many.grid, [ETTIN[:4]]),
        "treatments": lambda: treatments_figure(many.results, many.grid, many.chosen, {}),
    }


def changes_of(*by_pair):
    """Return what the figure reads of changes.json, with these differences by pair."""
    return {
        "metric": "ndcg_cut_10",
        "pairs": [
            {
                "left": {"training": f"{model.name}_lion", "epoch": 2},
                "right": {"training": f"{model.name}_adamw", "epoch": 3},
                "difference": sum(values) / len(values),
                "low": -0.2,
                "high": 0.1,
                "wins": sum(value > 0 for value in values),
                "ties": sum(value == 0 for value in values),
                "losses": sum(value < 0 for value in values),
                "differences": [{"difference": value} for value in values],
            }
            for model, values in zip(GRID.models, by_pair, strict=False)
        ],
    }


@pytest.mark.parametrize("name", WIDTHS)
def test_a_figure_has_the_same_bytes_twice_and_the_width_of_its_columns(tmp_path, draw, name):
    outputs = [[tmp_path / f"{copy}.{kind}" for kind in ("pdf", "png")] for copy in "ab"]
    for paths in outputs:
        save(draw[name](), paths)
    (pdf, png), (other_pdf, other_png) = [[path.read_bytes() for path in each] for each in outputs]
    assert pdf == other_pdf and png == other_png
    assert pdf.startswith(b"%PDF") and png.startswith(b"\x89PNG")
    (box,) = re.findall(rb"/MediaBox \[ 0 0 ([\d.]+) ", pdf)
    assert float(box) * 72.27 / 72 == pytest.approx(WIDTHS[name], abs=0.01)  # TeX points


@pytest.mark.parametrize("name", WIDTHS)
def test_fonts_are_embedded_as_truetype(tmp_path, draw, name):
    save(draw[name](), [tmp_path / "a.pdf"])
    pdf = (tmp_path / "a.pdf").read_bytes()
    fonts = re.findall(rb"/BaseFont /(?:[A-Z]{6}\+)?(\S+)", pdf)
    assert fonts and {font.split(b"-")[0] for font in fonts} == {b"STIXGeneral"}
    assert b"/FontFile2" in pdf and b"/Type3" not in pdf


@pytest.mark.parametrize("name", WIDTHS)
def test_text_is_legible_in_print_and_within_the_figure(draw, name):
    figure = draw[name]()
    shown = texts(figure)
    assert min(text.get_fontsize() for text in shown) >= 7
    drawn = figure.get_tightbbox()  # inches
    assert drawn.x0 >= 0 and drawn.y0 >= 0
    assert drawn.x1 <= figure.get_figwidth() and drawn.y1 <= figure.get_figheight()


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="poppler-utils is not installed")
def test_labels_are_drawn_as_they_are_written(tmp_path):
    model, adamw, lion = "$x$ Łódź [ö*]", r"\frac{a}^2$", "_Lion β₂ 100%"
    grid = Grid.build(
        {"gte": {"label": model, "start": "$a$"}},
        {"adamw": adamw, "lion": lion},
        (1,),
        first_stages=RANKED,
    )
    scores = {"bm25": 0.3, "gte_adamw_e1": 0.4, "gte_lion_e1": 0.5}
    made = experiment(tmp_path, scores, grid)
    costs = efficiency_of(grid, factors=[1])
    changed = changes_of([0.5, -0.25])
    changed["pairs"][0] |= {
        side: {"training": f"gte_{name}", "epoch": 1}
        for side, name in (("left", "lion"), ("right", "adamw"))
    }
    all_searched = replace(grid, recipes={name: {"searched": True} for name in grid.optimizers})
    searched = search_of(tmp_path, all_searched).searched
    choices = {each.name: each.choice for each in searched}
    heads = [f"{model} ($a$)", adamw, lion]
    drawn = {
        "search": (search_figure(choices, grid), heads),
        "budget": (budget_figure(choices, grid), heads),
        "curves": (
            curves_figure(write_logs(tmp_path, grid), grid),
            heads,
        ),
        "epochs": (epochs_figure(made.results, grid, made.chosen), heads),
        "changes": (
            changes_figure(changed, grid),
            [f"{model}: {lion} (epoch 1)", f"{adamw} higher"],
        ),
        "cost": (
            cost_figure(made.results, costs, grid, made.chosen),
            [model, adamw, lion],
        ),
    }
    for name, (figure, labels) in drawn.items():
        save(figure, [tmp_path / f"{name}.pdf"])
        told = subprocess.run(
            ["pdftotext", tmp_path / f"{name}.pdf", "-"], capture_output=True, text=True
        )
        for label in labels:
            assert label in told.stdout
        assert b"LastResort" not in (tmp_path / f"{name}.pdf").read_bytes()


def test_the_colours_are_made_for_the_colour_blind_and_lines_and_markers_tell_the_same():
    known = [to_hex(color) for color in sns.color_palette("colorblind")]
    assert [look["color"] for look in cycle()] == known[:8]
    assert len({look["marker"] for look in cycle()}) == len(cycle())
    assert len({look["linestyle"] for look in cycle()[:4]}) == 4


def test_an_optimizer_has_its_look_by_its_place_in_the_grid():
    assert looks(GRID) == {"adamw": cycle()[0], "lion": cycle()[1]}
    assert list(looks(Grid((), {"lion": "Lion"}, ())).values()) == [cycle()[0]]


def test_a_legend_that_is_too_long_for_a_row_is_broken_into_rows():
    figure = plt.figure(figsize=(3.4, 3))
    labels = [f"Optimizer number {place}" for place in range(5)]
    legend(figure, [sample({}, label) for label in labels])
    figure.draw_without_rendering()
    assert sorted(legend_of(figure)) == labels
    assert figure.legends[0].get_window_extent().x0 >= 0


def test_many_pairs_have_their_changes_side_by_side_on_one_page():
    pair = changes_of([0.5, -0.25])["pairs"][0]
    for pairs, columns in ((9, 1), (10, 2), (18, 2), (36, 2)):
        figure = changes_figure(changes_of([0.5]) | {"pairs": [pair] * pairs}, GRID)
        drawn = [ax for ax in figure.axes if ax.axison]
        assert len(drawn) == pairs
        assert len({round(ax.get_position().x0, 3) for ax in drawn}) == columns
        labels = [ax.get_xlabel() for ax in drawn]
        assert all(labels[-columns:]) and not any(labels[:-columns])
        assert figure.get_size_inches()[1] <= 9
        plt.close(figure)


def test_the_figure_of_changes_draws_a_bar_a_topic_in_order_and_tells_the_counts():
    values = [[0.5, -0.25, 0.0, 0.1], [0.0, 0.0], [-0.1, -0.3]]
    figure = changes_figure(changes_of(*values), GRID)
    colors = {name: look["color"] for name, look in looks(GRID).items()}
    for ax, model, differences in zip(figure.axes, GRID.models, values, strict=True):
        bars = ax.containers[0]
        assert [bar.get_height() for bar in bars] == sorted(differences, reverse=True)
        for bar in bars:
            if bar.get_height():
                side = "lion" if bar.get_height() > 0 else "adamw"
                assert to_hex(bar.get_facecolor()) == colors[side]
        assert ax.get_title(loc="left") == f"{model.label}: Lion (epoch 2) against AdamW (epoch 3)"
        told = " ".join(text.get_text() for text in ax.texts)
        assert f"Lion higher: {sum(value > 0 for value in differences)}" in told
        assert f"AdamW higher: {sum(value < 0 for value in differences)}" in told
        assert f"equal: {differences.count(0)}" in told
    assert len({ax.get_ylim() for ax in figure.axes}) == 1


def test_of_ten_thousand_topics_the_outline_is_drawn_with_every_value(tmp_path):
    noise = np.random.default_rng(12)
    values = np.where(noise.random(10_000) < 0.4, 0, noise.normal(scale=0.2, size=10_000))
    differences = sorted(values.tolist(), reverse=True)
    figure = changes_figure(changes_of(values.tolist()), GRID)
    (ax,) = figure.axes
    above, below = [patch.get_data() for patch in ax.patches if hasattr(patch, "get_data")]
    wins, losses = int((values > 0).sum()), int((values < 0).sum())
    assert list(above.values) == differences[:wins]
    assert list(below.values) == differences[-losses:]
    # Each topic has its place of width 1, the equal ones between the two.
    assert (above.edges[0], above.edges[-1]) == (-0.5, wins - 0.5)
    assert (below.edges[0], below.edges[-1]) == (10_000 - losses - 0.5, 9_999.5)
    assert f"Lion higher: {wins:,}" in {text.get_text() for text in ax.texts}
    save(figure, [tmp_path / "changes.pdf"])
    assert (tmp_path / "changes.pdf").stat().st_size < 150_000


def test_the_figure_of_depths_draws_a_line_a_system_over_what_it_cut(tmp_path):
    made = experiment(tmp_path, made_up_scores(2, BESIDE_OTHERS), BESIDE_OTHERS)
    (depths,) = depths_of(made)
    figure = depths_figure(depths, BESIDE_OTHERS, "nDCG@10")
    [ax] = figure.axes
    drawn = [*depths.reranked.values(), depths.first_stage, depths.ceiling]
    for line, system in zip(ax.lines, drawn, strict=True):
        assert list(line.get_xdata()) == [10, 20, 50]
        assert list(line.get_ydata()) == [point.score.mean for point in system.points]
    # One line of each is known by its look, first stage and best order among them.
    known = {(line.get_color(), line.get_linestyle(), line.get_marker()) for line in ax.lines}
    assert len(known) == len(drawn)
    figure.draw_without_rendering()
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["10", "20", "50"]
    named = {"AdamW", "Lion", "MiniLM", "ModernBERT", "MiniLM-L6 v2‡", "The Authors' GTE & Lion‡"}
    assert named | {"BM25", "Best order"} == {*legend_of(figure)}
