"""Jobs in Slurm of a Snakemake that was killed, and so does not wait for them any more."""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from lionrank.errors import UserError

LOGS = Path(".snakemake", "slurm_logs")
"""Where Snakemake's executor has Slurm write what its jobs say, in an experiment's directory."""

SECONDS = 10
"""Between two questions to the controller."""


def running(directory: Path) -> dict[str, str]:
    """Return the jobs of an experiment that have not ended: rule and wildcards by Slurm's number.

    None without a question, where there has been no job of it or there is no Slurm.

    Raises:
        UserError: Slurm does not answer.
    """
    logs = directory.absolute() / LOGS
    if not logs.exists() or not shutil.which("squeue"):
        return {}
    asked = ["squeue", "--me", "--noheader", "--Format=JobID:20,STDOUT:1000,Comment:500"]
    done = subprocess.run(asked, capture_output=True, text=True)
    if done.returncode:
        raise UserError(
            f"{logs} is of jobs that may still run, and Slurm does not tell "
            f"({done.stderr.strip()}): run this where squeue works, or delete the folder if it "
            "works nowhere any more."
        )
    line = re.compile(rf"(\d\S*) +{re.escape(str(logs))}/\S+ +rule_(.*\S) *")
    found = map(line.fullmatch, done.stdout.splitlines())
    # Empty wildcards leave nothing between two underscores.
    return {
        match[1]: re.sub("_+", "_", match[2].replace("_wildcards_", " "))
        for match in found
        if match
    }


def wait_and_begin_again(jobs: Mapping[str, str], workflow: Any) -> None:
    """Wait for the jobs of a Snakemake that was killed, then start over with their results.

    For `onstart`, which no dry run reaches: by then Snakemake has planned to make again what these
    jobs are making, so this process becomes another one of the same command. Without jobs, nothing
    happens.

    Args:
        jobs: what `running` told before Snakemake looked at what is there.
        workflow: the object of this name in a Snakefile.

    Raises:
        UserError: Slurm does not answer.
    """
    if jobs:
        wait_for(jobs, Path())
        begin_again(workflow)


def begin_again(workflow: Any, command: Sequence[str] = sys.orig_argv) -> NoReturn:
    """Become another Snakemake of the same command, which plans anew with what is there now."""
    workflow.persistence.unlock()
    os.chdir(workflow.rundir)
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, *command[1:]])


def wait_for(jobs: Mapping[str, str], directory: Path) -> None:
    """Wait until these jobs of an experiment have ended, and say so.

    Raises:
        UserError: Slurm does not answer.
    """
    print(
        "Slurm runs jobs of a Snakemake that was killed:",
        *(f"    {number}: {made}" for number, made in jobs.items()),
        f"Waiting for them. To stop them instead: scancel {' '.join(jobs)} (a training keeps its "
        "state, and resumes there).",
        sep="\n",
        file=sys.stderr,
    )
    while jobs.keys() & running(directory).keys():
        time.sleep(SECONDS)
