import json
import re

import matplotlib.pyplot as plt
import pytest
import seaborn as sns
from papers import GRID, PAPER

from lionrank import figures
from lionrank.errors import UserError
from lionrank.figures import changes_figure, final_losses, loss_figure, read_losses

PALETTE = sns.color_palette("colorblind")


def written_twice(draw, folder):
    """Draw a figure twice, as PDF and as PNG, and return each as (first bytes, second bytes)."""
    outputs = [[folder / f"{name}{ending}" for ending in (".pdf", ".png")] for name in "ab"]
    for paths in outputs:
        draw(paths)
    return [(one.read_bytes(), two.read_bytes()) for one, two in zip(*outputs, strict=True)]


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


@pytest.fixture(name="logs")
def _logs(tmp_path):
    logs = {}
    for model, optimizer in GRID.trainings():
        name = f"{model.name}_{optimizer}"
        logs[name] = [tmp_path / f"{name}_e{epoch}.jsonl" for epoch in GRID.epochs]
        for epoch, path in zip(GRID.epochs, logs[name], strict=True):
            steps = range(10 * (epoch - 1) + 1, 10 * epoch + 1)
            lines = [{"step": s, "epoch": s / 10, "loss": 1 / s, "lr": 0.1} for s in steps]
            path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return logs


def test_the_loss_figure_has_the_same_bytes_twice(tmp_path, logs):
    style = PAPER / "paper.mplstyle"
    pdf, png = written_twice(lambda paths: loss_figure(logs, GRID, style, paths), tmp_path)
    assert pdf[0] == pdf[1] and png[0] == png[1]
    assert pdf[0].startswith(b"%PDF")


def test_the_figure_of_changes_has_the_same_bytes_twice_and_a_columns_width(tmp_path):
    changed = changes_of([0.5, -0.25, 0.0, 0.1], [0.2, 0.3, 0.4], [-0.1] * 400)
    style = PAPER / "paper.mplstyle"
    pdf, png = written_twice(lambda paths: changes_figure(changed, GRID, style, paths), tmp_path)
    assert pdf[0] == pdf[1] and png[0] == png[1]
    (box,) = re.findall(rb"/MediaBox \[ 0 0 ([\d.]+) ", pdf[0])
    assert float(box) <= 252 * 72 / 72.27  # a column of IEEEtran, in TeX points


def test_the_figure_of_changes_draws_a_bar_a_topic_in_order_and_tells_the_counts(monkeypatch):
    drawn = []
    monkeypatch.setattr(figures, "_save", lambda figure, outputs: drawn.append(figure))
    values = [[0.5, -0.25, 0.0, 0.1], [0.0, 0.0], [-0.1, -0.3]]
    changes_figure(changes_of(*values), GRID, PAPER / "paper.mplstyle", [])
    (figure,) = drawn
    colors = dict(zip(GRID.optimizers, PALETTE, strict=False))
    for ax, model, differences in zip(figure.axes, GRID.models, values, strict=True):
        bars = ax.containers[0]
        assert [bar.get_height() for bar in bars] == sorted(differences, reverse=True)
        for bar in bars:
            if bar.get_height():
                side = "lion" if bar.get_height() > 0 else "adamw"
                assert bar.get_facecolor()[:3] == pytest.approx(colors[side])
        assert ax.get_title(loc="left") == f"{model.label}: Lion (epoch 2) against AdamW (epoch 3)"
        told = " ".join(text.get_text() for text in ax.texts)
        assert f"Lion higher: {sum(value > 0 for value in differences)}" in told
        assert f"AdamW higher: {sum(value < 0 for value in differences)}" in told
        assert f"equal: {differences.count(0)}" in told
    assert len({ax.get_ylim() for ax in figure.axes}) == 1
    plt.close(figure)


def test_losses_are_read_without_evaluations_and_without_epochs_that_were_not_run(tmp_path, logs):
    first, second, third = logs["gte_lion"]
    with open(second, "a", encoding="utf-8") as log:
        log.write('{"step": 20, "epoch": 2.0, "eval_loss": 0.5}\n')
    third.write_text("")
    losses = read_losses([first, second, third])
    assert list(losses["step"]) == list(range(1, 21))
    expected = losses["loss"][10:].mean()
    assert final_losses({"x": [first, second, third]}) == {"x": pytest.approx(expected)}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"step": 1, "epoch": 0.1, "loss": NaN}', "loss at step 1 is nan: the training diverged"),
        ('{"step": 1, "loss": 0.1}', "without a usable value .'epoch'."),
        ("", "no loss was logged"),
    ],
)
def test_a_bad_training_log_is_named(tmp_path, line, message):
    path = tmp_path / "gte_lion_e1.jsonl"
    path.write_text(line and line + "\n")
    with pytest.raises(UserError, match=rf"gte_lion_e1\.jsonl.*{message}"):
        read_losses([path])
