"""An experiment whose means are those of a table of 18 checkpoints, for the tests of claims."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lionrank import parquet
from lionrank.claims import decide as claims
from lionrank.claims import file as claim_file
from lionrank.claims.evidence import Ours, Published
from lionrank.evaluation import per_query
from lionrank.evaluation.significance import Draws
from lionrank.files import write_json, write_json_lines
from lionrank.grid import Grid
from lionrank.published.study import Study
from lionrank.training import development

LION = Path(__file__).parents[2] / "paper" / "published" / "lion"
TABLE2 = LION / "systems.csv"
SETTINGS_TABLE = LION / "settings.csv"
CLAIMS = LION / "claims.yaml"
DRAWS = Draws(permutations=4000, resamples=400, confidence=0.95, seed=3)
QUERIES = 43

STUDY = Study.read(LION)
BOTH = Published.read(LION, STUDY)
PRINTED = BOTH["printed"]
TEST_SETS = {each.metric: each.test_set for each in STUDY.measures}
"""The test set on which the study published a metric."""


def wide(account: str) -> pd.DataFrame:
    """Return one account of the values, a row a checkpoint and a column a metric."""
    long = pd.read_csv(LION / "table.csv").query("source == @account")
    keys = ["model", "treatment", "epoch"]
    table = long.pivot_table("value", keys, "metric", sort=False).reset_index()
    return table.rename(columns={"treatment": "optimizer", "recip_rank_10": "mrr_10"})


TABLE = wide("printed")
MEANS = {
    metric: {
        f"{row.model}_{row.optimizer}_e{row.epoch}": float(
            getattr(row, "mrr_10" if metric == "recip_rank_10" else metric)
        )
        for row in TABLE.itertuples()
    }
    for metric in TEST_SETS
}


def grid_of(*models: str, epochs: Sequence[int] = (1, 2, 3)) -> Grid:
    named = {model: {"label": model, "start": "pretrained"} for model in models}
    return Grid.build(named, {"adamw": "AdamW", "lion": "Lion"}, epochs)


GRID = grid_of("minilm", "gte", "modernbert")
SAME = {"learning_rate": 2e-5, "schedule": "cosine"}


def best_epochs(scores: Mapping[str, float]) -> dict[str, int]:
    """Return the epoch of each training with the highest of these scores."""
    best: dict[str, int] = {}
    for name in sorted(scores, key=scores.__getitem__):
        training, _, epoch = name.rpartition("_e")
        best[training] = int(epoch)
    return best


CHOSEN = best_epochs(MEANS["ndcg_cut_10"])


def write_results(
    folder: Path,
    means: Mapping[str, Mapping[str, float]] = MEANS,
    noise: float = 1e-6,
    grid: Grid = GRID,
    test_sets: Mapping[str, str] = TEST_SETS,
    seed: int = 12,
) -> Path:
    """Write a per-query table in which the systems' means are `means`, metric -> checkpoint.

    Queries differ in the same way for all systems, and with `noise` in another way for each.
    """
    dice = np.random.default_rng(1)
    common = dice.normal(scale=0.05, size=QUERIES)
    rows = []
    for metric, by_system in means.items():
        for system in grid.checkpoints():
            own = dice.normal(scale=noise, size=QUERIES)
            values = by_system[system] + (common - common.mean()) + (own - own.mean())
            model, optimizer, epoch = system.split("_")
            named = "" if seed == 12 else f"_s{seed}"
            labels = {
                "test_set": test_sets[metric],
                "system": f"{model}_{optimizer}{named}_{epoch}",
                "model": model,
                "optimizer": optimizer,
                "epoch": int(epoch[1:]),
                "seed": seed,
                "protocol": "as_written",
                "metric": metric,
                "level": None if metric == "ndcg_cut_10" else 1,
            }
            rows += [labels | {"qid": f"q{n}", "value": value} for n, value in enumerate(values)]
    path = folder / "results" / "per_query.parquet"
    parquet.write(path, pd.DataFrame(rows).astype({"level": "Int64"}))
    return path


def write_best(
    folder: Path, chosen: Mapping[str, int], epochs: Sequence[int] = (1, 2, 3)
) -> list[Path]:
    """Write the best epoch of each training, which had these."""
    paths = [folder / "training" / f"{training}.best.json" for training in chosen]
    scored = [development.scores(epoch, None, {}) for epoch in epochs]
    for path, epoch in zip(paths, chosen.values(), strict=True):
        write_json(path, {"epoch": epoch, "epochs": scored})
    return paths


def write_logs(
    folder: Path, line: Callable[[str, int], dict], grid: Grid = GRID, lines: int = 30
) -> dict[str, list[str]]:
    """Write a log for each epoch of each training; `line` gives what it says at a step."""
    logs: dict[str, list[str]] = {}
    per_epoch = lines // len(grid.epochs)
    for training in grid.trainings():
        for place, epoch in enumerate(grid.epochs):
            path = folder / "training" / f"{training.checkpoint(epoch)}.jsonl"
            steps = range(place * per_epoch + 1, (place + 1) * per_epoch + 1)
            write_json_lines(path, [{"step": step, **line(training.name, step)} for step in steps])
            logs.setdefault(training.name, []).append(str(path))
    return logs


def silent(training: str, step: int) -> dict:
    """What a log says that has none of the quantities that claims are about."""
    return {"loss": 1 / step}


def ours(
    folder: Path,
    means: Mapping[str, Mapping[str, float]] = MEANS,
    noise: float = 1e-6,
    chosen: Mapping[str, int] = CHOSEN,
    grid: Grid = GRID,
    line: Callable[[str, int], dict] = silent,
    test_sets: Mapping[str, str] = TEST_SETS,
    stand_ins: Mapping[str, str] | None = None,
    settings: Mapping[str, Mapping] | None = None,
) -> Ours:
    """Write the results of an experiment, and return them as claims are decided on."""
    table = write_results(folder, means, noise, grid, test_sets)
    names = [training.name for training in grid.trainings()]
    return Ours(
        per_query=per_query.read(table, write_best(folder, chosen)),
        grid=grid,
        levels=dict.fromkeys(test_sets.values(), 1),
        stand_ins=stand_ins or {},
        logs=write_logs(folder, line, grid),
        settings={name: (settings or {}).get(name, SAME) for name in names},
    )


def decide(measured: Ours, path: Path = CLAIMS) -> dict:
    """Return all decided claims by id."""
    found = claims.decide(claim_file.read(path, PRINTED), BOTH, measured, DRAWS)
    return {claim["id"]: claim for claim in found["claims"]}


def verdicts(decided: Mapping[str, dict], side: str = "ours") -> dict[str, str]:
    return {name: of_side(claim, side)["verdict"] for name, claim in decided.items()}


def of_side(claim: Mapping[str, Any], side: str) -> Mapping[str, Any]:
    """Return what is said of a claim by us ("ours") or by an account of what was published."""
    return claim["ours"] if side == "ours" else claim["published"][side]
