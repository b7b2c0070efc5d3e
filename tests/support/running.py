"""Running the workflow as a user does, at the tests' reduced size, and what it says it will do."""

import os
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from tests.support.forks import run_forked

ROOT = Path(__file__).parents[2]
JOBS = re.compile(r"^(\w+) +(\d+)$", re.MULTILINE)
SNAKEMAKE = (sys.executable, "-m", "snakemake")
WITHOUT_JOBS = {"-n", "--dry-run", "--summary", "--touch"}
"""Options with which Snakemake looks and runs no job."""
Finished = subprocess.CompletedProcess[str]
OF_TRAININGS = {
    *("initialise", "train_epoch", "dev_scores", "best_epoch", "early_stopping", "model_card"),
    *("training_pairs", "draw_triplets", "msmarco_triplets", "pydocs_triplets"),
}
"""The rules of which there is no job where nothing is trained."""


def snakemake_command(
    directory: Path, *arguments: str | os.PathLike, overlay: str = ""
) -> list[str | os.PathLike]:
    """Return the command that runs the demo's workflow at the tests' reduced size."""
    overlays = [ROOT / "config" / "demo.yaml", ROOT / "tests" / "support" / "reduced.yaml"]
    if overlay:
        directory.mkdir(parents=True, exist_ok=True)
        overlays.append(directory / "overlay.yaml")
        overlays[-1].write_text(overlay)
    return [
        *SNAKEMAKE,
        *arguments,
        *("--directory", directory, "--configfile", *overlays),
    ]


def start_snakemake(directory: Path, *arguments: str, overlay: str = "") -> subprocess.Popen:
    """Start the demo's workflow at the tests' reduced size, as a process group of its own."""
    return subprocess.Popen(
        snakemake_command(directory, *arguments, overlay=overlay),
        cwd=ROOT,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def run_snakemake(directory: Path, *arguments: str, overlay: str = "") -> Finished:
    """Run the demo's workflow at the tests' reduced size in `directory` to its end."""
    return _run(snakemake_command(directory, *arguments, overlay=overlay), os.environ, merged=True)


def overlaid_command(
    directory: Path, *arguments: str, overlays: Iterable[Path]
) -> list[str | os.PathLike]:
    """Return the command that runs the experiment of config.yaml with overlays on it."""
    return [
        *SNAKEMAKE,
        *arguments,
        *("--directory", directory, "--configfile", *overlays),
    ]


def run_overlaid(
    directory: Path,
    *arguments: str,
    overlays: Iterable[Path],
    environment: Mapping[str, str] | None = None,
) -> Finished:
    """Run the experiment of config.yaml with overlays on it in `directory` to its end."""
    command = overlaid_command(directory, *arguments, overlays=overlays)
    return _run(command, os.environ | (environment or {}))


def _run(
    command: Sequence[str | os.PathLike], environment: Mapping[str, str], merged: bool = False
) -> Finished:
    """Run a command of Snakemake to its end; `merged` streams are both in `stdout`."""
    if not WITHOUT_JOBS.isdisjoint(command):
        return run_forked(command[len(SNAKEMAKE) :], ROOT, environment, merged)
    return subprocess.run(
        command,
        cwd=ROOT,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT if merged else subprocess.PIPE,
    )


def wait_for(condition: Callable[[], object], seconds: float = 30) -> None:
    """Wait until something is so.

    Raises:
        TimeoutError: it was not in this time.
    """
    last = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > last:
            raise TimeoutError(f"waited {seconds} s in vain")
        time.sleep(0.1)


def jobs(told: str) -> Counter[str]:
    """Return the number of jobs of each rule that a dry run lists."""
    counts = Counter({rule: int(count) for rule, count in JOBS.findall(told.split("Reasons:")[0])})
    del counts["total"]
    return counts
