"""A dry run of the full-size experiment beside one of a Snakefile with a single rule.

The ratio is of processor time, which other processes disturb less than they do wall time. Run with
`make bench-dryrun`.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from alternate import Column, Contender, alternate, machine, print_table, ratio

ROOT = Path(__file__).parents[1]
TRIVIAL = "rule only:\n    output:\n        'done',\n    shell:\n        'touch {output}'\n"
COLUMNS: dict[str, Column] = {"processor seconds": lambda each: each.facts["processor"]}


def prepare(target: str | None) -> Callable[[], dict[str, float]]:
    """Return what runs `snakemake -n` for a target of ours, or for None the trivial one.

    Both have an empty working directory, so that all is to be made.
    """

    def repeat() -> dict[str, float]:
        with tempfile.TemporaryDirectory() as directory:
            snakefile = Path(directory, "Snakefile")
            snakefile.write_text(TRIVIAL)
            wanted = [target] if target else ["--snakefile", snakefile]
            before = _processor_seconds()
            done = subprocess.run(
                [sys.executable, "-m", "snakemake", "-n", "--directory", directory, *wanted],
                cwd=ROOT,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
        if done.returncode:
            raise RuntimeError(f"snakemake -n {target}: {done.stdout[-2000:]}")
        return {"dry runs": 1, "processor": _processor_seconds() - before}

    return repeat


def _processor_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0],
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("--target", default="paper/main.pdf", help="what is to be made")
    parser.add_argument("--repeats", type=int, default=12, help="dry runs of each")
    options = parser.parse_args()
    targets = {"ours": options.target, "trivial": None}
    contenders = [Contender(name, prepare, {"target": each}) for name, each in targets.items()]
    results = alternate(contenders, options.repeats)
    print(f"\n## A dry run of {options.target}\n\n{machine()}\n")
    print_table(results, "dry runs", COLUMNS)
    values = {"wall": lambda each: each.seconds, "processor": COLUMNS["processor seconds"]}
    print()
    for name, value in values.items():
        told = ratio(results["ours"], results["trivial"], value)
        print(f"ratio of {name} time, ours / trivial, lower is better: {told}")


if __name__ == "__main__":
    main()
