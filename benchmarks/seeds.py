"""How much the demo's scores vary over seeds of head initialisation, data order and dropout.

Trains the demo's grid once a seed, on the same data, and prints the spread of the mean of a metric
over the test topics. Run with `make bench-seeds`; it takes some minutes a seed.
"""

import argparse
import subprocess
import sys
from pathlib import Path

import pandas as pd
import yaml

ROOT = Path(__file__).parents[1]


def train(seed: int, models: list[str], folder: Path) -> pd.DataFrame:
    """Train and evaluate the demo's grid with a seed; return the means of the test set."""
    overlay = folder / "seed.yaml"
    changes = {"training": {"defaults": {"seed": seed}}, "grid": {"models": models}}
    overlay.write_text(yaml.safe_dump(changes))
    configs = [ROOT / "config" / "demo.yaml", overlay]
    command = ["snakemake", "results/metrics.csv", "--directory", folder, "--configfile", *configs]
    subprocess.run([sys.executable, "-m", *command, "--quiet", "all"], cwd=ROOT, check=True)
    return pd.read_csv(folder / "results" / "metrics.csv").assign(seed=seed)


def spread(values: pd.Series) -> str:
    return f"{values.mean():.4f} | {values.std():.4f} | {values.min():.4f} to {values.max():.4f} |"


def report(metrics: pd.DataFrame, metric: str) -> None:
    """Print a row a checkpoint, and a row a difference of two optimizers after the last epoch."""
    scores = metrics[(metrics["metric"] == metric) & metrics["epoch"].notna()]
    seeds = metrics["seed"].nunique()
    print(f"\n| {metric}, {seeds} seeds | mean | standard deviation | range |\n|---|---|---|---|")
    for system, own in scores.groupby("system", sort=False):
        print(f"| {system} | {spread(own['mean'])}")
    last = scores[scores["epoch"] == scores["epoch"].max()]
    for model, own in last.groupby("model", sort=False):
        table = own.pivot(index="seed", columns="optimizer", values="mean")
        first, *others = own["optimizer"].unique()
        for other in others:
            print(f"| {model}: {other} - {first} | {spread(table[other] - table[first])}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5, help="how many, from 12 on")
    parser.add_argument("--models", nargs="+", default=["minilm", "gte", "modernbert"])
    parser.add_argument("--metric", default="ndcg_cut_10", help="as results/metrics.csv names it")
    parser.add_argument("--folder", type=Path, default=ROOT / "runs" / "seeds")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    seeds = range(12, 12 + arguments.seeds)
    metrics = [train(seed, arguments.models, arguments.folder) for seed in seeds]
    report(pd.concat(metrics), arguments.metric)


if __name__ == "__main__":
    main()
