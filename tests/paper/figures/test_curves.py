import json

from lionrank.grid import Grid
from lionrank.paper.figures.curves import ROWS, curves_figure
from lionrank.training.log import read_curves, smoothed
from tests.support.drawings import STEPS, cycle, legend_of, line_of, write_logs
from tests.support.results import GRID, RANDOM


def panels(figure, fields, grid=GRID):
    """Return the panels of a figure by field and model."""
    axes = iter(figure.axes)
    return {(field, model.name): next(axes) for field in fields for model in grid.models}


def test_every_curve_of_every_training_is_drawn_as_logged(tmp_path):
    logs = write_logs(tmp_path)
    figure = curves_figure(logs, GRID)
    drawn = panels(figure, ROWS)
    assert len(drawn) == len(figure.axes) == 12
    for training in GRID.trainings():
        model = training.model
        color = cycle()[list(GRID.optimizers).index(training.treatment.name)]["color"]
        curves = read_curves(logs[training.name])
        for field in ("loss", "grad_norm"):
            faint, mean = (line_of(drawn[field, model.name], color, place) for place in (0, 1))
            assert list(faint.get_xdata()) == list(curves.steps["epoch"])
            assert list(faint.get_ydata()) == list(curves.steps[field])
            assert list(mean.get_ydata()) == list(smoothed(curves.steps, field))
            assert faint.get_alpha() < 0.5 and faint.get_marker() in ("", "None")
        # Nothing is averaged here.
        for field in ("lr", "eval_loss"):
            assert len(drawn[field, model.name].lines) == len(GRID.optimizers)
        rates = line_of(drawn["lr", model.name], color)
        assert list(rates.get_ydata()) == list(curves.steps["lr"])
        held_out = line_of(drawn["eval_loss", model.name], color)
        assert list(held_out.get_xdata()) == [1.0, 2.0, 3.0]
        assert list(held_out.get_ydata()) == list(curves.held_out["eval_loss"])


def test_models_head_the_columns_and_fields_the_rows(tmp_path):
    figure = curves_figure(write_logs(tmp_path), GRID)
    drawn = panels(figure, ROWS)
    titles = [drawn["loss", model.name].get_title(loc="left") for model in GRID.models]
    assert titles == ["MiniLM", f"GTE ({RANDOM})", f"ModernBERT ({RANDOM})"]
    assert [drawn[field, "minilm"].get_ylabel() for field in ROWS] == list(ROWS.values())
    assert {drawn["grad_norm", model.name].get_xlabel() for model in GRID.models} == {"Epoch"}
    assert legend_of(figure) == ["AdamW", "Lion"]
    for field in ROWS:
        assert len({drawn[field, model.name].get_ylim() for model in GRID.models}) == 1


def test_a_marker_is_at_each_checkpoint_that_was_trained(tmp_path):
    logs = write_logs(tmp_path, stopped={"gte_lion": 2})
    drawn = panels(curves_figure(logs, GRID), ROWS)
    for optimizer, epochs in (("adamw", [1, 2, 3]), ("lion", [1, 2])):
        look = cycle()[list(GRID.optimizers).index(optimizer)]
        mean = line_of(drawn["loss", "gte"], look["color"], 1)
        assert mean.get_marker() == look["marker"]
        assert mean.get_markevery() == [STEPS * epoch - 1 for epoch in epochs]
        assert list(mean.get_xdata()[mean.get_markevery()]) == epochs


def test_the_row_of_held_out_losses_is_left_out_where_none_was_logged(tmp_path):
    figure = curves_figure(write_logs(tmp_path, held_out=False), GRID)
    labels = [ax.get_ylabel() for ax in figure.axes[:: len(GRID.models)]]
    assert labels == ["Training loss", "Learning rate", "Gradient norm"]


def test_learning_rates_have_a_linear_axis_in_scientific_notation_where_they_are_alike(tmp_path):
    figure = curves_figure(write_logs(tmp_path, peaks={"gte_lion": 4e-5}), GRID)
    ax = panels(figure, ROWS)["lr", "minilm"]
    figure.draw_without_rendering()
    assert ax.get_yscale() == "linear" and ax.get_ylim()[0] == 0 and ax.get_ylim()[1] > 4e-5
    assert "10^{\N{MINUS SIGN}5}" in ax.yaxis.get_offset_text().get_text()


def test_learning_rates_that_differ_by_much_have_a_logarithmic_axis_in_which_all_are_seen(tmp_path):
    figure = curves_figure(write_logs(tmp_path, peaks={"modernbert_lion": 2e-6}), GRID)
    ax = panels(figure, ROWS)["lr", "minilm"]
    figure.draw_without_rendering()
    assert ax.get_yscale() == "log"
    low, high = ax.get_ylim()
    assert 1e-9 < low < 2e-7 and high > 2e-5
    labels = [text.get_text() for text in ax.yaxis.get_ticklabels()]
    assert any("10^{-6}" in label.replace("\N{MINUS SIGN}", "-") for label in labels)


def test_gradient_norms_have_a_logarithmic_axis_only_where_they_differ_by_much(tmp_path):
    ax = panels(curves_figure(write_logs(tmp_path), GRID), ROWS)["grad_norm", "gte"]
    assert ax.get_yscale() == "log"  # from 0.5 to 15
    alone = Grid(GRID.models[:1], {"adamw": "AdamW"}, (1,))
    figure = curves_figure(write_logs(tmp_path, alone), alone)
    assert panels(figure, ROWS, alone)["grad_norm", "minilm"].get_yscale() == "linear"


def test_losses_have_a_logarithmic_axis_only_where_those_of_trainings_differ_by_much(tmp_path):
    logs = write_logs(tmp_path)
    plain = panels(curves_figure(logs, GRID), ROWS)
    for path in logs["gte_lion"]:
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        for line in lines:
            line |= {key: 100 * line[key] for key in ("loss", "eval_loss") if key in line}
        path.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    drawn = panels(curves_figure(logs, GRID), ROWS)
    for field in ("loss", "eval_loss"):
        assert plain[field, "minilm"].get_yscale() == "linear"
        assert drawn[field, "minilm"].get_yscale() == "log"
