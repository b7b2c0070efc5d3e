"""A made-up experiment on test sets that differ in how documents are scored alone."""

import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from lionrank.evaluation import per_query, scorings, winning_windows
from lionrank.evaluation.per_query import PerQuery
from lionrank.grid import Grid
from lionrank.measures import PRIMARY, Measure
from lionrank.paper.results import Layout, chosen_epochs, read_results
from lionrank.paper.scorings import Group, read_scorings, steps, ways
from lionrank.paper.winning_windows import WonWindows, read_winning
from tests.support.published_as_measured import write_best
from tests.support.results import (
    BM25,
    GRID,
    TEST_SETS,
    Experiment,
    made_up_scores,
    means_file,
    seeded_table,
    write_means,
)

WINDOWS = {"window": 256, "stride": 128, "k": None, "max_length": None}
TEXT = dict.fromkeys(WINDOWS)
SCORINGS = {
    "docs_first": {"label": "FirstP", "aggregation": "first_p", **WINDOWS},
    "docs_max": {"label": "MaxP & Co.", "aggregation": "max_p", **WINDOWS},
    "docs_top": {"label": "mean of the 3 best", "aggregation": "top_k", **WINDOWS, "k": 3},
    "docs_full": {"label": "full text", "aggregation": "full", **TEXT},
    "more_full": {"label": "full text", "aggregation": "full", **TEXT},
}
"""The scorings of test sets by name, as the plan of the paper has them."""
LABELS = {
    "docs_first": "Long & Old documents FirstP",
    "docs_max": "Long & Old documents MaxP",
    "docs_top": "Long & Old documents by mean",
    "docs_full": "Long & Old documents in full",
    "more_own": "More",
    "more_full": "More in full",
}
OF_DEV_SETS = {"pydocs dev": None}
"""The scorings of dev sets by their labels, likewise."""
DOCS = TEST_SETS | {
    name: {"label": label, "level": 1, "levels": [1]} for name, label in LABELS.items()
}
GROUPS = (("docs_first", "docs_max", "docs_top", "docs_full"), ("more_own", "more_full"))
NAMES = [name for group in GROUPS for name in group]
LAYOUT = Layout.build(
    DOCS, [{"test_set": name, "metrics": [PRIMARY]} for name in ("pydocs", *NAMES)]
)


def with_scorings(grid: Grid = GRID) -> Grid:
    """Return a grid that is evaluated in several scorings."""
    ranked = Grid.build({}, {}, (), first_stages=dict.fromkeys(NAMES, BM25)).first_stages
    return replace(grid, scorings=GROUPS, first_stages={**grid.first_stages, **ranked})


def scored_experiment(folder: Path, grid: Grid, seed: int = 0, spread: float = 0.1) -> Experiment:
    """Write the results of an experiment in which each scoring shifts each system at random."""
    folder.mkdir(exist_ok=True)
    values, chosen = seeded_table(
        made_up_scores(seed, replace(grid, seeds=(12,))), grid, LAYOUT, spread=spread
    )
    dice, levels = random.Random(seed), [2, 40][seed % 2]
    shifts = {
        each: 0.1 * dice.randrange(levels) / levels
        for each in sorted({*zip(values["test_set"], values["system"], strict=True)})
    }
    shift = [shifts[each] for each in zip(values["test_set"], values["system"], strict=True)]
    values["value"] += shift
    values.to_parquet(folder / "per_query.parquet")
    write_means(folder, values, chosen, grid, {})
    read = per_query.read(folder / "per_query.parquet", write_best(folder, chosen), grid)
    results = read_results(folder / means_file(grid), LAYOUT, grid)
    return Experiment(grid, results, chosen_epochs(grid, chosen), read)


def counted(measure: Measure, run_file: str) -> dict[str, int]:
    """Return what is counted of a run file: MiniLM's tokenizer makes more tokens of a document."""
    tokens = 120_000 if "minilm" in run_file else 110_000
    read = {"docs_first": 40_000, "docs_full": 100_000}.get(measure.test_set, 180_000)
    left_out = max(tokens - read, 0)
    return {"pairs": 100, "tokens": tokens, "cut": left_out // 1_000, "left_out": left_out} | {
        "read": read
    }


def write_winning(path: Path, grid: Grid) -> Path:
    """Write what results/winning_windows.csv has of made-up windows of the first group."""
    dice, rows = np.random.default_rng(12), []
    for system in scorings.systems(grid):
        windows = dice.integers(1, 12, 200)
        found = pd.DataFrame({"windows": windows, "place": dice.integers(1, windows + 1)})
        found = found.assign(begin=128 * (found["place"] - 1), relevant=dice.random(200) < 0.3)
        named = {"test_set": "docs_first", "window": 256, "stride": 128, "system": system.training}
        rows += [named | each for each in winning_windows.summarised(found)]
    pd.DataFrame(rows).to_csv(path, index=False)
    return path


Counting = Callable[[Measure, str], Mapping[str, int]]


def write_scorings(path: Path, read: PerQuery, grid: Grid, told: Counting = counted) -> Path:
    """Write what results/scorings.csv has of the values of an experiment."""
    measures = [Measure(name, PRIMARY) for group in grid.scorings for name in group]
    scorings.by_scoring(read, grid, measures, told).to_csv(path, index=False)
    return path


def groups_of(made: Experiment, told: Counting = counted) -> list[Group]:
    """Return what the paper reads of an experiment's scorings."""
    path = Path(made.per_query.replicates[0].path).with_name("scorings.csv")
    write_scorings(path, made.per_query, made.grid, told)
    return read_scorings(path, made.grid, DOCS, SCORINGS)


def winning_of(made: Experiment) -> list[WonWindows]:
    """Return what the paper reads of the windows that won."""
    path = Path(made.per_query.replicates[0].path).with_name("winning_windows.csv")
    return read_winning(write_winning(path, made.grid))


def told_of(made: Experiment) -> dict:
    """Return the facts that the paper has of scorings alone."""
    groups = [(each, [*steps(each, made.compared)]) for each in groups_of(made)]
    return {
        "ways": ways(SCORINGS, DOCS, OF_DEV_SETS),
        "scorings": groups,
        "winning": winning_of(made),
    }
