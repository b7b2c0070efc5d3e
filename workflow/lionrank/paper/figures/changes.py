"""The figure of the difference of two optimizers on every topic."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lionrank.grid import Grid
from lionrank.measures import METRICS
from lionrank.paper.figures.style import COLUMN, MOST_INCHES, PAGE, looks, plain
from lionrank.paper.figures.widths import changes_are_wide
from lionrank.wording import score

_PANEL_INCHES = 0.95
_MARGIN_INCHES = 0.4
# From here on gaps between bars would be thinner than a printer's dot.
_MANY_TOPICS = 150
_MINUS = "\N{MINUS SIGN}"


def changes_figure(changed: Mapping[str, Any], grid: Grid) -> Figure:
    """Draw the difference of two optimizers on every topic, sorted: a panel a pair, a bar a topic.

    Args:
        changed: results/changes.json with at least one pair.
        grid: what was trained.
    """
    pairs = changed["pairs"]
    largest = max(abs(each["difference"]) for pair in pairs for each in pair["differences"])
    columns = 2 if changes_are_wide(changed) else 1
    rows = -(-len(pairs) // columns)
    figure, axes = plt.subplots(
        rows,
        columns,
        sharex=True,
        sharey=True,
        squeeze=False,
        figsize=(
            COLUMN if columns == 1 else PAGE,
            min(_PANEL_INCHES * rows + _MARGIN_INCHES, MOST_INCHES),
        ),
    )
    for ax in axes.flat[len(pairs) :]:
        ax.set_axis_off()
    for pair, ax in zip(pairs, axes.flat, strict=False):
        _draw_pair(ax, pair, grid)
    for ax in axes[:, 0]:
        ax.set_ylabel(f"\N{GREEK CAPITAL LETTER DELTA} {METRICS[changed['metric']]}")
    # Room above and below the bars for the counts.
    axes[0, 0].set_ylim(-1.15 * (largest or 1), 1.15 * (largest or 1))
    for ax in axes.flat[len(pairs) - columns : len(pairs)]:
        ax.set_xlabel("Topics, in the order of their difference")
    return figure


def _draw_pair(ax: Axes, pair: Mapping[str, Any], grid: Grid) -> None:
    """Draw one pair: its topics, how many each side wins, and the mean with its interval."""
    (model, left), (_, right) = (
        grid.training(pair[side]["training"]).labels for side in ("left", "right")
    )
    heights = sorted((each["difference"] for each in pair["differences"]), reverse=True)
    colors = {grid.optimizers[name]: look["color"] for name, look in looks(grid).items()}
    _draw_topics(ax, heights, colors[left], colors[right])
    ax.axhline(0, color="black", linewidth=0.4)
    ax.axhspan(pair["low"], pair["high"], color="black", alpha=0.25, linewidth=0)
    ax.axhline(pair["difference"], color="black", linewidth=0.8, linestyle="--")
    ax.margins(x=0.01)
    ax.set_xticks([])
    epochs = [pair[side]["epoch"] for side in ("left", "right")]
    head = f"{model}: {left} (epoch {epochs[0]}) against {right} (epoch {epochs[1]})"
    ax.set_title(plain(head), loc="left")
    between = f"equal: {pair['ties']:,}\nmean: {score(pair['difference'])}".replace("-", _MINUS)
    # Bars fall from the upper left to the lower right: two corners are free, and of the middle the
    # side where its bar is not.
    middle = "bottom" if heights[len(heights) // 2] > 0 else "top"
    told = [
        (0.02, "left", "bottom", plain(f"{left} higher: {pair['wins']:,}")),
        (0.5, "center", middle, between),
        (0.98, "right", "top", plain(f"{right} higher: {pair['losses']:,}")),
    ]
    for x, horizontal, vertical, text in told:
        y = {"bottom": 0.05, "top": 0.96}[vertical]
        ax.text(x, y, text, ha=horizontal, va=vertical, linespacing=0.95, transform=ax.transAxes)


def _draw_topics(ax: Axes, heights: Sequence[float], above: str, below: str) -> None:
    """Draw a bar a topic or, of many, their outline: a path instead of thousands."""
    if len(heights) <= _MANY_TOPICS:
        colors = [above if height > 0 else below for height in heights]
        ax.bar(range(len(heights)), heights, color=colors)
        return
    wins = sum(height > 0 for height in heights)
    ties = sum(height == 0 for height in heights)
    parts = ((0, wins, above), (wins + ties, len(heights), below))
    for start, end, color in parts:
        if end > start:
            edges = [place - 0.5 for place in range(start, end + 1)]
            ax.stairs(heights[start:end], edges, fill=True, color=color, linewidth=0)
