"""The curves of the results page."""

import pandas as pd

from lionrank.grid import Grid
from lionrank.report.curves import BINS, lines, thinned


def test_long_logs_are_thinned_and_keep_their_spikes():
    rows = 30_000
    frame = pd.DataFrame({"step": range(rows), "loss": [1 / (1 + n % 97) for n in range(rows)]})
    frame.loc[[777, 20_011], "loss"] = [50.0, -3.0]
    kept = thinned(frame, "loss")
    assert len(kept) <= 2 * BINS + 2
    assert {0, 777, 20_011, rows - 1} <= set(kept["step"])
    assert kept["step"].is_monotonic_increasing
    few = frame.head(2 * BINS)
    assert thinned(few, "loss").equals(few)


def test_eight_treatments_of_seven_models_have_lines_that_all_differ():
    models = {f"m{n}": {"label": f"M{n}", "start": "pretrained"} for n in range(7)}
    grid = Grid.build(models, {f"t{n}": f"T{n}" for n in range(8)}, (1,))
    assert len({(colour, dashes) for _, colour, dashes in lines(grid).values()}) == 56
