"""Made-up per-query tables in the form of results/per_query.parquet."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from lionrank import parquet
from lionrank.files import write_json
from lionrank.grid import BEST, Grid

QIDS = [f"q{place:03}" for place in range(100)]
VALUES = {
    "bm25": [0.1, 0.2, 0.3],
    "minilm_adamw_e1": [0.4, 0.5, 0.6],
    "minilm_adamw_e2": [0.7, 0.8, 0.9],
}
"""Of one test set, dl19."""
BOTH = {"both": {"dl19": 1, "small": 2}}


def write_experiment(
    folder: Path,
    values: Mapping[str, Sequence[float]],
    chosen: Mapping[str, int],
    seed: int = 12,
    protocol: str = "as_written",
    test_set: str = "dl19",
    metric: str = "ndcg_cut_10",
    level: int | None = None,
    others: Mapping[str, tuple[str, str, int] | None] | None = None,
) -> tuple[Path, list[Path]]:
    """Write the per-query table of an experiment and the best epochs of its trainings.

    `values` are by system, bm25 or a checkpoint, a value a query; that of the epoch in `chosen` may
    be named as the best. `others` are those that were not trained here, with model, optimizer and
    epoch where they are known. Any seed but 12 is part of the names of its trainings.
    """
    named = "" if seed == 12 else f"_s{seed}"
    untrained = {"bm25": None, **(others or {})}
    rows = []
    for system, of_queries in values.items():
        if system in untrained:
            model, optimizer, epoch = untrained[system] or (None, None, None)
        else:
            model, optimizer, number = system.split("_")
            epoch = chosen[f"{model}_{optimizer}"] if number == BEST else int(number[1:])
            system = f"{model}_{optimizer}{named}_{number}"
        labels = {
            "test_set": test_set,
            "system": system,
            "model": model,
            "optimizer": optimizer,
            "epoch": epoch,
            "seed": None if system in untrained else seed,
            "protocol": protocol,
            "metric": metric,
            "level": level,
        }
        rows += [labels | {"qid": q, "value": v} for q, v in zip(QIDS, of_queries, strict=False)]
    integers = dict.fromkeys(["epoch", "seed", "level"], "Int64")
    table = folder / "results" / "per_query.parquet"
    parquet.write(table, pd.DataFrame(rows).astype(integers))
    best = []
    for training, epoch in chosen.items():
        best.append(folder / "training" / f"{training}{named}.best.json")
        write_json(best[-1], {"epoch": epoch})
    return table, best


def joined(first: Path, *others: Path) -> Path:
    """Add to the first table the trainings of others, which have other seeds."""
    tables = [pd.read_parquet(path) for path in (first, *others)]
    seeded = [table[table["seed"].notna()] for table in tables[1:]]
    parquet.write(first, pd.concat([tables[0], *seeded], ignore_index=True))
    return first


def write_two(
    folder: Path, seed: int = 12, without: Collection[tuple[str, str]] = ()
) -> tuple[Path, list[Path]]:
    """Write values on dl19 and on small, whose first topics have the same qids.

    Test set and system of those in `without` have none.
    """
    small = {"bm25": [0.4, 0.6], "minilm_adamw_e1": [1.0, 0.0], "minilm_adamw_e2": [0.2, 0.2]}
    parts = []
    for test_set, values in (("dl19", VALUES), ("small", small)):
        for metric, level in (("ndcg_cut_10", None), ("map", 1), ("map", 2)):
            kept = {
                name: np.array(each) / (level or 1)
                for name, each in values.items()
                if (test_set, name) not in without
            }
            table, best = write_experiment(
                folder, kept, {"minilm_adamw": 2}, seed, "as_written", test_set, metric, level
            )
            parts.append(pd.read_parquet(table))
    pd.concat(parts).to_parquet(table)
    return table, best


def mixed() -> Grid:
    """Return a grid of test sets with another first stage each, and their average."""
    named = {"dl19": ("bm25", "BM25"), "small": ("dense", "Dense"), "both": ("first_stage", "")}
    fields = {name: dict(zip(("name", "label"), of, strict=True)) for name, of in named.items()}
    return Grid.build({}, {}, (), first_stages=fields)


def ranked_apart(folder: Path) -> tuple[Path, list[Path]]:
    """Write values on two test sets, of which the second one has another first stage."""
    table, best = write_two(folder)
    whole = pd.read_parquet(table)
    is_other = (whole["test_set"] == "small") & (whole["system"] == "bm25")
    whole["system"] = whole["system"].mask(is_other, "dense")
    whole.to_parquet(table)
    return table, best
