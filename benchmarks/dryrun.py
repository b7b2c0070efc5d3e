"""A dry run of an experiment beside those of Snakefiles that say next to nothing.

One of them has a single job and, with a grid, another has as many as the experiment. The ratios are
of processor time, which other processes disturb less than they do wall time. Run with
`make bench-dryrun`, and `make bench-dryrun GRID=9x6x3x20` for nine models, six treatments, three
epochs and twenty test sets; GRID=9x6x3x20x3 has three seeds as well. With TRIALS=16 beside a grid,
the settings of every training are searched.
"""

import argparse
import json
import re
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from alternate import Column, Contender, alternate, machine, print_table, ratio

ROOT = Path(__file__).parents[1]
OBJECTIVES = ROOT / "config" / "objectives.yaml"
TREATMENTS = ("adamw", "lion", "bce", "infonce", "marginmse", "ranknet", "adrmse", "hinge", "mse")
TRIVIAL = """
rule all:
    input:
        expand("made/{{number}}", number=range({jobs} - 1)),
    output:
        "done",
    shell:
        "touch {{output}}"

rule each:
    output:
        "made/{{number}}",
    shell:
        "touch {{output}}"
"""
COLUMNS: dict[str, Column] = {"processor seconds": lambda each: each.facts["processor"]}


def prepare(
    target: str, grid: list[int] | None = None, trials: int = 0, jobs: int = 0
) -> Callable[[], dict[str, float]]:
    """Return what runs `snakemake -n` for a target of ours or, with `jobs`, of the trivial ones.

    `grid` is as for `overlay`, and `trials` as for `searched`. All have an empty working directory,
    so that all is to be made.
    """

    def repeat() -> dict[str, float]:
        with tempfile.TemporaryDirectory() as directory:
            folder = Path(directory)
            if jobs:
                (folder / "Snakefile").write_text(TRIVIAL.format(jobs=jobs))
                wanted = ["--snakefile", folder / "Snakefile"]
            elif grid:
                own = overlay(folder, *grid) | searched(grid[1], trials)
                (folder / "grid.json").write_text(json.dumps(own))
                wanted = ["--configfile", OBJECTIVES, folder / "grid.json", "--", target]
            else:
                wanted = ["--", target]
            before = _processor_seconds()
            told = _dry_run("--directory", folder, *wanted)
            seconds = _processor_seconds() - before
        return {"dry runs": 1, "processor": seconds, "jobs": _number_of_jobs(told)}

    return repeat


def overlay(
    folder: Path, models: int, treatments: int, epochs: int, test_sets: int, seeds: int = 1
) -> dict[str, Any]:
    """Return an overlay on the objectives, whose test sets are of collections in a folder.

    Every epoch is evaluated on the first one, and the best alone on the others.
    """
    names = [f"set{place}" for place in range(test_sets)]
    for name in names:
        judged = folder / name / "qrels" / "test.tsv"
        judged.parent.mkdir(parents=True)
        for path in (folder / name / "corpus.jsonl", folder / name / "queries.jsonl", judged):
            path.touch()
    backbone = {"pretrained": "minilm", "architecture": None, "tokenizer": None}
    backbones = {f"m{place}": {"label": f"M{place}", **backbone} for place in range(models)}
    return {
        "models": backbones,
        "collections": {name: {"format": "beir", "folder": name} for name in names},
        "test_sets": {
            name: {"label": name, "collection": name, "topics": "test"} for name in names
        },
        "grid": {
            "models": [*backbones],
            "optimizers": TREATMENTS[:treatments],
            "epochs": epochs,
            "seeds": [*range(12, 12 + seeds)],
            "test_sets": names,
        },
        "paper": {"columns": [{"test_set": name, "metrics": ["ndcg_cut_10"]} for name in names]},
        "comparisons": {
            "measures": [{"test_set": name, "metric": "ndcg_cut_10"} for name in names]
        },
    }


def searched(treatments: int, trials: int) -> dict[str, Any]:
    """Return the part of an overlay that searches two settings, with so many trials a training."""
    if not trials:
        return {}
    space = {
        "learning_rate": {"low": 1e-7, "high": 1e-4, "log": True},
        "weight_decay": [0.01, 0.1, 1.0],
    }
    return {"search": {"trials": trials, "spaces": dict.fromkeys(TREATMENTS[:treatments], space)}}


def _dry_run(*arguments: str | Path) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "-n", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(f"snakemake -n {arguments}: {done.stdout[-2000:]}")
    return done.stdout


def _number_of_jobs(told: str) -> int:
    (number,) = re.findall("^total +([0-9]+)$", told, re.MULTILINE)[-1:]
    return int(number)


def _processor_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _grid(text: str) -> list[int]:
    if not re.fullmatch("[0-9]+x[1-9]x[0-9]+x[0-9]+(x[0-9]+)?", text):
        raise argparse.ArgumentTypeError(
            f"{text} is not as 9x6x3x20 or 9x6x3x20x3, of at most 9 treatments"
        )
    return [int(number) for number in text.split("x")]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0],
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("--target", default="paper/main.pdf", help="what is to be made")
    parser.add_argument(
        "--grid",
        type=_grid,
        help="models x treatments x epochs x test sets, as 9x6x3x20, and perhaps x seeds",
    )
    parser.add_argument(
        "--trials", type=int, default=0, help="of the search of every training of the grid"
    )
    parser.add_argument("--repeats", type=int, default=12, help="dry runs of each")
    options = parser.parse_args()
    if options.trials and not options.grid:
        parser.error("--trials needs a --grid")
    own = {"target": options.target, "grid": options.grid, "trials": options.trials}
    jobs = int(prepare(**own)()["jobs"])
    trivial = {"a trivial job": 1} | ({f"{jobs:,} trivial jobs": jobs} if options.grid else {})
    contenders = [
        Contender("ours", prepare, own),
        *(
            Contender(name, prepare, {"target": "", "jobs": number})
            for name, number in trivial.items()
        ),
    ]
    results = alternate(contenders, options.repeats)
    print(f"\n## A dry run of {options.target}, {jobs:,} jobs\n\n{machine()}\n")
    print_table(results, "dry runs", COLUMNS)
    values = {"wall": lambda each: each.seconds, "processor": COLUMNS["processor seconds"]}
    print()
    for peer in trivial:
        for name, value in values.items():
            told = ratio(results["ours"], results[peer], value)
            print(f"ratio of {name} time, ours / {peer}, lower is better: {told}")


if __name__ == "__main__":
    main()
