"""Made-up per-query tables in the form of results/per_query.parquet."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from lionrank import parquet
from lionrank.files import write_json
from lionrank.grid import BEST

QIDS = [f"q{place:03}" for place in range(100)]


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
