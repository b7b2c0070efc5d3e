"""The curves of the results page."""

import pandas as pd

from lionrank.report.curves import BINS, thinned


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
